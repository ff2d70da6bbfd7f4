/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_SOLE_H
#define SCRATCHFS_MOUNT_SOLE_H

/*
 * One worker at a time for a caller that is alone.
 *
 * The kernel wakes one of the workers that wait for each request, and the
 * scheduler gives it an idle CPU; its answer wakes the caller across CPUs again.
 * On a machine whose idle CPUs are slow to wake up that is most of what a request
 * costs.  So while many requests in a row come from one thread, one worker
 * serves it where it runs, and makes way for it (yield.h); the others are parked.
 *
 * Nothing may depend on that worker alone: one of the parked looks after it, and
 * all go back to reading when it was at one request for a moment, when others
 * call as well, and when nothing has happened for a while.
 */
#include "yield.h"

#include <sys/types.h>
#include <sys/uio.h>

struct sfs_sole;

/* Of one worker, on whose thread all is called; zero but for sole. */
struct sfs_sole_worker {
	struct sfs_sole *sole; /* NULL: nothing happens */
	int cpu;	       /* pinned there; see sfs_sole_join() */
	int fd;		       /* of the connection */
};

/* NULL: it would bring nothing here, or threads may not make way. */
struct sfs_sole *sfs_sole_new(void);
void sfs_sole_free(struct sfs_sole *sole);

/* The worker is about to begin; fd is the connection's. */
void sfs_sole_join(struct sfs_sole_worker *worker, struct sfs_sole *sole,
		   int fd);

/* Before it reads: returns when it is to.  After that: `caller` is the request's
 * pid, 0 if there is none. */
void sfs_sole_before_read(struct sfs_sole_worker *worker);
void sfs_sole_after_read(struct sfs_sole_worker *worker, pid_t caller);

/* The connection has ended: nobody is parked any more. */
void sfs_sole_end(struct sfs_sole_worker *worker);

#endif
