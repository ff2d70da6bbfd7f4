/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_FEATURES_H
#define SCRATCHFS_MOUNT_FEATURES_H

/*
 * Features of the kernel that the installed libfuse has calls of its own for,
 * which CMakeLists.txt finds out; for the others there is the tap.  Which a mount
 * wants and has is the tap's to say in any case.
 */
#include "ops.h"

/* Which of SFS_FUSE_*: the tap asks for the others. */
uint64_t sfs_features_named(void);

/* After fuse_session_mount(): installs the tap, if libfuse lets it, and wants what
 * every mount wants. */
void sfs_features_begin(struct sfs_mount *mount);

/* May requests travel over io_uring?  Rings of ours take answers from the tap. */
bool sfs_features_allow_rings(const struct sfs_mount *mount);

/* In INIT: asks for those that are named, if they are wanted and offered. */
void sfs_features_ask(struct sfs_mount *mount, struct fuse_conn_info *conn);

/* The kernel's number for this descriptor, to let bytes pass through.  0: it has
 * refused (it takes none on overlayfs), and nothing was said about it. */
int sfs_features_back(fuse_req_t req, int fd);
void sfs_features_unback(struct sfs_mount *mount, int backing);

/* The answer with fi, which this thread gives next, says that bytes pass through
 * to this backing (0: they do not). */
void sfs_features_pass(struct fuse_file_info *fi, int backing);

/* Is this write made by somebody who may not keep set-ID bits?  Clearing them is
 * ours if HANDLE_KILLPRIV_V2 is agreed on. */
bool sfs_features_kill(const struct fuse_file_info *fi);

/* Is this thread trying something that may be refused?  Then what libfuse says of
 * it is no news. */
bool sfs_features_are_tried(void);

#endif
