/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <linux/limits.h>

/* Explains a path below the root; path and real path are of the fixture. */
static void expect_place(struct fixture *fx, const char *path,
			 const char *place, const char *real_path)
{
	struct sfs_explanation why = { .rule = -1 };
	struct sfs_node *root = sfs_node_root(fx->view);

	assert_int_equal(sfs_view_explain_path(fx->view, root, path, &why), 0);
	assert_string_equal(why.real_path, fx_at(fx, real_path));
	assert_int_equal(why.scratch, strcmp(place, "host") != 0);
	assert_int_equal(why.lower, strcmp(place, "lower") == 0);
	assert_int_equal(why.rule >= 0, why.scratch);
	free(why.real_path);
}

static void what_exists(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/dir");
	fx_mkdir(fx, "source/dir/logs");
	fx_put(fx, "source/dir/file", "");
	fx_put(fx, "source/dir/logs/old", "");
	fx_create(fx, "dir", ".tmp1", "");
	expect_place(fx, "", "host", "source");
	expect_place(fx, "dir/file", "host", "source/dir/file");
	expect_place(fx, "dir/logs", "lower", "source/dir/logs");
	expect_place(fx, "dir/logs/old", "lower", "source/dir/logs/old");
	expect_place(fx, "dir/.tmp1", "scratch", "store/tree/dir/.tmp1");
}

static void what_is_missing(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/dir");
	expect_place(fx, "new", "host", "source/new");
	expect_place(fx, "a/b/c", "host", "source/a/b/c");
	expect_place(fx, "a/b/logs", "scratch", "store/tree/a/b/logs");
	expect_place(fx, "a/logs/b/c/", "scratch", "store/tree/a/logs/b/c");
	expect_place(fx, "dir//.tmp1", "scratch", "store/tree/dir//.tmp1");
	expect_place(fx, "a/.git/logs/HEAD", "host", "source/a/.git/logs/HEAD");
}

static void what_may_not_change(void **state)
{
	struct sfs_explanation why = { .rule = -1 };
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);

	assert_int_equal(sfs_view_explain_path(fx->view, root, "ro/a/b", &why),
			 0);
	assert_true(why.readonly);
	assert_string_equal(
		sfs_rules_get(fx->readonly, why.readonly_rule)->glob, "ro");
	free(why.real_path);
	assert_int_equal(
		sfs_view_explain_path(fx->view, root, "ro/a/logs", &why), 0);
	assert_false(why.readonly);
	assert_int_equal(why.readonly_rule, -1);
	free(why.real_path);
}

static void what_is_no_path(void **state)
{
	struct sfs_explanation why = { .rule = -1 };
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);
	static char long_path[PATH_MAX + 1];
	static const char *const bad[] = { "/x", "../x", "a/../x", "a/./x" };

	fx_put(fx, "source/file", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(sfs_view_explain_path(fx->view, root, bad[i],
						       &why),
				 -EINVAL);
	assert_int_equal(sfs_view_explain_path(fx->view, root, "file/x", &why),
			 -ENOTDIR);
	memset(long_path, 'x', NAME_MAX + 1);
	assert_int_equal(sfs_view_explain_path(fx->view, root, long_path, &why),
			 -ENAMETOOLONG);
	for (size_t i = 0; i < PATH_MAX; i++)
		long_path[i] = i % 2 ? '/' : 'x';
	assert_int_equal(sfs_view_explain_path(fx->view, root, long_path, &why),
			 -ENAMETOOLONG);
	/* The deepest there can be.  Each step looks at all above it, which
	 * takes the thread sanitizer minutes. */
#ifdef __SANITIZE_THREAD__
	long_path[PATH_MAX / 8 - 1] = '\0';
#else
	long_path[PATH_MAX - 1] = '\0';
#endif
	assert_int_equal(sfs_view_explain_path(fx->view, root, long_path, &why),
			 0);
	free(why.real_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(what_exists),
		FX_TEST(what_is_missing),
		FX_TEST(what_may_not_change),
		FX_TEST(what_is_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
