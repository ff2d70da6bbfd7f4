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
/* Makes room for another node with its key; it lives on and is not found. */
void sfs_table_displace(struct sfs_view *view, struct sfs_node *node);

/*
 * A node keeps its number when it gets another object.  The number may then be
 * given out again, by the file system of the former object, while the node is
 * still known by it: such nodes are found by the number that they show.
 *
 * _number: what the new node with this key is to show, which nobody else shows.
 * _file_shown: takes note of what the node shows, after its key has changed.
 */
uint64_t sfs_table_number(const struct sfs_view *view,
			  const struct sfs_key *key);
void sfs_table_file_shown(struct sfs_view *view, struct sfs_node *node);

/* Nodes by folder and name: before these change, and after.  (_unfile: what is not
 * filed stays so.) */
void sfs_table_unfile_name(struct sfs_node *node);
void sfs_table_file_name(struct sfs_view *view, struct sfs_node *node);

/* More chains; called without the lock.  Failing is harmless. */
void sfs_table_grow(struct sfs_view *view, size_t n_chains);

#endif
