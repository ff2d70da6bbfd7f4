/* SPDX-License-Identifier: MIT */
#include "settle.h"
#include "internal.h"
#include "watch.h"

#include <time.h>

/*
 * Strict until settled.  A host object that changed within the last two
 * seconds may change again within one tick of its timestamps, or before the
 * event of the change arrives: it is not believed beyond the answer.  One that
 * is quiet, in a folder whose events arrive, is believed for long.  What the
 * view itself changed last is as good as quiet: its ctime is remembered.  An
 * object with several links may be changed through a name in a folder that is
 * not watched, so it never settles.
 */
enum {
	QUIET_S = 2,
	MISSING_SETS = 4096,
	MISSING_WAYS = 8,
	MOST_LATE = 64,
	KNOWN_S = 30,	 /* half of what "long" means to the kernel */
	ANSWER_US = 5000 /* by then an answer has been given */
};
#define KNOWN_NS 200000000u /* by then, however busy the machine is */

struct sfs_settle {
	/* Names asked for once.  Any of a set's places will do, so that names
	 * asked for in turn do not drive each other out. */
	atomic_uint_fast64_t missing[MISSING_SETS][MISSING_WAYS];
	atomic_uint next_way;

	atomic_flag dropping; /* some request waits until pages are dropped */
	pthread_mutex_t lock; /* a leaf */
	struct sfs_node *late[MOST_LATE];
	unsigned int n_late;
};

int sfs_settle_new(struct sfs_view *view)
{
	view->settle = calloc(1, sizeof(*view->settle));
	if (!view->settle)
		return -ENOMEM;
	pthread_mutex_init(&view->settle->lock, NULL);
	return 0;
}

void sfs_settle_free(struct sfs_view *view)
{
	if (view->settle)
		pthread_mutex_destroy(&view->settle->lock);
	free(view->settle);
}

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static bool is_quiet(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return st->st_ctim.tv_sec + QUIET_S < now.tv_sec;
}

static bool has_volumes(struct sfs_view *view)
{
	for (unsigned int s = 0; s < view->params.n_stores; s++)
		if (sfs_view_store(view, s)->volume)
			return true;
	return false;
}

static bool is_settled(const struct sfs_node *node, const struct stat *st)
{
	return atomic_load(&node->own_ctime) == ns_of(&st->st_ctim) ||
	       is_quiet(st);
}

/* Of what has been looked at in this folder, since `events`. */
static enum sfs_trust trust_in(struct sfs_view *view, struct sfs_node *folder,
			       uint64_t events)
{
	if (!atomic_load(&folder->watch))
		return SFS_TRUST_SHORT;
	return events == sfs_watch_events(view) ? SFS_TRUST_LONG
						: SFS_TRUST_NONE;
}

/* In a store that only this view uses. */
static bool is_ours(const struct sfs_node *node)
{
	return sfs_node_is(node, SFS_NODE_PRIVATE) &&
	       node->tree != SFS_TREE_HOST &&
	       !sfs_node_is(node, SFS_NODE_LOWER);
}

void sfs_settle_prepare(struct sfs_view *view, struct sfs_node *folder)
{
	bool on_host = !sfs_node_is(folder, SFS_NODE_SCRATCH) ||
		       folder->tree == SFS_TREE_HOST ||
		       sfs_node_is(folder, SFS_NODE_LOWER);

	if (on_host && !view->params.strict)
		(void)sfs_watch_folder(view, folder);
}

/* Does anything but this view change it?  The host, or another view. */
static bool is_common(const struct sfs_node *node)
{
	return node->tree == SFS_TREE_HOST ||
	       !sfs_node_is(node, SFS_NODE_PRIVATE);
}

/* Another view of a volume may hide or copy up what shows through, and make and
 * remove names in every core folder; nothing tells of that. */
static bool may_settle(struct sfs_view *view, const struct sfs_node *node)
{
	if (view->params.strict || node->tree != SFS_TREE_HOST)
		return false;
	if (sfs_node_is(node, SFS_NODE_SCRATCH))
		return sfs_node_is(node, SFS_NODE_PRIVATE);
	return !sfs_node_is(node, SFS_NODE_DIR) || !has_volumes(view);
}

static bool has_links(const struct stat *st)
{
	return !S_ISDIR(st->st_mode) && st->st_nlink > 1;
}

/* Only the host can change what a folder of ours shows, through its own. */
static bool is_merged(const struct sfs_node *node)
{
	return sfs_node_is(node, SFS_NODE_PRIVATE) &&
	       sfs_node_is(node, SFS_NODE_LOWER) && node->tree != SFS_TREE_HOST;
}

static enum sfs_trust trust_merged(struct sfs_view *view, struct sfs_node *node,
				   uint64_t events)
{
	SFS_FD host = SFS_FD_NONE;
	struct stat st;

	if (view->params.strict ||
	    sfs_fd_path(view, node, SFS_TREE_HOST, &host) ||
	    fstat(host.fd, &st) || !is_quiet(&st))
		return SFS_TRUST_NONE;
	return trust_in(view, node, events);
}

enum sfs_trust sfs_settle_attr(struct sfs_view *view, struct sfs_node *node,
			       const struct stat *st, uint64_t events)
{
	enum sfs_trust trust = SFS_TRUST_NONE;

	if (is_ours(node))
		return SFS_TRUST_FOREVER;
	if (is_merged(node))
		return trust_merged(view, node, events);
	if (!may_settle(view, node) || !is_settled(node, st) || has_links(st))
		return SFS_TRUST_NONE;
	if (S_ISDIR(st->st_mode))
		return trust_in(view, node, events);
	pthread_mutex_lock(&view->table);
	if (node->parent)
		trust = trust_in(view, node->parent, events);
	pthread_mutex_unlock(&view->table);
	return trust;
}

enum sfs_trust sfs_settle_entry(struct sfs_view *view, struct sfs_node *parent,
				struct sfs_node *node, const struct stat *st,
				uint64_t events)
{
	if (sfs_node_is(node, SFS_NODE_PRIVATE) && node->tree != SFS_TREE_HOST)
		return SFS_TRUST_FOREVER; /* whatever the host has */
	if (!may_settle(view, node) || !is_settled(node, st))
		return SFS_TRUST_NONE;
	return trust_in(view, parent, events);
}

/* True from the second time on. */
static bool was_missed(struct sfs_view *view, const struct sfs_node *parent,
		       const char *name)
{
	struct sfs_settle *settle = view->settle;
	uint64_t h = (uintptr_t)parent ^ view->hash_key[0];

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	h ^= h >> 29;
	atomic_uint_fast64_t *set = settle->missing[h % MISSING_SETS];

	for (int i = 0; i < MISSING_WAYS; i++) {
		uint64_t free_place = 0;

		if (atomic_load(&set[i]) == h)
			return true;
		if (atomic_compare_exchange_strong(&set[i], &free_place, h))
			return false;
	}
	atomic_store(
		&set[atomic_fetch_add(&settle->next_way, 1) % MISSING_WAYS], h);
	return false;
}

enum sfs_trust sfs_settle_missing(struct sfs_view *view,
				  struct sfs_node *parent, const char *name,
				  uint64_t events)
{
	SFS_FD host = SFS_FD_NONE;
	struct stat st;

	if (is_ours(parent))
		return SFS_TRUST_FOREVER;
	if (view->params.strict || !was_missed(view, parent, name) ||
	    sfs_fd_path(view, parent, SFS_TREE_HOST, &host) ||
	    fstat(host.fd, &st) || !is_settled(parent, &st))
		return SFS_TRUST_NONE;
	if (has_volumes(view))
		return SFS_TRUST_NONE; /* another view's may get it */
	return trust_in(view, parent, events);
}

void sfs_settle_own(struct sfs_view *view, struct sfs_node *node, int fd)
{
	struct stat st;

	(void)view;
	if (is_common(node) && !fstat(fd, &st))
		atomic_store(&node->own_ctime, ns_of(&st.st_ctim));
}

void sfs_settle_made(struct sfs_node *node, const struct stat *st)
{
	if (is_common(node))
		atomic_store(&node->own_ctime, ns_of(&st->st_ctim));
}

void sfs_settle_own_folder(struct sfs_view *view, struct sfs_node *folder,
			   int fd)
{
	struct stat st;

	(void)view;
	sfs_settle_outdate(folder);
	if (is_common(folder) && !fstat(fd, &st) && st.st_ino == folder->ino)
		atomic_store(&folder->own_ctime, ns_of(&st.st_ctim));
}

/* Size and mtime in one number: all that the kernel compares. */
static uint64_t content_of(const struct stat *st)
{
	return ns_of(&st->st_mtim) * 0x9e3779b97f4a7c15u ^
	       (uint64_t)st->st_size;
}

static uint64_t access_of(const struct stat *st)
{
	return ((uint64_t)st->st_mode << 32 ^ st->st_uid) *
		       0x9e3779b97f4a7c15u ^
	       st->st_gid;
}

/* False: there is no room. */
static bool drop_later(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_settle *settle = view->settle;
	bool room;

	pthread_mutex_lock(&settle->lock);
	room = settle->n_late < MOST_LATE;
	if (room)
		settle->late[settle->n_late++] = sfs_node_get(view, node);
	pthread_mutex_unlock(&settle->lock);
	if (room)
		sfs_view_wake(view);
	return room;
}

void sfs_settle_drop_late(struct sfs_view *view)
{
	struct sfs_settle *settle = view->settle;
	struct sfs_node *nodes[MOST_LATE];
	unsigned int n;

	pthread_mutex_lock(&settle->lock);
	n = settle->n_late;
	pthread_mutex_unlock(&settle->lock);
	if (!n)
		return;
	usleep(ANSWER_US);
	pthread_mutex_lock(&settle->lock);
	memcpy(nodes, settle->late, n * sizeof(*nodes));
	settle->n_late -= n;
	memmove(settle->late, settle->late + n,
		settle->n_late * sizeof(*nodes));
	pthread_mutex_unlock(&settle->lock);
	for (unsigned int i = 0; i < n; i++) {
		view->notify.inval_inode(view->notify.ctx, nodes[i], true);
		sfs_node_put(view, nodes[i]);
	}
}

static uint32_t coarse_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint32_t)t.tv_sec + 1; /* never 0 */
}

void sfs_settle_tell(struct sfs_node *node, enum sfs_trust entry,
		     enum sfs_trust attr)
{
	bool both = entry >= SFS_TRUST_LONG && attr >= SFS_TRUST_LONG;

	atomic_store_explicit(&node->known_s, both ? coarse_s() : 0,
			      memory_order_relaxed);
}

/* Bytes that are read or written outdate a time at least. */
void sfs_settle_outdate(struct sfs_node *node)
{
	if (atomic_load_explicit(&node->known_s, memory_order_relaxed))
		atomic_store_explicit(&node->known_s, 0, memory_order_relaxed);
}

bool sfs_settle_is_known(const struct sfs_node *node)
{
	uint32_t since =
		atomic_load_explicit(&node->known_s, memory_order_relaxed);

	return since && coarse_s() - since < KNOWN_S;
}

/* Has the kernel known these for a while, beyond doubt?  A look-up's answer it
 * never ignores; but the root it knows before it has asked. */
static bool knows_access(struct sfs_view *view, struct sfs_node *node,
			 uint64_t access)
{
	uint64_t now, was = atomic_exchange(&node->told_access, access);
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	now = ns_of(&t);
	if (was != access && (was || node == view->root)) {
		atomic_store(&node->told_since_ns, now);
		return false;
	}
	return atomic_load(&node->told_since_ns) + KNOWN_NS < now;
}

/*
 * To drop pages makes the kernel ignore the answers that are under way, as older
 * than that: it goes on with the mode and the owner that it knows.  Where those
 * are new the answer has to come first.
 *
 * It also waits for pages that are being read.  Another thread has to be free
 * to answer that, so one request at a time may wait here; and none that holds a
 * lock which that thread may want.  False: not done, for want of room.
 */
static bool drop_pages(struct sfs_view *view, struct sfs_node *node, bool known,
		       bool locked)
{
	bool first = known && !locked &&
		     !atomic_flag_test_and_set(&view->settle->dropping);
	bool later = !first && drop_later(view, node);

	if (first || (!later && !locked))
		view->notify.inval_inode(view->notify.ctx, node, true);
	if (first)
		atomic_flag_clear(&view->settle->dropping);
	return first || later || !locked;
}

void sfs_settle_told(struct sfs_view *view, struct sfs_node *node,
		     const struct stat *st, bool locked)
{
	uint64_t content = content_of(st), ctime = ns_of(&st->st_ctim);
	uint64_t access = access_of(st), was_content, was_ctime;
	bool drop, known;

	was_content = atomic_exchange(&node->told_content, content);
	was_ctime = atomic_exchange(&node->told_ctime, ctime);
	known = knows_access(view, node, access);
	if (!was_ctime || !is_common(node) || !view->notify.inval_inode)
		return;
	drop = was_ctime != ctime && was_content == content &&
	       atomic_load(&node->own_ctime) != ctime;
	if (S_ISDIR(st->st_mode) && !is_settled(node, st))
		drop = true; /* listings change within one tick of mtime */
	known = known && !(view->notify.is_alone &&
			   view->notify.is_alone(view->notify.ctx));
	if (drop && !drop_pages(view, node, known, locked))
		atomic_store(&node->told_ctime, was_ctime); /* the next time */
}
