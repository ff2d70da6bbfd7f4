/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* Nodes are found by folder and name, whoever has changed these. */

enum {
	MANY = 40
};

static struct sfs_node *named(struct fixture *fx, const char *folder,
			      const char *name)
{
	struct sfs_node *node =
		sfs_node_named(fx->view, fx_node(fx, folder), name);

	if (node)
		sfs_node_put(fx->view, node);
	return node;
}

static void the_one_that_the_view_renamed(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_mkdir(fx, "source/dir");
	fx_put(fx, "source/name", "text");
	assert_null(named(fx, "", "name"));
	node = fx_node(fx, "name");
	assert_ptr_equal(named(fx, "", "name"), node);
	assert_null(named(fx, "dir", "name"));
	assert_int_equal(sfs_view_rename(fx->view, fx_node(fx, ""), "name",
					 fx_node(fx, "dir"), "other", 0),
			 0);
	assert_null(named(fx, "", "name"));
	assert_ptr_equal(named(fx, "dir", "other"), node);
	assert_int_equal(sfs_view_unlink(fx->view, fx_node(fx, "dir"), "other"),
			 0);
	assert_null(named(fx, "dir", "other"));
}

static void the_one_that_the_host_renamed(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_put(fx, "source/name", "text");
	node = fx_node(fx, "name");
	assert_int_equal(
		rename(fx_at(fx, "source/name"), fx_at(fx, "source/other")), 0);
	assert_ptr_equal(named(fx, "", "name"), node);
	assert_ptr_equal(fx_node(fx, "other"), node);
	assert_null(named(fx, "", "name"));
	assert_ptr_equal(named(fx, "", "other"), node);
	fx_put(fx, "source/name", "latter");
	assert_ptr_not_equal(fx_node(fx, "name"), node);
	assert_non_null(named(fx, "", "name"));
}

/* The host has moved a folder below one of its former descendants. */
static void the_one_whose_folder_was_cut_off(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *a, *b;

	fx_mkdir(fx, "source/a");
	fx_mkdir(fx, "source/a/b");
	a = fx_node(fx, "a");
	b = fx_node(fx, "a/b");
	assert_int_equal(rename(fx_at(fx, "source/a/b"), fx_at(fx, "source/b")),
			 0);
	assert_int_equal(rename(fx_at(fx, "source/a"), fx_at(fx, "source/b/a")),
			 0);
	assert_ptr_equal(fx_node(fx, "b"), b);
	assert_ptr_equal(fx_node(fx, "b/a"), a);
	assert_ptr_equal(named(fx, "", "b"), b);
	assert_ptr_equal(named(fx, "b", "a"), a);
	assert_null(named(fx, "", "a"));
	assert_null(named(fx, "b/a", "b"));
}

static void none_that_is_forgotten(void **state)
{
	struct fixture *fx = *state;
	char path[32], other[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "source/%d", i);
		fx_put(fx, path, "text");
		assert_non_null(fx_node(fx, path + strlen("source/")));
	}
	/* Under their former names they are not to be found either. */
	for (int i = MANY / 2; i < MANY; i++) {
		snprintf(path, sizeof(path), "%d", i);
		snprintf(other, sizeof(other), "other-%d", i);
		assert_int_equal(sfs_view_rename(fx->view, fx_node(fx, ""),
						 path, fx_node(fx, ""), other,
						 0),
				 0);
		assert_non_null(named(fx, "", other));
	}
	assert_non_null(named(fx, "", "7"));
	fx_forget(fx);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%d", i);
		assert_null(named(fx, "", path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(the_one_that_the_view_renamed),
		FX_TEST(the_one_that_the_host_renamed),
		FX_TEST(the_one_whose_folder_was_cut_off),
		FX_TEST(none_that_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
