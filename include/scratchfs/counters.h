/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_COUNTERS_H
#define SCRATCHFS_COUNTERS_H

/*
 * How many requests of each kind the kernel sent since the mount.  Any thread
 * may count; a reading is exact for each kind, not across kinds.
 */
#include <stdatomic.h>
#include <stdint.h>

enum sfs_request {
	SFS_REQUEST_LOOKUP,
	SFS_REQUEST_FORGET, /* messages, not nodes */
	SFS_REQUEST_GETATTR,
	SFS_REQUEST_SETATTR,
	SFS_REQUEST_READLINK,
	SFS_REQUEST_MKNOD,
	SFS_REQUEST_MKDIR,
	SFS_REQUEST_SYMLINK,
	SFS_REQUEST_LINK,
	SFS_REQUEST_UNLINK,
	SFS_REQUEST_RMDIR,
	SFS_REQUEST_RENAME,
	SFS_REQUEST_CREATE,
	SFS_REQUEST_TMPFILE,
	SFS_REQUEST_OPEN,
	SFS_REQUEST_READ,
	SFS_REQUEST_WRITE,
	SFS_REQUEST_FLUSH,
	SFS_REQUEST_RELEASE,
	SFS_REQUEST_FSYNC,
	SFS_REQUEST_FALLOCATE,
	SFS_REQUEST_LSEEK,
	SFS_REQUEST_COPY_FILE_RANGE,
	SFS_REQUEST_GETLK,
	SFS_REQUEST_SETLK, /* of every kind, unlocking as well */
	SFS_REQUEST_IOCTL,
	SFS_REQUEST_OPENDIR,
	SFS_REQUEST_READDIR,
	SFS_REQUEST_READDIRPLUS,
	SFS_REQUEST_FSYNCDIR,
	SFS_REQUEST_STATFS,
	SFS_REQUEST_GETXATTR,
	SFS_REQUEST_SETXATTR,
	SFS_REQUEST_LISTXATTR,
	SFS_REQUEST_REMOVEXATTR,
	SFS_REQUEST_COUNT
};

struct sfs_counters {
	_Atomic uint64_t requests[SFS_REQUEST_COUNT];
};

static inline void sfs_counters_add(struct sfs_counters *counters,
				    enum sfs_request request)
{
	atomic_fetch_add_explicit(&counters->requests[request], 1,
				  memory_order_relaxed);
}

static inline uint64_t sfs_counters_get(struct sfs_counters *counters,
					enum sfs_request request)
{
	return atomic_load_explicit(&counters->requests[request],
				    memory_order_relaxed);
}

/* "lookup", ... as in FUSE's own names; static. */
const char *sfs_counters_name(enum sfs_request request);

#endif
