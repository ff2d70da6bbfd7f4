/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include "scratchfs/backing.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"

#include <fcntl.h>

/* A walk through the tree of one store.  Folders of the host are followed with
 * their nodes; the rest is known from the folder at its top. */
struct walk {
	struct sfs_session *session;
	sfs_objects_visit *visit;
	void *context;
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

bool sfs_objects_is_on_host(const struct sfs_session *session,
			    const struct sfs_object *object)
{
	const struct sfs_rules *rules = session->config->scratch;

	if (!object->shows_through || object->rule < 0 ||
	    sfs_rules_get(rules, object->rule)->existing == SFS_EXISTING_HIDE)
		return false;
	SFS_CLOSE int fd = sfs_backing_open_path(
		session->source_fd, object->entry->path, O_PATH, 0);
	return fd >= 0;
}

static int tell(struct walk *walk, const struct sfs_backing_walk_entry *entry,
		int rule, bool shows_through)
{
	const struct sfs_object object = {
		.entry = entry,
		.rule = rule,
		.shows_through = shows_through,
	};

	return walk->visit(walk->context, &object);
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
		return tell(walk, entry, walk->rule, walk->on_host);
	int err = look_up(walk, entry, &node);
	if (err < 0)
		return err;
	if (node && sfs_node_is(node, SFS_NODE_SCRATCH))
		rule = node->rule;
	if (node)
		sfs_node_forget(view_of(walk), node, 1);
	return tell(walk, entry, rule, true);
}

static int visit_folder(struct walk *walk,
			const struct sfs_backing_walk_entry *entry)
{
	struct sfs_node *node;

	if (walk->below > 0) {
		walk->below++;
		return tell(walk, entry, walk->rule, walk->on_host);
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
	if (node)
		sfs_node_forget(view_of(walk), node, 1);
	return tell(walk, entry, walk->rule, true);
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

int sfs_objects_walk(struct sfs_session *session, struct sfs_store *store,
		     sfs_objects_visit *fn, void *context)
{
	struct walk walk = {
		.session = session,
		.visit = fn,
		.context = context,
	};
	int err = push(&walk, sfs_node_root(session->mount.view));

	if (err == 0)
		err = sfs_backing_walk(store->tree_fd, 0, visit, &walk);
	while (walk.n_nodes > 1)
		pop(&walk);
	free(walk.nodes);
	/* Something was moved while we looked: as good as can be. */
	return err == -ESTALE ? 0 : err;
}
