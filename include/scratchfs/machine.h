/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MACHINE_H
#define SCRATCHFS_MACHINE_H

/*
 * What this machine has.
 */
#include <stdbool.h>

/* Is it in $PATH and executable?  *ret_path (may be NULL): malloced. */
bool sfs_machine_program(const char *name, char **ret_path);

/* user_allow_other in /etc/fuse.conf: ordinary users may let others use their
 * mounts (mount.fuse3(8)). */
bool sfs_machine_allows_other(void);

/* Is the kernel at least this one, as uname(2) says? */
bool sfs_machine_has_kernel(unsigned int major, unsigned int minor);

/* A number in a file of /proc/sys or /sys, Y being 1 and N 0.  False: there is
 * no such file. */
bool sfs_machine_setting(const char *path, long *ret);

#endif
