/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>

enum {
	KIND_READ = 0xfffe,
	KIND_WRITE = 0xffff,
	CHAINS = 8192,
	SPARE_FDS = 64, /* for the session, stores, and what is in transit */
	MOST_FDS = 16384,
	FEWEST_FDS = 64,
};

struct sfs_fd_entry {
	struct sfs_fd_entry *next;	    /* in its hash chain */
	struct sfs_fd_entry *older, *newer; /* in the LRU */
	struct sfs_node *node;
	unsigned int kind; /* a tree, KIND_READ or KIND_WRITE */
	int fd;
	unsigned int users;
	bool pinned;
	bool dead;  /* out of the table: closed by its last user */
	bool brief; /* a writer of a file that may be executed */
	uint64_t used_ns;
};

struct sfs_fdcache {
	pthread_mutex_t lock;
	struct sfs_fd_entry *chains[CHAINS];
	struct sfs_fd_entry *oldest, *newest;
	unsigned int n, limit, n_writers;
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
	cache->n_writers -= e->kind == KIND_WRITE && !e->pinned;
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

/* Halves the cache when the process has no descriptor left. */
static void make_room(struct sfs_fdcache *cache)
{
	struct doomed list = { NULL };

	pthread_mutex_lock(&cache->lock);
	evict(cache, cache->n / 2, &list);
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
}

static bool get_cached(struct sfs_view *view, struct sfs_node *node,
		       unsigned int kind, struct sfs_fd *ret)
{
	struct sfs_fdcache *cache = view->fds;
	struct sfs_fd_entry *e;

	pthread_mutex_lock(&cache->lock);
	e = find(cache, node, kind);
	if (e) {
		e->users++;
		if (kind == KIND_WRITE)
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
			else if (e->brief)
				doom(&list, remove_entry(cache, e));
		}
		pthread_mutex_unlock(&cache->lock);
		close_doomed(&list);
	}
	*fd = (struct sfs_fd)SFS_FD_NONE;
}

/*
 * Puts a descriptor in (replace: instead of the one that is there) and borrows
 * it to *ret unless that is NULL.
 */
static int put_in(struct sfs_view *view, struct sfs_node *node,
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
		e->pinned |= what->pinned;
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
		if (e->kind == KIND_WRITE && !e->pinned)
			wake = !cache->n_writers++;
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

	return put_in(view, node, &what, pin, NULL);
}

int sfs_fd_adopt_write(struct sfs_view *view, struct sfs_node *node, int fd,
		       bool pin)
{
	struct sfs_fd_entry what = { .kind = KIND_WRITE,
				     .fd = fd,
				     .pinned = pin };

	return put_in(view, node, &what, pin, NULL);
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
	drop(view, node, KIND_READ, KIND_WRITE);
}

void sfs_fd_drop(struct sfs_view *view, struct sfs_node *node)
{
	drop(view, node, KIND_READ, KIND_WRITE);
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
		if (e->kind == KIND_WRITE && !e->users && !e->pinned &&
		    e->used_ns + age_ns <= now)
			doom(&list, remove_entry(cache, e));
	}
	left = cache->n_writers;
	pthread_mutex_unlock(&cache->lock);
	close_doomed(&list);
	return left;
}

/* openat(2) that makes room once when descriptors have run out. */
static int open_retry(struct sfs_view *view, int dir, const char *name,
		      int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		make_room(view->fds);
		fd = openat(dir, name, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* What the mount point covers, if this is it: never enter our own mount. */
static bool is_covered(struct sfs_view *view, int parent_fd, const char *name)
{
	struct stat st;

	return view->covered_name && !strcmp(name, view->covered_name) &&
	       !fstat(parent_fd, &st) && st.st_dev == view->covered_dev &&
	       st.st_ino == view->covered_ino;
}

int sfs_fd_open_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name)
{
	if (tree == SFS_TREE_HOST && is_covered(view, parent_fd, name)) {
		int fd = fcntl(view->params.covered_fd, F_DUPFD_CLOEXEC, 0);

		return fd < 0 ? -errno : fd;
	}
	return open_retry(view, parent_fd, name, O_PATH | O_NOFOLLOW);
}

int sfs_fd_stat_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name, struct stat *ret)
{
	if (tree == SFS_TREE_HOST && is_covered(view, parent_fd, name))
		return fstat(view->params.covered_fd, ret) ? -errno : 0;
	return fstatat(parent_fd, name, ret, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* Is the opened one the node's object (in its own tree), or at least a folder
 * (a mirror, a lower folder, a folder of marks)? */
static int check_object(struct sfs_view *view, struct sfs_node *node,
			unsigned int tree, int fd)
{
	struct stat st;
	bool own, same;

	if (fstat(fd, &st))
		return -errno;
	unsigned int device = sfs_device_index(view, st.st_dev);

	pthread_mutex_lock(&view->table);
	own = node->tree == tree;
	same = node->ino == st.st_ino && node->device == device;
	pthread_mutex_unlock(&view->table);
	if (own)
		return same ? 0 : -ESTALE;
	return S_ISDIR(st.st_mode) ? 0 : -ENOENT;
}

/* One step down: the node's object by its parent's descriptor. */
static int open_step(struct sfs_view *view, struct sfs_node *node,
		     unsigned int tree, const struct sfs_fd *parent_fd,
		     const char *name, struct sfs_fd *ret)
{
	int fd = sfs_fd_open_child(view, tree, parent_fd->fd, name);
	int r;

	if (fd < 0)
		return fd;
	r = check_object(view, node, tree, fd);
	if (r) {
		close(fd);
		return r;
	}
	struct sfs_fd_entry what = { .kind = tree, .fd = fd };

	return put_in(view, node, &what, false, ret);
}

/* The nodes from one up to the first ancestor that has a descriptor. */
struct climb {
	struct sfs_node **nodes; /* counted but for [0] */
	char (*names)[256];	 /* of each in the next */
	size_t n, room;
};

static int climb_add(struct climb *climb)
{
	size_t room = climb->room ? climb->room * 2 : 8;
	void *nodes, *names;

	if (climb->n + 1 < climb->room)
		return 0;
	nodes = realloc(climb->nodes, room * sizeof(*climb->nodes));
	if (nodes)
		climb->nodes = nodes;
	names = realloc(climb->names, room * sizeof(*climb->names));
	if (names)
		climb->names = names;
	if (!nodes || !names)
		return -ENOMEM;
	climb->room = room;
	return 0;
}

static void climb_done(struct sfs_view *view, struct climb *climb)
{
	for (size_t i = 1; i <= climb->n && climb->nodes; i++)
		sfs_node_put(view, climb->nodes[i]);
	free(climb->nodes);
	free(climb->names);
}

static int climb_up(struct sfs_view *view, struct sfs_node *node,
		    unsigned int tree, struct climb *climb, struct sfs_fd *ret)
{
	int r = climb_add(climb);

	if (r)
		return r;
	climb->nodes[0] = node;
	while (!get_cached(view, climb->nodes[climb->n], tree, ret)) {
		struct sfs_node *parent;

		r = climb_add(climb);
		if (!r)
			r = sfs_node_name(view, climb->nodes[climb->n], &parent,
					  climb->names[climb->n]);
		if (r)
			return r;
		climb->nodes[++climb->n] = parent;
	}
	return 0;
}

static int path_by_names(struct sfs_view *view, struct sfs_node *node,
			 unsigned int tree, struct sfs_fd *ret)
{
	struct climb climb = { 0 };
	struct sfs_fd at = SFS_FD_NONE;
	int r = climb_up(view, node, tree, &climb, &at);

	for (size_t i = climb.n; !r && i > 0; i--) {
		struct sfs_fd next = SFS_FD_NONE;

		r = open_step(view, climb.nodes[i - 1], tree, &at,
			      climb.names[i - 1], &next);
		sfs_fd_put(&at);
		at = next;
	}
	climb_done(view, &climb);
	if (r)
		sfs_fd_put(&at);
	else
		*ret = at;
	return r;
}

int sfs_fd_path(struct sfs_view *view, struct sfs_node *node, unsigned int tree,
		struct sfs_fd *ret)
{
	/* Names change while we climb: a folder moved in the view, say. */
	enum {
		ATTEMPTS = 3
	};
	int r = -ESTALE;

	for (int i = 0; i < ATTEMPTS && (r == -ESTALE || r == -ENOENT); i++) {
		if (get_cached(view, node, tree, ret))
			return 0;
		r = path_by_names(view, node, tree, ret);
		if (r == -ENOENT && tree != node->tree)
			break;
	}
	return r;
}

int sfs_fd_object(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_fd *ret)
{
	return sfs_fd_path(view, node, node->tree, ret);
}

/* Opens the object again for reading or writing. */
static int reopen(struct sfs_view *view, struct sfs_node *node, int flags)
{
	SFS_FD object = SFS_FD_NONE;
	char proc[64];
	int r = sfs_fd_object(view, node, &object);

	if (r)
		return r;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", object.fd);
	return open_retry(view, AT_FDCWD, proc, flags);
}

int sfs_fd_read(struct sfs_view *view, struct sfs_node *node,
		struct sfs_fd *ret)
{
	struct sfs_fd_entry what = { .kind = KIND_READ };
	bool folder = sfs_node_is(node, SFS_NODE_DIR);

	if (get_cached(view, node, KIND_READ, ret))
		return 0;
	if (!folder && node->type != S_IFREG >> 12)
		return -EINVAL;
	what.fd = reopen(view, node, O_RDONLY | (folder ? O_DIRECTORY : 0));
	if (what.fd < 0 && get_cached(view, node, KIND_WRITE, ret)) {
		if ((fcntl(ret->fd, F_GETFL) & O_ACCMODE) == O_RDWR)
			return 0;
		sfs_fd_put(ret);
	}
	if (what.fd < 0)
		return what.fd;
	return put_in(view, node, &what, false, ret);
}

int sfs_fd_write(struct sfs_view *view, struct sfs_node *node,
		 struct sfs_fd *ret)
{
	struct sfs_fd_entry what = { .kind = KIND_WRITE };
	struct stat st;

	if (get_cached(view, node, KIND_WRITE, ret))
		return 0;
	if (node->type != S_IFREG >> 12)
		return -EINVAL;
	what.fd = reopen(view, node, O_RDWR);
	if (what.fd == -EACCES)
		what.fd = reopen(view, node, O_WRONLY);
	if (what.fd < 0)
		return what.fd;
	what.brief = !fstat(what.fd, &st) && st.st_mode & 0111;
	return put_in(view, node, &what, false, ret);
}
