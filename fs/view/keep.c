/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * The only way from a scratch name to the host's object of the same name, and
 * only on the user's order.  It is made under a reserved name that the next
 * start removes (it is in the journal first), so the host has the whole object
 * or what it had before.
 */
struct keep {
	struct sfs_store *store;
	const char *folder, *name; /* of the object, relative to the source */
	int from, to; /* that folder in the store and on the host */
	char temp[SFS_STORE_TEMP_MAX];
	bool overwrite;
};

/* Of what cannot be opened the folder's own fsync has to do. */
static void make_durable(const struct keep *keep)
{
	SFS_CLOSE int file =
		openat(keep->to, keep->temp,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (file >= 0)
		(void)fsync(file);
}

static int copy_into_place(struct keep *keep, bool is_regular)
{
	unsigned int flags = keep->overwrite ? 0 : RENAME_NOREPLACE;
	int r = sfs_backing_copy_object(keep->from, keep->name, keep->to,
					keep->temp, SFS_BACKING_LENIENT);

	if (r)
		return r;
	if (is_regular)
		make_durable(keep);
	r = sfs_backing_rename(keep->to, keep->temp, keep->to, keep->name,
			       flags);
	if (r)
		(void)sfs_backing_remove(keep->to, keep->temp);
	return r;
}

static int check_place(const struct keep *keep, bool is_folder)
{
	struct stat there;
	int r = sfs_backing_stat(keep->to, keep->name, &there);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (is_folder && S_ISDIR(there.st_mode))
		return -EALREADY;
	if (is_folder || S_ISDIR(there.st_mode))
		return is_folder ? -ENOTDIR : -EISDIR;
	return keep->overwrite ? 0 : -EEXIST;
}

static int copy_out(struct keep *keep)
{
	SFS_CLOSE int folder = -1;
	struct stat st;
	int r = sfs_backing_stat(keep->from, keep->name, &st);

	if (!r)
		r = check_place(keep, S_ISDIR(st.st_mode));
	if (!r)
		r = sfs_store_temp_name(keep->temp);
	if (!r)
		r = sfs_store_pending_add(keep->store, keep->folder,
					  keep->temp);
	if (r)
		return r;
	r = copy_into_place(keep, S_ISREG(st.st_mode));
	folder = sfs_backing_reopen(keep->to, O_RDONLY | O_DIRECTORY);
	if (!r && folder >= 0 && fsync(folder))
		r = -errno;
	(void)sfs_store_pending_remove(keep->store, keep->temp);
	return r;
}

static int keep_path(struct sfs_view *view, struct sfs_store *store, char *path,
		     bool overwrite)
{
	char *slash = strrchr(path, '/');
	struct keep keep = {
		.store = store,
		.folder = slash ? path : "",
		.name = slash ? slash + 1 : path,
		.overwrite = overwrite,
	};

	if (slash)
		*slash = '\0';
	SFS_CLOSE int from = sfs_backing_open_path(store->tree_fd, keep.folder,
						   O_PATH | O_DIRECTORY, 0);
	SFS_CLOSE int to = sfs_backing_open_path(
		view->params.source_fd, keep.folder, O_PATH | O_DIRECTORY, 0);
	if (from < 0 || to < 0)
		return from < 0 ? from : to;
	keep.from = from;
	keep.to = to;
	return copy_out(&keep);
}

static int keep_node(struct sfs_view *view, struct sfs_node *node,
		     bool overwrite)
{
	SFS_FREE char *path = NULL;
	int r;

	if (!sfs_node_is(node, SFS_NODE_SCRATCH) || node->tree == SFS_TREE_HOST)
		return -EALREADY;
	r = sfs_node_path(view, node, NULL, &path);
	if (r)
		return r;
	/* Neither the names above it nor its object change meanwhile. */
	pthread_rwlock_rdlock(&view->moves);
	r = keep_path(view, sfs_view_store(view, node->store), path, overwrite);
	pthread_rwlock_unlock(&view->moves);
	return r;
}

int sfs_view_keep(struct sfs_view *view, struct sfs_node *node,
		  const char *child, bool overwrite)
{
	struct sfs_entry entry = { 0 };
	int r;

	if (!child)
		return keep_node(view, node, overwrite);
	r = sfs_view_lookup(view, node, child, &entry);
	if (r || !entry.node)
		return r ? r : -ENOENT;
	r = keep_node(view, entry.node, overwrite);
	sfs_node_forget(view, entry.node, 1);
	return r;
}
