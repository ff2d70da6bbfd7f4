/* SPDX-License-Identifier: MIT */
#include "follow.h"
#include "internal.h"
#include "settle.h"
#include "verdict.h"
#include "watch.h"

/* What the kernel is told of a name: its node, attributes, and for how long
 * they may be believed. */

/* A pattern may say that the host's wins, should it come to have one. */
static enum sfs_trust entry_trust(struct sfs_view *view,
				  struct sfs_node *parent,
				  struct sfs_node *node,
				  const struct sfs_where *where)
{
	if (where->scratch && where->tree != SFS_TREE_HOST &&
	    (sfs_node_is(parent, SFS_NODE_KEEPS) ||
	     sfs_rule_keeps_host(view, sfs_rules_get(view->params.scratch,
						     where->rule))))
		return SFS_TRUST_NONE;
	return sfs_settle_entry(view, parent, node, &where->st, where->events);
}

int sfs_entry_fill(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, const struct sfs_where *where,
		   struct sfs_entry *ret)
{
	int r = sfs_node_make(view, parent, name, where, true, &ret->node);

	if (r)
		return r;
	if (where->own)
		sfs_settle_made(ret->node, &where->st);
	ret->st = where->st;
	if (S_ISDIR(where->st.st_mode))
		sfs_folder_show(view, ret->node, &ret->st);
	sfs_node_show(ret->node, &ret->st);
	ret->trust_entry = entry_trust(view, parent, ret->node, where);
	ret->trust_attr =
		sfs_settle_attr(view, ret->node, &where->st, where->events);
	if (!where->locked)
		sfs_settle_told(view, ret->node, &where->st, where->own);
	sfs_settle_tell(ret->node, ret->trust_entry, ret->trust_attr);
	return 0;
}

int sfs_entry_made(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, struct sfs_where *where, unsigned int tree,
		   struct sfs_entry *ret)
{
	SFS_FD dir = SFS_FD_NONE;
	struct stat st;
	int r = sfs_fd_path(view, parent, tree, &dir);

	if (r)
		return r;
	sfs_settle_own_folder(view, parent, dir.fd);
	if (!strcmp(name, ".git"))
		sfs_follow_note(view, parent);
	where->own = true;
	do {
		where->rekeys = sfs_rekeys_now(view);
		where->events = sfs_watch_events(view);
		r = sfs_fd_stat_child(view, tree, dir.fd, name, &st);
		if (r)
			return r;
		sfs_where_set(where, tree, &st);
		r = sfs_entry_fill(view, parent, name, where, ret);
	} while (r == -EAGAIN);
	return r;
}

static int look(struct sfs_view *view, struct sfs_node *parent,
		const char *name, bool locked, struct sfs_where *where,
		struct sfs_entry *ret)
{
	int r;

	do {
		r = sfs_where_find(view, parent, name, -1, where);
		where->locked = locked;
		if (!r && where->exists)
			r = sfs_entry_fill(view, parent, name, where, ret);
	} while (r == -EAGAIN);
	return r;
}

int sfs_view_lookup(struct sfs_view *view, struct sfs_node *parent,
		    const char *name, struct sfs_entry *ret)
{
	unsigned int places = atomic_load(&view->places);
	struct sfs_where where;
	int r = look(view, parent, name, false, &where, ret);

	if ((r || !where.exists) && sfs_places_changed(view, places)) {
		pthread_rwlock_rdlock(&view->moves);
		r = look(view, parent, name, true, &where, ret);
		pthread_rwlock_unlock(&view->moves);
		if (!r && where.exists)
			sfs_settle_told(view, ret->node, &where.st, false);
	}
	if (!r && !where.exists) {
		*ret = (struct sfs_entry){ .node = NULL };
		ret->trust_entry =
			sfs_settle_missing(view, parent, name, where.events);
	}
	/* It may be from before the change, and what is scratch is believed for
	 * good. */
	if (!r && sfs_places_changed(view, places)) {
		ret->trust_entry = SFS_TRUST_NONE;
		if (ret->node)
			sfs_settle_tell(ret->node, SFS_TRUST_NONE,
					ret->trust_attr);
	}
	return r;
}
