/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_UNMOUNT_H
#define SCRATCHFS_UNMOUNT_H

/*
 * Takes a view away from its mount point (an absolute path without symlinks),
 * dead or alive, with umount2(2) where that is allowed and with fusermount3
 * where it is not.  Nothing is said.
 *
 * lazy: the name goes at once, the view itself with its last user.
 *
 * 0; -EBUSY; -EPERM: not the caller's to unmount; -EINVAL: nothing is mounted
 * there; -ENOENT: no such path, or fusermount3 is not installed.
 */
#include <stdbool.h>

int sfs_unmount(const char *path, bool lazy);

#endif
