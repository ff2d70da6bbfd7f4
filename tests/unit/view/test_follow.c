/* SPDX-License-Identifier: MIT */
/* What git tracks is core, and moves there when it comes to be: follow.c and
 * replace.c.  git itself makes the indexes. */
#include "fixture.h"

#include "../../../fs/view/internal.h"
#include "../../../fs/view/replace.h"
#include "../rules/with_git.h"

#include <time.h>

static int setup(void **state)
{
	struct fixture *fx = fx_prepare();

	snprintf(with_git_folder, sizeof(with_git_folder), "%s",
		 fx_at(fx, "source"));
	run("git init -q .; mkdir src; echo core >src/core; git add src");
	fx_open_view(fx, true);
	*state = fx;
	return 0;
}

static void append(struct fixture *fx, struct sfs_node *node, const char *text)
{
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct sfs_write write = { .iov = &iov, .n_iov = 1, .append = true };

	assert_int_equal(sfs_view_write(fx->view, node, &write), strlen(text));
}

/* git changes its index in the view: by a rename over it. */
static void git_in_view(struct fixture *fx, const char *command)
{
	char script[512];
	struct sfs_node *git;

	snprintf(script, sizeof(script),
		 "cp .git/index .git/new; export GIT_INDEX_FILE=.git/new; %s",
		 command);
	run(script);
	git = fx_node(fx, ".git");
	assert_non_null(fx_node(fx, ".git/new")); /* as the kernel does */
	assert_non_null(fx_node(fx, ".git/index"));
	assert_int_equal(sfs_view_rename(fx->view, git, "new", git, "index", 0),
			 0);
}

/* As `git add -f`, of a file that is not on the host. */
static void track(struct fixture *fx, const char *path)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "blob=$(git hash-object -w src/core); "
		 "git update-index --add --cacheinfo 100644,$blob,%s",
		 path);
	git_in_view(fx, command);
}

static bool is_scratch(struct sfs_node *node)
{
	return sfs_node_is(node, SFS_NODE_SCRATCH);
}

static void where_rules_begin_to_matter(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(sfs_replace_concerns(fx->view, "logs"), 4);
	assert_int_equal(sfs_replace_concerns(fx->view, "logs/a/b"), 4);
	assert_int_equal(sfs_replace_concerns(fx->view, "src/logs/a"), 8);
	assert_int_equal(sfs_replace_concerns(fx->view, "src/core"), 0);
	assert_int_equal(sfs_replace_concerns(fx->view, "logsx/a"), 0);
}

static void what_becomes_tracked_moves_to_the_host(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder = fx_make_folder(fx, "", "logs");
	struct sfs_node *file = fx_create(fx, "logs", "file", "text");

	fx_create(fx, "logs", "other", "scratch");
	assert_true(is_scratch(file));
	track(fx, "logs/file");
	fx_expect(fx, "source/logs/file", "text");
	fx_expect(fx, "store/tree/logs/file", NULL);
	fx_expect(fx, "source/logs/other", NULL);
	fx_expect(fx, "store/tree/logs/other", "scratch");
	/* Who has them goes on with them. */
	assert_false(is_scratch(file));
	assert_false(is_scratch(folder));
	assert_ptr_equal(fx_node(fx, "logs/file"), file);
	assert_ptr_equal(fx_node(fx, "logs"), folder);
	append(fx, file, " and more");
	fx_expect(fx, "source/logs/file", "text and more");
	/* What comes now is scratch as before. */
	fx_create(fx, "logs", "late", "scratch");
	fx_expect(fx, "source/logs/late", NULL);
}

static void what_is_tracked_no_more_is_shown_through(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder = fx_make_folder(fx, "", "logs");
	struct sfs_node *file = fx_create(fx, "logs", "file", "text");

	track(fx, "logs/file");
	git_in_view(fx, "git update-index --force-remove logs/file");
	assert_true(is_scratch(folder));
	assert_ptr_equal(fx_node(fx, "logs"), folder);
	file = fx_node(fx, "logs/file");
	assert_true(is_scratch(file));
	append(fx, file, " and more");
	fx_expect(fx, "source/logs/file", "text");
	fx_expect(fx, "store/tree/logs/file", "text and more");
}

static void another_name_of_the_file_stays(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder = fx_make_folder(fx, "", "logs");
	struct sfs_node *file = fx_create(fx, "logs", "file", "text");
	struct sfs_entry entry;

	assert_int_equal(
		sfs_view_link(fx->view, file, folder, "second", &entry), 0);
	fx_keep(fx, entry.node);
	track(fx, "logs/file");
	fx_expect(fx, "source/logs/file", "text");
	append(fx, fx_node(fx, "logs/second"), " in scratch");
	fx_expect(fx, "store/tree/logs/second", "text in scratch");
	fx_expect(fx, "source/logs/file", "text");
}

static void what_the_host_has_wins(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *file;

	fx_mkdir(fx, "source/logs");
	fx_put(fx, "source/logs/file", "host");
	file = fx_node(fx, "logs/file");
	append(fx, file, " and scratch");
	fx_expect(fx, "store/tree/logs/file", "host and scratch");
	track(fx, "logs/file");
	fx_expect(fx, "source/logs/file", "host");
	assert_ptr_not_equal(fx_node(fx, "logs/file"), file);
	append(fx, fx_node(fx, "logs/file"), "!");
	fx_expect(fx, "source/logs/file", "host!");
}

/* Of the host's own git nobody tells; before a copy is made the view looks. */
static void no_copy_is_made_of_what_is_tracked_by_now(void **state)
{
	struct fixture *fx = *state;
	const struct timespec stale = { .tv_nsec = 20 * 1000 * 1000 };
	struct sfs_node *file;

	fx_mkdir(fx, "source/logs");
	fx_put(fx, "source/logs/file", "host");
	file = fx_node(fx, "logs/file");
	assert_true(is_scratch(file));
	run("git add -f logs/file");
	nanosleep(&stale, NULL);
	append(fx, file, " and view");
	fx_expect(fx, "source/logs/file", "host and view");
	fx_expect(fx, "store/tree/logs/file", NULL);
}

static void a_repository_is_met(void **state)
{
	struct fixture *fx = *state;

	run("mkdir -p inner/logs; cd inner; git init -q .; "
	    "echo tracked >logs/file; echo not >logs/other; "
	    "git add -f logs/file");
	assert_false(is_scratch(fx_node(fx, "inner/logs/file")));
	assert_true(is_scratch(fx_node(fx, "inner/logs/other")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(where_rules_begin_to_matter,
						setup, fx_teardown),
		cmocka_unit_test_setup_teardown(
			what_becomes_tracked_moves_to_the_host, setup,
			fx_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_tracked_no_more_is_shown_through, setup,
			fx_teardown),
		cmocka_unit_test_setup_teardown(another_name_of_the_file_stays,
						setup, fx_teardown),
		cmocka_unit_test_setup_teardown(what_the_host_has_wins, setup,
						fx_teardown),
		cmocka_unit_test_setup_teardown(
			no_copy_is_made_of_what_is_tracked_by_now, setup,
			fx_teardown),
		cmocka_unit_test_setup_teardown(a_repository_is_met, setup,
						fx_teardown),
	};

	if (!with_git_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
