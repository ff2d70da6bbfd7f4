/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_GIT_PATH_H
#define SFS_RULES_GIT_PATH_H

/*
 * The paths that git writes into its own files: absolute ones name the source
 * as it was called when git ran, on the host or in the view.
 */
#include "scratchfs/git_repo.h"

/*
 * `text` as an absolute path, taken from the folder `base` (absolute) if it is
 * relative: without `.`, `..` and double slashes, with the mount point
 * replaced by the source's own path, and, as long as the view is not mounted,
 * with its symlinks resolved.  Returns 0, -ENAMETOOLONG.
 */
int sfs_git_path_canonical(const struct sfs_git_source *source,
			   const char *base, const char *text,
			   char ret[PATH_MAX]);

/*
 * What follows `folder` in `path`: "" if they are the same, NULL if path is
 * not below it.  Both absolute and canonical.
 */
const char *sfs_git_path_below(const char *folder, const char *path);

/* Opens the folder at a canonical path. */
int sfs_git_folder_init(const struct sfs_git_source *source, const char *path,
			struct sfs_git_folder *ret);
void sfs_git_folder_done(struct sfs_git_folder *folder);

/*
 * openat2(2) that stays below dirfd, follows no symlink and crosses no mount.
 * `path`: "" means dirfd itself.  Returns a descriptor or -errno.
 */
int sfs_git_open_below(int dirfd, const char *path, int flags);

#endif
