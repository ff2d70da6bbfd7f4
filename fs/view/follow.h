/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_FOLLOW_H
#define SFS_VIEW_FOLLOW_H

/*
 * What git tracks is core, also when it changes while mounted; see follow.c.
 * Everything here does nothing in a view without params.tracked.
 *
 * Locks: follow->changing (one change of the set is carried out at a time)
 * comes before all others of the view; none is held while the kernel is told.
 */
#include "paths.h"
#include "telling.h"

int sfs_follow_new(struct sfs_view *view); /* -ENOMEM */
void sfs_follow_free(struct sfs_view *view);

/* The thread that looks for changes made on the host, and that tells the
 * kernel.  errno of pthread_create(3), negative. */
int sfs_follow_start(struct sfs_view *view);
void sfs_follow_stop(struct sfs_view *view);

/*
 * Around a rename in the view.  _begin: if it is about to exchange an index,
 * files that become tracked move to the host.  _end: reads the index again;
 * what the kernel knows of names whose place changed is taken back, as far as
 * that can be done in a short time.  Called without any lock.
 */
struct sfs_follow_rename {
	bool index;		/* follow->changing is held until _end */
	struct sfs_paths ruled; /* what changes, as far as rules match it */
	struct sfs_telling telling;
};
void sfs_follow_rename_begin(struct sfs_view *view, struct sfs_node *parent,
			     const char *name, struct sfs_node *new_parent,
			     const char *new_name,
			     struct sfs_follow_rename *ret);
void sfs_follow_rename_end(struct sfs_view *view,
			   struct sfs_follow_rename *rename);

/* Before a file is copied up: has it become tracked just now?  Called without
 * any lock. */
void sfs_follow_check(struct sfs_view *view, const struct sfs_node *node);

/* Before names in a core folder are judged: is it a repository of its own? */
void sfs_follow_meet(struct sfs_view *view, struct sfs_node *folder);

/* A `.git` has come into a folder: it is looked at soon. */
void sfs_follow_note(struct sfs_view *view, struct sfs_node *folder);

/* Something happened to `name` in a folder on the host. */
void sfs_follow_event(struct sfs_view *view, struct sfs_node *folder,
		      const char *name);

#endif
