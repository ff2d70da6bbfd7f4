/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <sys/xattr.h>

/*
 * What is made in a folder takes its group and its ACL from there.  The file
 * system does so by itself, if the mirror in which it is made has what the
 * folder has that it mirrors.
 */
#define DEFAULT_ACL "system.posix_acl_default"

enum {
	MOST_ACL = 4096
};

static int take_group(int mirror, const struct stat *host)
{
	mode_t mode = 0700 | (host->st_mode & S_ISGID);
	char path[SFS_BACKING_PROC_MAX];
	struct stat st;

	if (fstat(mirror, &st))
		return -errno;
	sfs_backing_proc_path(mirror, path);
	/* EPERM: an ordinary user's daemon and a group that is not its own. */
	if (mode & S_ISGID && st.st_gid != host->st_gid &&
	    chown(path, (uid_t)-1, host->st_gid) && errno != EPERM)
		return -errno;
	if ((st.st_mode & 07777) != mode && chmod(path, mode))
		return -errno;
	return 0;
}

static int take_acl(int mirror, int host)
{
	char path[SFS_BACKING_PROC_MAX], has[MOST_ACL], wants[MOST_ACL];
	ssize_t n_has, n_wants;

	sfs_backing_proc_path(host, path);
	n_wants = getxattr(path, DEFAULT_ACL, wants, sizeof(wants));
	sfs_backing_proc_path(mirror, path);
	n_has = getxattr(path, DEFAULT_ACL, has, sizeof(has));
	if (n_wants == n_has &&
	    (n_has < 0 || !memcmp(has, wants, (size_t)n_has)))
		return 0;
	if (n_wants < 0)
		return removexattr(path, DEFAULT_ACL) ? -errno : 0;
	return setxattr(path, DEFAULT_ACL, wants, (size_t)n_wants, 0) ? -errno
								      : 0;
}

int sfs_mirror_inherit(struct sfs_view *view, struct sfs_node *parent,
		       int mirror)
{
	SFS_FD host = SFS_FD_NONE;
	struct stat st;
	int r;

	if (sfs_node_is(parent, SFS_NODE_SCRATCH))
		return 0;
	r = sfs_fd_path(view, parent, SFS_TREE_HOST, &host);
	if (!r && fstat(host.fd, &st))
		r = -errno;
	if (!r)
		r = take_group(mirror, &st);
	return r ? r : take_acl(mirror, host.fd);
}
