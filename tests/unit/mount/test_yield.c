/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/* Making way, on a clock of the test's own. */

enum {
	MS = 1000000,
	REQUESTS = 2000
};

static struct {
	long long now_ns;
	int policy;
	unsigned int ways;
} fake;

static int fake_clock(struct timespec *ret)
{
	ret->tv_sec = fake.now_ns / 1000000000;
	ret->tv_nsec = fake.now_ns % 1000000000;
	return 0;
}

static int fake_policy(int policy)
{
	fake.policy = policy;
	fake.ways += policy == SCHED_IDLE;
	return 0;
}

#define clock_gettime(clock, ret) fake_clock(ret)
#define sched_setscheduler(pid, policy, param) \
	((void)(param), fake_policy(policy))
#include "../../../fs/mount/yield.c"

/* One answer after the other, as a ring's thread gives them, one a millisecond. */
static unsigned int ways_made(struct sfs_rest *rest, long long took_ns)
{
	unsigned int before = fake.ways;

	for (int i = 0; i < REQUESTS; i++) {
		uint64_t since, took;

		fake.now_ns += MS;
		if (sfs_yield_now_ns() < rest->until_ns)
			continue;
		since = sfs_yield_begin();
		assert_int_equal(fake.policy, SCHED_IDLE);
		fake.now_ns += took_ns;
		took = sfs_yield_end(since);
		assert_int_equal(fake.policy, SCHED_OTHER);
		if (took)
			sfs_rest_begin(rest, since + took);
		else
			rest->ns = 0;
	}
	return fake.ways - before;
}

static void way_is_made_each_time_while_that_is_quick(void **state)
{
	struct sfs_rest rest = { 0 };

	(void)state;
	assert_int_equal(ways_made(&rest, MS / 100), REQUESTS);
	assert_int_equal(rest.until_ns, 0);
}

static void it_is_seldom_while_that_takes_long(void **state)
{
	struct sfs_rest rest = { 0 };

	(void)state;
	assert_in_range(ways_made(&rest, 3 * MS), 2, 8);
	assert_in_range(ways_made(&rest, 3 * MS), 1, 2);
	assert_in_range(rest.ns, 1000 * MS, 2000 * MS);
}

static void it_is_as_often_as_before_when_that_is_over(void **state)
{
	struct sfs_rest rest = { 0 };

	(void)state;
	(void)ways_made(&rest, 3 * MS);
	assert_true(ways_made(&rest, 0) > 0);
	assert_int_equal(rest.ns, 0);
	assert_int_equal(ways_made(&rest, 0), REQUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way_is_made_each_time_while_that_is_quick),
		cmocka_unit_test(it_is_seldom_while_that_takes_long),
		cmocka_unit_test(it_is_as_often_as_before_when_that_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
