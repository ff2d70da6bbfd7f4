/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_NOTIFY_H
#define SCRATCHFS_MOUNT_NOTIFY_H

#include "ops.h"

/* The view's way to the kernel; good as long as the session. */
void sfs_notify_init(struct sfs_notify *ret, struct sfs_mount *mount);

#endif
