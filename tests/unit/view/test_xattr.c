/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sys/xattr.h>

static void assert_attr(struct fixture *fx, struct sfs_node *node,
			const char *name, const char *text)
{
	char value[4096];
	ssize_t n =
		sfs_view_getxattr(fx->view, node, name, value, sizeof(value));

	assert_int_equal(n, strlen(text));
	assert_memory_equal(value, text, strlen(text));
}

static int set(struct fixture *fx, struct sfs_node *node, const char *name,
	       const char *text)
{
	return sfs_view_setxattr(fx->view, &fx_caller, node, name, text,
				 strlen(text), 0);
}

/* Not every file system has user.*. */
static void need_user_xattrs(struct fixture *fx)
{
	if (setxattr(fx_at(fx, "source"), "user.probe", "", 0, 0))
		skip();
}

static void says_where_a_name_lives(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *core, *lower, *scratch;

	fx_put(fx, "source/file", "");
	fx_put(fx, "source/.tmp1", "");
	core = fx_node(fx, "file");
	lower = fx_node(fx, ".tmp1");
	scratch = fx_create(fx, "", ".tmp2", "");
	assert_attr(fx, core, "user.scratchfs.place", "host");
	assert_attr(fx, lower, "user.scratchfs.place", "lower");
	assert_attr(fx, scratch, "user.scratchfs.place", "scratch");
	assert_attr(fx, core, "user.scratchfs.path", fx_at(fx, "source/file"));
	assert_attr(fx, lower, "user.scratchfs.path",
		    fx_at(fx, "source/.tmp1"));
	assert_attr(fx, scratch, "user.scratchfs.path",
		    fx_at(fx, "store/tree/.tmp2"));
	assert_attr(fx, scratch, "user.scratchfs.rule", ".tmp*");
	assert_int_equal(sfs_view_getxattr(fx->view, core,
					   "user.scratchfs.rule", NULL, 0),
			 -ENODATA);
	assert_int_equal(sfs_view_getxattr(fx->view, core,
					   "user.scratchfs.else", NULL, 0),
			 -ENODATA);
}

static void what_it_says_has_a_size(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view);
	char value[4];

	assert_int_equal(sfs_view_getxattr(fx->view, root,
					   "user.scratchfs.place", NULL, 0),
			 4);
	assert_int_equal(sfs_view_getxattr(fx->view, root,
					   "user.scratchfs.place", value, 3),
			 -ERANGE);
	assert_int_equal(sfs_view_getxattr(fx->view, root,
					   "user.scratchfs.place", value, 4),
			 4);
}

static void what_it_says_is_not_anybodys_to_set(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	fx_put(fx, "source/file", "");
	node = fx_node(fx, "file");
	assert_int_equal(set(fx, node, "user.scratchfs.place", "x"), -EPERM);
	assert_int_equal(set(fx, node, "user.scratchfs.other", "x"), -EPERM);
	assert_int_equal(sfs_view_removexattr(fx->view, node,
					      "user.scratchfs.place"),
			 -EPERM);
}

static void what_it_says_is_never_listed(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;
	char list[64];

	need_user_xattrs(fx);
	fx_put(fx, "source/file", "");
	node = fx_node(fx, "file");
	assert_int_equal(sfs_view_listxattr(fx->view, node, NULL, 0), 0);
	assert_int_equal(
		setxattr(fx_at(fx, "source/file"), "user.a", "1", 1, 0), 0);
	assert_int_equal(setxattr(fx_at(fx, "source/file"),
				  "user.scratchfs.place", "1", 1, 0),
			 0);
	assert_int_equal(
		setxattr(fx_at(fx, "source/file"), "user.b", "1", 1, 0), 0);
	assert_int_equal(sfs_view_listxattr(fx->view, node, NULL, 0), 14);
	assert_int_equal(sfs_view_listxattr(fx->view, node, list, 13), -ERANGE);
	assert_int_equal(sfs_view_listxattr(fx->view, node, list, 14), 14);
	assert_true(!memcmp(list, "user.a\0user.b", 14) ||
		    !memcmp(list, "user.b\0user.a", 14));
}

static void attributes_of_core_files_are_the_hosts(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;
	char value[8];

	need_user_xattrs(fx);
	fx_put(fx, "source/file", "");
	node = fx_node(fx, "file");
	assert_int_equal(set(fx, node, "user.a", "text"), 0);
	assert_int_equal(getxattr(fx_at(fx, "source/file"), "user.a", value,
				  sizeof(value)),
			 4);
	assert_attr(fx, node, "user.a", "text");
	assert_int_equal(sfs_view_getxattr(fx->view, node, "user.a", value, 3),
			 -ERANGE);
	assert_int_equal(sfs_view_setxattr(fx->view, &fx_caller, node, "user.a",
					   "x", 1, XATTR_CREATE),
			 -EEXIST);
	assert_int_equal(sfs_view_setxattr(fx->view, &fx_caller, node, "user.b",
					   "x", 1, XATTR_REPLACE),
			 -ENODATA);
	assert_int_equal(sfs_view_removexattr(fx->view, node, "user.a"), 0);
	assert_int_equal(sfs_view_removexattr(fx->view, node, "user.a"),
			 -ENODATA);
}

static void attributes_of_what_shows_through_are_copied_up(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node;

	need_user_xattrs(fx);
	fx_put(fx, "source/.tmp1", "12345");
	assert_int_equal(
		setxattr(fx_at(fx, "source/.tmp1"), "user.a", "1", 1, 0), 0);
	node = fx_node(fx, ".tmp1");
	assert_int_equal(set(fx, node, "user.b", "2"), 0);
	assert_attr(fx, node, "user.a", "1");
	assert_attr(fx, node, "user.b", "2");
	assert_int_equal(getxattr(fx_at(fx, "source/.tmp1"), "user.b", NULL, 0),
			 -1);
	fx_expect(fx, "store/tree/.tmp1", "12345");
}

static void a_symlinks_attributes_are_not_its_targets(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *link;

	if (geteuid() != 0)
		skip();
	fx_put(fx, "source/file", "");
	assert_int_equal(symlink("file", fx_at(fx, "source/link")), 0);
	link = fx_node(fx, "link");
	if (set(fx, link, "trusted.a", "1") == -EOPNOTSUPP)
		skip();
	assert_attr(fx, link, "trusted.a", "1");
	assert_int_equal(
		lgetxattr(fx_at(fx, "source/link"), "trusted.a", NULL, 0), 1);
	assert_int_equal(
		getxattr(fx_at(fx, "source/file"), "trusted.a", NULL, 0), -1);
	assert_int_equal(sfs_view_listxattr(fx->view, link, NULL, 0),
			 sizeof("trusted.a"));
	assert_int_equal(sfs_view_getxattr(fx->view, link,
					   "user.scratchfs.place", NULL, 0),
			 -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(says_where_a_name_lives),
		FX_TEST(what_it_says_has_a_size),
		FX_TEST(what_it_says_is_not_anybodys_to_set),
		FX_TEST(what_it_says_is_never_listed),
		FX_TEST(attributes_of_core_files_are_the_hosts),
		FX_TEST(attributes_of_what_shows_through_are_copied_up),
		FX_TEST(a_symlinks_attributes_are_not_its_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
