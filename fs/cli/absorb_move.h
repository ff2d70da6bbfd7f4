/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_ABSORB_MOVE_H
#define SCRATCHFS_CLI_ABSORB_MOVE_H

/*
 * Moves objects of a source into a volume that nobody uses meanwhile.
 *
 * On one file system that is a rename.  Otherwise a whole copy, owners and all,
 * is made in the volume's work/, made durable and renamed into place before the
 * original goes: at every moment one of the two is complete.
 */
#include "leftovers.h"

struct sfs_absorb {
	int source_fd;	      /* O_PATH */
	int root_fd, lock_fd; /* of the volume; -1: none is open */
};

/*
 * Makes the volume if it is missing, for this source, and holds it.  any_source:
 * also one made for another one.  size_bytes: what is to come.  What fails has
 * been said: -EBUSY, -EPERM (made for another source), -ENOSPC.
 */
int sfs_absorb_open(struct sfs_absorb *absorb, const char *volume,
		    const char *source, bool any_source, uint64_t size_bytes);
void sfs_absorb_close(struct sfs_absorb *absorb);

/* Folders are merged with what the volume has.  -EEXIST: something of it is in
 * the way, and stays where it was. */
int sfs_absorb_move(struct sfs_absorb *absorb, const char *path);

#endif
