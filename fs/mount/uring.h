/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_URING_H
#define SCRATCHFS_MOUNT_URING_H

/* Requests over io_uring; see uring.c. */
#include "ops.h"

struct sfs_uring;

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
