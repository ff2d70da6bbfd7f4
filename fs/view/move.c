/* SPDX-License-Identifier: MIT */
#include "move.h"
#include "charge.h"
#include "follow.h"
#include "settle.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * rename(2): find both ends, refuse what a plain folder would refuse, then
 * move within a place (here), across the border (move_across.c), or a folder
 * with what belongs to it (move_folder.c).  Nodes change their names last.
 */

int sfs_end_folder(struct sfs_view *view, const struct sfs_end *end,
		   struct sfs_fd *ret)
{
	if (!end->where.scratch)
		return sfs_fd_path(view, end->parent, SFS_TREE_HOST, ret);
	return sfs_mirror_get(view, end->parent, sfs_end_tree(end), ret);
}

static int find_end(struct sfs_move *m, struct sfs_end *end, int as_dir)
{
	int r;

	do {
		r = sfs_where_find(m->view, end->parent, end->name, as_dir,
				   &end->where);
		if (r)
			return r;
		if (end->where.exists)
			r = sfs_node_make(m->view, end->parent, end->name,
					  &end->where, false, &end->node);
	} while (r == -EAGAIN);
	if (!r && end->where.flags & SFS_NODE_READONLY)
		r = -EROFS;
	return r;
}

static bool is_dir(const struct sfs_end *end)
{
	return end->where.exists && S_ISDIR(end->where.st.st_mode);
}

/* What a plain folder would say, before anything is touched. */
static int check_target(const struct sfs_move *m)
{
	if (!m->to.where.exists)
		return m->flags & RENAME_EXCHANGE ? -ENOENT : 0;
	if (m->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (m->flags & RENAME_EXCHANGE)
		return 0;
	if (m->folder && !is_dir(&m->to))
		return -ENOTDIR;
	if (!m->folder && is_dir(&m->to))
		return -EISDIR;
	return m->folder ? sfs_list_is_empty(m->view, m->to.node) : 0;
}

enum {
	NEEDS_MOVES = 1 /* returned instead of 0 or -errno */
};

static int find_ends(struct sfs_move *m)
{
	int r = find_end(m, &m->from, -1);

	if (r)
		return r;
	if (!m->from.where.exists)
		return -ENOENT;
	m->folder = is_dir(&m->from);
	if (m->folder && !m->alone)
		return NEEDS_MOVES;
	r = find_end(m, &m->to, m->folder);
	return r ? r : check_target(m);
}

/* A scratch end whose host object must not come to light. */
static int hide_end(struct sfs_view *view, const struct sfs_end *end)
{
	if (!end->where.scratch)
		return 0;
	return sfs_hide(view, end->parent, end->where.store, end->name);
}

/* Both ends in one tree: one renameat2(2). */
static int move_within(struct sfs_move *m)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	int r = sfs_copy_up(m->view, m->from.node, -1);

	if (!r && m->flags & RENAME_EXCHANGE)
		r = sfs_copy_up(m->view, m->to.node, -1);
	if (!r)
		r = sfs_end_folder(m->view, &m->from, &from);
	if (!r)
		r = sfs_end_folder(m->view, &m->to, &to);
	if (!r)
		r = hide_end(m->view, &m->from);
	if (r)
		return r;
	return sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name,
				  m->flags);
}

static bool same_tree(const struct sfs_move *m)
{
	return sfs_end_tree(&m->from) == sfs_end_tree(&m->to);
}

/* After an exchange each name holds the other's type: would it still live
 * where it is? */
static bool keeps_place(const struct sfs_move *m, const struct sfs_end *end)
{
	const struct sfs_rules *rules = m->view->params.scratch;
	uint32_t state = end->parent->state;

	if (sfs_node_is(end->parent,
			SFS_NODE_SCRATCH | SFS_NODE_IN_GIT | SFS_NODE_DIVERTS))
		return true;
	return sfs_rules_match(rules, state, end->name, true) ==
	       sfs_rules_match(rules, state, end->name, false);
}

/* What the stores have for the two changes places first. */
static int exchange_core(struct sfs_move *m)
{
	int r = sfs_swap_mirrors(m);

	if (r)
		return r;
	r = move_within(m);
	if (r)
		(void)sfs_swap_mirrors(m);
	return r;
}

static int exchange(struct sfs_move *m)
{
	int r;

	if (!same_tree(m) || m->from.where.scratch != m->to.where.scratch)
		return -EXDEV;
	if (is_dir(&m->from) != is_dir(&m->to) &&
	    (!keeps_place(m, &m->from) || !keeps_place(m, &m->to)))
		return -EXDEV;
	if (is_dir(&m->from) || is_dir(&m->to)) {
		r = sfs_exchange_folder_allowed(m);
		if (r)
			return r;
	}
	if (!m->from.where.scratch)
		return exchange_core(m);
	r = hide_end(m->view, &m->to);
	return r ? r : move_within(m);
}

static int dispatch(struct sfs_move *m)
{
	if (m->flags & RENAME_EXCHANGE)
		return exchange(m);
	if (m->folder)
		return m->from.where.scratch ? sfs_move_scratch_folder(m)
					     : sfs_move_core_folder(m);
	return same_tree(m) ? move_within(m) : sfs_move_across(m);
}

/* Both names stand for one file already: nothing to do, says POSIX. */
static bool is_same_object(const struct sfs_move *m)
{
	return m->to.where.exists && m->from.node == m->to.node &&
	       !(m->flags & RENAME_EXCHANGE);
}

/* The nodes follow. Names were allocated before anything was done. */
static void rename_nodes(struct sfs_move *m, char *from_name, char *to_name)
{
	if (m->flags & RENAME_EXCHANGE)
		sfs_node_rename(m->view, m->to.node, m->from.parent, from_name);
	else if (m->to.node)
		sfs_node_lose_name(m->view, m->to.node, m->to.parent,
				   m->to.name);
	if (!(m->flags & RENAME_EXCHANGE))
		free(from_name);
	sfs_node_rename(m->view, m->from.node, m->to.parent, to_name);
}

static void settle_folder(struct sfs_view *view, struct sfs_node *folder)
{
	SFS_FD fd = SFS_FD_NONE;

	if (folder->tree == SFS_TREE_HOST && !sfs_fd_object(view, folder, &fd))
		sfs_settle_own(view, folder, fd.fd);
}

/* By its name: it may have no descriptor, and needs none. */
static void settle_moved(struct sfs_view *view, const struct sfs_end *to,
			 struct sfs_node *node)
{
	SFS_FD dir = SFS_FD_NONE;
	struct stat st;

	if (node->tree == SFS_TREE_HOST &&
	    !sfs_fd_path(view, to->parent, SFS_TREE_HOST, &dir) &&
	    !sfs_fd_stat_child(view, SFS_TREE_HOST, dir.fd, to->name, &st) &&
	    st.st_ino == node->ino)
		sfs_settle_made(node, &st);
}

/* Both folders and the object have changed by our doing. */
static void settle(struct sfs_move *m)
{
	settle_folder(m->view, m->from.parent);
	if (m->to.parent != m->from.parent)
		settle_folder(m->view, m->to.parent);
	settle_moved(m->view, &m->to, m->from.node);
}

/*
 * The kernel moves its own entry of the old name.  If the host has put another
 * object there since, that entry would stand for what is gone: ESTALE makes the
 * kernel look again, and then it is the right one.
 */
static bool is_news(struct sfs_view *view, const struct sfs_node *node)
{
	bool known;

	pthread_mutex_lock(&view->table);
	known = node->nlookup > 0;
	pthread_mutex_unlock(&view->table);
	return !known;
}

static int rename_locked(struct sfs_move *m)
{
	char *from_name, *to_name;
	int r = find_ends(m);

	if (r || is_same_object(m))
		return r;
	if (is_news(m->view, m->from.node))
		return -ESTALE;
	if (m->to.node && !(m->flags & RENAME_EXCHANGE)) {
		r = sfs_pin(m->view, m->to.node);
		if (r)
			return r;
	}
	from_name = strdup(m->from.name);
	to_name = strdup(m->to.name);
	r = from_name && to_name ? dispatch(m) : -ENOMEM;
	if (r) {
		free(from_name);
		free(to_name);
		return r;
	}
	if (!(m->flags & RENAME_EXCHANGE) && m->to.where.exists)
		sfs_charge_unlinked(m->view, m->to.node, &m->to.where);
	rename_nodes(m, from_name, to_name);
	sfs_move_crossed(m);
	settle(m);
	return 0;
}

static void put_ends(struct sfs_move *m)
{
	if (m->from.node)
		sfs_node_put(m->view, sfs_steal_ptr(&m->from.node));
	if (m->to.node)
		sfs_node_put(m->view, sfs_steal_ptr(&m->to.node));
}

static int rename_counted(struct sfs_move *m)
{
	struct sfs_view *view = m->view;
	int r;

	if (m->alone)
		sfs_moves_lock(view);
	else
		pthread_rwlock_rdlock(&view->moves);
	atomic_fetch_add(&view->renaming, 1);
	atomic_fetch_add(&view->renames, 1);
	r = rename_locked(m);
	atomic_fetch_sub(&view->renaming, 1);
	if (m->alone)
		sfs_moves_unlock(view);
	else
		pthread_rwlock_unlock(&view->moves);
	return r;
}

/* A folder's descendants find their objects by names from here up: nobody may
 * be making some meanwhile. */
static int rename_alone_if_folder(struct sfs_move *m)
{
	int r;

	m->alone = m->flags & RENAME_EXCHANGE;
	r = rename_counted(m);
	if (r != NEEDS_MOVES)
		return r;
	put_ends(m);
	m->alone = true;
	return rename_counted(m);
}

int sfs_view_rename(struct sfs_view *view, struct sfs_node *parent,
		    const char *name, struct sfs_node *new_parent,
		    const char *new_name, unsigned int flags)
{
	struct sfs_move m = { .view = view,
			      .from = { .parent = parent, .name = name },
			      .to = { .parent = new_parent, .name = new_name },
			      .flags = flags,
			      .copy_limit_bytes =
				      view->params.copy_limit_bytes };
	struct sfs_follow_rename follow;
	int r;

	if (flags & ~(unsigned int)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	sfs_follow_rename_begin(view, parent, name, new_parent, new_name,
				&follow);
	r = rename_alone_if_folder(&m);
	sfs_move_crossed_tell(&m);
	sfs_follow_rename_end(view, &follow);
	if (!r && !strcmp(new_name, ".git"))
		sfs_follow_note(view, new_parent);
	put_ends(&m);
	return r;
}
