/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "../../../fs/view/internal.h"

/* A copied-up file goes on showing the number of the host's; the host may give
 * that number out again. */

enum {
	ATTEMPTS = 100
};

static ino_t shown(struct fixture *fx, struct sfs_node *node)
{
	enum sfs_trust trust;
	struct stat st;

	assert_int_equal(sfs_view_getattr(fx->view, node, &st, &trust), 0);
	return st.st_ino;
}

static struct sfs_node *copied_up(struct fixture *fx)
{
	struct stat what = { .st_mode = 0600 }, st;
	enum sfs_trust trust;
	struct sfs_node *node;

	fx_mkdir(fx, "source/logs");
	fx_put(fx, "source/logs/old", "lower");
	node = fx_node(fx, "logs/old");
	assert_int_equal(sfs_view_setattr(fx->view, &fx_caller, node, &what,
					  SFS_SET_MODE, &st, &trust),
			 0);
	return node;
}

/* A new host file with this number, or NULL. */
static const char *reuse(struct fixture *fx, ino_t ino)
{
	static char name[32];

	for (int i = 0; i < ATTEMPTS; i++) {
		char path[64];

		/* Numbers are given out again near to the same folder. */
		fx_put(fx, "source/logs/another", "another");
		snprintf(name, sizeof(name), "new%d", i);
		snprintf(path, sizeof(path), "source/%s", name);
		assert_int_equal(rename(fx_at(fx, "source/logs/another"),
					fx_at(fx, path)),
				 0);
		if (fx_stat(fx, path).st_ino == ino)
			return name;
	}
	return NULL;
}

static void a_file_copied_up_keeps_its_number(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *node = copied_up(fx);

	assert_int_equal(shown(fx, node),
			 fx_stat(fx, "source/logs/old").st_ino);
	assert_int_not_equal(shown(fx, node),
			     fx_stat(fx, "store/tree/logs/old").st_ino);
}

static void no_other_file_shows_that_number(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *old = copied_up(fx), *fresh;
	ino_t number = fx_stat(fx, "source/logs/old").st_ino;
	const char *name;

	assert_int_equal(shown(fx, old), number);
	assert_int_equal(unlink(fx_at(fx, "source/logs/old")), 0);
	name = reuse(fx, number);
	if (!name)
		skip(); /* this file system gives none out again */
	fresh = fx_node(fx, name);
	assert_non_null(fresh);
	assert_int_not_equal(shown(fx, fresh), number);
	/* The low half is what git's index keeps. */
	assert_int_equal((uint32_t)shown(fx, fresh), (uint32_t)number);
	assert_int_equal(shown(fx, old), number);
}

/* The host gives the number out again at once to a file of the same name and
 * type: only its birth tells. */
static void another_file_is_another_node(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *old, *fresh;
	enum sfs_trust trust;
	char text[16] = "";
	struct stat st;

	fx_put(fx, "source/name", "former");
	old = fx_node(fx, "name");
	assert_ptr_equal(fx_node(fx, "name"), old);
	st = fx_stat(fx, "source/name");
	sfs_fd_drop(fx->view, old); /* what is open keeps its number */
	for (int i = 0; i < ATTEMPTS; i++) {
		assert_int_equal(unlink(fx_at(fx, "source/name")), 0);
		fx_put(fx, "source/name", "latter");
		if (fx_stat(fx, "source/name").st_ino == st.st_ino)
			break;
	}
	if (fx_stat(fx, "source/name").st_ino != st.st_ino)
		skip(); /* this file system gives none out again */
	fresh = fx_node(fx, "name");
	assert_ptr_not_equal(fresh, old);
	assert_int_equal(sfs_view_read(fx->view, fresh, text, 15, 0), 6);
	assert_string_equal(text, "latter");
	assert_int_equal(sfs_view_read(fx->view, old, text, 15, 0), -ESTALE);
	assert_int_equal(sfs_view_getattr(fx->view, old, &st, &trust), -ESTALE);
}

/* The same without a file system's help. */
static void a_birth_tells_two_nodes_apart(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *root = sfs_node_root(fx->view), *old, *node;
	struct sfs_where where;

	fx_put(fx, "source/name", "text");
	old = fx_node(fx, "name");
	assert_int_equal(sfs_where_find(fx->view, root, "name", -1, &where), 0);
	where.birth_ns = 0; /* not known: nothing speaks for another one */
	assert_int_equal(
		sfs_node_make(fx->view, root, "name", &where, true, &node), 0);
	assert_ptr_equal(fx_keep(fx, node), old);
	where.birth_ns = old->birth_ns + 1;
	assert_int_equal(
		sfs_node_make(fx->view, root, "name", &where, true, &node), 0);
	fx_keep(fx, node);
	if (!old->birth_ns)
		skip(); /* this file system knows none */
	assert_ptr_not_equal(node, old);
	assert_int_equal(
		sfs_node_make(fx->view, root, "name", &where, true, &old), 0);
	assert_ptr_equal(fx_keep(fx, old), node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_file_copied_up_keeps_its_number),
		FX_TEST(no_other_file_shows_that_number),
		FX_TEST(another_file_is_another_node),
		FX_TEST(a_birth_tells_two_nodes_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
