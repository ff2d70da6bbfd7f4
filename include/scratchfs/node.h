/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_NODE_H
#define SCRATCHFS_NODE_H

/*
 * Nodes: what the kernel knows of the view.
 *
 * A node is keyed by (place, device, inode): a core name and a scratch name of
 * one host inode are two nodes.  It remembers its parent and its name there
 * (the last one looked up), never a path and never a descriptor: descriptors
 * live in the cache of fdcache.h.  From its parent's chain of names follow its
 * objects, one in each *tree*:
 *
 *	tree 0			the source
 *	tree 1 + 2s, 2 + 2s	tree/ and hidden/ of store s
 *
 * A core file or folder has its object in tree 0; a core folder may have a
 * mirror folder in a store.  A scratch file has its object in its store or,
 * while it is only shown through, in tree 0.  A scratch folder has one in its
 * store, or in tree 0, or both (merged: SFS_NODE_LOWER).  node->tree says which
 * one gives attributes and bytes.
 *
 * Two counts keep a node alive: nlookup (what the kernel was told) and refs
 * (our threads, and children for their parent).
 *
 * Locks, in the order they are taken:
 *	view->moves	read: whoever makes or removes names or copies up;
 *			write: whoever renames a folder
 *	sfs_node_lock()	per node (striped): read while bytes of its object are
 *			used, write while its object is exchanged
 *	view->table	the node table, every node's parent, name, counts, key;
 *			no system call and no allocation under it
 *	fd cache	a leaf
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct sfs_view;
struct sfs_watch_entry;

#define SFS_TREE_HOST 0u
static inline unsigned int sfs_tree_of_store(unsigned int store)
{
	return 1 + 2 * store;
}
static inline unsigned int sfs_hidden_of_store(unsigned int store)
{
	return 2 + 2 * store;
}
static inline unsigned int sfs_store_of_tree(unsigned int tree)
{
	return (tree - 1) / 2;
}

enum sfs_node_flags {
	SFS_NODE_SCRATCH = 1 << 0, /* place; never changes but by crossing */
	SFS_NODE_DIR = 1 << 1,
	SFS_NODE_LOWER = 1 << 2,    /* scratch folder: the host's shows through;
				       scratch file: the same as tree == 0 */
	SFS_NODE_IN_GIT = 1 << 3,   /* at or below a .git: no rules apply */
	SFS_NODE_DIVERTS = 1 << 4,  /* core folder; untracked names are scratch
				       by node->rule */
	SFS_NODE_READONLY = 1 << 5, /* core, and a read-only rule matches */
	SFS_NODE_UNLINKED = 1 << 6, /* no name left that we know of */
	SFS_NODE_HASHED = 1 << 7,   /* found by its key */
	SFS_NODE_PRIVATE = 1 << 8,  /* only this view can change it: its store
				       is used by this mount alone */
	SFS_NODE_KEEPS = 1 << 9, /* core folder; what node->rule's store has is
				    shown, but new names are core */
	SFS_NODE_OWES = 1 << 10, /* what it was charged is given back when it
				    goes */
};

struct sfs_node {
	struct sfs_node *next;	     /* in its hash chain */
	struct sfs_node *next_shown; /* in that of its shown_ino, if that is
					not its object's */
	/* Among those whose parent and name have the same hash; NULL: it has
	 * none. */
	struct sfs_node *next_named, **named_at;
	struct sfs_node *parent; /* counted; NULL for the root */
	char *name;		 /* in parent; owned */
	uint64_t ino;		 /* of its object, on device dev */
	uint64_t shown_ino;	 /* st_ino in the view, kept for its life */
	uint64_t birth_ns;	 /* of its object on the host; 0: not known */
	uint64_t nlookup;
	uint32_t refs;
	uint16_t device; /* index, see sfs_device_index() */
	uint16_t type;	 /* S_IFMT bits >> 12 */
	/*
	 * What the last look-up found.  Written under the table's lock, read
	 * without: each is right on its own, and whoever needs two that belong
	 * together, or one that stays, holds the node's lock.
	 */
	_Atomic uint32_t state;		 /* folder: of the scratch rules */
	_Atomic uint32_t readonly_state; /* folder: of the read-only rules */
	_Atomic uint16_t tree;
	_Atomic uint16_t flags; /* enum sfs_node_flags */
	_Atomic int16_t rule;	/* scratch or diverting: the rule; else -1 */
	_Atomic uint16_t store; /* scratch: its store; diverting: its rule's */
	uint32_t fds;		/* how many the descriptor cache has of it */
	_Atomic uint32_t known_s; /* when it was sfs_settle_tell()ed, or 0 */
	_Atomic(struct sfs_watch_entry *) watch; /* folder: its mark */
	atomic_bool met;		/* a repository was looked for in it */
	_Atomic uint32_t absent;	/* what it has no folder in; fdopen.c */
	_Atomic uint64_t own_ctime;	/* the last one that we made, or 0 */
	_Atomic uint64_t told_ctime;	/* the last one that was told, or 0 */
	_Atomic uint64_t told_access;	/* mode and owner told, as a hash */
	_Atomic uint64_t told_since_ns; /* told_access is as it is */
	_Atomic uint64_t told_content;	/* size and mtime told, as a hash */
};

static inline bool sfs_node_is(const struct sfs_node *node, unsigned int flag)
{
	return (atomic_load_explicit(&node->flags, memory_order_relaxed) &
		flag) != 0;
}

/* The root; borrowed, lives as long as the view. */
struct sfs_node *sfs_node_root(struct sfs_view *view);

/* Another reference, and its return: frees the node with the last count. */
struct sfs_node *sfs_node_get(struct sfs_view *view, struct sfs_node *node);
void sfs_node_put(struct sfs_view *view, struct sfs_node *node);

/* The kernel forgets n look-ups. */
void sfs_node_forget(struct sfs_view *view, struct sfs_node *node, uint64_t n);

/*
 * Parent (a new reference) and name of a node, as they are together at one
 * moment.  -ENOENT for the root and for a node without a name.
 */
int sfs_node_name(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_node **ret_parent, char ret_name[256]);

/* The node that has this name in the folder, or got it last: a new reference, or
 * NULL. */
struct sfs_node *sfs_node_named(struct sfs_view *view,
				const struct sfs_node *folder,
				const char *name);
/* The kernel is told of it once more: nlookup is one more. */
void sfs_node_tell(struct sfs_view *view, struct sfs_node *node);
/*
 * The host has deleted the folder that this node stands for, and the kernel takes
 * it for dead: should its inode number be given out again, that is another node.
 */
void sfs_node_retire(struct sfs_view *view, struct sfs_node *node);

/*
 * The path relative to the source, "" for the root, allocated.  name may be
 * NULL, or a child to append.  -ENOMEM; -ENOENT when an ancestor has no name.
 */
int sfs_node_path(struct sfs_view *view, struct sfs_node *node,
		  const char *name, char **ret_path);

/* The lock of a node's object; see the top. */
pthread_rwlock_t *sfs_node_lock(struct sfs_view *view,
				const struct sfs_node *node);

/*
 * What is in `st` as the view shows it: the node's own inode number, and
 * whatever else differs from the object's own attributes.
 */
void sfs_node_show(const struct sfs_node *node, struct stat *st);

/*
 * The number of a device (the source's own file system is 0), given out on
 * first sight.  Inode numbers of device 0 pass through; those of others get
 * the number above bit 48, so that they cannot collide.
 */
unsigned int sfs_device_index(struct sfs_view *view, dev_t device);
uint64_t sfs_device_ino(unsigned int device, ino_t ino);

#endif
