/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_PATH_SET_H
#define SCRATCHFS_PATH_SET_H

/*
 * A large set of paths that also knows the folders above them: a hash table
 * of 12-byte slots over one block of text.  A folder costs a slot and no text
 * (it is the beginning of a path in it).  The hash has a random key, because
 * the paths come from strangers.
 *
 * No locking: built by one thread, then only read.
 */
#include <stdbool.h>
#include <stddef.h>

enum {
	SFS_PATH_FILE = 1,   /* was added as a file */
	SFS_PATH_ABOVE = 2,  /* folder with a path in it */
	SFS_PATH_PLAIN = 4,  /* ... whose name does not begin with a dot */
	SFS_PATH_SPARSE = 8, /* everything below it belongs to the set */
};

struct sfs_path_set;

/* fold: ASCII letters are the same in both cases.  Returns 0, -ENOMEM. */
int sfs_path_set_new(bool fold, struct sfs_path_set **ret);
void sfs_path_set_free(struct sfs_path_set *set);

/*
 * Adds `path` (no slash at its ends) with these SFS_PATH_* bits, and marks the
 * folders above it ABOVE, and PLAIN unless it is a FILE whose name begins with
 * a dot.  Bits of a path that is already there are added up.
 * Returns 0, -ENOMEM, -ENAMETOOLONG, -EFBIG (more than 4 GiB of text).
 */
int sfs_path_set_add(struct sfs_path_set *set, const char *path, size_t length,
		     unsigned int bits);

/* The bits of `path`; below a SPARSE folder at least SFS_PATH_SPARSE; or 0. */
unsigned int sfs_path_set_find(const struct sfs_path_set *set, const char *path,
			       size_t length);

/* Calls fn for each FILE of `set` that is no FILE of `other`. */
typedef int sfs_path_set_fn(void *ctx, const char *path, size_t length);
int sfs_path_set_minus(const struct sfs_path_set *set,
		       const struct sfs_path_set *other, sfs_path_set_fn *fn,
		       void *ctx);

#endif
