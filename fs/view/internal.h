/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_INTERNAL_H
#define SFS_VIEW_INTERNAL_H

/* What the files of the view share among themselves. */
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/fdcache.h"
#include "scratchfs/quota.h"
#include "scratchfs/view.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

enum {
	SFS_NODE_LOCKS = 256,
	SFS_SHOWN_CHAINS = 1024,
	SFS_NAMED_CHAINS = 16384,
	SFS_DEVICES = 4096
};

struct sfs_fdcache;
struct sfs_listings;
struct sfs_telling;

struct sfs_view {
	struct sfs_view_params params; /* source_path, covered_path: copies */
	char *covered_name;	       /* last component of covered_path */
	dev_t covered_dev;	       /* of the folder that it lies in */
	ino_t covered_ino;

	pthread_rwlock_t moves;
	atomic_uint renaming, renames; /* under way; ever begun */
	/* Moves on when nodes come to have their objects elsewhere, or folders
	 * beside them; odd: they are changing. */
	atomic_uint places;
	pthread_rwlock_t node_locks[SFS_NODE_LOCKS];

	pthread_mutex_t table; /* guards what follows and nodes */
	struct sfs_node **chains;
	struct sfs_node *displaced; /* alive, but another has their key */
	size_t n_chains, n_nodes;
	struct sfs_node *shown[SFS_SHOWN_CHAINS]; /* node_table.h */
	struct sfs_node *named[SFS_NAMED_CHAINS];
	/* How often a node has got another object, or lost its name; and how
	 * often that was when it was the one, or the other, last. */
	uint64_t rekeys, last_rekey, last_loss;
	/* How many have another object's name already and not yet its key. */
	unsigned int rekeying;
	pthread_cond_t rekeyed; /* signalled with `table` held */
	size_t n_freed;		/* since memory was given back */
	size_t n_freed_seen;	/* of them, when that was looked at last */
	struct sfs_node *root;

	pthread_rwlock_t devices_lock;
	dev_t devices[SFS_DEVICES];
	unsigned int n_devices;

	struct sfs_fdcache *fds;
	struct sfs_watch *watch;   /* events from the host */
	struct sfs_settle *settle; /* what may be believed */
	struct sfs_follow *follow; /* what git tracks; NULL: nothing */
	struct sfs_listings *listings;
	atomic_uint owing, awaiting; /* charge.c */
	struct sfs_notify notify;
	uint64_t hash_key[2];

	pthread_t reaper;
	pthread_mutex_t reaper_lock;
	pthread_cond_t reaper_wake;
	struct sfs_telling *tellings; /* under reaper_lock */
	bool reaper_runs, reaper_stop, reaper_asked;
};

static inline struct sfs_store *sfs_view_store(struct sfs_view *view,
					       unsigned int store)
{
	return view->params.stores[store];
}

/*
 * view->moves for writing.  Who looks without any lock and does not find what
 * there should be looks again with it for reading, if sfs_places_changed().
 */
static inline void sfs_moves_lock(struct sfs_view *view)
{
	pthread_rwlock_wrlock(&view->moves);
	atomic_fetch_add(&view->places, 1);
}
static inline void sfs_moves_unlock(struct sfs_view *view)
{
	atomic_fetch_add(&view->places, 1);
	pthread_rwlock_unlock(&view->moves);
}
/* Some node has come to have another folder, by what took no lock. */
static inline void sfs_places_change(struct sfs_view *view)
{
	atomic_fetch_add(&view->places, 2);
}
static inline bool sfs_places_changed(struct sfs_view *view, unsigned int since)
{
	return since % 2 || atomic_load(&view->places) != since;
}

/* --- node.c --- */

/* Frees nothing on failure. -ENOMEM. */
int sfs_node_table_init(struct sfs_view *view);

/* What a name in a folder stands for; made by sfs_where_find(). */
struct sfs_where {
	bool exists;
	bool scratch;	/* its place, also of a name that does not exist */
	bool hidden;	/* a mark hides the host's object of this name */
	uint16_t flags; /* of the node: place, LOWER, IN_GIT, ... */
	int16_t rule;
	uint16_t store;
	uint16_t tree;	 /* exists: where its object is */
	struct stat st;	 /* exists: of its object */
	uint64_t rekeys; /* view->rekeys before the look */
	uint64_t events; /* sfs_watch_events() before the look */
	bool own;	 /* made by the view just now */
	bool locked;	 /* the caller does sfs_settle_told(), without locks */
	uint64_t birth_ns; /* tree is the host's: see sfs_fd_stat_host() */
};

/*
 * Where `name` of folder `parent` lives.  as_dir: 1 or 0 when the caller is
 * about to make a folder or something else, -1 when it only looks; it decides
 * the place of a name that does not exist yet where a pattern asks for
 * folders.  Returns 0 also when the name does not exist.
 */
int sfs_where_find(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, int as_dir, struct sfs_where *ret);

/*
 * The place of a name that is about to be made (as_dir: as a folder) by a call
 * that fails if it is there: whether it is may be left to that call to find out.
 */
int sfs_where_new(struct sfs_view *view, struct sfs_node *parent,
		  const char *name, bool as_dir, struct sfs_where *ret);

/* For the entry of a listing: decides only whether the name `name` found in
 * `tree` with DT_* type is what the view shows, without opening. */
bool sfs_where_shows(struct sfs_view *view, struct sfs_node *parent,
		     unsigned int tree, const char *name, unsigned int type);

/*
 * The node for what was found, made if need be; a reference, or (lookup) one
 * more nlookup.  -ENOMEM; -EAGAIN: some node got another object meanwhile, or
 * this one lost its name, and what was found may be old: look again.
 */
int sfs_node_make(struct sfs_view *view, struct sfs_node *parent,
		  const char *name, const struct sfs_where *where, bool lookup,
		  struct sfs_node **ret);

/* The node that stands for this object now, a new reference; NULL: the kernel
 * knows none. */
struct sfs_node *sfs_node_find(struct sfs_view *view, bool scratch,
			       const struct stat *st);

/* Another reference, unless the node is just being freed. */
bool sfs_node_get_live(struct sfs_view *view, struct sfs_node *node);

/* Calls fn for every node, with a reference and without a lock. */
void sfs_node_each(struct sfs_view *view,
		   void (*fn)(void *ctx, struct sfs_node *node), void *ctx);

/*
 * Between the two a name may stand for an object whose node has yet to get its
 * key: nobody makes another node for it, but waits.  In between nothing may be
 * done that needs a node made.
 */
void sfs_rekey_begin(struct sfs_view *view);
void sfs_rekey_end(struct sfs_view *view);

/* The object of a node is another one now (copied up, crossed the border):
 * new key, same number shown. Call with the node's lock held for writing. */
void sfs_node_rekey(struct sfs_view *view, struct sfs_node *node, bool scratch,
		    unsigned int tree, const struct stat *st);

/*
 * The node stands for what was found under its own name: its key, tree, flags
 * and states become those.  The number shown stays.  Call with the node's lock
 * held for writing.  -ENOMEM: nothing has changed.
 */
int sfs_node_place(struct sfs_view *view, struct sfs_node *node,
		   struct sfs_node *parent, const char *name,
		   const struct sfs_where *where);

/* The node has another name, or (parent NULL) none. */
void sfs_node_rename(struct sfs_view *view, struct sfs_node *node,
		     struct sfs_node *parent, char *owned_name);
/* If that is the name that the node has, it has none from now on. */
void sfs_node_lose_name(struct sfs_view *view, struct sfs_node *node,
			struct sfs_node *parent, const char *name);

/* parent and name are still this node's. */
bool sfs_node_has_name(struct sfs_view *view, struct sfs_node *node,
		       struct sfs_node *parent, const char *name);

/* --- fdcache.c --- */

/* -ENOMEM */
int sfs_fdcache_new(struct sfs_fdcache **ret);
void sfs_fdcache_free(struct sfs_fdcache *cache);

/* O_PATH of, or the attributes of, a name in a folder of a tree: never through
 * a symlink, never into our own mount.  errno of openat(2), fstatat(2). */
int sfs_fd_open_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name);
/* The same on the host, with when the object was made, in ns (0: not known):
 * the host gives inode numbers out again. */
int sfs_fd_stat_host(struct sfs_view *view, int parent_fd, const char *name,
		     struct stat *ret, uint64_t *ret_birth_ns);
int sfs_fd_stat_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name, struct stat *ret);

/* --- namei.c --- */

bool sfs_name_is_reserved(const char *name); /* a half-made thing of ours */
/* The name stands for this object in `tree`. */
void sfs_where_set(struct sfs_where *where, unsigned int tree,
		   const struct stat *st);
/* view->rekeys */
uint64_t sfs_rekeys_now(struct sfs_view *view);
/* Does a mark in the store hide the host's object of this scratch name? */
int sfs_where_is_hidden(struct sfs_view *view, struct sfs_node *parent,
			unsigned int store, const char *name, bool *ret);
/* Fills an entry from what was found: node (one more nlookup) and st.  Errors
 * of sfs_node_make(). */
int sfs_entry_fill(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, const struct sfs_where *where,
		   struct sfs_entry *ret);
/* What was just made in folder `parent`, in `tree`, as where->scratch etc. say;
 * the object's attributes are read here. */
int sfs_entry_made(struct sfs_view *view, struct sfs_node *parent,
		   const char *name, struct sfs_where *where, unsigned int tree,
		   struct sfs_entry *ret);

/* --- copy_up.c --- */

/*
 * Makes sure that the object of a scratch node is in its store; of a core one
 * does nothing.  Parents are made too.  new_size >= 0: only so many bytes are
 * needed (O_TRUNC).  Takes the node's lock itself: call without.  Call with
 * view->moves held for reading.
 */
int sfs_copy_up(struct sfs_view *view, struct sfs_node *node, off_t new_size);

/*
 * The folder of `parent` in `tree` (tree/ or hidden/ of a store), made if
 * missing: mirrors for core folders, copies for shown-through ones.
 */
int sfs_mirror_get(struct sfs_view *view, struct sfs_node *parent,
		   unsigned int tree, struct sfs_fd *ret);

/* Readies the mirror of `parent` (of a scratch folder: does nothing) for making
 * something in it that takes its group and ACL from the folder. */
int sfs_mirror_inherit(struct sfs_view *view, struct sfs_node *parent,
		       int mirror);

/* Marks the host's object of this scratch name as hidden, or takes the mark
 * away again.  Idempotent. */
int sfs_hide(struct sfs_view *view, struct sfs_node *parent, unsigned int store,
	     const char *name);
int sfs_unhide(struct sfs_view *view, struct sfs_node *parent,
	       unsigned int store, const char *name);

/* --- catch_up.c --- */

/* The node's object is now what stands under `name` in folder `dir` of its
 * store.  With the node's lock held for writing.  -ESTALE: another type. */
int sfs_adopt_copy(struct sfs_view *view, struct sfs_node *node, int dir,
		   const char *name);
/* The same if there is something; of what shows through in a volume only. */
void sfs_catch_up(struct sfs_view *view, struct sfs_node *node);

/* --- remove.c --- */

/* The node keeps a descriptor of its object, which is about to lose a name. */
int sfs_pin(struct sfs_view *view, struct sfs_node *node);
/* Deletes what the host still has in a core folder that looks empty, if all of
 * it was deleted in the view; else -ENOTEMPTY and nothing is changed. */
int sfs_remove_leftovers(struct sfs_view *view, struct sfs_node *node);
/* What the stores have for core folder `name`, which is gone. */
void sfs_remove_mirrors(struct sfs_view *view, struct sfs_node *parent,
			const char *name);

/* --- attr.c --- */

/* A folder's times and link count, with what its other objects (mirrors, marks,
 * what shows through) add to its own. */
void sfs_folder_show(struct sfs_view *view, struct sfs_node *node,
		     struct stat *st);

/* --- listing.c --- */

/* The snapshots that listings go on from.  -ENOMEM. */
int sfs_listings_new(struct sfs_listings **ret);
void sfs_listings_free(struct sfs_listings *listings);

/* Is the folder empty as the view shows it?  0 yes, -ENOTEMPTY, or an error. */
int sfs_list_is_empty(struct sfs_view *view, struct sfs_node *node);

/* --- explain.c --- */

/* Where the object in `tree` of this path is or would be, for a person;
 * allocated. */
int sfs_real_path(struct sfs_view *view, unsigned int tree, const char *path,
		  char **ret);

/* --- view.c --- */

/* Something waits for the view's thread. */
void sfs_view_wake(struct sfs_view *view);

/* --- caller.c --- */

/* New objects belong to the caller, with its umask, until _leave. */
void sfs_caller_enter(struct sfs_view *view, const struct sfs_caller *caller);
void sfs_caller_leave(struct sfs_view *view, const struct sfs_caller *caller);
/* Is it a member of the group? */
bool sfs_caller_is_in(const struct sfs_caller *caller, gid_t gid);

#endif
