/* SPDX-License-Identifier: MIT */
/*
 * Locks, which the kernel sends on where locks=shared.
 */
#include "locks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static struct sfs_lock_call call_of(struct sfs_mount *mount, fuse_ino_t ino,
				    const struct fuse_file_info *fi)
{
	return (struct sfs_lock_call){
		.node = sfs_op_node(mount, ino),
		.owner = fi->lock_owner,
		.handle = fi->fh,
	};
}

void sfs_op_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  struct flock *lock)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_GETLK);
	struct sfs_lock_call call = call_of(mount, ino, fi);
	struct flock found = { 0 };
	int err = -ENOSYS;

	call.lock = *lock;
	if (mount->locks)
		err = sfs_locks_get(mount->locks, &call, &found);
	if (err < 0)
		sfs_reply_status(req, err);
	else
		fuse_reply_lock(req, &found);
}

static void set(fuse_req_t req, struct sfs_mount *mount,
		const struct sfs_lock_call *call)
{
	if (mount->locks)
		sfs_locks_set(mount->locks, req, call);
	else
		sfs_reply_status(req, -ENOSYS);
}

void sfs_op_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  struct flock *lock, int sleep)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_SETLK);
	struct sfs_lock_call call = call_of(mount, ino, fi);

	call.lock = *lock;
	call.sleep = sleep != 0;
	set(req, mount, &call);
}

void sfs_op_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  int op)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_SETLK);
	struct sfs_lock_call call = call_of(mount, ino, fi);

	call.is_flock = true;
	call.sleep = !(op & LOCK_NB);
	call.lock.l_type = op & LOCK_UN	  ? F_UNLCK
			   : op & LOCK_SH ? F_RDLCK
					  : F_WRLCK;
	set(req, mount, &call);
}
