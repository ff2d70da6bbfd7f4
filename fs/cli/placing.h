/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_PLACING_H
#define SCRATCHFS_CLI_PLACING_H

/*
 * Where a path lives: asked of the view that shows it, or, without one, of a
 * view that nobody mounts, made from the same rules, git's index and the host.
 */
#include "scratchfs/config.h"

struct sfs_placing {
	char *place; /* "host", "lower", "scratch" */
	bool readonly;
	char *real_path; /* these may be NULL */
	char *pattern, *from, *volume;
};
void sfs_placing_done(struct sfs_placing *placing);

/* Asks the view mounted on `mountpoint` about a path in it.  errno of
 * getxattr(2). */
int sfs_placing_ask(const char *mountpoint, const char *path,
		    struct sfs_placing *ret);

struct sfs_unmounted;
struct sfs_view;

/*
 * A view of `source` that is not mounted.  config: parsed, not loaded; borrowed
 * until sfs_unmounted_free().  What fails has been said; -EINVAL: the
 * configuration is wrong.
 */
int sfs_unmounted_new(struct sfs_config *config, const char *source,
		      struct sfs_unmounted **ret);
void sfs_unmounted_free(struct sfs_unmounted *unmounted);
/* Both borrowed. */
struct sfs_view *sfs_unmounted_view(struct sfs_unmounted *unmounted);
int sfs_unmounted_source_fd(const struct sfs_unmounted *unmounted);
int sfs_unmounted_place(struct sfs_unmounted *unmounted, const char *path,
			struct sfs_placing *ret);

#endif
