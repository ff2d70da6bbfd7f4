/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_NOTIFY_H
#define SCRATCHFS_MOUNT_NOTIFY_H

#include "ops.h"

/* The view's way to the kernel; good as long as the session. */
void sfs_notify_init(struct sfs_notify *ret, struct sfs_mount *mount);

/*
 * The kernel has the root's attributes.  It makes the root with no permissions
 * before it asks for any, and drops an answer that a notification overtakes: so
 * until this is called the root's attributes are not ended.
 */
void sfs_notify_root_known(struct sfs_mount *mount);

#endif
