/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include "scratchfs/siphash.h"
#include "settle.h"
#include "snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

/*
 * A listing begins with a snapshot of the folder (snapshot.h) and goes on from
 * that as long as it is young: a folder of 100,000 names is not sorted again
 * for each piece.  It may then be up to MAX_AGE_NS old, which is what
 * readdir(3) allows: a name that came or went since the folder was opened may
 * be there or not.  Without its snapshot a listing goes on from a fresh one.
 */
enum {
	SLOTS = 16
};
#define MAX_AGE_NS UINT64_C(5000000000)
#define MOST_BYTES ((size_t)32 << 20) /* of all snapshots but the newest */

struct slot {
	const struct sfs_node *node;
	uint64_t ino; /* a node's address may come back as another's */
	uint64_t made_ns;
	struct sfs_snapshot *snapshot; /* NULL: free */
};

struct sfs_listings {
	pthread_mutex_t lock; /* a leaf */
	struct slot slots[SLOTS];
};

int sfs_listings_new(struct sfs_listings **ret)
{
	struct sfs_listings *listings = calloc(1, sizeof(*listings));

	if (!listings)
		return -ENOMEM;
	pthread_mutex_init(&listings->lock, NULL);
	*ret = listings;
	return 0;
}

void sfs_listings_free(struct sfs_listings *listings)
{
	if (!listings)
		return;
	for (int i = 0; i < SLOTS; i++)
		sfs_snapshot_put(listings->slots[i].snapshot);
	pthread_mutex_destroy(&listings->lock);
	free(listings);
}

static void cleanup_snapshot(struct sfs_snapshot **snapshot)
{
	sfs_snapshot_put(*snapshot);
}
#define SFS_SNAPSHOT \
	__attribute__((cleanup(cleanup_snapshot))) struct sfs_snapshot

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct slot *find_slot(struct sfs_listings *listings,
			      const struct sfs_node *node)
{
	for (struct slot *s = listings->slots; s < listings->slots + SLOTS; s++)
		if (s->snapshot && s->node == node && s->ino == node->shown_ino)
			return s;
	return NULL;
}

/* A reference to the young snapshot of a folder, or NULL. */
static struct sfs_snapshot *recall(struct sfs_listings *listings,
				   const struct sfs_node *node)
{
	struct sfs_snapshot *found = NULL;
	uint64_t now = now_ns();
	struct slot *slot;

	pthread_mutex_lock(&listings->lock);
	slot = find_slot(listings, node);
	if (slot && now - slot->made_ns < MAX_AGE_NS)
		found = sfs_snapshot_get(slot->snapshot);
	pthread_mutex_unlock(&listings->lock);
	return found;
}

/* The slot to be used next: the folder's own, a free one, the oldest. */
static struct slot *choose_slot(struct sfs_listings *listings,
				const struct sfs_node *node)
{
	struct slot *best = find_slot(listings, node);

	if (best)
		return best;
	best = listings->slots;
	for (struct slot *s = best; s < listings->slots + SLOTS; s++) {
		if (!s->snapshot)
			return s;
		if (s->made_ns < best->made_ns)
			best = s;
	}
	return best;
}

/* Takes the oldest ones but `keep` out until the others fit; how many. */
static size_t take_surplus(struct sfs_listings *listings,
			   const struct slot *keep,
			   struct sfs_snapshot *taken[SLOTS])
{
	size_t n = 0;

	for (;;) {
		struct slot *oldest = NULL;
		size_t bytes = 0;

		for (struct slot *s = listings->slots;
		     s < listings->slots + SLOTS; s++) {
			if (s == keep || !s->snapshot)
				continue;
			bytes += sfs_snapshot_bytes(s->snapshot);
			if (!oldest || s->made_ns < oldest->made_ns)
				oldest = s;
		}
		if (bytes <= MOST_BYTES)
			return n;
		taken[n++] = oldest->snapshot;
		oldest->snapshot = NULL;
	}
}

static void remember(struct sfs_listings *listings, const struct sfs_node *node,
		     struct sfs_snapshot *snapshot)
{
	struct sfs_snapshot *taken[SLOTS + 1];
	struct slot *slot;
	size_t n;

	pthread_mutex_lock(&listings->lock);
	slot = choose_slot(listings, node);
	taken[0] = slot->snapshot;
	*slot = (struct slot){ node, node->shown_ino, now_ns(),
			       sfs_snapshot_get(snapshot) };
	n = 1 + take_surplus(listings, slot, taken + 1);
	pthread_mutex_unlock(&listings->lock);
	while (n)
		sfs_snapshot_put(taken[--n]);
}

/* Its listing has come to the end. */
static void forget(struct sfs_listings *listings, const struct sfs_node *node,
		   const struct sfs_snapshot *snapshot)
{
	struct sfs_snapshot *taken = NULL;
	struct slot *slot;

	pthread_mutex_lock(&listings->lock);
	slot = find_slot(listings, node);
	if (slot && slot->snapshot == snapshot) {
		taken = slot->snapshot;
		slot->snapshot = NULL;
	}
	pthread_mutex_unlock(&listings->lock);
	sfs_snapshot_put(taken);
}

/* May the folder have names of its own in `tree`? */
static bool is_listed(const struct sfs_node *node, unsigned int tree)
{
	if (!sfs_node_is(node, SFS_NODE_SCRATCH))
		return true;
	if (tree == SFS_TREE_HOST)
		return sfs_node_is(node, SFS_NODE_LOWER);
	return sfs_store_of_tree(tree) == node->store;
}

/* A folder of ours that its owner may not read: for a moment it may. */
static int open_unreadable(int path)
{
	char proc[SFS_BACKING_PROC_MAX];
	struct stat st;
	int fd;

	sfs_backing_proc_path(path, proc);
	if (fstat(path, &st) || chmod(proc, (st.st_mode & 07777) | S_IRUSR))
		return -EACCES;
	fd = sfs_backing_reopen(path, O_RDONLY | O_DIRECTORY);
	(void)chmod(proc, st.st_mode & 07777);
	return fd;
}

/* The folder in `tree`, open for reading.  The kernel has looked at the caller's
 * rights, which may have been others when the folder was opened. */
static int open_tree(struct sfs_view *view, struct sfs_node *node,
		     unsigned int tree, DIR **ret)
{
	SFS_FD path = SFS_FD_NONE;
	SFS_CLOSE int fd = -1;
	int err = sfs_fd_path(view, node, tree, &path);

	if (err)
		return err;
	/* Not openat("."): listing a folder takes no right to search it. */
	fd = sfs_backing_reopen(path.fd, O_RDONLY | O_DIRECTORY);
	if (fd == -EACCES && tree != SFS_TREE_HOST)
		fd = open_unreadable(path.fd);
	if (fd < 0)
		return fd;
	*ret = fdopendir(fd);
	if (!*ret)
		return -errno;
	sfs_steal_fd(&fd);
	return 0;
}

static unsigned int type_of(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

/* Calls visit for each name that the view shows; not 0 ends it. */
typedef int visit_fn(void *ctx, const struct sfs_dirent *entry, dev_t dev);

static int visit_open(struct sfs_view *view, struct sfs_node *node,
		      unsigned int tree, DIR *dir, visit_fn *visit, void *ctx)
{
	const struct dirent *entry;
	struct stat st;
	int err = 0;

	if (fstat(dirfd(dir), &st))
		return -errno;
	while (!err && (errno = 0, entry = readdir(dir))) {
		struct sfs_dirent found = { .name = entry->d_name,
					    .ino = entry->d_ino,
					    .type = type_of(dir, entry) };

		if (!strcmp(found.name, ".") || !strcmp(found.name, ".."))
			continue;
		if (sfs_where_shows(view, node, tree, found.name, found.type))
			err = visit(ctx, &found, st.st_dev);
	}
	return err ? err : -errno;
}

static int not_empty(void *ctx, const struct sfs_dirent *entry, dev_t dev)
{
	(void)ctx;
	(void)entry;
	(void)dev;
	return -ENOTEMPTY;
}

/*
 * The stores come first: of two objects of one name theirs is the one, and a
 * file that becomes core moves from there to the host, so that it is met in
 * one of the two.
 */
static int visit_names(struct sfs_view *view, struct sfs_node *node,
		       visit_fn *visit, void *ctx)
{
	int result = -ENOENT;

	for (unsigned int i = view->params.n_stores + 1; i-- > 0;) {
		unsigned int tree =
			i ? sfs_tree_of_store(i - 1) : SFS_TREE_HOST;
		SFS_CLOSEDIR DIR *dir = NULL;
		int err;

		if (!is_listed(node, tree))
			continue;
		err = open_tree(view, node, tree, &dir);
		if ((err == -ENOENT || err == -ENOTDIR) && tree != node->tree)
			continue;
		if (err == -EACCES && visit == not_empty &&
		    !sfs_node_is(node, SFS_NODE_SCRATCH))
			err = result = 0; /* rmdir(2) itself will say */
		if (!dir && !err)
			continue;
		result = err ? err
			     : visit_open(view, node, tree, dir, visit, ctx);
		if (result)
			break;
	}
	return result;
}

int sfs_list_is_empty(struct sfs_view *view, struct sfs_node *node)
{
	return visit_names(view, node, not_empty, NULL);
}

struct filling {
	struct sfs_view *view;
	struct sfs_node *folder;
	struct sfs_snapshot *snapshot;
};

/* The number that the view shows: the one it is known by, if it is known. */
static uint64_t shown_ino(const struct filling *filling,
			  const struct sfs_dirent *entry, dev_t dev,
			  bool *ret_known)
{
	struct sfs_view *view = filling->view;
	struct stat st = { .st_dev = dev, .st_ino = entry->ino };
	uint64_t ino = sfs_device_ino(sfs_device_index(view, dev), st.st_ino);
	struct sfs_node *node = sfs_node_find(view, true, &st);

	if (!node)
		node = sfs_node_find(view, false, &st);
	*ret_known =
		node && sfs_settle_is_known(node) &&
		sfs_node_has_name(view, node, filling->folder, entry->name);
	if (!node)
		return ino;
	ino = node->shown_ino;
	sfs_node_put(view, node);
	return ino;
}

static int fill(void *ctx, const struct sfs_dirent *entry, dev_t dev)
{
	const struct filling *filling = ctx;
	uint64_t hash = sfs_siphash(filling->view->hash_key, entry->name,
				    strlen(entry->name));
	bool known;
	uint64_t ino = shown_ino(filling, entry, dev, &known);

	return sfs_snapshot_add(filling->snapshot, entry->name, hash, ino,
				entry->type, known);
}

static int fill_snapshot(struct sfs_view *view, struct sfs_node *node,
			 struct sfs_snapshot **ret)
{
	struct filling filling = { .view = view, .folder = node };

	filling.snapshot = *ret = sfs_snapshot_new();
	return *ret ? visit_names(view, node, fill, &filling) : -ENOMEM;
}

static int take_snapshot(struct sfs_view *view, struct sfs_node *node,
			 struct sfs_snapshot **ret)
{
	unsigned int places = atomic_load(&view->places);
	SFS_SNAPSHOT *fresh = NULL;
	int err = fill_snapshot(view, node, &fresh);

	if (sfs_places_changed(view, places)) {
		sfs_snapshot_put(fresh);
		fresh = NULL;
		pthread_rwlock_rdlock(&view->moves);
		err = fill_snapshot(view, node, &fresh);
		pthread_rwlock_unlock(&view->moves);
	}
	if (err)
		return err;
	sfs_snapshot_sort(fresh);
	remember(view->listings, node, fresh);
	*ret = sfs_steal_ptr(&fresh);
	return 0;
}

/* "." and "..", as far as they lie behind the cookie; false: no room. */
static bool emit_dots(struct sfs_view *view, struct sfs_node *node,
		      uint64_t cookie, sfs_emit_fn *emit, void *ctx)
{
	struct sfs_dirent dot = { ".", node->shown_ino, DT_DIR, SFS_COOKIE_DOT,
				  NULL };
	struct sfs_dirent dotdot = { "..", node->shown_ino, DT_DIR,
				     SFS_COOKIE_DOTDOT, NULL };
	struct sfs_node *parent;
	char name[256];

	if (cookie < SFS_COOKIE_DOT && !emit(ctx, &dot))
		return false;
	if (cookie >= SFS_COOKIE_DOTDOT)
		return true;
	if (!sfs_node_name(view, node, &parent, name)) {
		dotdot.ino = parent->shown_ino;
		sfs_node_put(view, parent);
	}
	return emit(ctx, &dotdot);
}

/* 1: taken; 0: no room; or -errno. */
static int emit_one(struct sfs_view *view, struct sfs_node *node,
		    const struct sfs_dirent *found, bool plus,
		    sfs_emit_fn *emit, void *ctx)
{
	struct sfs_dirent entry = *found;
	struct sfs_entry child = { .node = NULL };
	int err;

	if (!plus)
		return emit(ctx, &entry);
	err = sfs_view_lookup(view, node, entry.name, &child);
	if (!err && !child.node)
		return 1; /* it has gone meanwhile */
	if (err == -ENOMEM)
		return err;
	if (!err) {
		entry.child = &child;
		entry.ino = child.st.st_ino;
		entry.type = IFTODT(child.st.st_mode);
	}
	return emit(ctx, &entry);
}

static int emit_names(struct sfs_view *view, struct sfs_node *node,
		      const struct sfs_snapshot *snapshot, size_t first,
		      bool plus, sfs_emit_fn *emit, void *ctx)
{
	for (size_t i = first; i < snapshot->n; i++) {
		const struct sfs_snapshot_entry *e = &snapshot->entries[i];
		const struct sfs_dirent found = {
			.name = sfs_snapshot_name(snapshot, i),
			.ino = e->ino,
			.type = e->type,
			.cookie = e->cookie,
		};
		int r = emit_one(view, node, &found, plus && !e->known, emit,
				 ctx);

		if (r <= 0)
			return r;
	}
	return 0;
}

int sfs_view_list(struct sfs_view *view, struct sfs_node *node, uint64_t cookie,
		  bool plus, sfs_emit_fn *emit, void *ctx)
{
	SFS_SNAPSHOT *snapshot = cookie ? recall(view->listings, node) : NULL;
	int err = snapshot ? 0 : take_snapshot(view, node, &snapshot);
	size_t first;

	if (err)
		return err;
	if (!emit_dots(view, node, cookie, emit, ctx))
		return 0;
	first = sfs_snapshot_after(snapshot, cookie);
	if (cookie && first == snapshot->n)
		forget(view->listings, node, snapshot);
	return emit_names(view, node, snapshot, first, plus, emit, ctx);
}
