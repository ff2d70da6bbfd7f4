/* SPDX-License-Identifier: MIT */
#include "fdcache_internal.h"

#include <sys/resource.h>
#include <time.h>

enum {
	CHAINS = 8192,
	SPARE_FDS = 64, /* for the session, stores, and what is in transit */
	MOST_FDS = 16384,
	FEWEST_FDS = 64,
	WAKE_PINS = 128, /* so many more of them are looked at soon */
};

struct sfs_fdcache {
	pthread_mutex_t lock;
	struct sfs_fd_entry *chains[CHAINS];
	struct sfs_fd_entry *oldest, *newest;
	unsigned int n, limit, n_writers;
	unsigned int n_pins; /* readers and writers that are pinned */
	unsigned int n_busy; /* those of files that may be executed */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned int limit_of_process(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_cur > MOST_FDS + SPARE_FDS)
		return MOST_FDS;
	if (limit.rlim_cur < FEWEST_FDS + SPARE_FDS)
		return FEWEST_FDS;
	return (unsigned int)limit.rlim_cur - SPARE_FDS;
}

int sfs_fdcache_new(struct sfs_fdcache **ret)
{
	struct sfs_fdcache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	cache->limit = limit_of_process();
	*ret = cache;
	return 0;
}

void sfs_fdcache_free(struct sfs_fdcache *cache)
{
	if (!cache)
		return;
	for (struct sfs_fd_entry *e = cache->oldest, *newer; e; e = newer) {
		newer = e->newer;
		close(e->fd);
		free(e);
	}
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct sfs_fd_entry **chain_of(struct sfs_fdcache *cache,
				      const struct sfs_node *node,
				      unsigned int kind)
{
	uint64_t h = ((uintptr_t)node >> 4) * 0x9e3779b97f4a7c15u;

	return &cache->chains[((h >> 40) + kind) % CHAINS];
}

static struct sfs_fd_entry *find(struct sfs_fdcache *cache,
				 const struct sfs_node *node, unsigned int kind)
{
	struct sfs_fd_entry *e = *chain_of(cache, node, kind);

	while (e && (e->node != node || e->kind != kind))
		e = e->next;
	return e;
}

static void lru_remove(struct sfs_fdcache *cache, struct sfs_fd_entry *e)
{
	*(e->older ? &e->older->newer : &cache->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &cache->newest) = e->older;
}

static void lru_add(struct sfs_fdcache *cache, struct sfs_fd_entry *e)
{
	e->newer = NULL;
	e->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = e;
	cache->newest = e;
}

static bool is_pin(const struct sfs_fd_entry *e)
{
	return e->pinned && (e->kind == SFS_FD_WRITE || e->kind == SFS_FD_READ);
}

/* Is to be closed some time after its last use. */
static bool is_idle_writer(const struct sfs_fd_entry *e)
{
	return e->kind == SFS_FD_WRITE && !e->pinned;
}

static void count(struct sfs_fdcache *cache, const struct sfs_fd_entry *e,
		  int by)
{
	cache->n_writers += (unsigned int)(by * is_idle_writer(e));
	cache->n_pins += (unsigned int)(by * is_pin(e));
	cache->n_busy += (unsigned int)(by * (is_pin(e) && e->brief));
}

/* Out of the table; returned for closing if nobody uses it. */
static struct sfs_fd_entry *remove_entry(struct sfs_fdcache *cache,
					 struct sfs_fd_entry *e)
{
	struct sfs_fd_entry **at = chain_of(cache, e->node, e->kind);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	lru_remove(cache, e);
	cache->n--;
	count(cache, e, -1);
	e->node->fds--;
	e->dead = true;
	return e->users ? NULL : e;
}

/* Entries to close once the lock is gone. */
struct doomed {
	struct sfs_fd_entry *first;
};

static void doom(struct doomed *list, struct sfs_fd_entry *e)
{
	if (!e)
		return;
	e->next = list->first;
	list->first = e;
}

static void close_doomed(const struct doomed *list)
{
	for (struct sfs_fd_entry *e = list->first, *next; e; e = next) {
		next = e->next;
		close(e->fd);
		free(e);
	}
}

static void evict(struct sfs_fdcache *cache, unsigned int limit,
		  struct doomed *list)
{
	struct sfs_fd_entry *e = cache->oldest, *newer;

	for (; e && cache->n > limit; e = newer) {
		newer = e->newer;
		if (!e->users && !e->pinned)
			doom(list, remove_entry(cache, e));
	}
}

void sfs_fdcache_make_room(struct sfs_fdcache *cache)
{
	struct doomed list = { NULL };

	pthread_mutex_lock(&cache->lock);
	evict(cache, cache->n / 2, &list);
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
}

bool sfs_fd_open_writer(struct sfs_view *view, struct sfs_node *node,
			struct sfs_fd *ret)
{
	struct sfs_fdcache *cache = view->fds;
	struct sfs_fd_entry *e;

	pthread_mutex_lock(&cache->lock);
	e = find(cache, node, SFS_FD_WRITE);
	if (e)
		e->users++;
	pthread_mutex_unlock(&cache->lock);
	if (e)
		*ret = (struct sfs_fd){ e->fd, e, view };
	return e;
}

bool sfs_fdcache_get(struct sfs_view *view, struct sfs_node *node,
		     unsigned int kind, struct sfs_fd *ret)
{
	struct sfs_fdcache *cache = view->fds;
	struct sfs_fd_entry *e;

	pthread_mutex_lock(&cache->lock);
	e = find(cache, node, kind);
	if (e) {
		e->users++;
		if (kind == SFS_FD_WRITE)
			e->used_ns = now_ns();
		lru_remove(cache, e);
		lru_add(cache, e);
	}
	pthread_mutex_unlock(&cache->lock);
	if (!e)
		return false;
	*ret = (struct sfs_fd){ e->fd, e, view };
	return true;
}

void sfs_fd_put(struct sfs_fd *fd)
{
	struct doomed list = { NULL };
	struct sfs_fd_entry *e = fd->entry;

	if (e) {
		struct sfs_fdcache *cache = fd->view->fds;

		pthread_mutex_lock(&cache->lock);
		if (!--e->users) {
			if (e->dead)
				doom(&list, e);
			else if (e->brief && !e->pinned)
				doom(&list, remove_entry(cache, e));
		}
		pthread_mutex_unlock(&cache->lock);
		close_doomed(&list);
	}
	*fd = (struct sfs_fd)SFS_FD_NONE;
}

static void pin(struct sfs_fdcache *cache, struct sfs_fd_entry *e)
{
	if (e->pinned)
		return;
	count(cache, e, -1);
	e->pinned = true;
	count(cache, e, 1);
}

bool sfs_fd_pin(const struct sfs_fd *fd)
{
	struct sfs_fdcache *cache = fd->view->fds;
	bool live;

	pthread_mutex_lock(&cache->lock);
	live = !fd->entry->dead;
	if (live)
		pin(cache, fd->entry);
	pthread_mutex_unlock(&cache->lock);
	return live;
}

/* Is this new one a reason to wake the reaper? */
static bool is_due(const struct sfs_fdcache *cache,
		   const struct sfs_fd_entry *e)
{
	if (is_pin(e))
		return e->brief || cache->n_pins % WAKE_PINS == 0;
	return is_idle_writer(e) && cache->n_writers == 1;
}

int sfs_fdcache_put(struct sfs_view *view, struct sfs_node *node,
		    const struct sfs_fd_entry *what, bool replace,
		    struct sfs_fd *ret)
{
	struct sfs_fdcache *cache = view->fds;
	struct sfs_fd_entry *fresh = malloc(sizeof(*fresh)), *e, **chain;
	struct doomed list = { NULL };
	bool wake = false;

	if (!fresh) {
		close(what->fd);
		return -ENOMEM;
	}
	*fresh = *what;
	fresh->node = node;
	fresh->used_ns = now_ns();
	pthread_mutex_lock(&cache->lock);
	e = find(cache, node, what->kind);
	if (e && replace && !e->pinned) {
		doom(&list, remove_entry(cache, e));
		e = NULL;
	}
	if (e) {
		if (what->pinned)
			pin(cache, e);
		fresh->next = list.first;
		list.first = fresh;
	} else {
		e = fresh;
		chain = chain_of(cache, node, e->kind);
		e->next = *chain;
		*chain = e;
		lru_add(cache, e);
		cache->n++;
		node->fds++;
		count(cache, e, 1);
		wake = is_due(cache, e);
		e->users++; /* so that it is not evicted at once */
		evict(cache, cache->limit, &list);
		e->users--;
	}
	if (ret) {
		e->users++;
		*ret = (struct sfs_fd){ e->fd, e, view };
	}
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
	if (wake)
		pthread_cond_signal(&view->reaper_wake);
	return 0;
}

int sfs_fd_adopt_path(struct sfs_view *view, struct sfs_node *node,
		      unsigned int tree, int fd, bool pin)
{
	struct sfs_fd_entry what = { .kind = tree, .fd = fd, .pinned = pin };

	return sfs_fdcache_put(view, node, &what, pin, NULL);
}

int sfs_fd_adopt_write(struct sfs_view *view, struct sfs_node *node, int fd,
		       mode_t mode, bool pin)
{
	struct sfs_fd_entry what = {
		.kind = SFS_FD_WRITE,
		.fd = fd,
		.pinned = pin,
		.brief = mode & 0111,
	};

	return sfs_fdcache_put(view, node, &what, pin, NULL);
}

void sfs_fd_make_brief(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_fdcache *cache = view->fds;
	struct doomed list = { NULL };
	struct sfs_fd_entry *e;
	bool wake = false;

	pthread_mutex_lock(&cache->lock);
	e = find(cache, node, SFS_FD_WRITE);
	if (e) {
		count(cache, e, -1);
		e->brief = true;
		count(cache, e, 1);
		wake = e->pinned;
		if (!e->users && !e->pinned)
			doom(&list, remove_entry(cache, e));
	}
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
	if (wake)
		pthread_cond_signal(&view->reaper_wake);
}

static void drop_kind(struct sfs_fdcache *cache, struct sfs_node *node,
		      unsigned int kind, struct doomed *list)
{
	struct sfs_fd_entry *e = find(cache, node, kind);

	if (e)
		doom(list, remove_entry(cache, e));
}

static void drop(struct sfs_view *view, struct sfs_node *node,
		 unsigned int first_kind, unsigned int last_kind)
{
	struct doomed list = { NULL };

	pthread_mutex_lock(&view->fds->lock);
	for (unsigned int k = first_kind; node->fds && k <= last_kind; k++)
		drop_kind(view->fds, node, k, &list);
	pthread_mutex_unlock(&view->fds->lock);
	close_doomed(&list);
}

void sfs_fd_drop_tree(struct sfs_view *view, struct sfs_node *node,
		      unsigned int tree)
{
	drop(view, node, tree, tree);
}

void sfs_fd_drop_io(struct sfs_view *view, struct sfs_node *node)
{
	drop(view, node, SFS_FD_READ, SFS_FD_WRITE);
}

void sfs_fd_drop(struct sfs_view *view, struct sfs_node *node)
{
	drop(view, node, SFS_FD_READ, SFS_FD_WRITE);
	drop(view, node, 0, 2 * view->params.n_stores);
}

unsigned int sfs_fd_close_idle_writers(struct sfs_view *view, uint64_t age_ns)
{
	struct sfs_fdcache *cache = view->fds;
	struct doomed list = { NULL };
	uint64_t now = now_ns();
	unsigned int left;

	pthread_mutex_lock(&cache->lock);
	for (struct sfs_fd_entry *e = cache->oldest, *newer;
	     e && cache->n_writers; e = newer) {
		newer = e->newer;
		if (is_idle_writer(e) && !e->users &&
		    e->used_ns + age_ns <= now)
			doom(&list, remove_entry(cache, e));
	}
	left = cache->n_writers;
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
	return left;
}

/* Beyond this share of the cache pins crowd it: no waiting then. */
enum {
	CROWDED_SHARE = 4
};

unsigned int sfs_fdcache_old_pins(struct sfs_view *view, unsigned int most,
				  uint64_t age_ns, struct sfs_node **ret,
				  unsigned int room, bool *ret_wanted)
{
	struct sfs_fdcache *cache = view->fds;
	uint64_t now = now_ns();
	unsigned int n = 0, left;
	bool many;

	pthread_mutex_lock(&cache->lock);
	many = cache->n_pins > most;
	left = many ? cache->n_pins : cache->n_busy;
	*ret_wanted = left > 0;
	if (cache->n_pins > cache->limit / CROWDED_SHARE)
		age_ns = 0;
	for (struct sfs_fd_entry *e = cache->oldest; e && left && n < room;
	     e = e->newer) {
		if (!is_pin(e) || !(many || e->brief))
			continue;
		left--;
		if (e->users || e->used_ns + age_ns > now)
			continue;
		e->used_ns = now; /* not again at once, if it stays */
		if (sfs_node_get_live(view, e->node))
			ret[n++] = e->node;
	}
	pthread_mutex_unlock(&cache->lock);
	return n;
}
