/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_FDCACHE_INTERNAL_H
#define SFS_VIEW_FDCACHE_INTERNAL_H

/* Between the cache (fdcache.c) and what fills it (fdopen.c). */
#include "internal.h"

enum {
	SFS_FD_READ = 0xfffe,
	SFS_FD_WRITE = 0xffff
};

struct sfs_fd_entry {
	struct sfs_fd_entry *next;	    /* in its hash chain */
	struct sfs_fd_entry *older, *newer; /* in the LRU */
	struct sfs_node *node;
	unsigned int kind; /* a tree, SFS_FD_READ or SFS_FD_WRITE */
	int fd;
	unsigned int users;
	bool pinned;
	bool dead;  /* out of the table: closed by its last user */
	bool brief; /* a writer of a file that may be executed */
	uint64_t used_ns;
};

/* Borrows what the cache has. */
bool sfs_fdcache_get(struct sfs_view *view, struct sfs_node *node,
		     unsigned int kind, struct sfs_fd *ret);

/*
 * Puts a descriptor in (replace: instead of the one that is there) and borrows
 * it to *ret unless that is NULL.  Closes it on failure: -ENOMEM.
 */
int sfs_fdcache_put(struct sfs_view *view, struct sfs_node *node,
		    const struct sfs_fd_entry *what, bool replace,
		    struct sfs_fd *ret);

/*
 * The nodes of at most `room` pinned readers and writers that were not used for
 * `age_ns`: of all if there are more than `most` of them, else of those that keep
 * a file from being executed.  Counted.  *ret_wanted: there are such pins.
 */
unsigned int sfs_fdcache_old_pins(struct sfs_view *view, unsigned int most,
				  uint64_t age_ns, struct sfs_node **ret,
				  unsigned int room, bool *ret_wanted);

/* Halves the cache when the process has no descriptor left. */
void sfs_fdcache_make_room(struct sfs_fdcache *cache);

#endif
