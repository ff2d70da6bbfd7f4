/* SPDX-License-Identifier: MIT */
#include "git_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/mountinfo.h"

static int open_resolved(int dirfd, const char *path, int flags,
			 unsigned long long resolve)
{
	struct open_how how = {
		.flags = (unsigned long long)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = resolve
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return fd < 0 ? -errno : (int)fd;
}

int sfs_git_open_below(int dirfd, const char *path, int flags)
{
	return open_resolved(dirfd, path[0] ? path : ".", flags,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
				     RESOLVE_NO_XDEV);
}

/* Removes empty, `.` and `..` components from an absolute path, in place. */
static void normalize(char *path)
{
	char *to = path;

	for (const char *at = path; *at;) {
		size_t length;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length == 2 && at[0] == '.' && at[1] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (length && !(length == 1 && at[0] == '.')) {
			*to++ = '/';
			memmove(to, at, length);
			to += length;
		}
		at += length;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

const char *sfs_git_path_below(const char *folder, const char *path)
{
	size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	if (strncmp(folder, path, length) != 0)
		return NULL;
	if (path[length] == '/')
		return path + length + 1;
	return path[length] ? NULL : path + length;
}

static int join(char ret[PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(ret, PATH_MAX, "%s%s%s", folder,
			      name[0] ? "/" : "", name);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int sfs_git_path_canonical(const struct sfs_git_source *source,
			   const char *base, const char *text,
			   char ret[PATH_MAX])
{
	bool absolute = text[0] == '/';
	char whole[PATH_MAX];
	const char *below;
	int r = join(whole, absolute ? text : base, absolute ? "" : text);

	if (r < 0)
		return r;
	normalize(whole);
	if (!source->mountpoint) {
		if (!realpath(whole, ret))
			strcpy(ret, whole);
		return 0;
	}
	/* `base` is the host's: only what git wrote can mean the view. */
	below = absolute ? sfs_git_path_below(source->mountpoint, whole) : NULL;
	if (!below)
		return join(ret, whole, "");
	r = join(ret, source->path, below);
	if (r == 0)
		normalize(ret);
	return r;
}

struct topmost {
	const char *path;
	size_t longest;
	bool is_view;
};

static int visit_mount(void *context, const struct sfs_mountinfo *mount)
{
	struct topmost *topmost = context;
	size_t length = strlen(mount->path);

	/* Of two mounts on one place the later one is on top. */
	if (length >= topmost->longest &&
	    sfs_git_path_below(mount->path, topmost->path)) {
		topmost->longest = length;
		topmost->is_view = sfs_mountinfo_is_view(mount);
	}
	return 0;
}

/*
 * A thread of ours that asked a view of ours for a path could wait for itself.
 * `path` has no symlinks, so that the mount table says whose it is.
 */
static bool is_in_view(const char *path)
{
	struct topmost topmost = { .path = path };

	return sfs_mountinfo_each(NULL, visit_mount, &topmost) < 0 ||
	       topmost.is_view;
}

static int open_outside(const struct sfs_git_source *source, const char *path)
{
	if (source->mountpoint && is_in_view(path))
		return -EXDEV;
	return open_resolved(AT_FDCWD, path, O_PATH | O_DIRECTORY,
			     RESOLVE_NO_SYMLINKS);
}

int sfs_git_folder_init(const struct sfs_git_source *source, const char *path,
			struct sfs_git_folder *ret)
{
	const char *below = sfs_git_path_below(source->path, path);
	SFS_FREE char *copy = strdup(below ? below : path);
	int fd = -1;

	if (!copy)
		return -ENOMEM;
	if (!below) {
		fd = open_outside(source, path);
		if (fd < 0)
			return fd;
	}
	*ret = (struct sfs_git_folder){ .path = sfs_steal_ptr(&copy),
					.inside = below != NULL,
					.fd = fd };
	return 0;
}

void sfs_git_folder_done(struct sfs_git_folder *folder)
{
	free(folder->path);
	sfs_cleanup_close(&folder->fd);
	*folder = (struct sfs_git_folder){ .fd = -1 };
}

int sfs_git_folder_descriptor(const struct sfs_git_source *source,
			      const struct sfs_git_folder *folder)
{
	int flags = O_PATH | O_DIRECTORY;

	return folder->inside
		       ? sfs_git_open_below(source->fd, folder->path, flags)
		       : sfs_git_open_below(folder->fd, "", flags);
}

int sfs_git_folder_open(const struct sfs_git_source *source,
			const struct sfs_git_folder *folder, const char *name)
{
	SFS_CLOSE int fd = -1;
	char path[PATH_MAX];
	struct stat st;
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int r = join(path, folder->path, name);

	if (r < 0)
		return r;
	/* join() puts a slash before the name, which an empty folder lacks. */
	fd = folder->inside
		     ? sfs_git_open_below(source->fd,
					  path + (folder->path[0] ? 0 : 1),
					  flags)
		     : sfs_git_open_below(folder->fd, name, flags);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? sfs_steal_fd(&fd) : -EINVAL;
}

int sfs_git_file_read(int fd, size_t max, char **ret_bytes, size_t *ret_size)
{
	SFS_FREE char *bytes = NULL;
	struct stat st;
	size_t size, done = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || (unsigned long long)st.st_size > max)
		return -EFBIG;
	size = (size_t)st.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	while (done < size) {
		ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	bytes[done] = '\0';
	*ret_bytes = sfs_steal_ptr(&bytes);
	*ret_size = done;
	return 0;
}
