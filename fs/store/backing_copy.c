/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

#define COPY_CHUNK   ((size_t)256 * 1024)
#define LINK_MAX_LEN 4096

/* ---- bytes ---- */

int sfs_backing_clone(int src_fd, int dst_fd)
{
	if (ioctl(dst_fd, FICLONE, src_fd) == 0)
		return 0;
	/* ENOTTY, EINVAL: file systems that do not know the call. */
	if (errno == ENOTTY || errno == EINVAL || errno == ENOSYS ||
	    errno == EPERM)
		return -EOPNOTSUPP;
	return -errno;
}

static int write_all(int fd, const char *buf, size_t len, off_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy_by_reading(int src_fd, int dst_fd, off_t at, off_t end)
{
	SFS_FREE char *buf = malloc(COPY_CHUNK);

	if (!buf)
		return -ENOMEM;
	while (at < end) {
		off_t left = end - at;
		size_t want =
			left < (off_t)COPY_CHUNK ? (size_t)left : COPY_CHUNK;
		ssize_t n = pread(src_fd, buf, want, at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0; /* truncated meanwhile */
		r = write_all(dst_fd, buf, (size_t)n, at);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

/* One stretch without holes. */
static int copy_range(int src_fd, int dst_fd, off_t at, off_t end)
{
	while (at < end) {
		off_t in = at, out = at;
		ssize_t n = copy_file_range(src_fd, &in, dst_fd, &out,
					    (size_t)(end - at), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT ||
			      errno == EIO || errno == EFBIG))
			return -errno;
		/* Any other refusal, and the 0 that some file systems answer
		 * for files that have content, is for read and write. */
		if (n <= 0)
			return copy_by_reading(src_fd, dst_fd, at, end);
		at += n;
	}
	return 0;
}

int sfs_backing_copy_data(int src_fd, int dst_fd)
{
	struct stat st;
	off_t at = 0;
	int r;

	if (sfs_backing_clone(src_fd, dst_fd) == 0)
		return 0;
	if (fstat(src_fd, &st))
		return -errno;
	if (ftruncate(dst_fd, st.st_size))
		return -errno;
	while (at < st.st_size) {
		off_t from = lseek(src_fd, at, SEEK_DATA);
		off_t to;

		if (from < 0 && errno == ENXIO)
			return 0;
		if (from < 0)
			return copy_range(src_fd, dst_fd, at, st.st_size);
		to = lseek(src_fd, from, SEEK_HOLE);
		if (to < 0 || to > st.st_size)
			to = st.st_size;
		r = copy_range(src_fd, dst_fd, from, to);
		if (r < 0)
			return r;
		at = to;
	}
	return 0;
}

/* ---- metadata ---- */

/* Can the copy do without it? */
static bool may_lack(int errnum, unsigned int flags)
{
	return (flags & SFS_BACKING_LENIENT) &&
	       (errnum == EPERM || errnum == EOPNOTSUPP || errnum == EACCES ||
		errnum == EINVAL || errnum == ENOSPC || errnum == E2BIG ||
		errnum == ERANGE);
}

static int copy_xattr(const char *src, const char *dst, const char *name,
		      unsigned int flags)
{
	SFS_FREE char *value = NULL;
	ssize_t len;

	do {
		len = getxattr(src, name, NULL, 0);
		if (len < 0)
			break;
		free(value);
		value = malloc((size_t)len + 1);
		if (!value)
			return -ENOMEM;
		len = getxattr(src, name, value, (size_t)len);
	} while (len < 0 && errno == ERANGE);
	if (len < 0)
		return errno == ENODATA || may_lack(errno, flags) ? 0 : -errno;
	if (setxattr(dst, name, value, (size_t)len, 0) == 0 ||
	    may_lack(errno, flags))
		return 0;
	return -errno;
}

static int list_xattrs(const char *path, char **ret, size_t *ret_len)
{
	SFS_FREE char *names = NULL;
	ssize_t len;

	do {
		len = listxattr(path, NULL, 0);
		if (len <= 0)
			break;
		free(names);
		names = malloc((size_t)len);
		if (!names)
			return -ENOMEM;
		len = listxattr(path, names, (size_t)len);
	} while (len < 0 && errno == ERANGE);
	if (len < 0 && errno != EOPNOTSUPP)
		return -errno;
	*ret_len = len < 0 ? 0 : (size_t)len;
	*ret = sfs_steal_ptr(&names);
	return 0;
}

static int copy_xattrs(const char *src, const char *dst, unsigned int flags)
{
	SFS_FREE char *names = NULL;
	size_t len = 0;
	int r = list_xattrs(src, &names, &len);

	for (size_t at = 0; r == 0 && at < len; at += strlen(names + at) + 1) {
		if (strcmp(names + at, "security.selinux") != 0)
			r = copy_xattr(src, dst, names + at, flags);
	}
	return r;
}

/* A folder that was just made may have inherited default ACLs. */
static int drop_inherited_acls(const char *dst)
{
	static const char *const acls[] = { "system.posix_acl_access",
					    "system.posix_acl_default" };

	for (size_t i = 0; i < sizeof(acls) / sizeof(acls[0]); i++) {
		if (removexattr(dst, acls[i]) && errno != ENODATA &&
		    errno != EOPNOTSUPP)
			return -errno;
	}
	return 0;
}

static int copy_owner(int dst_fd, const struct stat *st, unsigned int flags)
{
	struct stat now;

	if (fstat(dst_fd, &now))
		return -errno;
	if (now.st_uid == st->st_uid && now.st_gid == st->st_gid)
		return 0;
	if (fchownat(dst_fd, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) == 0)
		return 0;
	if (!may_lack(errno, flags))
		return -errno;
	/* The group alone may still be one of ours. */
	if (now.st_gid != st->st_gid)
		(void)!fchownat(dst_fd, "", (uid_t)-1, st->st_gid,
				AT_EMPTY_PATH);
	return 0;
}

/*
 * Owner first (it clears setuid and capabilities), ACLs before the mode (both
 * hold the mask, and agree), times last.
 */
int sfs_backing_copy_meta(int src_fd, int dst_fd, unsigned int flags)
{
	char src_buf[SFS_BACKING_PROC_MAX], dst_buf[SFS_BACKING_PROC_MAX];
	const char *src = sfs_backing_proc_path(src_fd, src_buf);
	const char *dst = sfs_backing_proc_path(dst_fd, dst_buf);
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstat(src_fd, &st))
		return -errno;
	r = copy_owner(dst_fd, &st, flags);
	if (r == 0 && !S_ISLNK(st.st_mode))
		r = drop_inherited_acls(dst);
	if (r == 0)
		r = copy_xattrs(src, dst, flags);
	if (r < 0)
		return r;
	if (!S_ISLNK(st.st_mode) && chmod(dst, st.st_mode & 07777))
		return -errno;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	return utimensat(AT_FDCWD, dst, times, 0) ? -errno : 0;
}

/* ---- objects ---- */

static int copy_symlink(int src_fd, int dst_dir, const char *name)
{
	char target[LINK_MAX_LEN];
	ssize_t len = readlinkat(src_fd, "", target, sizeof(target));

	if (len < 0)
		return -errno;
	if ((size_t)len >= sizeof(target))
		return -ENAMETOOLONG;
	target[len] = '\0';
	return symlinkat(target, dst_dir, name) ? -errno : 0;
}

static int copy_file(int src_fd, int dst_dir, const char *name)
{
	/* Only an owner may ask for O_NOATIME. */
	SFS_CLOSE int in = sfs_backing_reopen(src_fd, O_RDONLY | O_NOATIME);
	SFS_CLOSE int out = -1;
	int r;

	if (in == -EPERM)
		in = sfs_backing_reopen(src_fd, O_RDONLY);
	if (in < 0)
		return in;
	out = sfs_backing_open(dst_dir, name, O_WRONLY | O_CREAT | O_EXCL,
			       0600);
	if (out < 0)
		return out;
	r = sfs_backing_copy_data(in, out);
	if (r < 0)
		unlinkat(dst_dir, name, 0);
	return r;
}

static int make_object(int src_fd, const struct stat *st, int dst_dir,
		       const char *name)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(src_fd, dst_dir, name);
	case S_IFLNK:
		return copy_symlink(src_fd, dst_dir, name);
	case S_IFDIR:
		return mkdirat(dst_dir, name, 0700) ? -errno : 0;
	default:
		if (mknodat(dst_dir, name, (st->st_mode & S_IFMT) | 0600,
			    st->st_rdev))
			return -errno;
		return 0;
	}
}

int sfs_backing_copy_object(int src_dir, const char *src_name, int dst_dir,
			    const char *dst_name, unsigned int flags)
{
	SFS_CLOSE int src = -1;
	SFS_CLOSE int dst = -1;
	struct stat st;
	int r;

	src = sfs_backing_open(src_dir, src_name, O_PATH, 0);
	if (src < 0)
		return src;
	if (fstat(src, &st))
		return -errno;
	r = make_object(src, &st, dst_dir, dst_name);
	if (r < 0)
		return r;
	dst = sfs_backing_open(dst_dir, dst_name, O_PATH, 0);
	r = dst < 0 ? dst : sfs_backing_copy_meta(src, dst, flags);
	if (r < 0)
		unlinkat(dst_dir, dst_name,
			 S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	return r;
}
