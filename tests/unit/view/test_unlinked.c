/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "../../../fs/view/charge.h"

/* What a look-up has seen may be gone before it tells of it. */

enum {
	LIMIT_BYTES = 1 << 20
};

static int limited_setup(void **state)
{
	struct fixture *fx = fx_prepare();
	int root = open(fx_at(fx, "store"), O_RDONLY | O_DIRECTORY);

	assert_true(root >= 0);
	assert_int_equal(
		sfs_quota_new(root, LIMIT_BYTES, 0, 1, &fx->store.quota), 0);
	close(root);
	fx_open_view(fx, false);
	*state = fx;
	return 0;
}

static int limited_teardown(void **state)
{
	struct sfs_quota *quota = ((struct fixture *)*state)->store.quota;
	int r = fx_teardown(state);

	sfs_quota_free(quota);
	return r;
}

static void unlink_name(struct fixture *fx, const char *name)
{
	assert_int_equal(sfs_view_unlink(fx->view, fx_node(fx, "logs"), name),
			 0);
}

/* The look-up's other half. */
static int tell(struct fixture *fx, const struct sfs_where *where,
		struct sfs_node **ret)
{
	return sfs_node_make(fx->view, fx_node(fx, "logs"), "name", where, true,
			     ret);
}

static void what_is_unlinked_gets_no_name_by_an_old_look(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node, *again;
	struct sfs_where where;

	fx_make_folder(fx, "", "logs");
	node = fx_create(fx, "logs", "name", "text");
	assert_int_equal(sfs_where_find(fx->view, fx_node(fx, "logs"), "name",
					-1, &where),
			 0);
	assert_int_equal(tell(fx, &where, &again), 0);
	assert_ptr_equal(fx_keep(fx, again), node);
	unlink_name(fx, "name");
	assert_int_equal(tell(fx, &where, &again), -EAGAIN);
	assert_true(sfs_node_is(node, SFS_NODE_UNLINKED));
	assert_null(node->parent);
}

static void another_link_is_a_name_again(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;
	struct sfs_entry entry;

	fx_make_folder(fx, "", "logs");
	node = fx_create(fx, "logs", "name", "text");
	assert_int_equal(sfs_view_link(fx->view, node, fx_node(fx, "logs"),
				       "link", &entry),
			 0);
	fx_keep(fx, entry.node);
	assert_ptr_equal(fx_node(fx, "logs/name"), node);
	unlink_name(fx, "name");
	assert_true(sfs_node_is(node, SFS_NODE_UNLINKED));
	assert_ptr_equal(fx_node(fx, "logs/link"), node);
	assert_false(sfs_node_is(node, SFS_NODE_UNLINKED));
}

static void an_old_look_forgives_no_charge(void **state)
{
	struct fixture *fx = *state;
	const struct sfs_quota *quota = fx->store.quota;
	struct sfs_node *node, *again;
	struct sfs_where where;

	fx_make_folder(fx, "", "logs");
	node = fx_create(fx, "logs", "name", "text");
	assert_int_equal(sfs_where_find(fx->view, fx_node(fx, "logs"), "name",
					-1, &where),
			 0);
	/* An unlink, between its charge and the loss of the name. */
	assert_int_equal(sfs_pin(fx->view, node), 0);
	assert_int_equal(unlink(fx_at(fx, "store/tree/logs/name")), 0);
	sfs_charge_unlinked(fx->view, node, &where);
	assert_int_equal(tell(fx, &where, &again), 0);
	assert_ptr_equal(fx_keep(fx, again), node);
	sfs_node_lose_name(fx->view, node, fx_node(fx, "logs"), "name");
	assert_int_equal(sfs_quota_used(quota), 4096);
	fx_forget(fx);
	assert_int_equal(sfs_quota_used(quota), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(what_is_unlinked_gets_no_name_by_an_old_look),
		FX_TEST(another_link_is_a_name_again),
		cmocka_unit_test_setup_teardown(an_old_look_forgives_no_charge,
						limited_setup,
						limited_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
