/* SPDX-License-Identifier: MIT */
#include "telling.h"
#include "internal.h"

#include <time.h>

enum {
	MOST_NAMES = 10000 /* of one folder */
};
#define AGAIN_NS 500000000u

struct sfs_telling_item {
	struct sfs_node *parent, *node;
	char *name;
};

void sfs_telling_add(struct sfs_view *view, struct sfs_telling *telling,
		     struct sfs_node *parent, const char *name,
		     struct sfs_node *node)
{
	struct sfs_telling_item *item;
	char *copy = strdup(name);

	if (copy && telling->n == telling->room) {
		size_t room = telling->room ? telling->room * 2 : 16;

		item = realloc(telling->items, room * sizeof(*item));
		if (item) {
			telling->items = item;
			telling->room = room;
		}
	}
	if (!copy || telling->n == telling->room) {
		free(copy);
		return;
	}
	item = &telling->items[telling->n++];
	*item = (struct sfs_telling_item){ .name = copy };
	if (parent)
		item->parent = sfs_node_get(view, parent);
	if (node)
		item->node = sfs_node_get(view, node);
}

struct adding {
	struct sfs_view *view;
	struct sfs_telling *telling;
	struct sfs_node *folder;
	unsigned int n;
};

static bool add_name(void *ctx, const struct sfs_dirent *entry)
{
	struct adding *adding = ctx;

	if (strcmp(entry->name, ".") && strcmp(entry->name, ".."))
		sfs_telling_add(adding->view, adding->telling, adding->folder,
				entry->name, NULL);
	return ++adding->n < MOST_NAMES;
}

void sfs_telling_add_names(struct sfs_view *view, struct sfs_telling *telling)
{
	size_t n = telling->n;

	for (size_t i = 0; i < n; i++) {
		struct adding adding = { view, telling, telling->items[i].node,
					 0 };

		if (adding.folder && sfs_node_is(adding.folder, SFS_NODE_DIR))
			(void)sfs_view_list(view, adding.folder, 0, false,
					    add_name, &adding);
	}
}

void sfs_telling_tell(struct sfs_view *view, const struct sfs_telling *telling)
{
	const struct sfs_notify *notify = &view->notify;

	if (!notify->inval_inode)
		return;
	for (size_t i = 0; i < telling->n; i++) {
		const struct sfs_telling_item *item = &telling->items[i];

		if (item->node)
			notify->inval_inode(notify->ctx, item->node,
					    sfs_node_is(item->node,
							SFS_NODE_DIR));
		if (item->parent)
			notify->expire_entry(notify->ctx, item->parent,
					     item->name);
	}
}

void sfs_telling_done(struct sfs_view *view, struct sfs_telling *telling)
{
	for (size_t i = 0; i < telling->n; i++) {
		if (telling->items[i].parent)
			sfs_node_put(view, telling->items[i].parent);
		if (telling->items[i].node)
			sfs_node_put(view, telling->items[i].node);
		free(telling->items[i].name);
	}
	free(telling->items);
	*telling = (struct sfs_telling){ 0 };
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* For the reaper, which looks at least once a second. */
static void queue(struct sfs_view *view, struct sfs_telling *queued)
{
	pthread_mutex_lock(&view->reaper_lock);
	queued->next = view->tellings;
	view->tellings = queued;
	pthread_mutex_unlock(&view->reaper_lock);
}

static void queue_copy(struct sfs_view *view, struct sfs_telling *telling,
		       uint64_t due_ns)
{
	struct sfs_telling *queued = malloc(sizeof(*queued));

	if (!queued) { /* answers time out */
		sfs_telling_done(view, telling);
		return;
	}
	*queued = *telling;
	*telling = (struct sfs_telling){ 0 };
	queued->due_ns = due_ns;
	queue(view, queued);
}

void sfs_telling_later(struct sfs_view *view, struct sfs_telling *telling)
{
	queue_copy(view, telling, 0);
	sfs_view_wake(view);
}

void sfs_telling_again(struct sfs_view *view, struct sfs_telling *telling)
{
	if (telling->n)
		queue_copy(view, telling, now_ns() + AGAIN_NS);
	else
		sfs_telling_done(view, telling);
}

/* True: it is to be told another time. */
static bool tell_one(struct sfs_view *view, struct sfs_telling *due)
{
	uint64_t now = now_ns();
	bool first = due->due_ns == 0;

	if (due->due_ns > now)
		return true;
	sfs_telling_tell(view, due);
	due->due_ns = now + AGAIN_NS;
	return first;
}

void sfs_telling_due(struct sfs_view *view, bool tell)
{
	struct sfs_telling *due, *next;

	pthread_mutex_lock(&view->reaper_lock);
	due = view->tellings;
	view->tellings = NULL;
	pthread_mutex_unlock(&view->reaper_lock);
	for (; due; due = next) {
		next = due->next;
		if (tell && tell_one(view, due)) {
			queue(view, due);
			continue;
		}
		sfs_telling_done(view, due);
		free(due);
	}
}
