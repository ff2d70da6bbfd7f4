/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include "scratchfs/backing.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"

#include <fcntl.h>
#include <string.h>

/* A walk through the tree of one store.  Folders of the host are followed with
 * their nodes; the rest is known from the folder at its top. */
struct walk {
	struct sfs_session *session;
	struct sfs_usage *usage;
	struct sfs_node **nodes; /* core folders from the root, one nlookup */
	size_t n_nodes, max_nodes;
	size_t below; /* folders entered in a scratch or orphaned one */
	int rule;     /* of that one; -1: orphaned */
	bool on_host; /* it may show through: copies are possible */
};

static struct sfs_view *view_of(const struct walk *walk)
{
	return walk->session->mount.view;
}

static int push(struct walk *walk, struct sfs_node *node)
{
	if (walk->n_nodes == walk->max_nodes) {
		size_t max = 2 * walk->max_nodes + 16;
		void *nodes = reallocarray(walk->nodes, max,
					   sizeof(struct sfs_node *));

		if (!nodes)
			return -ENOMEM;
		walk->nodes = nodes;
		walk->max_nodes = max;
	}
	walk->nodes[walk->n_nodes++] = node;
	return 0;
}

static void pop(struct walk *walk)
{
	sfs_node_forget(view_of(walk), walk->nodes[--walk->n_nodes], 1);
}

/* The names of the biggest files of a rule, biggest first. */
static int keep_if_big(struct sfs_usage_rule *rule, const char *path,
		       uint64_t bytes)
{
	size_t at = SFS_USAGE_BIGGEST;

	while (at > 0 && (!rule->biggest[at - 1].path ||
			  rule->biggest[at - 1].bytes < bytes))
		at--;
	if (at == SFS_USAGE_BIGGEST)
		return 0;
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	free(rule->biggest[SFS_USAGE_BIGGEST - 1].path);
	for (size_t i = SFS_USAGE_BIGGEST - 1; i > at; i--)
		rule->biggest[i] = rule->biggest[i - 1];
	rule->biggest[at] = (struct sfs_usage_file){ copy, bytes };
	return 0;
}

/* Does the host have a file of this name, which this one has replaced? */
static bool is_changed_copy(const struct walk *walk, int rule, const char *path)
{
	const struct sfs_rules *rules = walk->session->config->scratch;

	if (sfs_rules_get(rules, rule)->existing == SFS_EXISTING_HIDE)
		return false;
	SFS_CLOSE int fd = sfs_backing_open_path(walk->session->source_fd, path,
						 O_PATH, 0);
	return fd >= 0;
}

static int count_changed(struct sfs_usage *usage, const char *path)
{
	uint64_t n = usage->changed++;

	if (n >= SFS_USAGE_CHANGED)
		return 0;
	usage->changed_paths[n] = strdup(path);
	return usage->changed_paths[n] ? 0 : -ENOMEM;
}

static int count_file(struct walk *walk, int rule, bool on_host,
		      const struct sfs_backing_walk_entry *entry)
{
	struct sfs_usage *usage = walk->usage;
	uint64_t bytes = (uint64_t)entry->stat.st_size;
	int err = 0;

	if (rule < 0 || rule >= usage->n_rules) {
		usage->orphans++;
		return 0;
	}
	usage->files++;
	usage->bytes += bytes;
	usage->rules[rule].files++;
	usage->rules[rule].bytes += bytes;
	err = keep_if_big(&usage->rules[rule], entry->path, bytes);
	if (err == 0 && on_host && is_changed_copy(walk, rule, entry->path))
		err = count_changed(usage, entry->path);
	return err;
}

/* What the view makes of a name in a core folder: its node, or NULL when it
 * does not show this object. */
static int look_up(struct walk *walk, const struct sfs_backing_walk_entry *file,
		   struct sfs_node **ret)
{
	struct sfs_entry entry = { 0 };
	int err = sfs_view_lookup(view_of(walk), walk->nodes[walk->n_nodes - 1],
				  file->name, &entry);

	*ret = err == 0 ? entry.node : NULL;
	return err == -ENOMEM ? err : 0;
}

static int visit_object(struct walk *walk,
			const struct sfs_backing_walk_entry *entry)
{
	struct sfs_node *node;
	int rule = -1;

	if (walk->below > 0)
		return count_file(walk, walk->rule, walk->on_host, entry);
	int err = look_up(walk, entry, &node);
	if (err < 0)
		return err;
	if (node && sfs_node_is(node, SFS_NODE_SCRATCH))
		rule = node->rule;
	if (node)
		sfs_node_forget(view_of(walk), node, 1);
	return count_file(walk, rule, true, entry);
}

static int visit_folder(struct walk *walk,
			const struct sfs_backing_walk_entry *entry)
{
	struct sfs_node *node;

	if (walk->below > 0) {
		walk->below++;
		return 0;
	}
	int err = look_up(walk, entry, &node);
	if (err < 0)
		return err;
	if (node && sfs_node_is(node, SFS_NODE_DIR) &&
	    !sfs_node_is(node, SFS_NODE_SCRATCH)) {
		err = push(walk, node);
		if (err < 0)
			sfs_node_forget(view_of(walk), node, 1);
		return err;
	}
	walk->below = 1;
	walk->rule = node && sfs_node_is(node, SFS_NODE_DIR) ? node->rule : -1;
	walk->on_host = node && sfs_node_is(node, SFS_NODE_LOWER);
	if (walk->rule < 0)
		walk->usage->orphans++;
	if (node)
		sfs_node_forget(view_of(walk), node, 1);
	return 0;
}

static int visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct walk *walk = context;

	switch (entry->event) {
	case SFS_WALK_OBJECT:
		return visit_object(walk, entry);
	case SFS_WALK_ENTER:
		return visit_folder(walk, entry);
	case SFS_WALK_LEAVE:
		if (walk->below > 0)
			walk->below--;
		else
			pop(walk);
		break;
	}
	return 0;
}

static int count_store(struct sfs_session *session, struct sfs_store *store,
		       struct sfs_usage *usage)
{
	struct walk walk = { .session = session, .usage = usage };
	int err = push(&walk, sfs_node_root(session->mount.view));

	if (err == 0)
		err = sfs_backing_walk(store->tree_fd, 0, visit, &walk);
	while (walk.n_nodes > 1)
		pop(&walk);
	free(walk.nodes);
	return err;
}

int sfs_usage_count(struct sfs_session *session, unsigned int first,
		    unsigned int end, struct sfs_usage *ret)
{
	int err = 0;

	*ret = (struct sfs_usage){
		.n_rules = sfs_rules_count(session->config->scratch),
	};
	ret->rules =
		calloc((size_t)ret->n_rules + 1, sizeof(struct sfs_usage_rule));
	if (!ret->rules)
		return -ENOMEM;
	for (unsigned int i = first; err == 0 && i < end; i++)
		err = count_store(session, session->stores[i], ret);
	/* Something was moved while we looked: as good as can be. */
	return err == -ESTALE ? 0 : err;
}

void sfs_usage_done(struct sfs_usage *usage)
{
	for (int i = 0; usage->rules && i < usage->n_rules; i++)
		for (int j = 0; j < SFS_USAGE_BIGGEST; j++)
			free(usage->rules[i].biggest[j].path);
	for (int i = 0; i < SFS_USAGE_CHANGED; i++)
		free(usage->changed_paths[i]);
	free(usage->rules);
}
