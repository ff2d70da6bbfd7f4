/* SPDX-License-Identifier: MIT */
/*
 * What is agreed with the kernel when the mount begins.
 */
#include "features.h"

#include <limits.h>

#define MAX_WRITE_BYTES	    (1u << 20)
#define MAX_BACKGROUND	    256u
#define CONGESTION_REQUESTS 192u

static const unsigned int wanted[] = {
	FUSE_CAP_ASYNC_READ,
	FUSE_CAP_ASYNC_DIO,
	/* Size and mtime of a file are looked at before its cached pages are
	 * believed: the host may have changed it. */
	FUSE_CAP_AUTO_INVAL_DATA,
	FUSE_CAP_READDIRPLUS,
	FUSE_CAP_READDIRPLUS_AUTO,
	FUSE_CAP_PARALLEL_DIROPS,
	FUSE_CAP_CACHE_SYMLINKS,
	/* ACLs count; then the umask is ours to apply, because a default ACL
	 * takes its place. */
	FUSE_CAP_POSIX_ACL,
	FUSE_CAP_DONT_MASK,
};

static const unsigned int unwanted[] = {
	/* With opens that are not sent O_TRUNC would be lost. */
	FUSE_CAP_ATOMIC_O_TRUNC,
	/* A nodeid is an address: a stale file handle would be followed. */
	FUSE_CAP_EXPORT_SUPPORT,
	/* The kernel would ignore sizes and times that the host changed. */
	FUSE_CAP_WRITEBACK_CACHE,
	/* The kernel clears set-ID bits, as long as nobody else promises to. */
	FUSE_CAP_HANDLE_KILLPRIV,
	/* Two more system calls for each request, and nothing gained. */
	FUSE_CAP_SPLICE_READ,
	FUSE_CAP_SPLICE_WRITE,
	FUSE_CAP_SPLICE_MOVE,
};

/* Else locks are the kernel's own. */
static const unsigned int for_locks[] = {
	FUSE_CAP_POSIX_LOCKS,
	FUSE_CAP_FLOCK_LOCKS,
};

void sfs_op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct sfs_mount *mount = userdata;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		conn->want |= conn->capable & wanted[i];
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		conn->want &= ~unwanted[i];
	for (size_t i = 0; i < sizeof(for_locks) / sizeof(*for_locks); i++) {
		conn->want &= ~for_locks[i];
		if (mount->locks)
			conn->want |= conn->capable & for_locks[i];
	}
	sfs_features_ask(mount, conn);
	if (!(conn->capable & FUSE_CAP_NO_OPEN_SUPPORT))
		mount->answers_opens = true;
	if (!(conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT))
		mount->answers_opendirs = true;
	conn->max_write = MAX_WRITE_BYTES;
	conn->max_readahead = UINT_MAX;
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = CONGESTION_REQUESTS;
	conn->time_gran = 1;
	mount->initialized = true;
}
