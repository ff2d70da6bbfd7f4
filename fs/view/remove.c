/* SPDX-License-Identifier: MIT */
#include "charge.h"
#include "settle.h"

#include <dirent.h>
#include <fcntl.h>

/*
 * Before an object loses its name its node takes hold of it: nothing says
 * whether it is still open, and its inode number must not be given out again
 * while the kernel knows the node.  The FORGET lets go.
 */
int sfs_pin(struct sfs_view *view, struct sfs_node *node)
{
	for (;;) {
		SFS_FD object = SFS_FD_NONE;
		unsigned int tree = node->tree;
		int r = sfs_fd_path(view, node, tree, &object);

		if (r ? node->tree == tree : sfs_fd_pin(&object))
			return r;
	}
}

static int remove_from(struct sfs_view *view, struct sfs_node *parent,
		       unsigned int tree, const char *name, int flags)
{
	SFS_FD dir = SFS_FD_NONE;
	int r = sfs_fd_path(view, parent, tree, &dir);

	if (r)
		return r;
	if (unlinkat(dir.fd, name, flags))
		return -errno;
	sfs_settle_own_folder(view, parent, dir.fd);
	return 0;
}

/*
 * Removes a scratch name: the host's object is hidden first, so that a crash
 * in between leaves the store's, and nothing comes to light that was deleted.
 */
static int remove_scratch(struct sfs_view *view, struct sfs_node *parent,
			  const char *name, const struct sfs_where *where,
			  int flags)
{
	bool was_hidden;
	int r = sfs_where_is_hidden(view, parent, where->store, name,
				    &was_hidden);

	if (!r)
		r = sfs_hide(view, parent, where->store, name);
	if (r || where->tree == SFS_TREE_HOST)
		return r;
	r = remove_from(view, parent, where->tree, name, flags);
	if (r && !was_hidden)
		(void)sfs_unhide(view, parent, where->store, name);
	return r;
}

static int unlink_locked(struct sfs_view *view, struct sfs_node *parent,
			 const char *name, struct sfs_where *where,
			 struct sfs_node **ret_node)
{
	int r = sfs_where_find(view, parent, name, -1, where);

	if (r)
		return r;
	if (!where->exists)
		return -ENOENT;
	if (where->flags & SFS_NODE_READONLY)
		return -EROFS;
	if (S_ISDIR(where->st.st_mode))
		return -EISDIR;
	*ret_node = sfs_node_find(view, where->scratch, &where->st);
	if (*ret_node && sfs_node_has_name(view, *ret_node, parent, name))
		r = sfs_pin(view, *ret_node);
	if (r && r != -ENOENT && r != -ESTALE)
		return r;
	if (where->scratch)
		return remove_scratch(view, parent, name, where, 0);
	return remove_from(view, parent, SFS_TREE_HOST, name, 0);
}

int sfs_view_unlink(struct sfs_view *view, struct sfs_node *parent,
		    const char *name)
{
	struct sfs_node *node = NULL;
	struct sfs_where where;
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = unlink_locked(view, parent, name, &where, &node);
	if (!r)
		sfs_charge_unlinked(view, node, &where);
	if (!r && node)
		sfs_node_lose_name(view, node, parent, name);
	pthread_rwlock_unlock(&view->moves);
	if (node)
		sfs_node_put(view, node);
	return r;
}

/* Is this host entry of a folder that looks empty one that was deleted in the
 * view?  What is merely not shown (existing: hide) was deleted by nobody. */
static bool was_deleted(struct sfs_view *view, struct sfs_node *node,
			const char *name)
{
	struct sfs_where where;
	int r = sfs_where_find(view, node, name, -1, &where);

	if (r || where.exists)
		return false;
	for (unsigned int s = 0; s < view->params.n_stores; s++) {
		bool hidden;

		if (!sfs_where_is_hidden(view, node, s, name, &hidden) &&
		    hidden)
			return true;
	}
	return false;
}

/* Calls for each entry of a host folder: all deleted? then (remove) away. */
static int each_leftover(struct sfs_view *view, struct sfs_node *node, int fd,
			 bool remove)
{
	SFS_CLOSEDIR DIR *dir = NULL;
	struct dirent *e;
	int copy = sfs_backing_reopen(fd, O_RDONLY | O_DIRECTORY);

	if (copy < 0) /* what may not be listed cannot be known to be ours */
		return copy == -EACCES ? -ENOTEMPTY : copy;
	dir = fdopendir(copy);
	if (!dir) {
		close(copy);
		return -ENOMEM;
	}
	while ((e = readdir(dir))) {
		int r = 0;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (remove)
			r = sfs_backing_remove(fd, e->d_name);
		else if (!was_deleted(view, node, e->d_name))
			r = -ENOTEMPTY;
		if (r)
			return r;
	}
	return 0;
}

int sfs_remove_leftovers(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD host = SFS_FD_NONE;
	int r = sfs_fd_path(view, node, SFS_TREE_HOST, &host);

	if (!r)
		r = each_leftover(view, node, host.fd, false);
	if (!r)
		r = each_leftover(view, node, host.fd, true);
	return r;
}

/* The folder is gone: so are its mirrors and the marks in it.  A mirror that
 * still holds something keeps it, as an orphan. */
void sfs_remove_mirrors(struct sfs_view *view, struct sfs_node *parent,
			const char *name)
{
	for (unsigned int s = 0; s < view->params.n_stores; s++) {
		SFS_FD marks = SFS_FD_NONE;

		(void)remove_from(view, parent, sfs_tree_of_store(s), name,
				  AT_REMOVEDIR);
		if (!sfs_fd_path(view, parent, sfs_hidden_of_store(s), &marks))
			(void)sfs_backing_remove(marks.fd, name);
	}
}

static int rmdir_core(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, struct sfs_node *node)
{
	int r = remove_from(view, parent, SFS_TREE_HOST, name, AT_REMOVEDIR);

	if (r == -ENOTEMPTY || r == -EEXIST) {
		r = sfs_remove_leftovers(view, node);
		if (!r)
			r = remove_from(view, parent, SFS_TREE_HOST, name,
					AT_REMOVEDIR);
	}
	if (!r)
		sfs_remove_mirrors(view, parent, name);
	return r;
}

static int rmdir_scratch(struct sfs_view *view, struct sfs_node *parent,
			 const char *name, const struct sfs_where *where)
{
	SFS_FD marks = SFS_FD_NONE;
	struct stat st;
	int r = remove_scratch(view, parent, name, where, AT_REMOVEDIR);

	if (r || sfs_fd_path(view, parent, sfs_hidden_of_store(where->store),
			     &marks))
		return r;
	/* Marks below a folder that the host does not have any more. */
	if (!fstatat(marks.fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISDIR(st.st_mode))
		(void)sfs_backing_remove(marks.fd, name);
	return 0;
}

/* Whatever the view shows in this folder is in its own object: the file system
 * will say whether it is empty. */
static bool has_all_names(struct sfs_view *view, struct sfs_node *node)
{
	if (sfs_node_is(node, SFS_NODE_SCRATCH))
		return !sfs_node_is(node, SFS_NODE_LOWER);
	for (unsigned int s = 0; s < view->params.n_stores; s++) {
		SFS_FD mirror = SFS_FD_NONE;

		if (sfs_fd_path(view, node, sfs_tree_of_store(s), &mirror) !=
		    -ENOENT)
			return false;
	}
	return true;
}

static int rmdir_locked(struct sfs_view *view, struct sfs_node *parent,
			const char *name, struct sfs_node **ret_node)
{
	struct sfs_where where;
	int r;

	do {
		r = sfs_where_find(view, parent, name, -1, &where);
		if (r)
			return r;
		if (!where.exists)
			return -ENOENT;
		if (where.flags & SFS_NODE_READONLY)
			return -EROFS;
		if (!S_ISDIR(where.st.st_mode))
			return -ENOTDIR;
		r = sfs_node_make(view, parent, name, &where, false, ret_node);
	} while (r == -EAGAIN);
	if (!r && !has_all_names(view, *ret_node))
		r = sfs_list_is_empty(view, *ret_node);
	if (!r)
		r = sfs_pin(view, *ret_node);
	if (r)
		return r;
	r = where.scratch ? rmdir_scratch(view, parent, name, &where)
			  : rmdir_core(view, parent, name, *ret_node);
	if (r) /* it stays, and is not pinned any more */
		sfs_fd_drop_tree(view, *ret_node, (*ret_node)->tree);
	return r;
}

int sfs_view_rmdir(struct sfs_view *view, struct sfs_node *parent,
		   const char *name)
{
	struct sfs_node *node = NULL;
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = rmdir_locked(view, parent, name, &node);
	if (!r)
		sfs_node_lose_name(view, node, parent, name);
	pthread_rwlock_unlock(&view->moves);
	if (node)
		sfs_node_put(view, node);
	return r;
}
