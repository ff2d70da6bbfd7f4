/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_PASSTHROUGH_H
#define SCRATCHFS_MOUNT_PASSTHROUGH_H

/*
 * io=passthrough: the kernel reads, writes and maps the host's or the store's
 * file itself (Linux 6.9, CAP_SYS_ADMIN).  A node has one backing, from its
 * first open to its last release; all its opens go the same way, because the
 * kernel refuses a second one beside a first.
 */
#include "ops.h"

struct sfs_passthrough;

/* Asks for it at INIT. -ENOMEM. */
int sfs_passthrough_new(struct sfs_mount *mount);
void sfs_passthrough_free(struct sfs_passthrough *passthrough);

/*
 * The node is being opened: the reply with fi, which is otherwise complete and
 * the next that this thread gives, says whether bytes pass through.  They do not where its object may yet be exchanged (shown
 * through: copied up at the first change), where its store is limited, or where
 * the kernel refuses (a source on overlayfs).
 */
void sfs_passthrough_open(fuse_req_t req, struct sfs_node *node,
			  struct fuse_file_info *fi);

/* An open that was counted has ended, or was never taken. */
void sfs_passthrough_release(struct sfs_mount *mount, struct sfs_node *node);

/* Do somebody's opens hold this node's object?  While the caller has the node's
 * lock for writing, no more opens come to do so. */
bool sfs_passthrough_holds(struct sfs_mount *mount, struct sfs_node *node);

/* Was it agreed on, and has the kernel not refused every file so far? */
bool sfs_passthrough_works(const struct sfs_mount *mount);

#endif
