/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_TRACKED_H
#define SCRATCHFS_TRACKED_H

/*
 * What git tracks in a source: the paths in the indexes of the repository in
 * the source, of the one that contains it, of their submodules, and of nested
 * repositories and worktrees (as the view meets them).
 *
 * Indexes are read, never written, and git is never run.  Paths below the
 * source are reached from the held descriptor of its root, without following
 * symlinks and without leaving its file system; a git folder outside the
 * source is used only where git's own back-link (the `gitdir` file of a
 * worktree, core.worktree of a submodule) or its being the `.git` folder of
 * one of the source's own parents confirms it.
 *
 * An index that cannot be read is never guessed at: the last good one stays;
 * if there never was one, sfs_tracked_unreadable() turns true and the caller
 * treats what exists on the host as core.  Below the folders of a sparse
 * index, whose files are not listed, every path counts as tracked.
 *
 * All paths are relative to the source, without a leading or trailing slash;
 * "" is the source itself.
 *
 * Thread safe.  Locks, in the order taken: the reload mutex (files are read
 * under it), then a read-write lock over the exchanged sets (no system call
 * and no callback under it).
 */
#include <stdbool.h>
#include <stdint.h>

#define SFS_TRACKED_REPOSITORIES_MAX 1000
#define SFS_TRACKED_STALE_NS	     (200 * 1000 * 1000ULL)

enum sfs_tracked_kind {
	SFS_TRACKED_NO,
	SFS_TRACKED_FILE,   /* in an index */
	SFS_TRACKED_DOTS,   /* folder; all tracked names in it begin with '.' */
	SFS_TRACKED_FOLDER, /* folder with another tracked file; a submodule */
};

struct sfs_tracked;

/*
 * Finds the repositories of a source and reads their indexes.  source_fd: an
 * O_PATH descriptor of its root, borrowed until sfs_tracked_free().
 * source_path: its canonical absolute path, copied.  To be called before the
 * view is mounted: only then symlinks in paths outside the source are
 * followed.  Troubles with an index are told by sfs_msg() and are no failure.
 * Returns 0, -ENOMEM.  *ret is freed with sfs_tracked_free().
 */
int sfs_tracked_new(int source_fd, const char *source_path,
		    struct sfs_tracked **ret);
void sfs_tracked_free(struct sfs_tracked *tracked);

/*
 * Where the view is (about to be) mounted, canonical.  git in the view writes
 * absolute paths that begin with it (worktrees); they stand for the source's
 * own and are resolved from source_fd.  Returns 0, -ENOMEM.
 */
int sfs_tracked_set_mountpoint(struct sfs_tracked *tracked, const char *path);

/* What git says of `path`.  No system call: a few hash look-ups. */
enum sfs_tracked_kind sfs_tracked_query(struct sfs_tracked *tracked,
					const char *path);

/* Is the source a repository, in one, or is one followed below it? */
bool sfs_tracked_has_repository(struct sfs_tracked *tracked);

/* Does an index exist of which no good reading is known? */
bool sfs_tracked_unreadable(struct sfs_tracked *tracked);

/*
 * Is `path` a file that decides about the set: `index`, `sharedindex.*`,
 * `config` or `config.worktree` in the git folder of a followed repository?
 * No system call.
 */
bool sfs_tracked_is_index(struct sfs_tracked *tracked, const char *path);

/* One file came into (now_tracked) or left the set; no lock is held. */
typedef void sfs_tracked_changed_fn(void *ctx, const char *path,
				    bool now_tracked);

/*
 * Reads again what has changed (by device, inode, size, mtime, ctime; the
 * trailing checksum while it is younger than two seconds), follows new
 * submodules, drops repositories that are gone, exchanges the sets, and then
 * calls `changed` (may be NULL) for every file that came or went.
 * Returns 0, -ENOMEM (the last good sets stay).
 */
int sfs_tracked_refresh(struct sfs_tracked *tracked,
			sfs_tracked_changed_fn *changed, void *ctx);

/*
 * The same if the last look is older than interval_ns (CLOCK_MONOTONIC) and
 * nobody is looking right now; otherwise returns 0 at once, without a lock.
 */
int sfs_tracked_refresh_if_stale(struct sfs_tracked *tracked,
				 uint64_t interval_ns,
				 sfs_tracked_changed_fn *changed, void *ctx);

/*
 * Before `fd` (readable, a regular file) becomes the index at index_path:
 * calls `added` with now_tracked = true for every file that it would bring
 * into the set.  The set stays as it is.  Returns 0; -ENOENT: index_path is
 * not the `index` of a followed repository; or why fd cannot be read, which
 * is no reason to refuse git its rename: see sfs_git_index_read().
 */
int sfs_tracked_preview(struct sfs_tracked *tracked, const char *index_path,
			int fd, sfs_tracked_changed_fn *added, void *ctx);

/*
 * Follows the repository whose `.git` (folder, file or symlink) stands in the
 * folder `path` on the host; does nothing if it is followed already.
 * Files that so become tracked are told to `changed` (may be NULL).
 * Returns 0; -ENOENT: no `.git` there; -EMFILE: SFS_TRACKED_REPOSITORIES_MAX
 * are followed; -ENOMEM; or why the repository was refused (told by
 * sfs_msg()).
 */
int sfs_tracked_add_repository(struct sfs_tracked *tracked, const char *path,
			       sfs_tracked_changed_fn *changed, void *ctx);

#endif
