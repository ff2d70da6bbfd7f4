/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_SETTLE_H
#define SFS_VIEW_SETTLE_H

/* What may be believed for how long; see settle.c.  st is always of the
 * object itself, before sfs_node_show(); `events` is sfs_watch_events() from
 * before it was read. */
#include "scratchfs/view.h"

int sfs_settle_new(struct sfs_view *view); /* -ENOMEM */
void sfs_settle_free(struct sfs_view *view);

/* Before a folder, or what is in it, is looked at: from now on its events
 * come. */
void sfs_settle_prepare(struct sfs_view *view, struct sfs_node *folder);

/* Of a node's attributes and bytes. */
enum sfs_trust sfs_settle_attr(struct sfs_view *view, struct sfs_node *node,
			       const struct stat *st, uint64_t events);
/* Of its being what `parent` has under its name. */
enum sfs_trust sfs_settle_entry(struct sfs_view *view, struct sfs_node *parent,
				struct sfs_node *node, const struct stat *st,
				uint64_t events);
/* Of there being no such name. */
enum sfs_trust sfs_settle_missing(struct sfs_view *view,
				  struct sfs_node *parent, const char *name,
				  uint64_t events);

/* The view itself has just changed the node's object (any descriptor of it):
 * a ctime that young needs no waiting. */
void sfs_settle_own(struct sfs_view *view, struct sfs_node *node, int fd);
/* The same for one whose attributes these are. */
void sfs_settle_made(struct sfs_node *node, const struct stat *st);
/* The same for a folder in `tree`, in which a name came or went. */
void sfs_settle_own_folder(struct sfs_view *view, struct sfs_node *folder,
			   int fd);

/*
 * These attributes are about to be told to the kernel.  It drops a file's
 * pages and a folder's listing when size or mtime have changed; where only
 * ctime tells of a change (mtime was put back) they are dropped here, which
 * waits for whoever reads or writes them: where a lock is held (`locked`) that is
 * done a moment later.
 */
void sfs_settle_told(struct sfs_view *view, struct sfs_node *node,
		     const struct stat *st, bool locked);
/*
 * Does the kernel, for a while yet, need no answer about a node's name and
 * attributes?  It was told of them, for as long as the trust in each says; and
 * then it used or changed the node's bytes or was told to ask again.
 */
void sfs_settle_tell(struct sfs_node *node, enum sfs_trust entry,
		     enum sfs_trust attr);
void sfs_settle_outdate(struct sfs_node *node);
bool sfs_settle_is_known(const struct sfs_node *node);

/* What could only be dropped after the answer.  Called by a thread of the view
 * when it is woken. */
void sfs_settle_drop_late(struct sfs_view *view);

#endif
