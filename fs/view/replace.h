/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_REPLACE_H
#define SFS_VIEW_REPLACE_H

/* Names get another place because git tracks something, or no longer does; see
 * replace.c. */
#include "paths.h"
#include "telling.h"

/*
 * The length of the part of a tracked path at which rules begin to matter: its
 * place, or that of the folders from there on, depends on git.  0: none does.
 */
size_t sfs_replace_concerns(struct sfs_view *view, const char *path);

/*
 * `path` is about to become tracked: if it is a scratch file it moves to the
 * host, unless the host has something there.  Folders above it are made there
 * as needed.  What the kernel has to be told is added to the telling: its
 * ctime is another one, and git compares that.  With view->moves locked for
 * writing.
 */
void sfs_replace_admit(struct sfs_view *view, const char *path,
		       struct sfs_telling *telling);

/*
 * Looks at the place of every known node at or below the paths of a sorted
 * list again, after the set of tracked paths has changed: who has a file open
 * goes on with it in its new place.  What the kernel has to be told is added
 * to the telling.  Takes view->moves.
 */
void sfs_replace_below(struct sfs_view *view, const struct sfs_paths *paths,
		       struct sfs_telling *telling);

/* The same for view->moves locked for writing, and without what has no node. */
void sfs_replace_nodes(struct sfs_view *view, const struct sfs_paths *paths,
		       struct sfs_telling *telling);

/* A path is not tracked any more: the folders above it that thereby become
 * scratch, and so far mirror the host's, get the host's modes and owners. */
void sfs_replace_unveil(struct sfs_view *view, const char *path);

#endif
