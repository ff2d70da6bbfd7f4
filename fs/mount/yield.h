/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_YIELD_H
#define SCRATCHFS_MOUNT_YIELD_H

/*
 * Answering a caller in such a way that it goes on where its answer is given.
 *
 * The scheduler wakes a task on an idle CPU rather than on one that somebody
 * runs on, which is us while we answer; a wake-up over there costs more than the
 * request, and the next request comes from over there.  But where only a
 * SCHED_IDLE task runs it does wake it.
 */
#include <stdbool.h>
#include <stdint.h>

/* May threads of this process make way, and come back?  That takes the right to
 * (root has it, CAP_SYS_NICE, RLIMIT_NICE), and whoever was started with another
 * policy is to keep it. */
bool sfs_yield_allowed(void);

/* CLOCK_MONOTONIC. */
uint64_t sfs_yield_now_ns(void);

/* Makes way from here on, and until the end; returns the time. */
uint64_t sfs_yield_begin(void);

/* Returns the time that it took if that was too much: what else wants this CPU
 * kept us from it, or the caller computes and does not need this.  Else 0. */
uint64_t sfs_yield_end(uint64_t since);

/* What is not worth while now is left for a while, longer each time. */
struct sfs_rest {
	uint64_t ns;	   /* how long the last one was; 0: none */
	uint64_t until_ns; /* CLOCK_MONOTONIC */
};

void sfs_rest_begin(struct sfs_rest *rest, uint64_t now_ns);

#endif
