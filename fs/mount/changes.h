/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_CHANGES_H
#define SCRATCHFS_MOUNT_CHANGES_H

/*
 * What unmounting would throw away: a line for each object, ended by a zero
 * byte, in the order of the store: LETTER, a space, its size in bytes, a space,
 * its path, of folders with a slash at the end.
 *
 *	A	new
 *	C	stands in the place of what the host has: a changed copy, or a
 *		folder that hides the host's
 *	D	of the host, deleted in the view
 *
 * Nothing for a view on a volume: that stays.  Malloced.  -ENOMEM.
 */
#include "session.h"

int sfs_changes_list(struct sfs_session *session, char **ret_text,
		     size_t *ret_length);

#endif
