/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <linux/limits.h>

/*
 * A path may lead through folders that do not exist.  They are made up, on the
 * stack of the recursion, to ask what would become of the names in them.
 */
struct step {
	struct sfs_view *view;
	const char *rest; /* what is still to go */
	const char *path; /* all of it */
	struct sfs_explanation *ret;
};

static int readonly_rule(struct sfs_view *view, const char *path, bool is_dir)
{
	size_t length;
	int rule = -1;

	if (!view->params.readonly || !*path ||
	    sfs_rules_walk(view->params.readonly, path, is_dir, &rule,
			   &length) < 0)
		return -1;
	return rule;
}

static int follow(const struct step *step, struct sfs_node *parent);

static int explain_where(const struct step *step, const struct sfs_where *where,
			 bool is_dir)
{
	struct sfs_explanation *ret = step->ret;
	size_t length = strlen(step->path);
	SFS_FREE char *path = NULL;

	while (length > 0 && step->path[length - 1] == '/')
		length--;
	path = strndup(step->path, length);
	if (!path)
		return -ENOMEM;
	*ret = (struct sfs_explanation){
		.scratch = where->scratch,
		.lower = where->scratch && where->exists &&
			 where->tree == SFS_TREE_HOST,
		.readonly = (where->flags & SFS_NODE_READONLY) != 0,
		.rule = where->scratch ? where->rule : -1,
		.readonly_rule = -1,
		.store = where->scratch ? where->store : 0,
	};
	if (ret->readonly)
		ret->readonly_rule = readonly_rule(step->view, path, is_dir);
	return sfs_real_path(step->view,
			     ret->scratch && !ret->lower
				     ? sfs_tree_of_store(ret->store)
				     : SFS_TREE_HOST,
			     path, &ret->real_path);
}

static int follow_missing(const struct step *step, struct sfs_node *parent,
			  char *name, const struct sfs_where *where)
{
	const struct sfs_view_params *params = &step->view->params;
	struct sfs_node folder = {
		.parent = parent,
		.name = name,
		.refs = 1,
		.flags = where->flags | SFS_NODE_DIR,
		.tree = where->scratch
				? (uint16_t)sfs_tree_of_store(where->store)
				: SFS_TREE_HOST,
		.rule = where->rule,
		.store = where->store,
		.type = S_IFDIR >> 12,
	};
	uint32_t state = SFS_RULES_ROOT, readonly_state = SFS_RULES_ROOT;
	int r = sfs_rules_enter(params->scratch, parent->state, name, &state);

	if (!r && params->readonly)
		r = sfs_rules_enter(params->readonly, parent->readonly_state,
				    name, &readonly_state);
	if (r)
		return r;
	folder.state = state;
	folder.readonly_state = readonly_state;
	return follow(step, &folder);
}

static int follow_existing(const struct step *step, struct sfs_node *parent,
			   const char *name, const struct sfs_where *where)
{
	struct sfs_node *node;
	int r = sfs_node_make(step->view, parent, name, where, false, &node);

	if (r)
		return r;
	r = follow(step, node);
	sfs_node_put(step->view, node);
	return r;
}

static int follow(const struct step *step, struct sfs_node *parent)
{
	size_t length = strcspn(step->rest, "/");
	size_t slashes = strspn(step->rest + length, "/");
	bool last = step->rest[length + slashes] == '\0';
	struct step next = *step;
	struct sfs_where where;
	char name[NAME_MAX + 1];

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, step->rest, length);
	name[length] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, "..") || !length)
		return -EINVAL;
	int r = sfs_where_find(step->view, parent, name,
			       !last || slashes ? 1 : -1, &where);
	if (r)
		return r;
	if (last)
		return explain_where(step, &where,
				     where.exists ? S_ISDIR(where.st.st_mode)
						  : slashes > 0);
	next.rest += length + slashes;
	if (!where.exists)
		return follow_missing(&next, parent, name, &where);
	if (!S_ISDIR(where.st.st_mode))
		return -ENOTDIR;
	return follow_existing(&next, parent, name, &where);
}

int sfs_view_explain_path(struct sfs_view *view, struct sfs_node *folder,
			  const char *path, struct sfs_explanation *ret)
{
	SFS_FREE char *whole = NULL;
	struct step step = { .view = view, .rest = path, .ret = ret };
	int r;

	if (strlen(path) >= PATH_MAX) /* each name costs a recursion */
		return -ENAMETOOLONG;
	if (!*path)
		return sfs_view_explain(view, folder, ret);
	r = sfs_node_path(view, folder, path, &whole);
	if (r)
		return r;
	step.path = whole;
	return follow(&step, folder);
}
