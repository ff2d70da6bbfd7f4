/* SPDX-License-Identifier: MIT */
#include "charge.h"
#include "follow.h"
#include "internal.h"
#include "settle.h"
#include "telling.h"
#include "watch.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

enum {
	WRITER_AGE_NS = 100000000, /* an idle writer is closed after this */
	REAPER_TICK_NS = 50000000,
	/* Nodes freed, to give memory back: while more are, and in a pause. */
	NODES_WORTH = 16384,
	NODES_WORTH_PAUSE = 1024,
};

/* The folder that holds the mount point, to recognise it there. */
static int find_covered(struct sfs_view *view)
{
	const char *path = view->params.covered_path;
	const char *slash = path ? strrchr(path, '/') : NULL;
	SFS_FREE char *folder = NULL;
	SFS_CLOSE int fd = -1;
	struct stat st;

	if (view->params.covered_fd < 0)
		return 0;
	folder = slash ? strndup(path, (size_t)(slash - path)) : strdup("");
	view->covered_name = strdup(slash ? slash + 1 : path);
	if (!folder || !view->covered_name)
		return -ENOMEM;
	fd = sfs_backing_open_path(view->params.source_fd, folder,
				   O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	view->covered_dev = st.st_dev;
	view->covered_ino = st.st_ino;
	return 0;
}

static int adopt_root(struct sfs_view *view, unsigned int tree, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	return sfs_fd_adopt_path(view, view->root, tree, copy, true);
}

static int make_root(struct sfs_view *view)
{
	struct sfs_node *root = calloc(1, sizeof(*root));
	struct stat st;
	int r;

	if (!root)
		return -ENOMEM;
	if (fstat(view->params.source_fd, &st)) {
		free(root);
		return -errno;
	}
	root->refs = 1;
	root->device = (uint16_t)sfs_device_index(view, st.st_dev);
	root->ino = root->shown_ino = st.st_ino;
	root->flags = SFS_NODE_DIR;
	root->rule = -1;
	root->type = S_IFDIR >> 12;
	view->root = root;
	r = adopt_root(view, SFS_TREE_HOST, view->params.source_fd);
	for (unsigned int s = 0; !r && s < view->params.n_stores; s++) {
		r = adopt_root(view, sfs_tree_of_store(s),
			       sfs_view_store(view, s)->tree_fd);
		if (!r)
			r = adopt_root(view, sfs_hidden_of_store(s),
				       sfs_view_store(view, s)->hidden_fd);
	}
	return r;
}

static int set_up(struct sfs_view *view)
{
	int r = sfs_node_table_init(view);

	if (!r)
		r = sfs_fdcache_new(&view->fds);
	if (!r)
		r = sfs_listings_new(&view->listings);
	if (!r && getrandom(view->hash_key, sizeof(view->hash_key), 0) < 0)
		r = -errno;
	if (!r)
		r = sfs_watch_new(view);
	if (!r)
		r = sfs_settle_new(view);
	if (!r)
		r = sfs_follow_new(view);
	if (!r)
		r = find_covered(view);
	if (!r)
		r = make_root(view);
	return r;
}

int sfs_view_new(const struct sfs_view_params *params, struct sfs_view **ret)
{
	struct sfs_view *view = calloc(1, sizeof(*view));
	int r = 0;

	if (!view)
		return -ENOMEM;
	view->params = *params;
	view->params.source_path = strdup(params->source_path);
	if (params->covered_path)
		view->params.covered_path = strdup(params->covered_path);
	if (!view->params.source_path)
		r = -ENOMEM;
	pthread_rwlock_init(&view->moves, NULL);
	pthread_rwlock_init(&view->devices_lock, NULL);
	for (int i = 0; i < SFS_NODE_LOCKS; i++)
		pthread_rwlock_init(&view->node_locks[i], NULL);
	pthread_mutex_init(&view->table, NULL);
	pthread_cond_init(&view->rekeyed, NULL);
	pthread_mutex_init(&view->reaper_lock, NULL);
	pthread_cond_init(&view->reaper_wake, NULL);
	if (!r)
		r = set_up(view);
	if (r) {
		view->params.source_fd = view->params.covered_fd = -1;
		sfs_view_free(view);
		return r;
	}
	*ret = view;
	return 0;
}

static void free_chain(struct sfs_node *node)
{
	for (struct sfs_node *next; node; node = next) {
		next = node->next;
		free(node->name);
		free(node);
	}
}

static void free_nodes(struct sfs_view *view)
{
	for (size_t i = 0; view->chains && i < view->n_chains; i++)
		free_chain(view->chains[i]);
	free_chain(view->displaced);
	free(view->chains);
	free(view->root);
}

/* Other views may go on with the volume, and the kernel forgets nothing when a
 * mount ends. */
static void settle_charges(struct sfs_view *view)
{
	for (size_t i = 0; view->chains && i < view->n_chains; i++)
		for (struct sfs_node *n = view->chains[i]; n; n = n->next)
			sfs_charge_forget(view, n);
}

void sfs_view_free(struct sfs_view *view)
{
	sfs_telling_due(view, false);
	settle_charges(view);
	sfs_listings_free(view->listings);
	sfs_watch_free(view);
	sfs_settle_free(view);
	sfs_follow_free(view);
	sfs_fdcache_free(view->fds);
	free_nodes(view);
	if (view->params.source_fd >= 0)
		close(view->params.source_fd);
	if (view->params.covered_fd >= 0)
		close(view->params.covered_fd);
	for (int i = 0; i < SFS_NODE_LOCKS; i++)
		pthread_rwlock_destroy(&view->node_locks[i]);
	pthread_rwlock_destroy(&view->moves);
	pthread_rwlock_destroy(&view->devices_lock);
	pthread_mutex_destroy(&view->table);
	pthread_cond_destroy(&view->rekeyed);
	pthread_mutex_destroy(&view->reaper_lock);
	pthread_cond_destroy(&view->reaper_wake);
	free((char *)view->params.source_path);
	free((char *)view->params.covered_path);
	free(view->covered_name);
	free(view);
}

bool sfs_view_object_stays(struct sfs_view *view, struct sfs_node *node)
{
	if (node->type != S_IFREG >> 12)
		return false;
	if (!sfs_node_is(node, SFS_NODE_SCRATCH))
		return true;
	return node->tree != SFS_TREE_HOST &&
	       !sfs_view_store(view, node->store)->quota;
}

void sfs_view_set_notify(struct sfs_view *view, const struct sfs_notify *notify)
{
	view->notify = *notify;
}

static struct timespec after_ns(long ns)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ns;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* What the kernel has forgotten is not worth keeping: malloc(3) would. */
static void give_memory_back(struct sfs_view *view)
{
	bool pause, worth;

	pthread_mutex_lock(&view->table);
	pause = view->n_freed == view->n_freed_seen;
	worth = view->n_freed >= (pause ? NODES_WORTH_PAUSE : NODES_WORTH);
	if (worth)
		view->n_freed = 0;
	view->n_freed_seen = view->n_freed;
	pthread_mutex_unlock(&view->table);
	if (worth)
		malloc_trim(0);
}

static void *reap(void *arg)
{
	struct sfs_view *view = arg;

	pthread_mutex_lock(&view->reaper_lock);
	while (!view->reaper_stop) {
		struct timespec until = after_ns(REAPER_TICK_NS);
		bool busy;

		pthread_mutex_unlock(&view->reaper_lock);
		busy = sfs_fd_close_idle_writers(view, WRITER_AGE_NS) > 0;
		busy |= sfs_fd_probe_pins(view);
		give_memory_back(view);
		sfs_settle_drop_late(view);
		sfs_telling_due(view, true);
		pthread_mutex_lock(&view->reaper_lock);
		if (view->reaper_stop)
			break;
		if (!busy) /* a signal may be missed: look once a second */
			until.tv_sec++;
		if (!view->reaper_asked)
			pthread_cond_timedwait(&view->reaper_wake,
					       &view->reaper_lock, &until);
		view->reaper_asked = false;
	}
	pthread_mutex_unlock(&view->reaper_lock);
	return NULL;
}

void sfs_view_wake(struct sfs_view *view)
{
	pthread_mutex_lock(&view->reaper_lock);
	view->reaper_asked = true;
	pthread_cond_signal(&view->reaper_wake);
	pthread_mutex_unlock(&view->reaper_lock);
}

int sfs_view_start(struct sfs_view *view)
{
	int r = pthread_create(&view->reaper, NULL, reap, view);

	view->reaper_runs = !r;
	r = r ? -r : sfs_watch_start(view);
	return r ? r : sfs_follow_start(view);
}

void sfs_view_stop(struct sfs_view *view)
{
	sfs_watch_stop(view);
	sfs_follow_stop(view);
	if (!view->reaper_runs)
		return;
	pthread_mutex_lock(&view->reaper_lock);
	view->reaper_stop = true;
	pthread_cond_signal(&view->reaper_wake);
	pthread_mutex_unlock(&view->reaper_lock);
	pthread_join(view->reaper, NULL);
	view->reaper_runs = false;
}
