/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/path.h"

/* A folder with dir/, link -> dir, loose -> nowhere; the working folder. */
static int make_world(void **state)
{
	char folder[] = "/tmp/test_path.XXXXXX";

	if (!mkdtemp(folder) || chdir(folder) || mkdir("dir", 0755) ||
	    symlink("dir", "link") || symlink("nowhere", "loose"))
		return -1;
	*state = realpath(folder, NULL);
	return *state ? 0 : -1;
}

static int remove_world(void **state)
{
	int failed = unlink("loose") | unlink("link") | rmdir("dir") |
		     chdir("/") | rmdir(*state);

	free(*state);
	return failed;
}

static void expect_absolute(void **state, const char *path, const char *tail)
{
	SFS_FREE char *found = NULL;
	SFS_FREE char *expected = NULL;

	assert_true(asprintf(&expected, "%s%s", (char *)*state, tail) > 0);
	assert_int_equal(sfs_path_absolute(path, &found), 0);
	assert_string_equal(found, expected);
}

static void objects_have_their_own_path(void **state)
{
	expect_absolute(state, "dir", "/dir");
	expect_absolute(state, "dir/", "/dir/");
	expect_absolute(state, "dir/.", "/dir");
	expect_absolute(state, "dir/..", "");
	expect_absolute(state, ".", "");
	expect_absolute(state, "link", "/link");
	expect_absolute(state, "loose", "/loose");
	expect_absolute(state, "link/x", "/dir/x");
	expect_absolute(state, "./dir//x", "/dir/x");
}

static void missing_names_are_kept(void **state)
{
	expect_absolute(state, "no", "/no");
	expect_absolute(state, "no/such/name", "/no/such/name");
	expect_absolute(state, "no/./such//folder/", "/no/such/folder/");
}

static void what_cannot_be_resolved_is_an_error(void **state)
{
	char *found = NULL;

	(void)state;
	assert_int_equal(sfs_path_absolute("", &found), -ENOENT);
	assert_int_equal(sfs_path_absolute("no/../dir", &found), -ENOENT);
	assert_null(found);
	assert_int_equal(sfs_path_canonical("no", &found), -ENOENT);
}

static void the_root_is_a_path(void **state)
{
	SFS_FREE char *found = NULL;

	(void)state;
	assert_int_equal(sfs_path_absolute("/", &found), 0);
	assert_string_equal(found, "/");
	free(found);
	assert_int_equal(sfs_path_absolute("/no such", &found), 0);
	assert_string_equal(found, "/no such");
}

static void below_is_by_component(void **state)
{
	(void)state;
	assert_string_equal(sfs_path_below("/a", "/a/b/c"), "b/c");
	assert_string_equal(sfs_path_below("/a", "/a"), "");
	assert_string_equal(sfs_path_below("/", "/a"), "a");
	assert_string_equal(sfs_path_below("/", "/"), "");
	assert_null(sfs_path_below("/a", "/ab"));
	assert_null(sfs_path_below("/a/b", "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_have_their_own_path),
		cmocka_unit_test(missing_names_are_kept),
		cmocka_unit_test(what_cannot_be_resolved_is_an_error),
		cmocka_unit_test(the_root_is_a_path),
		cmocka_unit_test(below_is_by_component),
	};

	return cmocka_run_group_tests(tests, make_world, remove_world);
}
