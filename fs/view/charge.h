/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_CHARGE_H
#define SFS_VIEW_CHARGE_H

/*
 * Bounded stores: who changes a file's size charges it (scratchfs/quota.h).
 *
 * A charge is made before the change, for the largest size that it may leave,
 * and settled after it with the size that there is.  In between the file's size
 * is this thread's alone, also between daemons that share a volume.
 */
#include "internal.h"

struct sfs_charge {
	struct sfs_quota *quota; /* NULL: nothing to do */
	int fd;			 /* borrowed */
	uint64_t ino, old_size;
	int64_t reserved_bytes;
};
#define SFS_CHARGE_NONE        \
	{                      \
		.quota = NULL, \
	}

/* What counts the node's bytes, or NULL. */
struct sfs_quota *sfs_charge_quota(struct sfs_view *view,
				   const struct sfs_node *node);

/*
 * `fd`: the node's object, open.  Room for `length` bytes at `offset` (-1: at
 * the end).  ret_length NULL: all or -ENOSPC; else as many as there is room
 * for, at least one.
 */
int sfs_charge_begin(struct sfs_view *view, const struct sfs_node *node, int fd,
		     off_t offset, size_t length, struct sfs_charge *ret,
		     size_t *ret_length);
void sfs_charge_end(struct sfs_charge *charge);
#define SFS_CHARGE __attribute__((cleanup(sfs_charge_end))) struct sfs_charge

/* sfs_quota_charge(), which waits a moment for what was deleted just now. */
int sfs_charge_take(struct sfs_view *view, struct sfs_quota *quota,
		    int64_t delta_bytes);

/*
 * The object of this size has lost its last name.  What the kernel may still
 * have open (node, not NULL) stays charged until the node goes.
 */
void sfs_charge_unlinked(struct sfs_view *view, struct sfs_node *node,
			 const struct sfs_where *where);
/* The node's object has no name (O_TMPFILE); settle when the node goes. */
void sfs_charge_owes(struct sfs_view *view, struct sfs_node *node);
/* It has got one. */
void sfs_charge_named(struct sfs_view *view, struct sfs_node *node);
/* The node goes; its descriptors are still there. */
void sfs_charge_forget(struct sfs_view *view, struct sfs_node *node);

#endif
