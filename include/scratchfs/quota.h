/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_QUOTA_H
#define SCRATCHFS_QUOTA_H

/*
 * Bytes charged against a store's limit.
 *
 * A regular file in tree/ is charged its size rounded up to 4 KiB, holes
 * included and hard links once, so that no mapped write can fail later.  What is
 * unlinked but still open stays charged until it is gone: that is the caller's
 * to do.  Nothing else is charged.
 *
 * The count lives in one shared page per store (of a volume: of STORE/ledger,
 * mapped by every daemon that uses it), changed by atomic operations: no system
 * call, no lock, nothing a killed daemon could leave locked.  What a killed
 * daemon had charged and not used comes back when the next first daemon counts
 * the tree again.  All functions are thread-safe; with a NULL quota they charge
 * nothing.
 */
#include <stdint.h>

struct sfs_quota;

#define SFS_QUOTA_PAGE 4096U

/* What a file of this size is charged. */
static inline uint64_t sfs_quota_bytes(uint64_t size)
{
	return (size + SFS_QUOTA_PAGE - 1) & ~(uint64_t)(SFS_QUOTA_PAGE - 1);
}

/* Change of charge when a file goes from one size to another. */
static inline int64_t sfs_quota_delta(uint64_t old_size, uint64_t new_size)
{
	return (int64_t)(sfs_quota_bytes(new_size) - sfs_quota_bytes(old_size));
}

/*
 * `root_fd`: the store.  `recount`: nobody else uses the store, set the count to
 * what tree/ holds.  `shared`: by way of STORE/ledger, else in private memory.
 */
int sfs_quota_new(int root_fd, uint64_t limit_bytes, int shared, int recount,
		  struct sfs_quota **ret);
void sfs_quota_free(struct sfs_quota *quota);

/*
 * Charges (before the change) or gives back (after it).  -ENOSPC, with nothing
 * charged, if that would exceed the limit.  Giving back never fails.
 */
int sfs_quota_charge(struct sfs_quota *quota, int64_t delta_bytes);

/* The same for what has happened already: also beyond the limit. */
int sfs_quota_charge_always(struct sfs_quota *quota, int64_t delta_bytes);

/*
 * The size of the file with inode number `ino` is the caller's until it unlocks,
 * against other threads and other daemons.  Not to be nested.  -EINTR and other
 * errors of fcntl(2); a lock ends with its process.
 */
int sfs_quota_lock(struct sfs_quota *quota, uint64_t ino);
void sfs_quota_unlock(struct sfs_quota *quota, uint64_t ino);

uint64_t sfs_quota_used(const struct sfs_quota *quota);
uint64_t sfs_quota_limit(const struct sfs_quota *quota);

#endif
