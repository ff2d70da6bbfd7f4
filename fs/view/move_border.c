/* SPDX-License-Identifier: MIT */
#include "follow.h"
#include "move.h"
#include "replace.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * A folder across the border: programs unpack into a folder with a temporary
 * name and rename that.  One renameat2(2) moves all that is in it, so all of it
 * must lie in one place before and after: in a core folder no name that a rule
 * diverts and no mirror with anything in it, in a scratch folder nothing of the
 * host's and no name that a rule would leave behind at its new path.  A file
 * with a second link might be known by that in the place that is left.  In all
 * other cases, as between file systems: EXDEV, and mv(1) copies.
 *
 * Afterwards every node that the kernel has below gets its new place, and what
 * the kernel believes of them is taken back: scratch it believed for good.
 */
enum {
	MOST_INSIDE = 20000 /* names looked at while both folders are locked */
};

struct inside {
	struct sfs_view *view;
	const char *path; /* the core one of the two */
	unsigned int seen;
};

static bool is_in_git(const char *path)
{
	for (const char *at = path; (at = strstr(at, ".git")); at++)
		if ((at == path || at[-1] == '/') && (!at[4] || at[4] == '/'))
			return true;
	return false;
}

/* -EXDEV: this name has a rule of its own at its core path. */
static int check_rules(const struct inside *inside, const char *name,
		       bool is_dir)
{
	struct sfs_rules *lists[] = { inside->view->params.scratch,
				      inside->view->params.readonly };
	SFS_FREE char *path = NULL;
	size_t length;
	int rule = -1, r;

	if (asprintf(&path, "%s/%s", inside->path, name) < 0)
		return -ENOMEM;
	for (int i = is_in_git(path) ? 1 : 0; i < 2; i++) {
		if (!lists[i])
			continue;
		r = sfs_rules_walk(lists[i], path, is_dir, &rule, &length);
		if (r || rule >= 0)
			return r ? r : -EXDEV;
	}
	return 0;
}

static int check_entry(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	struct inside *inside = context;
	bool is_dir = entry->event == SFS_WALK_ENTER;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	if (++inside->seen > MOST_INSIDE)
		return -EXDEV;
	/* What is in a folder that cannot be listed? */
	if (is_dir && geteuid() && (entry->stat.st_mode & 0500) != 0500)
		return -EXDEV;
	if (!is_dir && entry->stat.st_nlink > 1)
		return -EXDEV;
	return check_rules(inside, entry->path, is_dir);
}

/* Nothing but mirrors of core folders?  A scratch folder has a rule. */
static int check_hollow(void *context,
			const struct sfs_backing_walk_entry *entry)
{
	if (entry->event == SFS_WALK_OBJECT)
		return -EXDEV;
	return entry->event == SFS_WALK_ENTER
		       ? check_rules(context, entry->path, true)
		       : 0;
}

static int walk_tree(struct sfs_view *view, struct sfs_node *node,
		     unsigned int tree, sfs_backing_walk_visit *visit,
		     void *context)
{
	SFS_FD folder = SFS_FD_NONE;
	int r = sfs_fd_path(view, node, tree, &folder);

	return r ? r : sfs_backing_walk(folder.fd, 0, visit, context);
}

/* What git tracks is core by its path, which changes. */
static int check_tracked(struct sfs_view *view, const char *path)
{
	if (!view->params.tracked)
		return 0;
	return sfs_tracked_query(view->params.tracked, path) == SFS_TRACKED_NO
		       ? 0
		       : -EXDEV;
}

static int check_core(struct sfs_move *m, struct inside *inside)
{
	unsigned int last = 2 * m->view->params.n_stores;
	int r = check_tracked(m->view, inside->path);

	for (unsigned int tree = 1; !r && tree <= last; tree++) {
		r = walk_tree(m->view, m->from.node, tree, check_hollow,
			      inside);
		if (r == -ENOENT)
			r = 0;
	}
	return r ? r
		 : walk_tree(m->view, m->from.node, SFS_TREE_HOST, check_entry,
			     inside);
}

static int check_scratch(struct sfs_move *m, struct inside *inside)
{
	const struct sfs_where *where = &m->from.where;
	int r = check_tracked(m->view, inside->path);

	if (where->flags & SFS_NODE_LOWER || where->tree == SFS_TREE_HOST)
		return -EXDEV;
	return r ? r
		 : walk_tree(m->view, m->from.node, where->tree, check_entry,
			     inside);
}

static int check(struct sfs_move *m)
{
	const uint16_t own = SFS_NODE_IN_GIT | SFS_NODE_DIVERTS |
			     SFS_NODE_KEEPS | SFS_NODE_READONLY;
	bool to_host = m->from.where.scratch;
	const struct sfs_end *scratch = to_host ? &m->from : &m->to;
	const struct sfs_end *core = to_host ? &m->to : &m->from;
	struct inside inside = { .view = m->view };
	const struct sfs_store *store;
	SFS_FREE char *path = NULL;
	int r;

	store = sfs_view_store(m->view, scratch->where.store);
	/* A bounded store would have to be charged for all of it, and another
	 * view of a volume has to find each name anew. */
	if (core->where.flags & own || store->quota || store->volume)
		return -EXDEV;
	r = sfs_node_path(m->view, core->parent, core->name, &path);
	inside.path = path;
	if (r)
		return r;
	return to_host ? check_scratch(m, &inside) : check_core(m, &inside);
}

/* The place of the name that comes is free, or has an empty folder: what is
 * left of that where the view does not show it goes. */
static int clear_target(struct sfs_move *m)
{
	int r;

	if (m->to.where.scratch)
		return sfs_hide(m->view, m->to.parent, m->to.where.store,
				m->to.name);
	if (!m->to.where.exists)
		return 0;
	r = sfs_remove_leftovers(m->view, m->to.node);
	return r == -ENOTEMPTY ? 0 : r; /* renameat2(2) says so, or not */
}

/* A core folder shows the time of its mirror if that is later (attr.c): with
 * the mirror gone it has to be its own. */
static void keep_time(int folder, const struct stat *mirror)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
				     mirror->st_mtim };
	char proc[SFS_BACKING_PROC_MAX];
	struct stat st;

	if (fstat(folder, &st) || mirror->st_mtim.tv_sec < st.st_mtim.tv_sec ||
	    (mirror->st_mtim.tv_sec == st.st_mtim.tv_sec &&
	     mirror->st_mtim.tv_nsec <= st.st_mtim.tv_nsec))
		return;
	(void)utimensat(AT_FDCWD, sfs_backing_proc_path(folder, proc), times,
			0);
}

static int keep_time_below(void *context,
			   const struct sfs_backing_walk_entry *entry)
{
	const struct sfs_fd *host = context;
	SFS_CLOSE int folder = -1;

	if (entry->event != SFS_WALK_ENTER)
		return 0;
	folder = sfs_backing_open_path(host->fd, entry->path,
				       O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (folder >= 0)
		keep_time(folder, &entry->stat);
	return 0;
}

static void keep_times(struct sfs_move *m)
{
	unsigned int last = 2 * m->view->params.n_stores;
	SFS_FD host = SFS_FD_NONE;

	if (sfs_fd_path(m->view, m->from.node, SFS_TREE_HOST, &host))
		return;
	for (unsigned int tree = 1; tree <= last; tree++) {
		SFS_FD mirror = SFS_FD_NONE;
		struct stat st;

		if (sfs_fd_path(m->view, m->from.node, tree, &mirror) ||
		    fstat(mirror.fd, &st))
			continue;
		keep_time(host.fd, &st);
		(void)sfs_backing_walk(mirror.fd, 0, keep_time_below, &host);
	}
}

/* Mirrors and folders of marks with nothing in them. */
static void remove_hollow(struct sfs_move *m)
{
	for (unsigned int s = 0; s < m->view->params.n_stores; s++) {
		unsigned int trees[] = { sfs_tree_of_store(s),
					 sfs_hidden_of_store(s) };

		for (int i = 0; i < 2; i++) {
			SFS_FD dir = SFS_FD_NONE;

			if (!sfs_fd_path(m->view, m->from.parent, trees[i],
					 &dir))
				(void)sfs_backing_remove(dir.fd, m->from.name);
		}
	}
}

int sfs_move_folder_across(struct sfs_move *m)
{
	SFS_FD from = SFS_FD_NONE, to = SFS_FD_NONE;
	int r = check(m);

	if (!r)
		r = sfs_end_folder(m->view, &m->from, &from);
	if (!r)
		r = sfs_end_folder(m->view, &m->to, &to);
	if (!r && m->from.where.scratch)
		r = sfs_hide(m->view, m->from.parent, m->from.where.store,
			     m->from.name);
	if (!r)
		r = clear_target(m);
	if (!r)
		r = sfs_backing_rename(from.fd, m->from.name, to.fd, m->to.name,
				       m->flags);
	if (r)
		return r;
	if (!m->from.where.scratch) {
		keep_times(m);
		remove_hollow(m);
	} else if (m->to.where.exists) {
		sfs_remove_mirrors(m->view, m->to.parent, m->to.name);
	}
	m->crossed = true;
	return 0;
}

void sfs_move_crossed(struct sfs_move *m)
{
	struct sfs_paths paths = { 0 };
	SFS_FREE char *path = NULL;

	if (!m->crossed || sfs_node_path(m->view, m->from.node, NULL, &path) ||
	    sfs_paths_add(&paths, path, strlen(path)))
		return;
	sfs_replace_nodes(m->view, &paths, &m->telling);
	sfs_paths_done(&paths);
}

void sfs_move_crossed_tell(struct sfs_move *m)
{
	if (m->crossed) {
		/* It may hold a whole repository. */
		sfs_follow_note(m->view, m->from.node);
		sfs_telling_add_names(m->view, &m->telling);
	}
	if (m->telling.n)
		sfs_telling_later(m->view, &m->telling);
}
