/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_FDCACHE_INTERNAL_H
#define SFS_VIEW_FDCACHE_INTERNAL_H

struct sfs_fdcache;

/* -ENOMEM */
int sfs_fdcache_new(struct sfs_fdcache **ret);
void sfs_fdcache_free(struct sfs_fdcache *cache);

#endif
