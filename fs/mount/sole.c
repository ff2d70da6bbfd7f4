/* SPDX-License-Identifier: MIT */
#include "sole.h"

#include "tap.h"

#include "scratchfs/machine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	ALONE = 32,   /* requests in a row of one thread: it is alone */
	WINDOW = 64,  /* requests, after which we look where it is... */
	OTHERS = 8,   /* ... of which this many may be those of others */
	NOWHERE = -1, /* a CPU: any */
	LOOK_NS = 1000000,
	IDLE_LOOKS = 50,
};

struct sfs_sole {
	cpu_set_t cpus;	     /* that workers may run on */
	atomic_int cpu;	     /* where a sole caller is served, or NOWHERE */
	atomic_uint reading; /* workers that wait for a request */
	atomic_uint taken;   /* requests */
	atomic_int caller;   /* of the last request */
	atomic_uint run;     /* requests of that one in a row, before it */
	atomic_uint others;  /* see OTHERS */

	pthread_mutex_t lock; /* of what follows, and for changing cpu */
	pthread_cond_t changed;
	bool looked_after; /* one of the parked does */
	bool ended;
	unsigned int taken_then; /* when it was looked at */
	unsigned int idle_looks;
	struct sfs_rest rest;
};

/* Where a thread is, or was when it last ran; NOWHERE: unknown. */
static int cpu_of(pid_t thread)
{
	char text[SFS_STAT_MAX];
	const char *at = sfs_machine_stat_field(thread, 39, text);

	return at ? atoi(at) : NOWHERE;
}

/* With the lock held. */
static void stop(struct sfs_sole *sole)
{
	if (atomic_exchange(&sole->cpu, NOWHERE) != NOWHERE)
		pthread_cond_broadcast(&sole->changed);
}

/* All read again, and stay with that for a while. */
static void stop_and_rest(struct sfs_sole *sole)
{
	pthread_mutex_lock(&sole->lock);
	if (atomic_load(&sole->cpu) != NOWHERE)
		sfs_rest_begin(&sole->rest, sfs_yield_now_ns());
	stop(sole);
	pthread_mutex_unlock(&sole->lock);
}

static bool is_ours(const struct sfs_sole *sole, int cpu)
{
	return cpu >= 0 && cpu < CPU_SETSIZE &&
	       CPU_ISSET((size_t)cpu, &sole->cpus);
}

static void start(struct sfs_sole *sole, pid_t caller)
{
	int cpu;

	pthread_mutex_lock(&sole->lock);
	if (!sole->ended && atomic_load(&sole->cpu) == NOWHERE &&
	    sfs_yield_now_ns() >= sole->rest.until_ns) {
		cpu = cpu_of(caller);
		sole->idle_looks = 0;
		atomic_store(&sole->others, 0);
		if (is_ours(sole, cpu))
			atomic_store(&sole->cpu, cpu);
	}
	pthread_mutex_unlock(&sole->lock);
}

/* A caller that has moved is followed. */
static void follow(struct sfs_sole *sole, pid_t caller)
{
	int cpu = cpu_of(caller);

	atomic_store(&sole->others, 0);
	pthread_mutex_lock(&sole->lock);
	if (atomic_load(&sole->cpu) != NOWHERE) {
		sole->rest.ns = 0;
		if (is_ours(sole, cpu))
			atomic_store(&sole->cpu, cpu);
		else
			stop(sole);
	}
	pthread_mutex_unlock(&sole->lock);
}

static void note(struct sfs_sole *sole, pid_t caller)
{
	unsigned int taken = atomic_fetch_add(&sole->taken, 1) + 1;
	bool on = atomic_load(&sole->cpu) != NOWHERE;

	if (!caller)
		return;
	if (atomic_exchange(&sole->caller, caller) != caller) {
		atomic_store(&sole->run, 0);
		if (on && atomic_fetch_add(&sole->others, 1) >= OTHERS)
			stop_and_rest(sole);
	} else if (!on && atomic_fetch_add(&sole->run, 1) + 1 >= ALONE) {
		atomic_store(&sole->run, 0);
		start(sole, caller);
	} else if (on && taken % WINDOW == 0) {
		follow(sole, caller);
	}
}

/* By one of the parked, with the lock held: is there nobody who reads, and has
 * nothing been read since the last look? */
static void look_after(struct sfs_sole *sole)
{
	unsigned int taken = atomic_load(&sole->taken);
	bool reading = atomic_load(&sole->reading) > 0;

	if (taken != sole->taken_then) {
		sole->taken_then = taken;
		sole->idle_looks = 0;
	} else if (!reading) {
		sfs_rest_begin(&sole->rest, sfs_yield_now_ns());
		stop(sole);
	} else if (++sole->idle_looks >= IDLE_LOOKS) {
		stop(sole);
	}
}

static void wait_a_moment(struct sfs_sole *sole)
{
	uint64_t until = sfs_yield_now_ns() + LOOK_NS;
	struct timespec time = { .tv_sec = (time_t)(until / 1000000000u),
				 .tv_nsec = (long)(until % 1000000000u) };

	(void)pthread_cond_timedwait(&sole->changed, &sole->lock, &time);
}

/* Waits as long as it takes, if another reads. */
static void park(struct sfs_sole *sole)
{
	bool looks = false;

	pthread_mutex_lock(&sole->lock);
	while (atomic_load(&sole->cpu) != NOWHERE && !sole->ended &&
	       (looks || atomic_load(&sole->reading) > 0)) {
		if (!looks && sole->looked_after) {
			pthread_cond_wait(&sole->changed, &sole->lock);
			continue;
		}
		looks = sole->looked_after = true;
		wait_a_moment(sole);
		if (atomic_load(&sole->cpu) != NOWHERE)
			look_after(sole);
	}
	if (looks)
		sole->looked_after = false;
	pthread_mutex_unlock(&sole->lock);
}

static void go_to(struct sfs_sole_worker *worker, int cpu)
{
	struct sfs_sole *sole = worker->sole;
	cpu_set_t set = sole->cpus;

	if (cpu != NOWHERE) {
		CPU_ZERO(&set);
		CPU_SET((size_t)cpu, &set);
	}
	worker->cpu = cpu;
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		stop_and_rest(sole);
}

/* An answer to a sole caller. */
static ssize_t answer(void *ctx, const struct iovec *iov, int count)
{
	struct sfs_sole_worker *worker = ctx;
	uint64_t since;
	ssize_t n;

	if (worker->cpu == NOWHERE)
		return -1;
	since = sfs_yield_begin();
	n = writev(worker->fd, iov, count);
	if (sfs_yield_end(since))
		stop_and_rest(worker->sole);
	return n;
}

struct sfs_sole *sfs_sole_new(void)
{
	struct sfs_sole *sole = calloc(1, sizeof(*sole));
	pthread_condattr_t attr;

	if (!sole)
		return NULL;
	if (sched_getaffinity(0, sizeof(sole->cpus), &sole->cpus) ||
	    CPU_COUNT(&sole->cpus) < 2 || !sfs_yield_allowed()) {
		free(sole);
		return NULL;
	}
	atomic_store(&sole->cpu, NOWHERE);
	pthread_mutex_init(&sole->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sole->changed, &attr);
	pthread_condattr_destroy(&attr);
	return sole;
}

void sfs_sole_free(struct sfs_sole *sole)
{
	if (!sole)
		return;
	pthread_mutex_destroy(&sole->lock);
	pthread_cond_destroy(&sole->changed);
	free(sole);
}

void sfs_sole_join(struct sfs_sole_worker *worker, struct sfs_sole *sole,
		   int fd)
{
	*worker = (struct sfs_sole_worker){ sole, NOWHERE, fd };
	if (sole)
		sfs_tap_divert(answer, worker);
}

void sfs_sole_before_read(struct sfs_sole_worker *worker)
{
	struct sfs_sole *sole = worker->sole;
	int cpu;

	if (!sole)
		return;
	cpu = atomic_load(&sole->cpu);
	if (cpu != NOWHERE && atomic_load(&sole->reading) > 0) {
		park(sole);
		cpu = atomic_load(&sole->cpu);
	}
	if (worker->cpu != cpu)
		go_to(worker, cpu);
	atomic_fetch_add(&sole->reading, 1);
}

void sfs_sole_after_read(struct sfs_sole_worker *worker, pid_t caller)
{
	if (!worker->sole)
		return;
	atomic_fetch_sub(&worker->sole->reading, 1);
	note(worker->sole, caller);
}

void sfs_sole_end(struct sfs_sole_worker *worker)
{
	struct sfs_sole *sole = worker->sole;

	if (!sole)
		return;
	pthread_mutex_lock(&sole->lock);
	sole->ended = true;
	stop(sole);
	pthread_mutex_unlock(&sole->lock);
}
