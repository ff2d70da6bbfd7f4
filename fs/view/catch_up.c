/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <fcntl.h>

/*
 * Another view of a volume has copied up what a node here still shows through.
 * Whoever has it open goes on with that copy, as after a copy-up of our own.
 */

int sfs_adopt_copy(struct sfs_view *view, struct sfs_node *node, int dir,
		   const char *name)
{
	unsigned int tree = sfs_tree_of_store(node->store);
	SFS_CLOSE int copy = sfs_fd_open_child(view, tree, dir, name);
	struct stat st;

	if (copy < 0)
		return copy;
	if (fstat(copy, &st))
		return -errno;
	if ((st.st_mode & S_IFMT) >> 12 != node->type)
		return -ESTALE;
	sfs_fd_drop_io(view, node);
	if (!S_ISDIR(st.st_mode))
		sfs_fd_drop_tree(view, node, SFS_TREE_HOST);
	sfs_node_rekey(view, node, true, tree, &st);
	return sfs_fd_adopt_path(view, node, tree, sfs_steal_fd(&copy), false);
}

void sfs_catch_up(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD dir = SFS_FD_NONE;
	struct sfs_node *parent;
	struct stat st;
	char name[256];
	int r;

	if (!sfs_node_is(node, SFS_NODE_SCRATCH) ||
	    sfs_node_is(node, SFS_NODE_PRIVATE) ||
	    node->tree != SFS_TREE_HOST ||
	    sfs_node_name(view, node, &parent, name))
		return;
	r = sfs_fd_path(view, parent, sfs_tree_of_store(node->store), &dir);
	sfs_node_put(view, parent);
	if (r || fstatat(dir.fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	pthread_rwlock_wrlock(sfs_node_lock(view, node));
	if (node->tree == SFS_TREE_HOST)
		(void)sfs_adopt_copy(view, node, dir.fd, name);
	pthread_rwlock_unlock(sfs_node_lock(view, node));
}
