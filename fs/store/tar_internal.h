/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_STORE_TAR_INTERNAL_H
#define SCRATCHFS_STORE_TAR_INTERNAL_H

/* What export and import share. */
#include "scratchfs/volume.h"

/*
 * Folds a path as tar and people write it to single names joined by '/': no
 * leading '/', no "." components.  "" is the top.  -EINVAL if it holds "..".
 */
int sfs_tar_normalize(const char *path, char **ret);

#endif
