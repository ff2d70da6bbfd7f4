/* SPDX-License-Identifier: MIT */
#include "../../../fs/view/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void add(struct sfs_paths *paths, const char *path)
{
	assert_int_equal(sfs_paths_add(paths, path, strlen(path)), 0);
}

static void only_the_length_counts(void **state)
{
	struct sfs_paths paths = { 0 };

	(void)state;
	assert_int_equal(sfs_paths_add(&paths, "logs/deep/x", 4), 0);
	assert_string_equal(paths.paths[0], "logs");
	sfs_paths_done(&paths);
	assert_int_equal(paths.n, 0);
	assert_null(paths.paths);
}

static void each_is_there_once(void **state)
{
	static const char *const sorted[] = { "a", "a-b", "a/b", "b" };
	struct sfs_paths paths = { 0 };

	(void)state;
	sfs_paths_sort(&paths); /* of an empty list */
	/* More than there is room for at first. */
	for (int i = 0; i < 10; i++) {
		add(&paths, "b");
		add(&paths, "a/b");
		add(&paths, "a-b");
		add(&paths, "a");
	}
	sfs_paths_sort(&paths);
	assert_int_equal(paths.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(paths.paths[i], sorted[i]);
	sfs_paths_done(&paths);
}

static void what_is_below_is_covered(void **state)
{
	struct sfs_paths paths = { 0 };

	(void)state;
	assert_false(sfs_paths_cover(&paths, "a"));
	add(&paths, "src/logs");
	add(&paths, "src/logs-old/x");
	add(&paths, "logs");
	add(&paths, "log");
	sfs_paths_sort(&paths);
	assert_true(sfs_paths_cover(&paths, "logs"));
	assert_true(sfs_paths_cover(&paths, "logs/a/b"));
	assert_true(sfs_paths_cover(&paths, "log/a"));
	assert_true(sfs_paths_cover(&paths, "src/logs/a"));
	assert_true(sfs_paths_cover(&paths, "src/logs-old/x"));
	assert_false(sfs_paths_cover(&paths, "src"));
	assert_false(sfs_paths_cover(&paths, "src/logs-old"));
	assert_false(sfs_paths_cover(&paths, "src/logs-old/xx"));
	assert_false(sfs_paths_cover(&paths, "logsx"));
	assert_false(sfs_paths_cover(&paths, "lo"));
	assert_false(sfs_paths_cover(&paths, "a/logs"));
	assert_false(sfs_paths_cover(&paths, ""));
	sfs_paths_done(&paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_length_counts),
		cmocka_unit_test(each_is_there_once),
		cmocka_unit_test(what_is_below_is_covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
