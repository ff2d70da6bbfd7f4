/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

int sfs_store_random_hex(char ret[SFS_HEX_MAX])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(ret, SFS_HEX_MAX, "%016" PRIx64, number);
	return 0;
}

bool sfs_store_is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") == 16 && !text[16];
}

/* basedir-spec: a relative path in the variable is to be ignored. */
static int xdg_dir(const char *variable, const char *below_home, char **ret)
{
	const char *dir = getenv(variable);
	const char *home = getenv("HOME");
	int n;

	if (dir && *dir == '/')
		n = asprintf(ret, "%s/scratchfs", dir);
	else if (geteuid() == 0)
		n = asprintf(ret, "/var/lib/scratchfs");
	else if (home && *home == '/')
		n = asprintf(ret, "%s/%s/scratchfs", home, below_home);
	else
		return -ENOENT;
	return n < 0 ? -ENOMEM : 0;
}

int sfs_store_state_dir(char **ret)
{
	return xdg_dir("XDG_STATE_HOME", ".local/state", ret);
}

int sfs_store_data_dir(char **ret)
{
	return xdg_dir("XDG_DATA_HOME", ".local/share", ret);
}

static int make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
		if (at)
			*at = '\0';
		/* EROFS and EACCES come before EEXIST on some file systems;
		 * the open that follows decides. */
		if (mkdir(path, 0700) && errno != EEXIST && errno != EROFS &&
		    errno != EACCES)
			return -errno;
		if (!at)
			return 0;
		*at = '/';
	}
}

int sfs_place_open(const char *path, int *ret_fd)
{
	SFS_FREE char *copy = strdup(path);
	SFS_CLOSE int fd = -1;
	struct stat st;
	int r;

	if (!copy)
		return -ENOMEM;
	r = make_folders(copy);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	*ret_fd = sfs_steal_fd(&fd);
	return 0;
}

int sfs_place_path(int fd, char **ret)
{
	char proc[SFS_BACKING_PROC_MAX], path[PATH_MAX];
	ssize_t len =
		readlink(sfs_backing_proc_path(fd, proc), path, sizeof(path));

	if (len < 0)
		return -errno;
	if ((size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	*ret = strndup(path, (size_t)len);
	return *ret ? 0 : -ENOMEM;
}

/* By text: all there is to go by when the source is covered by a dead mount. */
static bool path_is_inside(int fd, const char *source)
{
	SFS_FREE char *path = NULL;
	size_t len = strlen(source);

	if (sfs_place_path(fd, &path) < 0)
		return false;
	return strncmp(path, source, len) == 0 &&
	       (path[len] == '/' || !path[len] || source[len - 1] == '/');
}

static bool is_inside(int fd, const char *source)
{
	SFS_CLOSE int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat wanted, now, last = { 0 };

	if (path_is_inside(fd, source))
		return true;
	if (at < 0 || stat(source, &wanted))
		return false;
	/* By identity: bind mounts have several names. */
	while (fstat(at, &now) == 0) {
		int parent;

		if (now.st_dev == wanted.st_dev && now.st_ino == wanted.st_ino)
			return true;
		if (now.st_dev == last.st_dev && now.st_ino == last.st_ino)
			return false;
		last = now;
		parent = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0)
			return false;
		close(at);
		at = parent;
	}
	return false;
}

bool sfs_place_would_be_inside(const char *path, const char *source)
{
	SFS_FREE char *ancestor = strdup(path);
	SFS_CLOSE int fd = -1;

	if (!ancestor)
		return true;
	for (;;) {
		char *slash = strrchr(ancestor, '/');

		fd = open(*ancestor ? ancestor : "/",
			  O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || !slash)
			break;
		*slash = '\0';
	}
	return fd < 0 || is_inside(fd, source);
}

int sfs_place_lock(int base_fd)
{
	struct stat held, named;

	for (;;) {
		SFS_CLOSE int fd = sfs_backing_open(base_fd, ".lock",
						    O_RDWR | O_CREAT, 0600);

		if (fd < 0)
			return fd;
		while (flock(fd, LOCK_EX)) {
			if (errno != EINTR)
				return -errno;
		}
		/* Another one may have removed it together with its folder. */
		if (fstat(fd, &held) == 0 &&
		    sfs_backing_stat(base_fd, ".lock", &named) == 0 &&
		    held.st_ino == named.st_ino)
			return sfs_steal_fd(&fd);
	}
}

/* The kernel's numbers: <linux/mount.h> and <sys/mount.h> can not be included
 * together, and glibc has these calls only since 2.36. */
#define FSOPEN_CLOEXEC_	     1U
#define FSMOUNT_CLOEXEC_     1U
#define FSCONFIG_SET_STRING_ 1U
#define FSCONFIG_CMD_CREATE_ 6U
#define MOUNT_ATTR_NOSUID_   2U
#define MOUNT_ATTR_NODEV_    4U

int sfs_place_detached_tmpfs(uint64_t size_bytes)
{
	SFS_CLOSE int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC_);
	char size[24];
	long fd;

	if (fs < 0)
		return -errno;
	snprintf(size, sizeof(size), "%" PRIu64, size_bytes);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING_, "mode", "0700", 0))
		return -errno;
	if (size_bytes &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING_, "size", size, 0))
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE_, NULL, NULL, 0))
		return -errno;
	fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC_,
		     MOUNT_ATTR_NOSUID_ | MOUNT_ATTR_NODEV_);
	return fd < 0 ? -errno : (int)fd;
}
