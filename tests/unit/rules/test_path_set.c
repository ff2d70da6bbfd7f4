/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "scratchfs/path_set.h"

static void add(struct sfs_path_set *set, const char *path, unsigned int bits)
{
	assert_int_equal(sfs_path_set_add(set, path, strlen(path), bits), 0);
}

static unsigned int find(const struct sfs_path_set *set, const char *path)
{
	return sfs_path_set_find(set, path, strlen(path));
}

static int count(void *ctx, const char *path, size_t length)
{
	assert_int_equal(strlen(path), length);
	++*(size_t *)ctx;
	return 0;
}

/* Far beyond the first table and the first block of text. */
static void test_many(void **state)
{
	struct sfs_path_set *set, *other;
	char path[64];
	size_t found = 0;

	(void)state;
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	assert_int_equal(sfs_path_set_new(false, &other), 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "a/%d/%d/.f", i % 100, i);
		add(set, path, SFS_PATH_FILE);
		if (i % 2)
			add(other, path, SFS_PATH_FILE);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "a/%d/%d/.f", i % 100, i);
		assert_int_equal(find(set, path), SFS_PATH_FILE);
		*strrchr(path, '/') = '\0';
		assert_int_equal(find(set, path), SFS_PATH_ABOVE);
		snprintf(path, sizeof(path), "a/%d/%d/.g", i % 100, i);
		assert_int_equal(find(set, path), 0);
	}
	assert_int_equal(find(set, ""), SFS_PATH_ABOVE);
	assert_int_equal(sfs_path_set_minus(set, other, count, &found), 0);
	assert_int_equal(found, 10000);
	found = 0;
	assert_int_equal(sfs_path_set_minus(other, set, count, &found), 0);
	assert_int_equal(found, 0);
	sfs_path_set_free(set);
	sfs_path_set_free(other);
}

/* Dots first, then another: the mark climbs over folders known already. */
static void test_plain(void **state)
{
	struct sfs_path_set *set;

	(void)state;
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	assert_int_equal(find(set, ""), 0);
	add(set, "a/b/c/.x", SFS_PATH_FILE);
	assert_int_equal(find(set, "a"), SFS_PATH_ABOVE);
	add(set, "a/b/d", SFS_PATH_FILE);
	assert_int_equal(find(set, "a/b/c"), SFS_PATH_ABOVE);
	assert_int_equal(find(set, "a/b"), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	assert_int_equal(find(set, "a"), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	assert_int_equal(find(set, ""), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	assert_int_equal(find(set, "a/"), 0);
	sfs_path_set_free(set);
}

static void test_sparse(void **state)
{
	struct sfs_path_set *set;

	(void)state;
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	add(set, "a/b", SFS_PATH_SPARSE);
	assert_int_equal(find(set, "a/b"), SFS_PATH_SPARSE);
	assert_int_equal(find(set, "a/b/c/d"), SFS_PATH_SPARSE);
	assert_int_equal(find(set, "a/bc"), 0);
	assert_int_equal(find(set, "a"), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	sfs_path_set_free(set);
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	add(set, "", SFS_PATH_SPARSE);
	assert_int_equal(find(set, "a/b"), SFS_PATH_SPARSE);
	sfs_path_set_free(set);
}

static void test_fold(void **state)
{
	struct sfs_path_set *exact, *fold;

	(void)state;
	assert_int_equal(sfs_path_set_new(false, &exact), 0);
	assert_int_equal(sfs_path_set_new(true, &fold), 0);
	add(exact, "Ab/c[", SFS_PATH_FILE);
	add(fold, "Ab/c[", SFS_PATH_FILE);
	assert_int_equal(find(exact, "aB/C["), 0);
	assert_int_equal(find(fold, "aB/C["), SFS_PATH_FILE);
	assert_int_equal(find(fold, "AB"), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	/* Letters only: '[' is no capital '{'. */
	assert_int_equal(find(fold, "aB/C{"), 0);
	sfs_path_set_free(exact);
	sfs_path_set_free(fold);
}

static void test_limits(void **state)
{
	struct sfs_path_set *set;
	char path[PATH_MAX + 1];

	(void)state;
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	for (size_t i = 0; i < PATH_MAX; i++)
		path[i] = i % 2 ? '/' : 'a';
	path[PATH_MAX - 1] = '\0';
	add(set, path, SFS_PATH_FILE);
	assert_int_equal(find(set, path), SFS_PATH_FILE);
	assert_int_equal(find(set, "a/a/a"), SFS_PATH_ABOVE | SFS_PATH_PLAIN);
	assert_int_equal(sfs_path_set_add(set, path, PATH_MAX, SFS_PATH_FILE),
			 -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	assert_int_equal(sfs_path_set_add(set, path, PATH_MAX - 1,
					  SFS_PATH_FILE),
			 -ENAMETOOLONG);
	sfs_path_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),   cmocka_unit_test(test_plain),
		cmocka_unit_test(test_sparse), cmocka_unit_test(test_fold),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
