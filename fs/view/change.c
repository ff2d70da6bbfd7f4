/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "follow.h"
#include "settle.h"

/* With view->moves held. */
static void lock_node(struct sfs_view *view, struct sfs_node *node,
		      struct sfs_change *ret)
{
	ret->lock = sfs_node_lock(view, node);
	pthread_rwlock_rdlock(ret->lock);
	sfs_settle_outdate(node);
}

/* The same.  Whoever needs the object will see why it fails. */
static void hold(struct sfs_view *view, struct sfs_node *node,
		 struct sfs_change *ret)
{
	lock_node(view, node, ret);
	(void)sfs_fd_object(view, node, &ret->object);
}

int sfs_change_begin(struct sfs_view *view, struct sfs_node *node,
		     off_t new_size, struct sfs_change *ret)
{
	int err;

	if (sfs_node_is(node, SFS_NODE_READONLY))
		return -EROFS;
	sfs_follow_check(view, node);
	pthread_rwlock_rdlock(&view->moves);
	err = sfs_copy_up(view, node, new_size);
	if (!err)
		hold(view, node, ret);
	pthread_rwlock_unlock(&view->moves);
	return err;
}

void sfs_use_begin(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_change *ret)
{
	pthread_rwlock_rdlock(&view->moves);
	hold(view, node, ret);
	pthread_rwlock_unlock(&view->moves);
}

int sfs_read_begin(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_change *ret)
{
	int err;

	pthread_rwlock_rdlock(&view->moves);
	lock_node(view, node, ret);
	err = sfs_fd_read(view, node, &ret->object);
	pthread_rwlock_unlock(&view->moves);
	return err;
}

void sfs_change_end(struct sfs_change *change)
{
	sfs_fd_put(&change->object);
	if (change->lock)
		pthread_rwlock_unlock(change->lock);
	change->lock = NULL;
}

int sfs_drop_set_ids(int fd, const struct sfs_caller *writer)
{
	char path[SFS_BACKING_PROC_MAX];
	struct stat st;
	mode_t drop = S_ISUID;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_mode & S_ISGID &&
	    (st.st_mode & S_IXGRP || !sfs_caller_is_in(writer, st.st_gid)))
		drop |= S_ISGID;
	if (!(st.st_mode & drop))
		return 0;
	/* EPERM: not the owner, so the write itself will do it. */
	if (chmod(sfs_backing_proc_path(fd, path),
		  st.st_mode & 07777 & ~drop) &&
	    errno != EPERM)
		return -errno;
	return 0;
}
