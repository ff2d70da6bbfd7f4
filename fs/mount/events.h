/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_EVENTS_H
#define SCRATCHFS_MOUNT_EVENTS_H

/*
 * inotify in the view for what others change on the host.
 *
 * The kernel raises such events for changes that go through it, and has no call
 * to raise one.  So a process of ours, the performer, makes each change again in
 * the view, and its requests are answered without anything being done: it asks
 * for a file to be made and is given the node of the one that is there.  (Of the
 * kernel's notifications only FUSE_NOTIFY_DELETE raises an event, and only for
 * those who watch the thing itself.)
 *
 * The view's thread of host events puts changes into a queue, which is bounded:
 * what does not fit is dropped.  A thread of its own takes them out, looks whether
 * anybody watches (watchers.h), and if so has them performed one after the other.
 * The performer is started for the first change that somebody may want to see.
 * Until it has ended it is not waited for: its process number is nobody else's.
 *
 * It has no descriptor in the view but while it makes a change, and acts only
 * where the view answers with a number that both know: never on what the mount
 * point covers, never in another view.
 */
#include "ops.h"

struct sfs_events;

struct sfs_events_place {
	const char *path; /* of the view's root; borrowed */
	bool of_watcher;  /* where the watcher sees it: of its root folder */
	dev_t device;	  /* of the mount */
	bool foreign_watchers; /* whose descriptors we cannot look at */
};

/* With its thread; in the process that serves.  -ENOMEM, -EAGAIN. */
int sfs_events_new(struct sfs_mount *mount,
		   const struct sfs_events_place *place,
		   struct sfs_events **ret);
/* After the view's threads have ended.  NULL: no-op. */
void sfs_events_free(struct sfs_events *events);

/* struct sfs_notify's changed. */
void sfs_events_note(struct sfs_events *events, struct sfs_node *folder,
		     const char *name, unsigned int change, mode_t mode);

/*
 * Is this a request of the performer?  These answer it and return true; else
 * nothing has happened.
 */
bool sfs_events_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
bool sfs_events_make(fuse_req_t req, fuse_ino_t parent, const char *name);
bool sfs_events_rename(fuse_req_t req);
bool sfs_events_remove(fuse_req_t req);
bool sfs_events_setattr(fuse_req_t req, fuse_ino_t ino);
bool sfs_events_open(fuse_req_t req, struct fuse_file_info *fi);
bool sfs_events_getxattr(fuse_req_t req, const char *name, size_t size);

#endif
