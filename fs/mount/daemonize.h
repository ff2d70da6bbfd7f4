/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_DAEMONIZE_H
#define SCRATCHFS_MOUNT_DAEMONIZE_H

/*
 * The way to the background, in two steps, so that whoever called returns only
 * when the view is ready, and with the daemon's own error message if it never
 * is.  Call before there are threads.
 *
 * sfs_daemonize_begin(): returns 0 in the child, a leader of a session of its
 * own, still with the caller's stderr.  The parent waits in it for one of two:
 * sfs_daemonize_ready(), then it exits with 0; the child's end, then it exits
 * with the child's status.  -errno (said): there is no child.
 *
 * sfs_daemonize_ready(): lets the parent go; from then on messages go to
 * syslog and the standard descriptors to /dev/null.
 */
int sfs_daemonize_begin(int *ret_ready_fd);
void sfs_daemonize_ready(int ready_fd);

/* Opens /dev/null on those of descriptors 0 to 2 that are closed, before one of
 * ours gets such a number. */
int sfs_daemonize_reserve_stdio(void);

#endif
