/* SPDX-License-Identifier: MIT */
#include "verdict.h"

bool sfs_rule_keeps_host(struct sfs_view *view, const struct sfs_rule *rule)
{
	return rule->existing == SFS_EXISTING_CORE ||
	       (!rule->tracked_ignore && view->params.tracked &&
		sfs_tracked_unreadable(view->params.tracked));
}

static int match(struct sfs_view *view, const struct sfs_node *parent,
		 const char *name, bool is_dir)
{
	if (sfs_node_is(parent, SFS_NODE_DIVERTS))
		return parent->rule;
	return sfs_rules_match(view->params.scratch, parent->state, name,
			       is_dir);
}

/* What git tracks is core, whatever the rules say. */
static void heed_git(struct sfs_verdict *v, enum sfs_tracked_kind kind,
		     const struct sfs_rule *dir_rule, bool dir_ignore,
		     bool other_ignore)
{
	if (kind == SFS_TRACKED_FILE && !other_ignore) {
		v->other = -1;
		if (!dir_ignore)
			v->dir = -1;
		return;
	}
	if ((kind == SFS_TRACKED_DOTS || kind == SFS_TRACKED_FOLDER) &&
	    dir_rule && !dir_ignore) {
		v->dir_flags = dir_rule->builtin && kind == SFS_TRACKED_FOLDER
				       ? SFS_NODE_KEEPS
				       : SFS_NODE_DIVERTS;
		v->diverts = v->dir;
		v->dir = -1;
		if (!other_ignore)
			v->other = -1;
	}
}

int sfs_verdict_reach(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, struct sfs_verdict *v)
{
	const struct sfs_rule *dir_rule, *other_rule;
	enum sfs_tracked_kind kind;
	SFS_FREE char *path = NULL;
	int r;

	*v = (struct sfs_verdict){ .diverts = -1, .kept = -1 };
	v->dir = match(view, parent, name, true);
	v->other = match(view, parent, name, false);
	if (v->dir < 0 && v->other < 0) {
		if (!sfs_node_is(parent, SFS_NODE_KEEPS))
			return 0;
		v->kept = v->diverts = parent->rule;
		v->dir_flags = SFS_NODE_KEEPS;
	}
	if (!view->params.tracked)
		return 0;
	r = sfs_node_path(view, parent, name, &path);
	if (r)
		return r;
	kind = sfs_tracked_query(view->params.tracked, path);
	if (v->kept >= 0 && kind == SFS_TRACKED_FILE)
		v->kept = -1;
	dir_rule = v->dir < 0 ? NULL : sfs_verdict_rule(view, v->dir);
	other_rule = v->other < 0 ? NULL : sfs_verdict_rule(view, v->other);
	heed_git(v, kind, dir_rule, dir_rule && dir_rule->tracked_ignore,
		 other_rule && other_rule->tracked_ignore);
	return 0;
}
