/* SPDX-License-Identifier: MIT */
#include "leftovers.h"

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/mountinfo.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"
#include "scratchfs/progress.h"
#include "scratchfs/view.h"

#include "placing.h"
#include "views.h"

#include <fcntl.h>
#include <string.h>

struct search {
	const struct sfs_config *config;
	struct sfs_view *view;
	struct sfs_leftovers *found;
	struct sfs_node **nodes; /* core folders from the root, one nlookup */
	size_t n_nodes, max_nodes;
	size_t below; /* folders entered in the last leftover */
	struct sfs_progress progress;
};

void sfs_leftovers_done(struct sfs_leftovers *leftovers)
{
	for (size_t i = 0; i < leftovers->count; i++)
		free(leftovers->list[i].path);
	free(leftovers->list);
	free(leftovers->source);
}

static int push(struct search *search, struct sfs_node *node)
{
	if (search->n_nodes == search->max_nodes) {
		size_t max = 2 * search->max_nodes + 16;
		void *nodes = reallocarray(search->nodes, max,
					   sizeof(struct sfs_node *));

		if (!nodes)
			return -ENOMEM;
		search->nodes = nodes;
		search->max_nodes = max;
	}
	search->nodes[search->n_nodes++] = node;
	return 0;
}

static void pop(struct search *search)
{
	sfs_node_forget(search->view, search->nodes[--search->n_nodes], 1);
}

static int add(struct search *search,
	       const struct sfs_backing_walk_entry *entry, int rule)
{
	struct sfs_leftovers *found = search->found;
	struct sfs_leftover *list =
		reallocarray(found->list, found->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	found->list = list;
	list[found->count] = (struct sfs_leftover){
		.path = strdup(entry->path),
		.is_folder = entry->event == SFS_WALK_ENTER,
		.rule = sfs_rules_get(search->config->scratch, rule),
	};
	return list[found->count].path ? (found->count++, 0) : -ENOMEM;
}

/* A file is in the leftover that was found last. */
static void count(struct search *search,
		  const struct sfs_backing_walk_entry *entry)
{
	struct sfs_leftovers *found = search->found;
	struct sfs_leftover *last = &found->list[found->count - 1];
	uint64_t bytes = (uint64_t)entry->stat.st_size;

	last->files++;
	last->bytes += bytes;
	found->files++;
	found->bytes += bytes;
}

/* The rule of a name that the view does not show: one that hides, or none. */
static int hiding_rule(const struct search *search, const char *path)
{
	struct sfs_explanation why = { .rule = -1 };
	int err = sfs_view_explain_path(
		search->view, sfs_node_root(search->view), path, &why);

	free(why.real_path);
	return err == 0 && why.scratch ? why.rule : -1;
}

/* *ret: the rule that makes it scratch, -1: it is core, and *ret_node its
 * node. */
static int decide(const struct search *search,
		  const struct sfs_backing_walk_entry *entry, int *ret,
		  struct sfs_node **ret_node)
{
	struct sfs_entry found = { 0 };
	int err = sfs_view_lookup(search->view,
				  search->nodes[search->n_nodes - 1],
				  entry->name, &found);

	*ret = -1;
	*ret_node = err == 0 ? found.node : NULL;
	if (err == -ENOMEM)
		return err;
	if (!*ret_node)
		*ret = hiding_rule(search, entry->path);
	else if (sfs_node_is(*ret_node, SFS_NODE_SCRATCH))
		*ret = (*ret_node)->rule;
	return 0;
}

static int visit_new(struct search *search,
		     const struct sfs_backing_walk_entry *entry)
{
	bool is_folder = entry->event == SFS_WALK_ENTER;
	struct sfs_node *node;
	int rule;

	/* Patterns mean nothing in there. */
	if (is_folder && strcmp(entry->name, ".git") == 0)
		return SFS_WALK_SKIP;
	int err = decide(search, entry, &rule, &node);
	if (err < 0)
		return err;
	if (rule >= 0)
		err = add(search, entry, rule);
	if (err == 0 && rule >= 0 && !is_folder)
		count(search, entry);
	if (err == 0 && rule < 0 && is_folder && node) {
		err = push(search, node);
		return err;
	}
	if (node)
		sfs_node_forget(search->view, node, 1);
	if (rule >= 0)
		search->below = is_folder;
	return err == 0 && rule < 0 && is_folder ? SFS_WALK_SKIP : err;
}

static int visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct search *search = context;

	sfs_progress_show(&search->progress, search->found->files,
			  search->found->bytes, entry->path);
	if (entry->event == SFS_WALK_LEAVE) {
		if (search->below > 0)
			search->below--;
		else
			pop(search);
		return 0;
	}
	if (search->below == 0)
		return visit_new(search, entry);
	if (entry->event == SFS_WALK_ENTER)
		search->below++;
	else
		count(search, entry);
	return 0;
}

static int walk(struct search *search, int source_fd)
{
	SFS_CLOSE int root =
		sfs_backing_reopen(source_fd, O_RDONLY | O_DIRECTORY);

	if (root < 0)
		return root;
	int err = push(search, sfs_node_root(search->view));
	sfs_progress_begin(&search->progress, "looking");
	if (err == 0)
		err = sfs_backing_walk(root, 0, visit, search);
	sfs_progress_end(&search->progress);
	while (search->n_nodes > 1)
		pop(search);
	free(search->nodes);
	return err;
}

static int check_source(const char *given, char **ret)
{
	struct sfs_mountinfo mount = { .id = -1 };
	int err = sfs_path_canonical(given, ret);

	if (err < 0) {
		sfs_msg_errno(-err, "the source %s", given);
		return err;
	}
	if (sfs_views_find(*ret, &mount) < 0)
		return 0;
	sfs_msg("%s is a view of %s; name the host's folder, or unmount it",
		given, mount.source);
	sfs_mountinfo_done(&mount);
	return -EXDEV;
}

int sfs_leftovers_find(struct sfs_config *config, const char *source,
		       struct sfs_leftovers *ret)
{
	struct sfs_unmounted *unmounted = NULL;
	struct search search = { .config = config, .found = ret };

	*ret = (struct sfs_leftovers){ 0 };
	int err = check_source(source, &ret->source);
	if (err == 0)
		err = sfs_unmounted_new(config, ret->source, &unmounted);
	if (err < 0)
		return err; /* said */
	search.view = sfs_unmounted_view(unmounted);
	err = walk(&search, sfs_unmounted_source_fd(unmounted));
	if (err < 0)
		sfs_msg_errno(-err, "cannot look through %s", source);
	sfs_unmounted_free(unmounted);
	return err;
}
