/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_CHANGE_H
#define SFS_VIEW_CHANGE_H

/* What every change of a node's bytes or attributes begins and ends with. */
#include "internal.h"

/*
 * While a change is under way the node's object is not exchanged for another:
 * it holds the node's lock for reading.  A folder above it may be renamed
 * meanwhile; so it holds the object too.  SFS_CHANGE ends with its scope.
 */
struct sfs_change {
	pthread_rwlock_t *lock; /* NULL: not begun */
	struct sfs_fd object;	/* kept in the cache */
};
#define SFS_CHANGE_NONE                \
	{                              \
		.object = SFS_FD_NONE, \
	}

/*
 * -EROFS where a read-only rule forbids it; errors of copying up.  new_size:
 * as for sfs_copy_up().
 */
int sfs_change_begin(struct sfs_view *view, struct sfs_node *node,
		     off_t new_size, struct sfs_change *ret);
void sfs_change_end(struct sfs_change *change);
#define SFS_CHANGE __attribute__((cleanup(sfs_change_end))) struct sfs_change

/* The same for who only uses the node's bytes. */
void sfs_use_begin(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_change *ret);

/* The same for who reads them; the object is open for reading.  errno of
 * open(2). */
int sfs_read_begin(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_change *ret);

/*
 * Takes the set-ID bits away that a write by somebody without CAP_FSETID takes
 * away: S_ISUID, and S_ISGID of what the group may execute or `writer` is not in
 * the group of.  For an object behind any descriptor.
 */
int sfs_drop_set_ids(int fd, const struct sfs_caller *writer);

#endif
