/* SPDX-License-Identifier: MIT */
#include "../../../fs/view/snapshot.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BIG_HASH UINT64_C(0xffffffffffffff00)

/* Walks one entry at a time from each one's cookie: "a b c ". */
static void walk(const struct sfs_snapshot *snapshot, char *text)
{
	uint64_t cookie = 0;
	size_t i;

	*text = 0;
	while ((i = sfs_snapshot_after(snapshot, cookie)) < snapshot->n) {
		strcat(text, sfs_snapshot_name(snapshot, i));
		strcat(text, " ");
		cookie = snapshot->entries[i].cookie;
	}
}

static struct sfs_snapshot *make(const char *names[], const uint64_t hashes[])
{
	struct sfs_snapshot *snapshot = sfs_snapshot_new();

	assert_non_null(snapshot);
	for (size_t i = 0; names[i]; i++)
		assert_int_equal(sfs_snapshot_add(snapshot, names[i], hashes[i],
						  i + 1, DT_REG, false),
				 0);
	sfs_snapshot_sort(snapshot);
	return snapshot;
}

static void walks_in_the_order_of_hashes(void **state)
{
	const char *names[] = { "a", "b", "c", "d", NULL };
	const uint64_t hashes[] = { 3000, BIG_HASH, 0, 1000 };
	struct sfs_snapshot *snapshot = make(names, hashes);
	char text[64];

	(void)state;
	walk(snapshot, text);
	assert_string_equal(text, "c d a b ");
	for (size_t i = 0; i < snapshot->n; i++) {
		assert_true(snapshot->entries[i].cookie > SFS_COOKIE_DOTDOT);
		assert_true(snapshot->entries[i].cookie < UINT64_C(1) << 62);
	}
	sfs_snapshot_put(snapshot);
}

static void names_that_collide_are_all_met_once(void **state)
{
	const char *names[] = { "z", "b", "a", "c", "y", NULL };
	const uint64_t hashes[] = { 16, 32, 32 + 7, 32, 48 };
	struct sfs_snapshot *snapshot = make(names, hashes);
	char text[64];

	(void)state;
	walk(snapshot, text);
	assert_string_equal(text, "z a b c y ");
	sfs_snapshot_put(snapshot);
}

static void a_name_counts_once_the_first_one_wins(void **state)
{
	const char *names[] = { "b", "a", "b", "a", NULL };
	const uint64_t hashes[] = { 32, 64, 32, 64 };
	struct sfs_snapshot *snapshot = make(names, hashes);
	char text[64];

	(void)state;
	walk(snapshot, text);
	assert_string_equal(text, "b a ");
	assert_int_equal(snapshot->entries[0].ino, 1);
	assert_int_equal(snapshot->entries[1].ino, 2);
	sfs_snapshot_put(snapshot);
}

static void a_cookie_stays_good_when_others_come_and_go(void **state)
{
	const char *before[] = { "a", "b", "c", NULL };
	const uint64_t hashes_before[] = { 160, 320, 480 };
	const char *after[] = { "new", "a", "c", "newer", NULL };
	const uint64_t hashes_after[] = { 80, 160, 480, 400 };
	struct sfs_snapshot *one = make(before, hashes_before);
	struct sfs_snapshot *two = make(after, hashes_after);
	size_t i = sfs_snapshot_after(two, one->entries[1].cookie);

	(void)state;
	assert_string_equal(sfs_snapshot_name(one, 1), "b");
	assert_string_equal(sfs_snapshot_name(two, i), "newer");
	assert_string_equal(sfs_snapshot_name(two, i + 1), "c");
	sfs_snapshot_put(one);
	sfs_snapshot_put(two);
}

static void grows_and_counts_references(void **state)
{
	struct sfs_snapshot *snapshot = sfs_snapshot_new();
	char name[32];

	(void)state;
	assert_int_equal(sfs_snapshot_after(snapshot, 0), 0);
	sfs_snapshot_sort(snapshot);
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "name-%u", i);
		assert_int_equal(sfs_snapshot_add(snapshot, name,
						  (uint64_t)(i % 5000) << 8, i,
						  DT_DIR, false),
				 0);
	}
	sfs_snapshot_sort(snapshot);
	assert_int_equal(snapshot->n, 10000);
	assert_true(sfs_snapshot_bytes(snapshot) > 10000 * 24);
	assert_ptr_equal(sfs_snapshot_get(snapshot), snapshot);
	sfs_snapshot_put(snapshot);
	assert_string_equal(sfs_snapshot_name(snapshot, 0), "name-0");
	sfs_snapshot_put(snapshot);
	sfs_snapshot_put(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_in_the_order_of_hashes),
		cmocka_unit_test(names_that_collide_are_all_met_once),
		cmocka_unit_test(a_name_counts_once_the_first_one_wins),
		cmocka_unit_test(a_cookie_stays_good_when_others_come_and_go),
		cmocka_unit_test(grows_and_counts_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
