/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_WATCH_H
#define SFS_VIEW_WATCH_H

/* Events from the host; see watch.c. */
#include "scratchfs/view.h"

/* -ENOMEM.  Without fanotify there are no events, which is no failure. */
int sfs_watch_new(struct sfs_view *view);
void sfs_watch_free(struct sfs_view *view);

/* The thread that reads events.  In the process that serves the view: own
 * events are told by its pid. */
int sfs_watch_start(struct sfs_view *view);
void sfs_watch_stop(struct sfs_view *view);

/* Marks the folder's host object.  To be called before it is looked at. False:
 * nothing will tell of changes in it. */
bool sfs_watch_folder(struct sfs_view *view, struct sfs_node *node);

/* The folder's host object may be another one now: if so, it is marked at the
 * next look. */
void sfs_watch_renew(struct sfs_view *view, struct sfs_node *node);

/* The node is about to be freed. */
void sfs_watch_forget(struct sfs_view *view, struct sfs_node *node);

/* Is this a type of statfs(2) where changes made elsewhere raise no event? */
bool sfs_watch_is_remote(long type);

/* How many events have come; to be asked before an object is looked at. */
uint64_t sfs_watch_events(struct sfs_view *view);

#endif
