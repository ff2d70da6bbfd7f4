/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_PATHS_H
#define SFS_VIEW_PATHS_H

/* A list of owned paths. */
#include <stdbool.h>
#include <stddef.h>

struct sfs_paths {
	char **paths;
	size_t n, room;
};

/* Takes a copy of the first `length` bytes.  -ENOMEM. */
int sfs_paths_add(struct sfs_paths *paths, const char *path, size_t length);
/* Sorted, each once. */
void sfs_paths_sort(struct sfs_paths *paths);
/* Is the path one of them, or below one?  Of a sorted list. */
bool sfs_paths_cover(const struct sfs_paths *paths, const char *path);
void sfs_paths_done(struct sfs_paths *paths);

#endif
