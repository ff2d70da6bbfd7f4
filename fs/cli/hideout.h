/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_HIDEOUT_H
#define SCRATCHFS_CLI_HIDEOUT_H

/*
 * Mount points that a view only passes through: fusermount3 mounts for ordinary
 * users, but not in a mount namespace of theirs.  So `run` has the view mounted
 * on a folder of its own, binds it over the source in its namespace, and takes
 * it away from here: then it lives as long as that namespace.
 *
 * They are in $XDG_STATE_HOME/scratchfs/run (root: /var/lib/scratchfs/run) and
 * named after the process that made them, so that those of killed ones can be
 * told.
 */

/* Makes one, after taking away what killed processes left; malloced.  What
 * fails has been said. */
int sfs_hideout_make(char **ret);

/* Takes the view and the folder away. */
void sfs_hideout_leave(const char *path);

#endif
