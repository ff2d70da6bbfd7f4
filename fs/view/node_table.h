/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_NODE_TABLE_H
#define SFS_VIEW_NODE_TABLE_H

/* Nodes by what identifies them.  Called with view->table locked. */
#include "internal.h"

struct sfs_key {
	bool scratch;
	unsigned int device;
	uint64_t ino;
};

/* Borrowed, or NULL. */
struct sfs_node *sfs_table_find(const struct sfs_view *view,
				const struct sfs_key *key);
void sfs_table_add(struct sfs_view *view, struct sfs_node *node);
/* Does nothing if it is not in. */
void sfs_table_remove(struct sfs_view *view, struct sfs_node *node);

/* More chains; called without the lock.  Failing is harmless. */
void sfs_table_grow(struct sfs_view *view, size_t n_chains);

#endif
