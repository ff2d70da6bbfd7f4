/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_URING_RING_H
#define SCRATCHFS_MOUNT_URING_RING_H

/* A thread with a ring, and its entries of the kernel's queues; see uring.c. */
#include "ops.h"

#include "yield.h"

#ifdef SFS_HAVE_URING

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>

struct sfs_ring_entry;

struct sfs_ring {
	struct sfs_rings *rings;
	pthread_t thread;
	struct io_uring ring;
	unsigned int cpu;
	struct sfs_ring_entry *entries;
	struct sfs_ring_entry *serving;
	unsigned int n_out;   /* commands to the kernel without a completion */
	struct sfs_rest rest; /* from making way */
};

struct sfs_rings {
	struct sfs_mount *mount;
	int fd; /* of the connection */
	struct sfs_ring *all;
	unsigned int count;
	bool yields; /* threads may make way, and come back */
	/* Of the last request: who sent it, and from which queue. */
	_Atomic uint64_t last;
	atomic_int n_yields; /* to come */
};

/* Room for one request at a time, of this queue.  -ENOMEM. */
int sfs_ring_add_entry(struct sfs_ring *ring, unsigned int queue);
void sfs_ring_free_entries(struct sfs_ring *ring);

/* Registers the entries and serves requests until the connection ends. */
void sfs_ring_serve(struct sfs_ring *ring);

#endif
#endif
