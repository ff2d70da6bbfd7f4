/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sys/resource.h>

/* What has lost its name can only be reached by the descriptor that was kept,
 * however many others are needed. */

enum {
	FEW = 128, /* descriptors for the process; the view keeps about half */
	MANY = 100
};

static int set_up(void **state)
{
	const struct rlimit few = { FEW, FEW };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	return fx_setup(state);
}

static void need_many_descriptors(struct fixture *fx)
{
	struct sfs_entry entries[MANY];
	char name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "other%d", i);
		assert_int_equal(sfs_view_create(fx->view, &fx_caller,
						 sfs_node_root(fx->view), name,
						 0644, O_CREAT | O_RDWR,
						 &entries[i]),
				 0);
	}
	for (int i = 0; i < MANY; i++)
		sfs_node_forget(fx->view, entries[i].node, 1);
}

static void assert_deleted(struct fixture *fx, struct sfs_node *node)
{
	enum sfs_trust trust;
	struct stat st;

	assert_int_equal(sfs_view_getattr(fx->view, node, &st, &trust), 0);
	assert_int_equal(st.st_nlink, 0);
}

static void a_deleted_file_is_kept(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);
	struct sfs_node *core = fx_create(fx, "", "core", "text");
	struct sfs_node *scratch = fx_create(fx, "", ".tmp", "text");
	char text[8];

	assert_int_equal(sfs_view_unlink(fx->view, root, "core"), 0);
	assert_int_equal(sfs_view_unlink(fx->view, root, ".tmp"), 0);
	need_many_descriptors(fx);
	assert_deleted(fx, core);
	assert_deleted(fx, scratch);
	assert_int_equal(sfs_view_read(fx->view, core, text, 8, 0), 4);
	assert_int_equal(sfs_view_read(fx->view, scratch, text, 8, 0), 4);
}

static void a_replaced_file_is_kept(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);
	struct sfs_node *was = fx_create(fx, "", "name", "old");
	char text[8];

	fx_create(fx, "", "other", "new");
	assert_int_equal(
		sfs_view_rename(fx->view, root, "other", root, "name", 0), 0);
	need_many_descriptors(fx);
	assert_deleted(fx, was);
	assert_int_equal(sfs_view_read(fx->view, was, text, 8, 0), 3);
	assert_memory_equal(text, "old", 3);
}

static void a_deleted_folder_is_kept(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder = fx_make_folder(fx, "", "folder");

	assert_int_equal(
		sfs_view_rmdir(fx->view, sfs_node_root(fx->view), "folder"), 0);
	need_many_descriptors(fx);
	assert_deleted(fx, folder);
}

/* Only the store knows that there is something in it. */
static void a_folder_with_scratch_is_not_empty(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);
	struct sfs_node *folder = fx_make_folder(fx, "", "folder");
	struct stat st;
	enum sfs_trust trust;

	fx_create(fx, "folder", ".tmp", "text");
	assert_int_equal(sfs_view_rmdir(fx->view, root, "folder"), -ENOTEMPTY);
	assert_int_equal(sfs_view_unlink(fx->view, folder, ".tmp"), 0);
	fx_create(fx, "folder", "core", "text");
	assert_int_equal(sfs_view_rmdir(fx->view, root, "folder"), -ENOTEMPTY);
	need_many_descriptors(fx);
	assert_int_equal(sfs_view_getattr(fx->view, folder, &st, &trust), 0);
	assert_int_equal(sfs_view_unlink(fx->view, folder, "core"), 0);
	assert_int_equal(sfs_view_rmdir(fx->view, root, "folder"), 0);
}

#define PINS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, fx_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PINS_TEST(a_deleted_file_is_kept),
		PINS_TEST(a_replaced_file_is_kept),
		PINS_TEST(a_deleted_folder_is_kept),
		PINS_TEST(a_folder_with_scratch_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
