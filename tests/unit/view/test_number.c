/* SPDX-License-Identifier: MIT */
#include "fixture.h"

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

		snprintf(name, sizeof(name), "new%d", i);
		snprintf(path, sizeof(path), "source/%s", name);
		fx_put(fx, path, "another");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_file_copied_up_keeps_its_number),
		FX_TEST(no_other_file_shows_that_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
