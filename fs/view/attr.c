/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "charge.h"
#include "settle.h"
#include "watch.h"

#include <fcntl.h>
#include <limits.h>

/*
 * Attributes of folders with several objects
 *
 * A core folder's own object is the host's; names that are scratch are made in
 * its mirror, and marks of hidden names in its folder of marks.  Neither is
 * anybody's to set, so their mtime says one thing only: when a name came or
 * went there.  What a plain folder would show is the later of the times.
 * A time that is set must show exactly, so it puts those back to the epoch.
 *
 * A scratch folder's own object is the store's.  The host's folder that shows
 * through has times of its own, which count from the moment it changes after
 * the store's did.
 */
static bool later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
				      : a->tv_nsec > b->tv_nsec;
}

static void raise_to(struct timespec *time, const struct timespec *other)
{
	if (later(other, time))
		*time = *other;
}

/* May the node have an object in `tree` beside its own? */
static bool is_beside(const struct sfs_node *node, unsigned int tree)
{
	if (tree == node->tree)
		return false;
	if (!sfs_node_is(node, SFS_NODE_SCRATCH))
		return true;
	if (!sfs_node_is(node, SFS_NODE_LOWER))
		return false;
	return tree == SFS_TREE_HOST || sfs_store_of_tree(tree) == node->store;
}

/* The folder beside the node's own object in `tree`; false: there is none, or
 * no name ever was in it. */
static bool get_beside(struct sfs_view *view, struct sfs_node *node,
		       unsigned int tree, struct sfs_fd *ret_fd,
		       struct stat *ret_st)
{
	if (!is_beside(node, tree) || sfs_fd_path(view, node, tree, ret_fd))
		return false;
	if (!fstat(ret_fd->fd, ret_st) && S_ISDIR(ret_st->st_mode) &&
	    (ret_st->st_mtim.tv_sec || ret_st->st_mtim.tv_nsec))
		return true;
	sfs_fd_put(ret_fd);
	return false;
}

void sfs_folder_show(struct sfs_view *view, struct sfs_node *node,
		     struct stat *st)
{
	for (unsigned int tree = 0; tree <= 2 * view->params.n_stores; tree++) {
		SFS_FD fd = SFS_FD_NONE;
		struct stat other;

		if (!get_beside(view, node, tree, &fd, &other))
			continue;
		st->st_nlink = 1; /* "not known", to find(1) and others */
		if (tree == SFS_TREE_HOST) {
			if (!later(&other.st_ctim, &st->st_ctim))
				continue;
			st->st_ctim = other.st_ctim;
		}
		raise_to(&st->st_mtim, &other.st_mtim);
		raise_to(&st->st_ctim, &other.st_mtim);
	}
}

/* The node's own mtime was set: let those beside it say nothing. */
static void reset_beside(struct sfs_view *view, struct sfs_node *node)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_nsec = 1 } };

	for (unsigned int tree = 1; tree <= 2 * view->params.n_stores; tree++) {
		SFS_FD fd = SFS_FD_NONE;
		char path[SFS_BACKING_PROC_MAX];
		struct stat other;

		if (get_beside(view, node, tree, &fd, &other))
			utimensat(AT_FDCWD, sfs_backing_proc_path(fd.fd, path),
				  times, 0);
	}
}

/* What the view shows of a node whose object has these attributes; events: from
 * before they were read. */
static void show(struct sfs_view *view, struct sfs_node *node,
		 const struct stat *own, uint64_t events, struct stat *ret_st,
		 enum sfs_trust *ret_trust)
{
	*ret_st = *own;
	*ret_trust = sfs_settle_attr(view, node, own, events);
	if (sfs_node_is(node, SFS_NODE_DIR))
		sfs_folder_show(view, node, ret_st);
	sfs_node_show(node, ret_st);
}

int sfs_view_getattr(struct sfs_view *view, struct sfs_node *node,
		     struct stat *ret_st, enum sfs_trust *ret_trust)
{
	SFS_FD object = SFS_FD_NONE;
	uint64_t events;
	struct stat own;
	int err;

	if (sfs_node_is(node, SFS_NODE_DIR))
		sfs_settle_prepare(view, node);
	sfs_catch_up(view, node);
	err = sfs_fd_object(view, node, &object);
	if (err)
		return err;
	events = sfs_watch_events(view);
	if (fstat(object.fd, &own))
		return -errno;
	show(view, node, &own, events, ret_st, ret_trust);
	sfs_settle_told(view, node, &own, false);
	return 0;
}

/* killer: somebody who may not keep set-ID bits, or NULL. */
static int set_size(struct sfs_view *view, struct sfs_node *node, off_t size,
		    const struct sfs_caller *killer)
{
	SFS_FD writer = SFS_FD_NONE;
	SFS_CHARGE charge = SFS_CHARGE_NONE;
	int err = sfs_fd_write(view, node, &writer);

	if (!err && killer)
		err = sfs_drop_set_ids(writer.fd, killer);
	if (!err)
		err = sfs_charge_begin(view, node, writer.fd, size, 0, &charge,
				       NULL);
	if (!err && ftruncate(writer.fd, size))
		err = -errno;
	return err;
}

/*
 * With neither of them it still moves ctime, as chown(2) does; or it is a write
 * (io=passthrough) that takes set-ID bits away.  As root the host's kernel would
 * leave some of these that `killer`, who may not keep them, has to lose.
 */
static int set_owner(int fd, const struct stat *st, unsigned int to_set,
		     const struct sfs_caller *killer)
{
	uid_t uid = to_set & SFS_SET_UID ? st->st_uid : (uid_t)-1;
	gid_t gid = to_set & SFS_SET_GID ? st->st_gid : (gid_t)-1;
	int err = killer ? sfs_drop_set_ids(fd, killer) : 0;

	if (!err && fchownat(fd, "", uid, gid, AT_EMPTY_PATH))
		err = -errno;
	return err;
}

static int set_mode(int fd, mode_t mode)
{
	char path[SFS_BACKING_PROC_MAX];
	int r = fchmod(fd, mode & 07777);

	if (r && errno == EBADF) /* O_PATH */
		r = chmod(sfs_backing_proc_path(fd, path), mode & 07777);
	return r ? -errno : 0;
}

static struct timespec time_to_set(const struct timespec *time, bool set,
				   bool now)
{
	if (now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (set)
		return *time;
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static int set_times(struct sfs_view *view, struct sfs_node *node, int fd,
		     const struct stat *st, unsigned int to_set)
{
	const struct timespec times[2] = {
		time_to_set(&st->st_atim, to_set & SFS_SET_ATIME,
			    to_set & SFS_SET_ATIME_NOW),
		time_to_set(&st->st_mtim, to_set & SFS_SET_MTIME,
			    to_set & SFS_SET_MTIME_NOW),
	};
	char path[SFS_BACKING_PROC_MAX];
	int r = futimens(fd, times);

	if (r && errno == EBADF) /* O_PATH */
		r = utimensat(AT_FDCWD, sfs_backing_proc_path(fd, path), times,
			      0);
	if (r)
		return -errno;
	if (sfs_node_is(node, SFS_NODE_DIR) && times[1].tv_nsec != UTIME_OMIT)
		reset_beside(view, node);
	return 0;
}

/* In the kernel's order: a new owner takes set-ID bits away, a mode gives
 * them, and times come last because all the others move ctime and mtime. */
static int set_all(struct sfs_view *view, const struct sfs_caller *caller,
		   struct sfs_node *node, int fd, const struct stat *st,
		   unsigned int to_set)
{
	const unsigned int owner = SFS_SET_UID | SFS_SET_GID;
	const unsigned int times = SFS_SET_ATIME | SFS_SET_MTIME |
				   SFS_SET_ATIME_NOW | SFS_SET_MTIME_NOW;
	int err = 0;

	if (to_set & SFS_SET_SIZE)
		err = set_size(view, node, st->st_size,
			       to_set & SFS_SET_KILL_SUIDGID ? caller : NULL);
	if (!err && (to_set & owner ||
		     !(to_set & (SFS_SET_SIZE | SFS_SET_MODE | times))))
		err = set_owner(fd, st, to_set,
				view->params.as_caller && caller->uid ? caller
								      : NULL);
	if (!err && to_set & SFS_SET_MODE)
		sfs_fd_pin_before_mode(view, node, st->st_mode);
	if (!err && to_set & SFS_SET_MODE)
		err = set_mode(fd, st->st_mode);
	if (!err && to_set & SFS_SET_MODE && st->st_mode & 0111)
		sfs_fd_make_brief(view, node);
	if (!err && to_set & times)
		err = set_times(view, node, fd, st, to_set);
	return err;
}

int sfs_view_setattr(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *node, const struct stat *st,
		     unsigned int to_set, struct stat *ret_st,
		     enum sfs_trust *ret_trust)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD object = SFS_FD_NONE;
	uint64_t events;
	struct stat own;
	int err;

	err = sfs_change_begin(
		view, node, to_set & SFS_SET_SIZE ? st->st_size : -1, &change);
	if (!err)
		err = sfs_fd_object(view, node, &object);
	if (!err)
		err = set_all(view, caller, node, object.fd, st, to_set);
	if (err)
		return err;
	events = sfs_watch_events(view);
	if (fstat(object.fd, &own))
		return -errno;
	sfs_settle_made(node, &own);
	show(view, node, &own, events, ret_st, ret_trust);
	return 0;
}

int sfs_view_readlink(struct sfs_view *view, struct sfs_node *node,
		      char **ret_target)
{
	SFS_FD object = SFS_FD_NONE;
	char target[PATH_MAX];
	ssize_t length;
	int err = sfs_fd_object(view, node, &object);

	if (err)
		return err;
	length = readlinkat(object.fd, "", target, sizeof(target));
	if (length < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	*ret_target = strndup(target, (size_t)length);
	return *ret_target ? 0 : -ENOMEM;
}

/* A bounded store looks like a file system of that size. */
static void show_limit(const struct sfs_quota *quota, struct statvfs *st)
{
	uint64_t limit = sfs_quota_limit(quota), used = sfs_quota_used(quota);
	uint64_t free_blocks;

	if (!limit || !st->f_frsize)
		return;
	free_blocks = (used < limit ? limit - used : 0) / st->f_frsize;
	st->f_blocks = limit / st->f_frsize;
	if (st->f_bfree > free_blocks)
		st->f_bfree = free_blocks;
	if (st->f_bavail > free_blocks)
		st->f_bavail = free_blocks;
}

int sfs_view_statfs(struct sfs_view *view, struct sfs_node *node,
		    struct statvfs *ret)
{
	SFS_FD object = SFS_FD_NONE;
	int err = sfs_fd_object(view, node, &object);

	if (!err && fstatvfs(object.fd, ret))
		err = -errno;
	if (!err && sfs_node_is(node, SFS_NODE_SCRATCH))
		show_limit(sfs_view_store(view, node->store)->quota, ret);
	return err;
}
