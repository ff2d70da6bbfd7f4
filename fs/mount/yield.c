/* SPDX-License-Identifier: MIT */
#include "yield.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

enum {
	TOO_LONG_NS = 1000000,
	FIRST_REST_NS = 20000000,
	LAST_REST_NS = 1000000000,
};

static int set_policy(int policy)
{
	const struct sched_param none = { 0 };

	return sched_setscheduler(0, policy, &none);
}

/* On a thread that then ends: one that may not come back stays SCHED_IDLE. */
static void *try_to_yield(void *arg)
{
	bool *ret_yields = arg;

	*ret_yields = !set_policy(SCHED_IDLE) && !set_policy(SCHED_OTHER);
	return NULL;
}

bool sfs_yield_allowed(void)
{
	bool yields = false;
	pthread_t thread;

	if (sched_getscheduler(0) != SCHED_OTHER ||
	    pthread_create(&thread, NULL, try_to_yield, &yields))
		return false;
	pthread_join(thread, NULL);
	return yields;
}

uint64_t sfs_yield_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t sfs_yield_begin(void)
{
	(void)set_policy(SCHED_IDLE);
	return sfs_yield_now_ns();
}

uint64_t sfs_yield_end(uint64_t since)
{
	uint64_t took;

	(void)set_policy(SCHED_OTHER);
	took = sfs_yield_now_ns() - since;
	return took < TOO_LONG_NS ? 0 : took;
}

void sfs_rest_begin(struct sfs_rest *rest, uint64_t now_ns)
{
	if (!rest->ns)
		rest->ns = FIRST_REST_NS;
	else if (rest->ns < LAST_REST_NS)
		rest->ns *= 2;
	rest->until_ns = now_ns + rest->ns;
}
