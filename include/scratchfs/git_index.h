/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_GIT_INDEX_H
#define SCRATCHFS_GIT_INDEX_H

/*
 * Reader of git's index format (gitformat-index(5)), versions 2, 3 and 4,
 * for SHA-1 and SHA-256 repositories, split and sparse.
 *
 * The bytes are untrusted: everything is bounded by their number, every path
 * is checked (relative, no empty, `.`, `..` or `.git` component), and the
 * trailing checksum is verified unless it is all zero (index.skipHash).  An
 * unknown version or an unknown extension that must be understood is refused.
 * Nothing here makes a system call.
 */
#include <stddef.h>
#include <stdint.h>

#define SFS_GIT_INDEX_BYTES_MAX (1UL << 30)
#define SFS_GIT_PATH_MAX	4095
#define SFS_GIT_HASH_MAX	32
/* "sharedindex." + hexadecimal name + NUL */
#define SFS_GIT_SHARED_NAME_MAX (12 + 2 * SFS_GIT_HASH_MAX + 1)

enum {
	SFS_GIT_MODE_TYPE = 0170000,
	SFS_GIT_MODE_SPARSE = 0040000, /* a folder whose files are not listed */
	SFS_GIT_MODE_GITLINK = 0160000, /* a submodule */
};

struct sfs_git_index {
	const unsigned char *bytes;
	size_t size;
	size_t hash_bytes; /* 20 or 32 */
};

/*
 * One path; unmerged stages come as several calls with the same path.
 * `path` is NUL-terminated and valid during the call; a sparse folder's has
 * no trailing slash.  A return value other than 0 ends the reading.
 */
typedef int sfs_git_index_fn(void *ctx, const char *path, size_t length,
			     uint32_t mode);

/*
 * The name of the shared index that this one builds on, "" if none.
 * Returns 0 or as sfs_git_index_read().
 */
int sfs_git_index_shared(const struct sfs_git_index *index,
			 char ret_name[SFS_GIT_SHARED_NAME_MAX],
			 const char **ret_why);

/*
 * Calls fn for every path in the index, or, with a shared index, in the two
 * together.  shared: NULL if sfs_git_index_shared() says "".  *ret_why is
 * set on failure to half a sentence that says what is wrong (constant).
 * Returns 0, -EBADMSG (damaged), -ENOTSUP (not understood), -EFBIG, -ENOMEM,
 * or what fn returned.  fn may have been called before a failure.
 */
int sfs_git_index_read(const struct sfs_git_index *index,
		       const struct sfs_git_index *shared, sfs_git_index_fn *fn,
		       void *ctx, const char **ret_why);

#endif
