/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_TAP_H
#define SCRATCHFS_MOUNT_TAP_H

/*
 * What the installed libfuse has no name for (features.h: what it has).  Every
 * message passes through two functions of ours: the request on its way in is
 * looked at, INIT's answer on its way out is edited.
 */
#include "ops.h"

#include <sys/uio.h>

/* Protocol constants, from linux/fuse.h of Linux 6.14; bits of INIT's 64. */
#define SFS_FUSE_PARALLEL_DIROPS    (1ull << 18)
#define SFS_FUSE_HANDLE_KILLPRIV_V2 (1ull << 28)
#define SFS_FUSE_INIT_EXT	    (1ull << 30)
#define SFS_FUSE_PASSTHROUGH	    (1ull << 37)
#define SFS_FUSE_OVER_IO_URING	    (1ull << 41)

/* Which of these are to be asked for, if the kernel offers them. */
void sfs_tap_want(struct sfs_mount *mount, uint64_t features);
/* Is it offered and wanted, while INIT is looked at; agreed on, after that. */
bool sfs_tap_has(const struct sfs_mount *mount, uint64_t feature);

/* After fuse_session_mount(), before the first message.  -ENOTSUP: libfuse was
 * built without custom io (3.18.3), and without the tap there is only what
 * features.h has a name for. */
int sfs_tap_install(struct sfs_mount *mount);

/* A request that came another way is about to be given to libfuse. */
void sfs_tap_look(struct sfs_mount *mount, const void *message, size_t size);

/*
 * Of the request that this thread is at: the change is made by somebody who
 * may not keep set-ID bits (FUSE_WRITE_KILL_SUIDGID, FATTR_KILL_SUIDGID).  With
 * HANDLE_KILLPRIV_V2 clearing them is ours, so that the kernel need not ask for
 * capabilities before each write.
 */
bool sfs_tap_kills_set_ids(void);

/* The answer that this thread gives next, to OPEN or CREATE, says that bytes
 * pass through to this backing (0: they do not). */
void sfs_tap_pass(int backing);

/* Answers of this thread go to `reply` instead of the descriptor, if it takes
 * them: < 0 it does not. NULL: no more. */
typedef ssize_t sfs_tap_reply_fn(void *ctx, const struct iovec *iov, int count);
void sfs_tap_divert(sfs_tap_reply_fn *reply, void *ctx);

#endif
