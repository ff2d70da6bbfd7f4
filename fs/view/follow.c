/* SPDX-License-Identifier: MIT */
#include "follow.h"
#include "internal.h"
#include "replace.h"

#include <fcntl.h>
#include <time.h>

/*
 * Following what git tracks.  git exchanges an index by renaming index.lock
 * over it.  Where that happens in the view, what becomes tracked moves to the
 * host first, then the index is renamed and read again, the nodes get their new
 * places, and the kernel is told, all before the answer: the next edit goes
 * where it belongs.  What the host's own git does is seen by a thread, through
 * events or five times a second.
 *
 * The kernel is told by that thread only.  An operation waits for it, but not
 * for long: whoever is told of may hold the locks of a folder in an operation
 * that waits for something else.  Then it comes a little later.
 */
#define LOOK_NS	 (200 * 1000 * 1000L)
#define TELL_NS	 (2 * 1000 * 1000 * 1000L)
#define CHECK_NS (5 * 1000 * 1000ULL) /* before copying up */
#define ATTEMPTS 100		      /* for a `.git` that is not whole yet */

struct sfs_follow {
	pthread_mutex_t changing; /* one change at a time; see follow.h */

	pthread_mutex_t lock; /* a leaf; guards what follows */
	pthread_cond_t wake, told;
	bool runs, stop, look_now;
	struct sfs_telling *first, **last; /* to be told */
	uint64_t n_queued, n_told;
	struct sfs_paths noted; /* folders that got a `.git` */
	unsigned int attempts;	/* at those, since the last one came */
	pthread_t thread;
};

int sfs_follow_new(struct sfs_view *view)
{
	struct sfs_follow *follow;
	pthread_condattr_t attr;

	if (!view->params.tracked)
		return 0;
	follow = calloc(1, sizeof(*follow));
	if (!follow)
		return -ENOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&follow->changing, NULL);
	pthread_mutex_init(&follow->lock, NULL);
	pthread_cond_init(&follow->wake, &attr);
	pthread_cond_init(&follow->told, &attr);
	pthread_condattr_destroy(&attr);
	follow->last = &follow->first;
	view->follow = follow;
	return 0;
}

static struct sfs_telling *take_telling(struct sfs_follow *follow)
{
	struct sfs_telling *telling = follow->first;

	if (telling) {
		follow->first = telling->next;
		if (!follow->first)
			follow->last = &follow->first;
	}
	return telling;
}

void sfs_follow_free(struct sfs_view *view)
{
	struct sfs_follow *follow = view->follow;
	struct sfs_telling *telling;

	if (!follow)
		return;
	while ((telling = take_telling(follow))) {
		sfs_telling_done(view, telling);
		free(telling);
	}
	sfs_paths_done(&follow->noted);
	pthread_mutex_destroy(&follow->changing);
	pthread_mutex_destroy(&follow->lock);
	pthread_cond_destroy(&follow->wake);
	pthread_cond_destroy(&follow->told);
	free(follow);
}

static struct timespec in_ns(long ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (t.tv_nsec + ns) / 1000000000;
	t.tv_nsec = (t.tv_nsec + ns) % 1000000000;
	return t;
}

/* --- a change of the set --- */

struct change {
	struct sfs_view *view;
	struct sfs_paths *ruled;
};

/* sfs_tracked_changed_fn */
static void note_change(void *ctx, const char *path, bool now_tracked)
{
	struct change *change = ctx;
	size_t length = sfs_replace_concerns(change->view, path);

	if (!length)
		return;
	(void)sfs_paths_add(change->ruled, path, length);
	if (!now_tracked)
		sfs_replace_unveil(change->view, path);
}

/* sfs_tracked_changed_fn: whole paths, of what comes. */
static void note_coming(void *ctx, const char *path, bool now_tracked)
{
	struct change *change = ctx;

	if (now_tracked && sfs_replace_concerns(change->view, path))
		(void)sfs_paths_add(change->ruled, path, strlen(path));
}

/* Gives it to the thread.  Returns its number in the queue. */
static uint64_t enqueue(struct sfs_view *view, struct sfs_telling *telling)
{
	struct sfs_follow *follow = view->follow;
	struct sfs_telling *queued = malloc(sizeof(*queued));
	uint64_t number = 0;

	pthread_mutex_lock(&follow->lock);
	if (queued && follow->runs && !follow->stop) {
		*queued = *telling;
		*telling = (struct sfs_telling){ 0 };
		*follow->last = queued;
		follow->last = &queued->next;
		number = ++follow->n_queued;
		queued = NULL;
		pthread_cond_signal(&follow->wake);
	}
	pthread_mutex_unlock(&follow->lock);
	free(queued);
	sfs_telling_done(view, telling);
	return number;
}

static void wait_until_told(struct sfs_follow *follow, uint64_t number)
{
	struct timespec until = in_ns(TELL_NS);

	pthread_mutex_lock(&follow->lock);
	while (follow->n_told < number && !follow->stop &&
	       !pthread_cond_timedwait(&follow->told, &follow->lock, &until))
		continue;
	pthread_mutex_unlock(&follow->lock);
}

/* The nodes get their places; what the kernel has to be told.  Under
 * follow->changing. */
static void carry_out(struct sfs_view *view, struct sfs_paths *ruled,
		      struct sfs_telling *telling)
{
	sfs_paths_sort(ruled);
	sfs_replace_below(view, ruled, telling);
}

/* Again later: git makes a `.git` first, and what makes it one after that. */
static void note_again(struct sfs_follow *follow, const char *path)
{
	pthread_mutex_lock(&follow->lock);
	if (follow->attempts++ < ATTEMPTS)
		(void)sfs_paths_add(&follow->noted, path, strlen(path));
	pthread_mutex_unlock(&follow->lock);
}

/* Looks at the host's repositories, and at those that are noted.  Under
 * follow->changing. */
static void look(struct sfs_view *view, uint64_t interval_ns,
		 struct sfs_paths *ruled)
{
	struct sfs_follow *follow = view->follow;
	struct change change = { view, ruled };
	struct sfs_paths noted;

	pthread_mutex_lock(&follow->lock);
	noted = follow->noted;
	follow->noted = (struct sfs_paths){ 0 };
	pthread_mutex_unlock(&follow->lock);
	sfs_paths_sort(&noted);
	for (size_t i = 0; i < noted.n; i++)
		if (sfs_tracked_add_repository(view->params.tracked,
					       noted.paths[i], note_change,
					       &change) ||
		    !sfs_tracked_has_repository(view->params.tracked))
			note_again(follow, noted.paths[i]);
	sfs_paths_done(&noted);
	(void)sfs_tracked_refresh_if_stale(view->params.tracked, interval_ns,
					   note_change, &change);
}

static void look_and_carry_out(struct sfs_view *view, uint64_t interval_ns,
			       struct sfs_telling *telling)
{
	struct sfs_paths ruled = { 0 };

	pthread_mutex_lock(&view->follow->changing);
	look(view, interval_ns, &ruled);
	carry_out(view, &ruled, telling);
	pthread_mutex_unlock(&view->follow->changing);
	sfs_telling_add_names(view, telling);
	sfs_paths_done(&ruled);
}

void sfs_follow_check(struct sfs_view *view, const struct sfs_node *node)
{
	struct sfs_telling telling = { 0 };

	if (!view->follow || !sfs_node_is(node, SFS_NODE_SCRATCH) ||
	    node->tree != SFS_TREE_HOST)
		return;
	look_and_carry_out(view, CHECK_NS, &telling);
	if (telling.n)
		(void)enqueue(view, &telling);
}

/* --- renames in the view --- */

static bool may_decide(const char *name)
{
	return !strcmp(name, "index") || !strncmp(name, "config", 6) ||
	       !strncmp(name, "sharedindex.", 12);
}

/* What is about to become the index, open for reading. */
static int open_coming(struct sfs_view *view, struct sfs_node *parent,
		       const char *name)
{
	SFS_FD dir = SFS_FD_NONE;
	int r = sfs_fd_path(view, parent, SFS_TREE_HOST, &dir);

	return r ? r
		 : sfs_backing_open(dir.fd, name,
				    O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
}

static void admit(struct sfs_view *view, const char *index, int fd,
		  struct sfs_follow_rename *rename)
{
	struct sfs_paths coming = { 0 };
	struct change change = { view, &coming };

	(void)sfs_tracked_preview(view->params.tracked, index, fd, note_coming,
				  &change);
	if (coming.n) {
		sfs_moves_lock(view);
		for (size_t i = 0; i < coming.n; i++)
			sfs_replace_admit(view, coming.paths[i],
					  &rename->telling);
		sfs_moves_unlock(view);
	}
	for (size_t i = 0; i < coming.n; i++)
		(void)sfs_paths_add(&rename->ruled, coming.paths[i],
				    sfs_replace_concerns(view,
							 coming.paths[i]));
	sfs_paths_done(&coming);
}

static bool has_noted(struct sfs_follow *follow)
{
	bool noted;

	pthread_mutex_lock(&follow->lock);
	noted = follow->noted.n > 0;
	pthread_mutex_unlock(&follow->lock);
	return noted;
}

void sfs_follow_rename_begin(struct sfs_view *view, struct sfs_node *parent,
			     const char *name, struct sfs_node *new_parent,
			     const char *new_name,
			     struct sfs_follow_rename *ret)
{
	SFS_FREE char *path = NULL;
	SFS_CLOSE int fd = -1;

	*ret = (struct sfs_follow_rename){ 0 };
	if (!view->follow || !sfs_node_is(new_parent, SFS_NODE_IN_GIT) ||
	    !may_decide(new_name) ||
	    sfs_node_path(view, new_parent, new_name, &path))
		return;
	pthread_mutex_lock(&view->follow->changing);
	ret->index = !has_noted(view->follow) &&
		     sfs_tracked_is_index(view->params.tracked, path);
	if (!ret->index) { /* of one that is not followed yet? */
		look(view, 0, &ret->ruled);
		ret->index = sfs_tracked_is_index(view->params.tracked, path);
	}
	if (!ret->index && !ret->ruled.n) {
		pthread_mutex_unlock(&view->follow->changing);
		return;
	}
	ret->index = true;
	fd = open_coming(view, parent, name);
	if (fd >= 0)
		admit(view, path, fd, ret);
}

void sfs_follow_rename_end(struct sfs_view *view,
			   struct sfs_follow_rename *rename)
{
	struct change change = { view, &rename->ruled };
	struct sfs_telling telling = rename->telling;
	uint64_t number = 0;

	if (!rename->index)
		return;
	(void)sfs_tracked_refresh(view->params.tracked, note_change, &change);
	carry_out(view, &rename->ruled, &telling);
	pthread_mutex_unlock(&view->follow->changing);
	sfs_telling_add_names(view, &telling);
	sfs_paths_done(&rename->ruled);
	if (telling.n)
		number = enqueue(view, &telling);
	if (number)
		wait_until_told(view->follow, number);
}

/* --- repositories --- */

void sfs_follow_meet(struct sfs_view *view, struct sfs_node *folder)
{
	SFS_FREE char *path = NULL;
	SFS_FD host = SFS_FD_NONE;
	struct stat st;

	if (!view->follow ||
	    folder->flags & (SFS_NODE_SCRATCH | SFS_NODE_IN_GIT) ||
	    folder == view->root || atomic_load(&folder->met) ||
	    atomic_exchange(&folder->met, true))
		return;
	if (sfs_fd_path(view, folder, SFS_TREE_HOST, &host) ||
	    sfs_fd_stat_child(view, SFS_TREE_HOST, host.fd, ".git", &st) ||
	    sfs_node_path(view, folder, NULL, &path))
		return;
	(void)sfs_tracked_add_repository(view->params.tracked, path, NULL,
					 NULL);
}

static void look_soon(struct sfs_follow *follow)
{
	pthread_mutex_lock(&follow->lock);
	follow->look_now = true;
	pthread_cond_signal(&follow->wake);
	pthread_mutex_unlock(&follow->lock);
}

void sfs_follow_note(struct sfs_view *view, struct sfs_node *folder)
{
	struct sfs_follow *follow = view->follow;
	SFS_FREE char *path = NULL;

	if (!follow || folder->flags & (SFS_NODE_SCRATCH | SFS_NODE_IN_GIT) ||
	    sfs_node_path(view, folder, NULL, &path))
		return;
	pthread_mutex_lock(&follow->lock);
	(void)sfs_paths_add(&follow->noted, path, strlen(path));
	follow->attempts = 0;
	pthread_cond_signal(&follow->wake);
	pthread_mutex_unlock(&follow->lock);
}

void sfs_follow_event(struct sfs_view *view, struct sfs_node *folder,
		      const char *name)
{
	if (!view->follow)
		return;
	if (!strcmp(name, ".git"))
		sfs_follow_note(view, folder);
	else if (sfs_node_is(folder, SFS_NODE_IN_GIT) && may_decide(name))
		look_soon(view->follow);
}

/* --- the thread --- */

static void tell_all(struct sfs_view *view)
{
	struct sfs_follow *follow = view->follow;
	struct sfs_telling *telling;

	pthread_mutex_lock(&follow->lock);
	while ((telling = take_telling(follow))) {
		pthread_mutex_unlock(&follow->lock);
		sfs_telling_tell(view, telling);
		sfs_telling_again(view, telling);
		free(telling);
		pthread_mutex_lock(&follow->lock);
		follow->n_told++;
		pthread_cond_broadcast(&follow->told);
	}
	pthread_mutex_unlock(&follow->lock);
}

/* Until there is something to do.  True: it is time to look.  Locked. */
static bool wait_for_work(struct sfs_view *view, const struct timespec *next)
{
	struct sfs_follow *follow = view->follow;
	bool looks = sfs_tracked_has_repository(view->params.tracked);
	int r = 0;

	while (!follow->stop && !follow->first && !follow->look_now) {
		if (r == ETIMEDOUT)
			return true;
		if (looks || follow->noted.n)
			r = pthread_cond_timedwait(&follow->wake, &follow->lock,
						   next);
		else
			pthread_cond_wait(&follow->wake, &follow->lock);
	}
	return follow->look_now;
}

static void look_and_tell(struct sfs_view *view, uint64_t interval_ns)
{
	struct sfs_telling telling = { 0 };

	look_and_carry_out(view, interval_ns, &telling);
	sfs_telling_tell(view, &telling);
	sfs_telling_again(view, &telling);
}

static void *follow_loop(void *arg)
{
	struct sfs_view *view = arg;
	struct sfs_follow *follow = view->follow;
	struct timespec next = in_ns(LOOK_NS);
	bool looks, now;

	for (;;) {
		pthread_mutex_lock(&follow->lock);
		looks = wait_for_work(view, &next);
		now = follow->look_now;
		follow->look_now = false;
		if (follow->stop)
			break;
		pthread_mutex_unlock(&follow->lock);
		tell_all(view);
		if (looks) {
			look_and_tell(view, now ? 0 : LOOK_NS / 2);
			next = in_ns(LOOK_NS);
		}
	}
	pthread_mutex_unlock(&follow->lock);
	return NULL;
}

int sfs_follow_start(struct sfs_view *view)
{
	struct sfs_follow *follow = view->follow;
	int r;

	if (!follow)
		return 0;
	follow->runs = true;
	r = pthread_create(&follow->thread, NULL, follow_loop, view);
	if (r)
		follow->runs = false;
	return -r;
}

void sfs_follow_stop(struct sfs_view *view)
{
	struct sfs_follow *follow = view->follow;

	if (!follow || !follow->runs)
		return;
	pthread_mutex_lock(&follow->lock);
	follow->stop = true;
	pthread_cond_signal(&follow->wake);
	pthread_cond_broadcast(&follow->told);
	pthread_mutex_unlock(&follow->lock);
	pthread_join(follow->thread, NULL);
	follow->runs = false;
}
