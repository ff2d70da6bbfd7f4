/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_OBJECTS_H
#define SCRATCHFS_MOUNT_OBJECTS_H

/*
 * What is in the tree of a store, and what the view makes of it.
 *
 * A name in a store is looked up in the view as long as it lies in a core
 * folder; below a scratch folder everything is that rule's.  What the view does
 * not show as scratch is an orphan: its host folder is gone, or git has begun to
 * track a host file of the name.  Mirrors of core folders are no objects.
 */
#include "session.h"

#include "scratchfs/backing.h"

struct sfs_object {
	const struct sfs_backing_walk_entry
		*entry;	    /* SFS_WALK_OBJECT, _ENTER */
	int rule;	    /* of config->scratch; -1: an orphan */
	bool shows_through; /* the host's object of this name would, if it
			       were not for this one */
};

/* A negative result ends the walk and is returned. */
typedef int sfs_objects_visit(void *context, const struct sfs_object *object);

/* Called by a thread that may call the view.  -ENOMEM, errors of visit. */
int sfs_objects_walk(struct sfs_session *session, struct sfs_store *store,
		     sfs_objects_visit *visit, void *context);

/* Does the host have an object of this name that the view would show? */
bool sfs_objects_is_on_host(const struct sfs_session *session,
			    const struct sfs_object *object);

#endif
