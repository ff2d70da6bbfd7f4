/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_GIT_REPO_H
#define SCRATCHFS_GIT_REPO_H

/*
 * Finds a repository and says how the paths in its index relate to a source.
 * It is only ever read.  What lies below the source is reached from its held
 * root, one openat2(2) that neither follows symlinks nor crosses mounts; what
 * lies outside is held by a descriptor.
 *
 * A name in the source may be a stranger's.  A git folder outside the source
 * is therefore used only if it names this work tree itself: by the `gitdir`
 * file of a linked worktree, or by core.worktree.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "scratchfs/git_config.h"

struct sfs_git_source {
	int fd;		  /* O_PATH, its root */
	char *path;	  /* canonical */
	char *mountpoint; /* NULL until the view is mounted */
};

/* A folder: below the source, or outside it. */
struct sfs_git_folder {
	char *path; /* inside: relative to the source; outside: absolute */
	bool inside;
	int fd; /* outside: O_PATH; else -1 */
};

struct sfs_git_repo {
	struct sfs_git_folder git;    /* index, config.worktree */
	struct sfs_git_folder common; /* config */
	struct sfs_git_config config;
	char *prefix; /* to put before a path of the index: "" or "a/b/" */
	char *strip;  /* to take off first; other paths do not concern us */
};

/*
 * The repository of the `.git` in the folder `root` of the source.
 * *ret_why is half a sentence for -EPERM, -EBADMSG and -ENOTSUP, else NULL.
 * Returns 0; -ENOENT: no repository there, or one without a work tree, or
 * with one elsewhere; -EPERM: not confirmed; -EBADMSG, -ENOTSUP: it cannot
 * be understood; -ENOMEM; or what open(2) says.
 * *ret is freed with sfs_git_repo_free().
 */
int sfs_git_repo_open(const struct sfs_git_source *source, const char *root,
		      struct sfs_git_repo **ret, const char **ret_why);

/*
 * The repository that the source lies in: that of the nearest `.git` in the
 * folders above it on its file system.  Returns as above.
 */
int sfs_git_repo_open_above(const struct sfs_git_source *source,
			    struct sfs_git_repo **ret, const char **ret_why);

void sfs_git_repo_free(struct sfs_git_repo *repo);

/* Is `path`, relative to the source, its index (and not outside)? */
bool sfs_git_repo_has_index(const struct sfs_git_repo *repo, const char *path);

/* ... or another of the files that are read: shared index, configs? */
bool sfs_git_repo_has_file(const struct sfs_git_repo *repo, const char *path);

/*
 * A regular file in one of the two folders, to read.  Returns a descriptor or
 * -errno: -ELOOP: a symlink, -EXDEV: a mount lies between, -EINVAL: not a
 * regular file.
 */
int sfs_git_folder_open(const struct sfs_git_source *source,
			const struct sfs_git_folder *folder, const char *name);

/* An O_PATH descriptor of the folder itself, or -errno. */
int sfs_git_folder_descriptor(const struct sfs_git_source *source,
			      const struct sfs_git_folder *folder);

/*
 * All bytes of a regular file, with a NUL after them that does not count.
 * Returns 0, -EFBIG (more than `max`), -ENOMEM, or what read(2) says.
 */
int sfs_git_file_read(int fd, size_t max, char **ret_bytes, size_t *ret_size);

#endif
