/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <stdio.h>

int sfs_real_path(struct sfs_view *view, unsigned int tree, const char *path,
		  char **ret)
{
	const char *slash = *path ? "/" : "";
	const struct sfs_store *store;
	int n;

	if (tree == SFS_TREE_HOST) {
		n = asprintf(ret, "%s%s%s", view->params.source_path, slash,
			     path);
		return n < 0 ? -ENOMEM : 0;
	}
	store = sfs_view_store(view, sfs_store_of_tree(tree));
	if (store->path)
		n = asprintf(ret, "%s/tree%s%s", store->path, slash, path);
	else /* a tmpfs that only our descriptors lead to */
		n = asprintf(ret, "/proc/%d/fd/%d%s%s", (int)getpid(),
			     store->tree_fd, slash, path);
	return n < 0 ? -ENOMEM : 0;
}

/* The read-only rule that matches the node or the nearest folder above it that
 * one matches. */
static int readonly_rule(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_node *at = sfs_node_get(view, node), *parent;
	char name[256];
	int rule = -1;

	while (rule < 0 && !sfs_node_name(view, at, &parent, name)) {
		rule = sfs_rules_match(view->params.readonly,
				       parent->readonly_state, name,
				       sfs_node_is(at, SFS_NODE_DIR));
		sfs_node_put(view, at);
		at = parent;
	}
	sfs_node_put(view, at);
	return rule;
}

int sfs_view_explain(struct sfs_view *view, struct sfs_node *node,
		     struct sfs_explanation *ret)
{
	bool scratch = sfs_node_is(node, SFS_NODE_SCRATCH);
	bool readonly = sfs_node_is(node, SFS_NODE_READONLY);
	struct sfs_explanation why = {
		.scratch = scratch,
		.lower = scratch && node->tree == SFS_TREE_HOST,
		.readonly = readonly,
		.rule = scratch ? node->rule : -1,
		.readonly_rule = readonly ? readonly_rule(view, node) : -1,
		.store = scratch ? node->store : 0,
	};
	SFS_FREE char *path = NULL;
	int err = sfs_node_path(view, node, NULL, &path);

	if (!err)
		err = sfs_real_path(view, node->tree, path, &why.real_path);
	if (!err)
		*ret = why;
	return err;
}
