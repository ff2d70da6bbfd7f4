/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_RETELL_H
#define SFS_VIEW_RETELL_H

/* Tells the mount what an event from the host (FAN_* bits) says of a name, for
 * those who watch the view.  mode: of what has the name now, or 0. */
#include "scratchfs/view.h"

void sfs_retell(struct sfs_view *view, struct sfs_node *folder,
		const char *name, uint64_t mask, mode_t mode);

#endif
