/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_PATH_H
#define SCRATCHFS_PATH_H

/*
 * Paths as people give them.  All results are malloced.
 */

/*
 * realpath(3), but the last component may be a mount whose daemon is dead.
 * errno of realpath(3).
 */
int sfs_path_canonical(const char *path, char **ret);

/*
 * The absolute path of an object itself: a symlink in the last component is not
 * followed, and from the first name on that does not exist there may be
 * anything, kept as it is but for "." and double slashes ("..": -ENOENT).  A
 * slash at the end is kept.
 */
int sfs_path_absolute(const char *path, char **ret);

/*
 * What is left of `path` below `folder` (both absolute and canonical), without
 * a leading slash, "" for the folder itself; points into path.  NULL: it does
 * not lie there.
 */
const char *sfs_path_below(const char *folder, const char *path);

#endif
