/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "events_order.h"
#include "performer.h"
#include "watchers.h"

#include "scratchfs/cleanup.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum {
	ITEMS_MAX = 1024,
	/* What comes close together is one change; and both halves of a rename
	 * have come by then. */
	TOGETHER_MS = 3,
	/* That somebody watches is believed for so long. */
	WATCHED_MS = 1000,
	/* Looking for watchers takes at most this share of the time. */
	LOOK_SHARE = 20,
	LOOK_MIN_MS = 20,
	LOOK_MAX_MS = 1000,
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- the queue; all with the lock held --- */

static void free_item(struct sfs_events *e, struct sfs_events_item *item)
{
	if (!item)
		return;
	free_item(e, item->from);
	sfs_node_put(e->mount->view, item->folder);
	free(item);
}

static struct sfs_events_item *
new_item(struct sfs_events *e, struct sfs_node *folder, const char *name)
{
	struct sfs_events_item *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	item->folder = sfs_node_get(e->mount->view, folder);
	snprintf(item->name, sizeof(item->name), "%s", name);
	return item;
}

static struct sfs_events_item *
queued(struct sfs_events *e, const struct sfs_node *folder, const char *name)
{
	struct sfs_events_item *item = e->first;

	while (item && (item->folder != folder || strcmp(item->name, name)))
		item = item->next;
	return item;
}

static struct sfs_events_item *add(struct sfs_events *e,
				   struct sfs_node *folder, const char *name)
{
	struct sfs_events_item *item;

	if (e->n_items >= ITEMS_MAX)
		return NULL;
	item = new_item(e, folder, name);
	if (!item)
		return NULL;
	*e->end = item;
	e->end = &item->next;
	if (e->n_items++ == 0)
		pthread_cond_signal(&e->wake);
	return item;
}

static struct sfs_events_item *take_out(struct sfs_events *e)
{
	struct sfs_events_item *item = e->first;

	e->first = item->next;
	if (!e->first)
		e->end = &e->first;
	e->n_items--;
	if (e->leaving == item)
		e->leaving = NULL;
	return item;
}

/* The two halves of a rename come one right after the other. */
static void pair(struct sfs_events *e, struct sfs_events_item *item)
{
	if (!e->leaving || e->leaving == item || item->from)
		return;
	item->from = new_item(e, e->leaving->folder, e->leaving->name);
	if (item->from)
		e->leaving->change &= ~(unsigned int)SFS_HOST_MOVED_FROM;
}

void sfs_events_note(struct sfs_events *e, struct sfs_node *folder,
		     const char *name, unsigned int change, mode_t mode)
{
	struct sfs_events_item *item;

	if (!change)
		return;
	pthread_mutex_lock(&e->lock);
	item = queued(e, folder, name);
	if (!item)
		item = add(e, folder, name);
	if (item) {
		item->change |= change;
		item->mode = mode;
		if (change & SFS_HOST_MOVED_TO)
			pair(e, item);
	}
	e->leaving = change & SFS_HOST_MOVED_FROM ? item : NULL;
	pthread_mutex_unlock(&e->lock);
}

/* --- the thread --- */

/* Until then, or the end. */
static void wait_until_ms(struct sfs_events *e, uint64_t ms)
{
	const struct timespec until = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	while (!e->stop && now_ms() < ms)
		pthread_cond_timedwait(&e->ended, &e->lock, &until);
}

/* How much there is to do; 0: the end has come. */
static unsigned int wait_for_items(struct sfs_events *e)
{
	unsigned int n;

	pthread_mutex_lock(&e->lock);
	while (!e->stop && !e->first)
		pthread_cond_wait(&e->wake, &e->lock);
	wait_until_ms(e, now_ms() + TOGETHER_MS);
	n = e->stop ? 0 : e->n_items;
	pthread_mutex_unlock(&e->lock);
	return n;
}

static bool somebody_watches(struct sfs_events *e)
{
	uint64_t began = now_ms(), rest;

	if (e->place.foreign_watchers || began < e->watched_until_ms)
		return true;
	pthread_mutex_lock(&e->lock);
	wait_until_ms(e, e->next_look_ms);
	pthread_mutex_unlock(&e->lock);
	began = now_ms();
	e->watcher = sfs_watchers_find(e->place.device);
	rest = (now_ms() - began) * LOOK_SHARE;
	if (rest < LOOK_MIN_MS)
		rest = LOOK_MIN_MS;
	e->next_look_ms = now_ms() + (rest < LOOK_MAX_MS ? rest : LOOK_MAX_MS);
	e->watched_until_ms = e->watcher ? now_ms() + WATCHED_MS : 0;
	return e->watcher != 0;
}

static bool have_performer(struct sfs_events *e)
{
	int socket;
	pid_t pid;

	if (e->socket >= 0 || e->broken)
		return !e->broken;
	if (sfs_performer_start(e->secret, &socket, &pid) < 0) {
		e->broken = true;
		return false;
	}
	pthread_mutex_lock(&e->lock);
	e->socket = socket;
	atomic_store(&e->performer, pid);
	if (e->stop)
		kill(pid, SIGKILL);
	pthread_mutex_unlock(&e->lock);
	return true;
}

/* A folder that only went elsewhere may be in use there, and the kernel would
 * take it for dead. */
static void repeat_removal(struct sfs_events *e, struct sfs_events_item *item)
{
	struct sfs_view *view = e->mount->view;
	struct sfs_node *node = sfs_node_named(view, item->folder, item->name);
	bool is_dir = node && node->type == S_IFDIR >> 12;

	if (node && is_dir && item->change & SFS_HOST_GONE)
		sfs_node_retire(view, node);
	if (node && (!is_dir || item->change & SFS_HOST_GONE)) {
		item->removed = node;
		item->mode = (mode_t)node->type << 12;
		sfs_events_order(e, item, SFS_PERFORM_REMOVE);
		item->removed = NULL;
	}
	if (node)
		sfs_node_put(view, node);
}

static void repeat(struct sfs_events *e, struct sfs_events_item *item)
{
	static const struct {
		unsigned int change;
		uint32_t act;
	} acts[] = {
		{ SFS_HOST_BYTES, SFS_PERFORM_MODIFY },
		{ SFS_HOST_ATTRIBUTES, SFS_PERFORM_ATTRIB },
		{ SFS_HOST_CLOSED, SFS_PERFORM_CLOSE_WRITE },
	};
	bool came = item->change & (SFS_HOST_MADE | SFS_HOST_MOVED_TO);

	if (!have_performer(e))
		return;
	if (!item->mode) {
		if (item->change & (SFS_HOST_GONE | SFS_HOST_MOVED_FROM))
			repeat_removal(e, item);
		return;
	}
	if (came)
		sfs_events_order(e, item,
				 item->from ? SFS_PERFORM_RENAME
					    : SFS_PERFORM_MAKE);
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (item->change & acts[i].change)
			sfs_events_order(e, item, acts[i].act);
}

static void *run(void *arg)
{
	struct sfs_events *e = arg;

	for (unsigned int n; (n = wait_for_items(e));) {
		bool watched = somebody_watches(e);

		for (; n; n--) {
			pthread_mutex_lock(&e->lock);
			struct sfs_events_item *item = take_out(e);
			bool stop = e->stop;
			pthread_mutex_unlock(&e->lock);
			if (watched && !stop)
				repeat(e, item);
			free_item(e, item);
		}
	}
	return NULL;
}

int sfs_events_new(struct sfs_mount *mount,
		   const struct sfs_events_place *place,
		   struct sfs_events **ret)
{
	struct sfs_events *e = calloc(1, sizeof(*e));
	pthread_condattr_t monotonic;
	int r;

	if (!e)
		return -ENOMEM;
	e->mount = mount;
	e->place = *place;
	e->end = &e->first;
	e->socket = -1;
	atomic_store(&e->performer, -1);
	if (getrandom(e->secret, sizeof(e->secret), 0) !=
	    (ssize_t)sizeof(e->secret)) {
		free(e);
		return -EAGAIN;
	}
	/* Inherited, SIG_IGN would free a process number before we know. */
	signal(SIGCHLD, SIG_DFL);
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->ended, &monotonic);
	pthread_cond_init(&e->wake, NULL);
	pthread_condattr_destroy(&monotonic);
	r = pthread_create(&e->thread, NULL, run, e);
	if (r) {
		free(e);
		return -r;
	}
	*ret = e;
	return 0;
}

void sfs_events_free(struct sfs_events *e)
{
	pid_t pid;

	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pid = atomic_load(&e->performer);
	if (pid > 0)
		kill(pid, SIGKILL);
	pthread_cond_broadcast(&e->wake);
	pthread_cond_broadcast(&e->ended);
	pthread_mutex_unlock(&e->lock);
	pthread_join(e->thread, NULL);
	pid = atomic_load(&e->performer);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	while (e->first)
		free_item(e, take_out(e));
	if (e->socket >= 0)
		close(e->socket);
	pthread_cond_destroy(&e->wake);
	pthread_cond_destroy(&e->ended);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
