/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_LOCKS_H
#define SCRATCHFS_MOUNT_LOCKS_H

/*
 * locks=shared: locks are taken on the backing file, so that they hold between
 * views of one volume and against processes on the host.
 *
 * The kernel names who locks by a number: a process (POSIX) or an open file
 * (flock, OFD).  Each of them gets a descriptor of its own of the node's object,
 * and on it open file description locks or flock(2): they conflict between
 * owners as they should, and go with the descriptor.  POSIX locks end at the
 * FLUSH of their owner, the others at the RELEASE of the open file; so opens are
 * answered, with a handle that says which one it is.
 *
 * A thread of its own grants locks, so that who waits for one holds up nobody:
 * it tries again after each unlocking here, and every few milliseconds because
 * others do not tell.  It makes the kernel drop what it has cached of a file
 * before a lock on it is granted: whoever held the lock before may have written.
 * Deadlocks (EDEADLK) are not found.
 */
#include "ops.h"

struct sfs_locks;

/* With its thread; in the process that serves.  -ENOMEM, -EAGAIN. */
int sfs_locks_new(struct sfs_mount *mount, struct sfs_locks **ret);
/* After the last request; who still waits is answered with EINTR. NULL: no-op. */
void sfs_locks_free(struct sfs_locks *locks);

/* A handle for a file that is being opened. */
uint64_t sfs_locks_handle(struct sfs_locks *locks);

/* What is asked of whom. */
struct sfs_lock_call {
	struct sfs_node *node;
	uint64_t owner, handle;
	bool is_flock;	   /* lock.l_type alone counts */
	bool sleep;	   /* wait for it */
	struct flock lock; /* SEEK_SET */
};

/* Takes the request over and replies to it, sooner or later. */
void sfs_locks_set(struct sfs_locks *locks, fuse_req_t req,
		   const struct sfs_lock_call *call);
/* F_GETLK: the lock in the way, or F_UNLCK. */
int sfs_locks_get(struct sfs_locks *locks, const struct sfs_lock_call *call,
		  struct flock *ret);

/* A process has closed a descriptor of the open file: its POSIX locks on the node
 * are gone. */
void sfs_locks_flush(struct sfs_locks *locks, struct sfs_node *node,
		     uint64_t owner, uint64_t handle);
/* The open file is gone, and the locks that it owned. */
void sfs_locks_release(struct sfs_locks *locks, struct sfs_node *node,
		       uint64_t handle);

#endif
