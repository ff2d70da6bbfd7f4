/* SPDX-License-Identifier: MIT */
#include "replace.h"
#include "internal.h"
#include "move.h"
#include "settle.h"
#include "watch.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * A file that becomes tracked is one that crosses the border without changing
 * its name.  Its node stays, and so do the nodes of the folders above it, which
 * were scratch and are core from then on: who stands in them or has something
 * open goes on.  What cannot go on as the same object (the store's and the
 * host's file of one name are two) keeps its node too, as a deleted file
 * would, and the name gets another one at its next look-up.
 */

size_t sfs_replace_concerns(struct sfs_view *view, const char *path)
{
	size_t length;
	int rule;

	if (sfs_rules_walk(view->params.scratch, path, false, &rule, &length) ||
	    rule < 0 ||
	    sfs_rules_get(view->params.scratch, rule)->tracked_ignore)
		return 0;
	return length;
}

/* --- to the host --- */

/* Looks up one name; *ret_node, a reference, only if it exists. */
static int step(struct sfs_view *view, struct sfs_node *parent,
		const char *name, struct sfs_where *where,
		struct sfs_node **ret_node)
{
	int r;

	do {
		r = sfs_where_find(view, parent, name, -1, where);
		if (!r && !where->exists)
			r = -ENOENT;
		if (!r)
			r = sfs_node_make(view, parent, name, where, false,
					  ret_node);
	} while (r == -EAGAIN);
	return r;
}

/* The host gets a folder like this scratch one, if it has none. */
static int make_host_folder(struct sfs_view *view, struct sfs_node *parent,
			    const char *name, struct sfs_node *folder)
{
	SFS_FD dir = SFS_FD_NONE, scratch = SFS_FD_NONE;
	SFS_CLOSE int made = -1;
	int r = sfs_fd_path(view, parent, SFS_TREE_HOST, &dir);

	if (!r)
		r = sfs_fd_object(view, folder, &scratch);
	if (r)
		return r;
	if (mkdirat(dir.fd, name, 0700))
		return errno == EEXIST ? 0 : -errno;
	(void)sfs_unhide(view, parent, folder->store, name);
	made = sfs_backing_open(dir.fd, name, O_PATH | O_DIRECTORY, 0);
	if (made < 0)
		return made;
	return sfs_backing_copy_meta(scratch.fd, made, SFS_BACKING_LENIENT);
}

/* Another name of the file must not come to stand for the host's: the name
 * gets a copy. */
static int break_link(struct sfs_view *view, struct sfs_end *end)
{
	struct sfs_store *store = sfs_view_store(view, end->where.store);
	SFS_FD dir = SFS_FD_NONE;
	char temp[SFS_STORE_TEMP_MAX];
	int r = sfs_store_temp_name(temp);

	if (!r)
		r = sfs_fd_path(view, end->parent, end->where.tree, &dir);
	if (!r)
		r = sfs_backing_copy_object(dir.fd, end->name, store->work_fd,
					    temp, 0);
	if (!r)
		r = sfs_backing_rename(store->work_fd, temp, dir.fd, end->name,
				       0);
	if (r)
		return r;
	sfs_node_put(view, sfs_steal_ptr(&end->node));
	return step(view, end->parent, end->name, &end->where, &end->node);
}

static bool host_has(struct sfs_view *view, struct sfs_node *parent,
		     const char *name)
{
	SFS_FD dir = SFS_FD_NONE;
	struct stat st;

	return sfs_fd_path(view, parent, SFS_TREE_HOST, &dir) ||
	       sfs_fd_stat_child(view, SFS_TREE_HOST, dir.fd, name, &st) !=
		       -ENOENT;
}

static int admit_file(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, struct sfs_telling *telling)
{
	struct sfs_move m = { .view = view,
			      .from = { .parent = parent, .name = name },
			      .to = { .parent = parent, .name = name },
			      .flags = RENAME_NOREPLACE,
			      .copy_limit_bytes = UINT64_MAX };
	const struct sfs_where *where = &m.from.where;
	int r = step(view, parent, name, &m.from.where, &m.from.node);

	if (r)
		return r;
	m.to.where = (struct sfs_where){ .rule = -1 };
	if (where->scratch && where->tree != SFS_TREE_HOST &&
	    !S_ISDIR(where->st.st_mode) && !host_has(view, parent, name)) {
		if (where->st.st_nlink > 1)
			r = break_link(view, &m.from);
		if (!r)
			r = sfs_move_across(&m);
		if (!r) {
			(void)sfs_unhide(view, parent, where->store, name);
			sfs_telling_add(view, telling, parent, name,
					m.from.node);
		}
	}
	sfs_telling_done(view, &m.telling);
	if (m.from.node)
		sfs_node_put(view, m.from.node);
	return r;
}

static bool is_readonly(struct sfs_view *view, const char *path)
{
	size_t length;
	int rule = -1;

	return view->params.readonly &&
	       (sfs_rules_walk(view->params.readonly, path, false, &rule,
			       &length) ||
		rule >= 0);
}

void sfs_replace_admit(struct sfs_view *view, const char *path,
		       struct sfs_telling *telling)
{
	struct sfs_node *at = sfs_node_get(view, sfs_node_root(view)), *child;
	SFS_FREE char *copy = strdup(path);
	char *rest = copy, *name;
	struct sfs_where where;

	if (!copy || is_readonly(view, path))
		rest = NULL;
	while (rest && (name = strsep(&rest, "/"))) {
		if (!rest) {
			(void)admit_file(view, at, name, telling);
			break;
		}
		if (step(view, at, name, &where, &child))
			break;
		if (!S_ISDIR(where.st.st_mode) ||
		    (where.scratch && make_host_folder(view, at, name, child)))
			rest = NULL;
		sfs_node_put(view, at);
		at = child;
	}
	sfs_node_put(view, at);
}

/* --- nodes --- */

struct known {
	struct sfs_node *node; /* counted */
	char *path;
};

struct collecting {
	struct sfs_view *view;
	const struct sfs_paths *paths;
	struct known *known;
	size_t n, room;
};

static void collect(void *ctx, struct sfs_node *node)
{
	struct collecting *c = ctx;
	char *path;

	if (sfs_node_path(c->view, node, NULL, &path))
		return;
	if (sfs_paths_cover(c->paths, path) && c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct known *more = realloc(c->known, room * sizeof(*more));

		if (more) {
			c->known = more;
			c->room = room;
		}
	}
	if (c->n == c->room || !sfs_paths_cover(c->paths, path)) {
		free(path);
		return;
	}
	c->known[c->n++] = (struct known){ sfs_node_get(c->view, node), path };
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->path,
		      ((const struct known *)b)->path);
}

static bool is_same_object(struct sfs_view *view, const struct sfs_node *node,
			   const struct sfs_where *where)
{
	return node->ino == where->st.st_ino &&
	       node->device == sfs_device_index(view, where->st.st_dev);
}

static bool is_as_before(struct sfs_view *view, const struct sfs_node *node,
			 const struct sfs_where *where)
{
	const uint16_t matter = SFS_NODE_SCRATCH | SFS_NODE_LOWER |
				SFS_NODE_DIVERTS | SFS_NODE_KEEPS;

	return is_same_object(view, node, where) && node->tree == where->tree &&
	       !((node->flags ^ where->flags) & matter) &&
	       node->rule == where->rule;
}

/* The node is what it was, in another place; or another one's from now on. */
static void place_again(struct sfs_view *view, struct sfs_node *node,
			struct sfs_node *parent, const char *name,
			struct sfs_telling *telling)
{
	struct sfs_where where;
	bool folder = sfs_node_is(node, SFS_NODE_DIR);
	int r = sfs_where_find(view, parent, name, -1, &where);

	if (!r && where.exists && is_as_before(view, node, &where))
		return;
	if (r || !where.exists || S_ISDIR(where.st.st_mode) != folder ||
	    (!folder && !is_same_object(view, node, &where))) {
		sfs_telling_add(view, telling, parent, name, NULL);
		return;
	}
	pthread_rwlock_wrlock(sfs_node_lock(view, node));
	/* A folder's mirrors may be others too, or its own object from now on. */
	if (folder)
		sfs_fd_drop(view, node);
	else if (node->tree != where.tree)
		sfs_fd_drop_tree(view, node, node->tree);
	r = sfs_node_place(view, node, parent, name, &where);
	pthread_rwlock_unlock(sfs_node_lock(view, node));
	if (folder) {
		sfs_watch_renew(view, node);
		sfs_settle_prepare(view, node);
	}
	sfs_telling_add(view, telling, parent, name, r ? NULL : node);
}

/* The name may have no node: the kernel may remember that there is none. */
static void tell_name(struct sfs_view *view, const char *path,
		      struct sfs_telling *telling)
{
	struct sfs_node *at = sfs_node_get(view, sfs_node_root(view)), *child;
	SFS_FREE char *copy = strdup(path);
	char *rest = copy, *name;
	struct sfs_where where;

	while (rest && (name = strsep(&rest, "/"))) {
		if (!rest)
			sfs_telling_add(view, telling, at, name, NULL);
		else if (step(view, at, name, &where, &child))
			break;
		if (!rest)
			break;
		sfs_node_put(view, at);
		at = child;
	}
	sfs_node_put(view, at);
}

void sfs_replace_nodes(struct sfs_view *view, const struct sfs_paths *paths,
		       struct sfs_telling *telling)
{
	struct collecting c = { .view = view, .paths = paths };

	sfs_node_each(view, collect, &c);
	if (c.n)
		qsort(c.known, c.n, sizeof(*c.known), compare);
	for (size_t i = 0; i < c.n; i++) {
		struct sfs_node *parent;
		char name[256];

		if (sfs_node_name(view, c.known[i].node, &parent, name))
			continue;
		place_again(view, c.known[i].node, parent, name, telling);
		sfs_node_put(view, parent);
	}
	for (size_t i = 0; i < c.n; i++) {
		sfs_node_put(view, c.known[i].node);
		free(c.known[i].path);
	}
	free(c.known);
}

void sfs_replace_below(struct sfs_view *view, const struct sfs_paths *paths,
		       struct sfs_telling *telling)
{
	if (!paths->n)
		return;
	sfs_moves_lock(view);
	sfs_replace_nodes(view, paths, telling);
	sfs_moves_unlock(view);
	for (size_t i = 0; i < paths->n; i++)
		tell_name(view, paths->paths[i], telling);
}

/* --- mirrors --- */

static void unveil(struct sfs_view *view, struct sfs_store *store,
		   const char *path)
{
	SFS_CLOSE int mirror = sfs_backing_open_path(store->tree_fd, path,
						     O_PATH | O_DIRECTORY, 0);
	SFS_CLOSE int host = -1;
	char proc[SFS_BACKING_PROC_MAX];
	struct stat st;

	if (mirror < 0)
		return;
	host = sfs_backing_open_path(view->params.source_fd, path,
				     O_PATH | O_DIRECTORY, 0);
	if (host < 0 || fstat(host, &st))
		return;
	(void)fchownat(mirror, "", st.st_uid, st.st_gid, AT_EMPTY_PATH);
	(void)chmod(sfs_backing_proc_path(mirror, proc), st.st_mode & 07777);
}

void sfs_replace_unveil(struct sfs_view *view, const char *path)
{
	size_t length = sfs_replace_concerns(view, path);
	SFS_FREE char *folder = strdup(path);

	while (folder && length && path[length]) {
		folder[length] = '\0';
		if (sfs_tracked_query(view->params.tracked, folder) ==
		    SFS_TRACKED_NO)
			for (unsigned int s = 0; s < view->params.n_stores; s++)
				unveil(view, sfs_view_store(view, s), folder);
		folder[length] = path[length];
		length += 1 + strcspn(path + length + 1, "/");
	}
}
