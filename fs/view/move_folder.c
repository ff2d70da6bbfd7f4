/* SPDX-License-Identifier: MIT */
#include "move.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * A folder moves as a whole or not at all.  A core folder takes its mirrors and
 * marks along; a scratch folder must lie wholly in its store.  Where the rules
 * would decide differently about what is inside, the answer is EXDEV and mv(1)
 * copies, name by name.
 */

/* The states that the folder's children would be matched against at `to`. */
static int states_at(struct sfs_view *view, const struct sfs_end *to,
		     uint32_t *ret_scratch, uint32_t *ret_readonly)
{
	const struct sfs_node *parent = to->parent;
	int r = 0;

	*ret_scratch = *ret_readonly = SFS_RULES_ROOT;
	if (!(to->where.flags & SFS_NODE_IN_GIT))
		r = sfs_rules_enter(view->params.scratch, parent->state,
				    to->name, ret_scratch);
	if (!r && view->params.readonly)
		r = sfs_rules_enter(view->params.readonly,
				    parent->readonly_state, to->name,
				    ret_readonly);
	return r;
}

/* 0: what is in the folder lives where it does, also at the other end. */
static int same_rules_inside(struct sfs_move *m, const struct sfs_end *from,
			     const struct sfs_end *to)
{
	const uint16_t matter = SFS_NODE_IN_GIT | SFS_NODE_DIVERTS |
				SFS_NODE_KEEPS | SFS_NODE_READONLY;
	uint32_t scratch, readonly;
	int r = states_at(m->view, to, &scratch, &readonly);

	if (r)
		return r;
	if (sfs_rules_state_differs(from->node->state, scratch) ||
	    sfs_rules_state_differs(from->node->readonly_state, readonly) ||
	    (from->where.flags & matter) != (to->where.flags & matter))
		return -EXDEV;
	return 0;
}

/* Tracked files are core by their path: git does not know the new one yet. */
static int holds_tracked(struct sfs_view *view, const struct sfs_end *end)
{
	SFS_FREE char *path = NULL;
	enum sfs_tracked_kind kind;
	int r;

	if (!view->params.tracked || end->where.flags & SFS_NODE_IN_GIT)
		return 0;
	r = sfs_node_path(view, end->parent, end->name, &path);
	if (r)
		return r;
	kind = sfs_tracked_query(view->params.tracked, path);
	return kind == SFS_TRACKED_DOTS || kind == SFS_TRACKED_FOLDER;
}

struct inside {
	struct sfs_view *view;
	const char *folder; /* its path */
	bool found;	    /* a name that is core only because git tracks it,
			       or too many to look at */
	unsigned int seen;
};

enum {
	MOST_INSIDE = 100000
};

/* Is this name in the folder one that only git keeps out of the store? */
static int looks_ruled(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	struct inside *inside = context;
	bool is_dir = entry->event == SFS_WALK_ENTER;
	SFS_FREE char *path = NULL;
	int rule = -1, r;
	size_t length;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	if (!strcmp(entry->name, ".git"))
		return is_dir ? SFS_WALK_SKIP : 0;
	if (asprintf(&path, "%s/%s", inside->folder, entry->path) < 0)
		return -ENOMEM;
	r = sfs_rules_walk(inside->view->params.scratch, path, is_dir, &rule,
			   &length);
	inside->found = rule >= 0 || ++inside->seen > MOST_INSIDE;
	return inside->found ? -ECANCELED : r;
}

static int core_only_by_git(struct sfs_view *view, const struct sfs_end *end)
{
	struct inside inside = { .view = view };
	SFS_FREE char *folder = NULL;
	SFS_FD host = SFS_FD_NONE;
	int r = holds_tracked(view, end);

	if (r <= 0)
		return r;
	r = sfs_node_path(view, end->parent, end->name, &folder);
	if (!r)
		r = sfs_fd_path(view, end->node, SFS_TREE_HOST, &host);
	inside.folder = folder;
	if (!r)
		r = sfs_backing_walk(host.fd, 0, looks_ruled, &inside);
	return inside.found ? -EXDEV : r;
}

/* Moves what a store has for the folder, in tree/ or in hidden/. */
static int move_in_tree(struct sfs_move *m, unsigned int tree)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	struct stat st;
	int r = sfs_fd_path(m->view, m->from.parent, tree, &from);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (fstatat(from.fd, m->from.name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	r = sfs_mirror_get(m->view, m->to.parent, tree, &to);
	if (r)
		return r;
	if (!(m->flags & RENAME_EXCHANGE))
		(void)sfs_backing_remove(to.fd, m->to.name);
	return sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name, 0);
}

/* All of them.  What was moved goes back if one cannot follow. */
static int move_mirrors(struct sfs_move *m)
{
	unsigned int last = 2 * m->view->params.n_stores, tree;
	int r = 0;

	for (tree = 1; !r && tree <= last; tree++)
		r = move_in_tree(m, tree);
	if (!r)
		return 0;
	struct sfs_move back = { .view = m->view,
				 .from = m->to,
				 .to = m->from };

	for (tree--; tree >= 1; tree--)
		(void)move_in_tree(&back, tree);
	return r;
}

static int core_rename(struct sfs_move *m)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	int r = sfs_end_folder(m->view, &m->from, &from);

	if (!r)
		r = sfs_end_folder(m->view, &m->to, &to);
	if (!r && m->to.where.exists)
		r = sfs_remove_leftovers(m->view, m->to.node);
	if (r && r != -ENOTEMPTY) /* else renameat2(2) says so, or not */
		return r;
	return sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name,
				  m->flags);
}

int sfs_move_core_folder(struct sfs_move *m)
{
	int r;

	if (m->to.where.scratch)
		return sfs_move_folder_across(m);
	r = same_rules_inside(m, &m->from, &m->to);
	if (!r)
		r = core_only_by_git(m->view, &m->from);
	if (!r)
		r = core_rename(m);
	if (r)
		return r;
	r = move_mirrors(m);
	if (r) { /* undo: the tree is one */
		struct sfs_move back = { .view = m->view,
					 .from = m->to,
					 .to = m->from };

		(void)core_rename(&back);
	}
	return r;
}

int sfs_move_scratch_folder(struct sfs_move *m)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	int r;

	if (!m->to.where.scratch)
		return sfs_move_folder_across(m);
	if (m->from.where.store != m->to.where.store)
		return -EXDEV;
	if (m->from.where.flags & SFS_NODE_LOWER ||
	    m->from.where.tree == SFS_TREE_HOST)
		return -EXDEV;
	r = sfs_end_folder(m->view, &m->from, &from);
	if (!r)
		r = sfs_end_folder(m->view, &m->to, &to);
	if (!r)
		r = sfs_hide(m->view, m->from.parent, m->from.where.store,
			     m->from.name);
	/* What the host has of the destination stays out of sight. */
	if (!r)
		r = sfs_hide(m->view, m->to.parent, m->to.where.store,
			     m->to.name);
	if (r)
		return r;
	return sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name,
				  m->flags);
}

int sfs_exchange_folder_allowed(struct sfs_move *m)
{
	const struct sfs_end *ends[] = { &m->from, &m->to };
	int r = 0;

	for (int i = 0; !r && i < 2; i++) {
		const struct sfs_end *end = ends[i];

		if (!S_ISDIR(end->where.st.st_mode))
			continue;
		if (end->where.scratch) {
			if (end->where.flags & SFS_NODE_LOWER ||
			    end->where.tree == SFS_TREE_HOST)
				r = -EXDEV;
			continue;
		}
		r = same_rules_inside(m, end, ends[1 - i]);
		if (!r)
			r = core_only_by_git(m->view, end);
	}
	return r;
}

static bool has(int dir, const char *name)
{
	struct stat st;

	return dir >= 0 && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
}

static int swap_in_tree(struct sfs_move *m, unsigned int tree)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	bool from_has, to_has;
	int r = sfs_fd_path(m->view, m->from.parent, tree, &from);

	if (!r || r == -ENOENT)
		r = sfs_fd_path(m->view, m->to.parent, tree, &to);
	if (r && r != -ENOENT)
		return r;
	from_has = has(from.fd, m->from.name);
	to_has = has(to.fd, m->to.name);
	if (!from_has && !to_has)
		return 0;
	r = from.fd < 0 ? sfs_mirror_get(m->view, m->from.parent, tree, &from)
			: 0;
	if (!r && to.fd < 0)
		r = sfs_mirror_get(m->view, m->to.parent, tree, &to);
	if (r)
		return r;
	if (!from_has)
		return sfs_backing_rename(to.fd, m->to.name, from.fd,
					  m->from.name, 0);
	return sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name,
				  to_has ? RENAME_EXCHANGE : 0);
}

int sfs_swap_mirrors(struct sfs_move *m)
{
	unsigned int last = 2 * m->view->params.n_stores, tree;
	int r = 0;

	for (tree = 1; !r && tree <= last; tree++)
		r = swap_in_tree(m, tree);
	if (!r)
		return 0;
	for (tree -= 2; tree >= 1; tree--) /* but for the one that failed */
		(void)swap_in_tree(m, tree);
	return r;
}
