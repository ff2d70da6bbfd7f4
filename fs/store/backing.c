/* SPDX-License-Identifier: MIT */
#include "scratchfs/backing.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "scratchfs/cleanup.h"

static bool is_single_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int open_resolved(int dir_fd, const char *path, int flags, mode_t mode,
			 uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC |
						  O_NOFOLLOW),
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = resolve,
	};
	long fd;

	/* EAGAIN: a rename raced with "..", which we never use, or with a
	 * mount; the kernel asks to try again. */
	do
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd < 0 ? -errno : (int)fd;
}

int sfs_backing_open(int dir_fd, const char *name, int flags, mode_t mode)
{
	int fd;

	if (!is_single_name(name))
		return -EINVAL;
	do
		fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int sfs_backing_open_noxdev(int dir_fd, const char *name, int flags,
			    mode_t mode)
{
	if (!is_single_name(name))
		return -EINVAL;
	return open_resolved(dir_fd, name, flags, mode,
			     RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

/* openat2's RESOLVE_BENEATH lets ".." through as long as it stays below. */
static bool has_dot_dot(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, ".."))) {
		bool starts = at == path || at[-1] == '/';

		if (starts && (at[2] == '/' || !at[2]))
			return true;
		at += 2;
	}
	return false;
}

int sfs_backing_open_path(int dir_fd, const char *path, int flags, mode_t mode)
{
	if (has_dot_dot(path))
		return -EINVAL;
	return open_resolved(dir_fd, *path ? path : ".", flags, mode,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
				     RESOLVE_NO_XDEV);
}

int sfs_backing_open_beneath(int dir_fd, const char *path, int flags)
{
	if (has_dot_dot(path))
		return -EINVAL;
	return open_resolved(dir_fd, *path ? path : ".", flags, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int sfs_backing_make_path(int dir_fd, const char *path)
{
	SFS_FREE char *copy = strdup(path);
	SFS_CLOSE int at = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	char *rest, *name;

	if (!copy)
		return -ENOMEM;
	if (at < 0)
		return -errno;
	for (name = strtok_r(copy, "/", &rest); name;
	     name = strtok_r(NULL, "/", &rest)) {
		int fd;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			return -EINVAL;
		if (mkdirat(at, name, 0700) && errno != EEXIST)
			return -errno;
		fd = sfs_backing_open_noxdev(at, name, O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			return fd == -ELOOP ? -ENOTDIR : fd;
		close(at);
		at = fd;
	}
	return sfs_steal_fd(&at);
}

const char *sfs_backing_proc_path(int fd, char buf[SFS_BACKING_PROC_MAX])
{
	snprintf(buf, SFS_BACKING_PROC_MAX, "/proc/self/fd/%d", fd);
	return buf;
}

int sfs_backing_reopen(int fd, int flags)
{
	char buf[SFS_BACKING_PROC_MAX];
	const char *path = sfs_backing_proc_path(fd, buf);
	int reopened;

	/* O_NOFOLLOW would refuse the magic link itself. */
	do
		reopened = open(path, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	while (reopened < 0 && errno == EINTR);
	return reopened < 0 ? -errno : reopened;
}

int sfs_backing_rename(int old_fd, const char *old_name, int new_fd,
		       const char *new_name, unsigned int flags)
{
	if (renameat2(old_fd, old_name, new_fd, new_name, flags))
		return -errno;
	return 0;
}

int sfs_backing_stat(int dir_fd, const char *name, struct stat *ret)
{
	if (fstatat(dir_fd, name, ret,
		    AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -errno;
	return 0;
}
