/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_WATCHERS_H
#define SCRATCHFS_MOUNT_WATCHERS_H

/* Who watches a file system with inotify. */
#include <sys/types.h>

/*
 * A process that watches something on this device, 0 if there is none.  Only
 * those count whose descriptors may be looked at: of the same user, or all for
 * root.  Looks at all of /proc.
 */
pid_t sfs_watchers_find(dev_t device);

#endif
