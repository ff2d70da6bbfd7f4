/* SPDX-License-Identifier: MIT */
#include "follow.h"
#include "internal.h"
#include "settle.h"
#include "verdict.h"
#include "watch.h"

#include <dirent.h>

/*
 * Which place a name lives in.
 *
 * In a scratch folder everything is scratch.  In a core folder the rules
 * decide, and they may decide differently for a folder and for anything else
 * ("logs/" diverts folders only); git's index may overrule them; and of the
 * objects that then compete for the name (one in a store, one on the host)
 * the store's wins, unless the pattern says that what the host has is core.
 * Only a name that exists nowhere needs to be told what the caller wants to
 * make of it.
 */

bool sfs_name_is_reserved(const char *name)
{
	return sfs_store_is_temp(name);
}

static bool is_git(const struct sfs_node *parent, const char *name)
{
	return sfs_node_is(parent, SFS_NODE_IN_GIT) || !strcmp(name, ".git");
}

static bool absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

/* What `tree` has under this name; -ENOENT also without a folder there. */
static int stat_in(struct sfs_view *view, struct sfs_node *parent,
		   unsigned int tree, const char *name, struct stat *ret)
{
	SFS_FD dir = SFS_FD_NONE;
	int r = sfs_fd_path(view, parent, tree, &dir);

	return r ? r : sfs_fd_stat_child(view, tree, dir.fd, name, ret);
}

/* What the host has; also when it was made. */
static int stat_host(struct sfs_view *view, struct sfs_node *parent,
		     const char *name, struct sfs_where *where,
		     struct stat *ret)
{
	SFS_FD dir = SFS_FD_NONE;
	int r = sfs_fd_path(view, parent, SFS_TREE_HOST, &dir);

	if (r)
		return r;
	return sfs_fd_stat_host(view, dir.fd, name, ret, &where->birth_ns);
}

int sfs_where_is_hidden(struct sfs_view *view, struct sfs_node *parent,
			unsigned int store, const char *name, bool *ret)
{
	struct stat st;
	int r = stat_in(view, parent, sfs_hidden_of_store(store), name, &st);

	*ret = !r && S_ISREG(st.st_mode);
	return absent(r) ? 0 : r;
}

static void set_scratch(struct sfs_view *view, struct sfs_where *where,
			int rule, unsigned int store)
{
	where->scratch = true;
	where->rule = (int16_t)rule;
	where->store = (uint16_t)store;
	where->flags = SFS_NODE_SCRATCH;
	if (!sfs_view_store(view, store)->volume)
		where->flags |= SFS_NODE_PRIVATE;
}

void sfs_where_set(struct sfs_where *where, unsigned int tree,
		   const struct stat *st)
{
	where->exists = true;
	where->tree = (uint16_t)tree;
	where->st = *st;
	if (S_ISDIR(st->st_mode))
		where->flags |= SFS_NODE_DIR;
}

static void set_core(struct sfs_view *view, struct sfs_node *parent,
		     const char *name, bool is_dir, struct sfs_where *where)
{
	where->scratch = false;
	where->rule = -1;
	where->flags = 0;
	if (is_git(parent, name))
		where->flags |= SFS_NODE_IN_GIT;
	if (sfs_node_is(parent, SFS_NODE_READONLY) ||
	    (view->params.readonly &&
	     sfs_rules_match(view->params.readonly, parent->readonly_state,
			     name, is_dir) >= 0))
		where->flags |= SFS_NODE_READONLY;
}

/* The host's object under a scratch name, as far as it is visible. */
static int stat_lower(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, struct sfs_where *where,
		      struct stat *ret)
{
	int r = sfs_where_is_hidden(view, parent, where->store, name,
				    &where->hidden);

	if (r)
		return r;
	if (where->hidden)
		return -ENOENT;
	return stat_host(view, parent, name, where, ret);
}

/*
 * The object in the store is the name's; a folder may have the host's shine
 * through.
 */
static int take_upper(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, bool show, const struct stat *upper,
		      struct sfs_where *where)
{
	struct stat lower;
	int r;

	sfs_where_set(where, sfs_tree_of_store(where->store), upper);
	if (!S_ISDIR(upper->st_mode) || !show)
		return 0;
	r = stat_lower(view, parent, name, where, &lower);
	if (!r && S_ISDIR(lower.st_mode))
		where->flags |= SFS_NODE_LOWER;
	return absent(r) ? 0 : r;
}

static int find_in_scratch(struct sfs_view *view, struct sfs_node *parent,
			   const char *name, bool look, struct sfs_where *where)
{
	bool show = sfs_node_is(parent, SFS_NODE_LOWER);
	struct stat st;
	int r;

	set_scratch(view, where, parent->rule, parent->store);
	if (!show && !look)
		return 0;
	r = stat_in(view, parent, sfs_tree_of_store(where->store), name, &st);
	if (!r)
		return take_upper(view, parent, name, show, &st, where);
	if (!absent(r) || !show)
		return absent(r) ? 0 : r;
	r = stat_lower(view, parent, name, where, &st);
	if (!r) {
		sfs_where_set(where, SFS_TREE_HOST, &st);
		where->flags |= SFS_NODE_LOWER;
	}
	return absent(r) ? 0 : r;
}

static int find_core(struct sfs_view *view, struct sfs_node *parent,
		     const char *name, int as_dir, bool look,
		     struct sfs_where *where)
{
	struct stat st;
	int r = -ENOENT;

	if (look || view->params.readonly)
		r = stat_host(view, parent, name, where, &st);

	set_core(view, parent, name, r ? as_dir == 1 : S_ISDIR(st.st_mode),
		 where);
	if (!r)
		sfs_where_set(where, SFS_TREE_HOST, &st);
	return absent(r) ? 0 : r;
}

/* Looks in the store of a rule for what that rule is about: 0 found. */
static int find_upper(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, int rule, int for_dir,
		      struct sfs_where *where)
{
	const struct sfs_rule *p;
	struct stat st;
	int r;

	if (rule < 0)
		return -ENOENT;
	p = sfs_verdict_rule(view, rule);
	r = stat_in(view, parent, sfs_tree_of_store(p->store), name, &st);
	if (!r && for_dir >= 0 && S_ISDIR(st.st_mode) != (for_dir == 1))
		r = -ENOENT;
	if (r)
		return absent(r) ? -ENOENT : r;
	set_scratch(view, where, rule, p->store);
	return take_upper(view, parent, name, p->existing == SFS_EXISTING_SHOW,
			  &st, where);
}

static int find_in_stores(struct sfs_view *view, struct sfs_node *parent,
			  const char *name, const struct sfs_verdict *v,
			  struct sfs_where *where)
{
	int r;

	if (v->kept >= 0)
		return find_upper(view, parent, name, v->kept, -1, where);
	if (v->dir == v->other)
		return find_upper(view, parent, name, v->dir, -1, where);
	r = find_upper(view, parent, name, v->dir, 1, where);
	if (r == -ENOENT)
		r = find_upper(view, parent, name, v->other, 0, where);
	return r;
}

/* The host's object, under a name that a rule is about.  -ENOENT: none that
 * the view shows. */
static int find_on_host(struct sfs_view *view, struct sfs_node *parent,
			const char *name, const struct sfs_verdict *v,
			const struct stat *st, struct sfs_where *where)
{
	bool is_dir = S_ISDIR(st->st_mode);
	int rule = is_dir ? v->dir : v->other;
	const struct sfs_rule *p;
	int r;

	if (rule < 0 ||
	    sfs_rule_keeps_host(view, p = sfs_verdict_rule(view, rule))) {
		set_core(view, parent, name, is_dir, where);
		if (is_dir && rule < 0 && v->dir_flags) {
			where->flags |= v->dir_flags;
			where->rule = (int16_t)v->diverts;
			where->store =
				(uint16_t)sfs_verdict_rule(view, v->diverts)
					->store;
		}
		sfs_where_set(where, SFS_TREE_HOST, st);
		return 0;
	}
	if (p->existing == SFS_EXISTING_HIDE)
		return -ENOENT;
	set_scratch(view, where, rule, p->store);
	r = sfs_where_is_hidden(view, parent, where->store, name,
				&where->hidden);
	if (r)
		return r;
	if (where->hidden)
		return -ENOENT;
	sfs_where_set(where, SFS_TREE_HOST, st);
	where->flags |= SFS_NODE_LOWER;
	return 0;
}

/* A name that exists nowhere: what would be made of it? */
static void place_new(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, const struct sfs_verdict *v, int as_dir,
		      struct sfs_where *where)
{
	int rule = as_dir == 1 ? v->dir : v->other;

	if (rule >= 0) {
		set_scratch(view, where, rule,
			    sfs_verdict_rule(view, rule)->store);
		return;
	}
	set_core(view, parent, name, as_dir == 1, where);
	if (as_dir == 1 && v->dir_flags) {
		where->flags |= v->dir_flags;
		where->rule = (int16_t)v->diverts;
		where->store =
			(uint16_t)sfs_verdict_rule(view, v->diverts)->store;
	}
}

/* What the host has counts before what a store has. */
static bool host_first(struct sfs_view *view, const struct sfs_verdict *v,
		       const struct stat *st)
{
	int rule = S_ISDIR(st->st_mode) ? v->dir : v->other;

	return v->kept >= 0 ||
	       (rule >= 0 &&
		sfs_rule_keeps_host(view, sfs_verdict_rule(view, rule)));
}

/*
 * A pattern for folders only, and a folder on the host that the view does not
 * show (any more): a file of that name would be the host's, which has no room
 * for it.  So the rule is about all that has this name.
 */
static void widen(struct sfs_view *view, struct sfs_node *parent,
		  const char *name, const struct stat *host,
		  struct sfs_verdict *v)
{
	int rule = S_ISDIR(host->st_mode) ? v->dir : v->other;
	const struct sfs_rule *p;
	bool hidden = false;

	if (v->kept >= 0 || rule < 0 || (v->dir >= 0 && v->other >= 0))
		return;
	p = sfs_verdict_rule(view, rule);
	if (sfs_rule_keeps_host(view, p))
		return;
	if (p->existing == SFS_EXISTING_SHOW &&
	    (sfs_where_is_hidden(view, parent, p->store, name, &hidden) ||
	     !hidden))
		return;
	v->dir = v->other = rule;
}

static int find_ruled(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, int as_dir, struct sfs_verdict *v,
		      struct sfs_where *where)
{
	struct stat st;
	int host = stat_host(view, parent, name, where, &st);
	int r = -ENOENT;

	if (host && !absent(host))
		return host;
	if (!host)
		widen(view, parent, name, &st, v);
	if (!host && host_first(view, v, &st))
		return find_on_host(view, parent, name, v, &st, where);
	r = find_in_stores(view, parent, name, v, where);
	if (r == -ENOENT && !host)
		r = find_on_host(view, parent, name, v, &st, where);
	if (r == -ENOENT) {
		place_new(view, parent, name, v, as_dir, where);
		r = 0;
	}
	return r;
}

uint64_t sfs_rekeys_now(struct sfs_view *view)
{
	uint64_t n;

	pthread_mutex_lock(&view->table);
	n = view->rekeys;
	pthread_mutex_unlock(&view->table);
	return n;
}

static int find(struct sfs_view *view, struct sfs_node *parent,
		const char *name, int as_dir, bool look, struct sfs_where *ret)
{
	struct sfs_verdict v;
	int r;

	sfs_settle_prepare(view, parent);
	sfs_follow_meet(view, parent);
	*ret = (struct sfs_where){ .rule = -1,
				   .rekeys = sfs_rekeys_now(view),
				   .events = sfs_watch_events(view) };
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (sfs_name_is_reserved(name))
		return as_dir < 0 ? 0 : -EPERM;
	if (sfs_node_is(parent, SFS_NODE_SCRATCH))
		return find_in_scratch(view, parent, name, look, ret);
	if (is_git(parent, name))
		return find_core(view, parent, name, as_dir, look, ret);
	r = sfs_verdict_reach(view, parent, name, &v);
	if (r)
		return r;
	if (v.dir < 0 && v.other < 0 && !v.dir_flags)
		return find_core(view, parent, name, as_dir, look, ret);
	return find_ruled(view, parent, name, as_dir, &v, ret);
}

int sfs_where_find(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, int as_dir, struct sfs_where *ret)
{
	return find(view, parent, name, as_dir, true, ret);
}

int sfs_where_new(struct sfs_view *view, struct sfs_node *parent,
		  const char *name, bool as_dir, struct sfs_where *ret)
{
	return find(view, parent, name, as_dir, false, ret);
}

/* Is the host's name in a folder that a rule is about shown as scratch? */
static bool shows_lower(struct sfs_view *view, struct sfs_node *parent,
			unsigned int store, const char *name)
{
	bool hidden;

	return !sfs_where_is_hidden(view, parent, store, name, &hidden) &&
	       !hidden;
}

/* Is the store's name in a folder that became core shown? */
static bool shows_kept(struct sfs_view *view, struct sfs_node *parent,
		       unsigned int tree, const char *name, int rule)
{
	struct stat st;

	return tree == sfs_tree_of_store(sfs_verdict_rule(view, rule)->store) &&
	       stat_in(view, parent, SFS_TREE_HOST, name, &st);
}

bool sfs_where_shows(struct sfs_view *view, struct sfs_node *parent,
		     unsigned int tree, const char *name, unsigned int type)
{
	const struct sfs_rule *p;
	struct sfs_verdict v;
	struct stat st;
	int rule;

	if (sfs_name_is_reserved(name))
		return false;
	if (sfs_node_is(parent, SFS_NODE_SCRATCH))
		return tree != SFS_TREE_HOST ||
		       (sfs_node_is(parent, SFS_NODE_LOWER) &&
			shows_lower(view, parent, parent->store, name));
	if (is_git(parent, name))
		return tree == SFS_TREE_HOST;
	if (sfs_verdict_reach(view, parent, name, &v))
		return false;
	if ((v.dir < 0) != (v.other < 0) &&
	    !stat_in(view, parent, SFS_TREE_HOST, name, &st))
		widen(view, parent, name, &st, &v);
	rule = type == DT_DIR ? v.dir : v.other;
	if (tree != SFS_TREE_HOST && v.kept >= 0)
		return shows_kept(view, parent, tree, name, v.kept);
	if (rule < 0)
		return tree == SFS_TREE_HOST;
	p = sfs_verdict_rule(view, rule);
	if (tree != SFS_TREE_HOST)
		return tree == sfs_tree_of_store(p->store);
	if (sfs_rule_keeps_host(view, p))
		return true;
	return p->existing == SFS_EXISTING_SHOW &&
	       shows_lower(view, parent, p->store, name);
}
