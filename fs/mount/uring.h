/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_URING_H
#define SCRATCHFS_MOUNT_URING_H

/* Requests over io_uring; see uring.c, or uring_libfuse.c where libfuse serves
 * the rings itself. */
#include "ops.h"

struct sfs_uring;

/* What fuse_session_new() has to be told for it; NULL: nothing.  Is this thread the
 * only one that answers a queue? */
#ifdef SFS_HAVE_FUSE_URING
const char *sfs_uring_options(void);
bool sfs_uring_is_alone(void);
#else
static inline const char *sfs_uring_options(void)
{
	return NULL;
}

static inline bool sfs_uring_is_alone(void)
{
	return false;
}
#endif

/*
 * Makes rings, buffers and threads, before INIT is answered: from then on the
 * kernel waits for the rings.  -ENOSYS: not built in, or the kernel's switch
 * (/sys/module/fuse/parameters/enable_uring) is off; other errors: what was
 * lacking.
 */
int sfs_uring_new(struct sfs_mount *mount, struct sfs_uring **ret);

/* After INIT: register with the kernel if it agreed, else end. */
void sfs_uring_start(struct sfs_uring *uring);

/* Waits for the threads, which end with the connection; frees.  NULL is fine. */
void sfs_uring_free(struct sfs_uring *uring);

#endif
