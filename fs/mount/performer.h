/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_PERFORMER_H
#define SCRATCHFS_MOUNT_PERFORMER_H

/* The process that makes changes again in the view; see events.h. */
#include <stdint.h>
#include <sys/types.h>

#define SFS_PERFORMER_SECRET_BYTES 16
#define SFS_PERFORMER_XATTR	   "user.scratchfs.performer"

enum sfs_performer_act {
	SFS_PERFORM_NOTHING,
	SFS_PERFORM_MAKE,
	SFS_PERFORM_RENAME,
	SFS_PERFORM_MODIFY,
	SFS_PERFORM_ATTRIB,
	SFS_PERFORM_CLOSE_WRITE,
	SFS_PERFORM_REMOVE,
};

/* What to do, as it is sent: followed by five strings, each ended by a zero byte:
 * the path of the view's root; below it those of the folder and, to rename, of
 * the former one; the name and the former name. */
struct sfs_performer_order {
	uint32_t act;
	uint32_t mode; /* of what is to be made or removed */
};
#define SFS_PERFORMER_STRINGS	  5
#define SFS_PERFORMER_ORDER_BYTES 16384

/*
 * Starts it; it ends with the calling thread, or when the socket is closed.  An
 * order is one message, answered by one byte.  May be called with threads about.
 */
int sfs_performer_start(const unsigned char secret[SFS_PERFORMER_SECRET_BYTES],
			int *ret_socket, pid_t *ret_pid);

#endif
