/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* That a core folder has no mirror and no marks is remembered, as long as it is
 * so. */

static void look_in_vain(struct fixture *fx, const char *path)
{
	assert_null(fx_node(fx, path)); /* looks */
	assert_null(fx_node(fx, path)); /* remembers */
}

static void a_mirror_that_is_made_is_seen(void **state)
{
	struct fixture *fx = *state;

	alarm(60);
	fx_mkdir(fx, "source/core");
	fx_mkdir(fx, "source/core/sub");
	look_in_vain(fx, "core/.tmp");
	look_in_vain(fx, "core/sub/.tmp");
	fx_create(fx, "core/sub", ".tmp", "scratch");
	assert_non_null(fx_node(fx, "core/sub/.tmp"));
	fx_expect(fx, "store/tree/core/sub/.tmp", "scratch");
	assert_null(fx_node(fx, "core/.tmp"));
	fx_create(fx, "core", ".tmp", "scratch");
	assert_non_null(fx_node(fx, "core/.tmp"));
	alarm(0);
}

static void a_mark_that_is_made_is_seen(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/core");
	fx_put(fx, "source/core/.tmp1", "host");
	fx_put(fx, "source/core/.tmp2", "host");
	assert_non_null(fx_node(fx, "core/.tmp1"));
	assert_int_equal(
		sfs_view_unlink(fx->view, fx_node(fx, "core"), ".tmp1"), 0);
	assert_null(fx_node(fx, "core/.tmp1"));
	assert_non_null(fx_node(fx, "core/.tmp2"));
	fx_expect(fx, "source/core/.tmp1", "host");
}

/* The store has something for the name that the host gives a folder. */
static void a_folder_that_the_host_moves_is_looked_at_again(void **state)
{
	struct fixture *fx = *state;

	fx_mkdir(fx, "source/was");
	fx_mkdir(fx, "source/was/sub");
	fx_mkdir(fx, "store/tree/is");
	fx_mkdir(fx, "store/tree/is/sub");
	fx_put(fx, "store/tree/is/.tmp", "scratch");
	fx_put(fx, "store/tree/is/sub/.tmp", "scratch");
	look_in_vain(fx, "was/.tmp");
	look_in_vain(fx, "was/sub/.tmp");
	assert_int_equal(
		rename(fx_at(fx, "source/was"), fx_at(fx, "source/is")), 0);
	assert_non_null(fx_node(fx, "is/.tmp"));
	assert_non_null(fx_node(fx, "is/sub/.tmp"));
}

static void a_folder_that_moves_in_the_view_is_looked_at_again(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);

	fx_mkdir(fx, "source/was");
	fx_mkdir(fx, "source/was/sub");
	fx_mkdir(fx, "store/tree/is");
	fx_mkdir(fx, "store/tree/is/sub");
	fx_put(fx, "store/tree/is/sub/.tmp", "scratch");
	look_in_vain(fx, "was/sub/.tmp");
	assert_int_equal(sfs_view_rename(fx->view, root, "was", root, "is", 0),
			 0);
	assert_non_null(fx_node(fx, "is/sub/.tmp"));
}

/* Another view makes a mirror, and nothing tells of that. */
static void nothing_is_remembered_of_a_volume(void **state)
{
	struct fixture *fx = *state;
	char name[] = "volume";

	fx->store.volume = name;
	fx_mkdir(fx, "source/core");
	look_in_vain(fx, "core/.tmp");
	fx_mkdir(fx, "store/tree/core");
	fx_put(fx, "store/tree/core/.tmp", "another's");
	assert_non_null(fx_node(fx, "core/.tmp"));
	fx->store.volume = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_mirror_that_is_made_is_seen),
		FX_TEST(a_mark_that_is_made_is_seen),
		FX_TEST(a_folder_that_the_host_moves_is_looked_at_again),
		FX_TEST(a_folder_that_moves_in_the_view_is_looked_at_again),
		FX_TEST(nothing_is_remembered_of_a_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
