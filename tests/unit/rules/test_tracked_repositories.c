/* SPDX-License-Identifier: MIT */
/* Repositories around, beside and below a source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "with_tracked.h"

static void test_subfolder(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; mkdir -p s/t/logs other; "
	    "touch s/t/logs/x s/t/f s/f other/f; git add .");
	open_source(&source, "s/t");
	assert_true(sfs_tracked_has_repository(source.tracked));
	assert_kind(&source, "f", FILE_);
	assert_kind(&source, "logs", FOLDER);
	assert_kind(&source, "logs/x", FILE_);
	assert_kind(&source, "s/t/f", NO);
	assert_kind(&source, "other", NO);
	assert_false(sfs_tracked_is_index(source.tracked, ".git/index"));
	run("touch s/t/new; git add s/t/new; git rm -q --cached other/f");
	refresh(&source);
	assert_string_equal(source.changes, "+new ");
	close_source(&source);
	/* A `.git` that is none does not hide the one above. */
	run("mkdir s/t/.git");
	open_source(&source, "s/t");
	assert_kind(&source, "new", FILE_);
	close_source(&source);
}

static void test_worktree(void **state)
{
	struct source source;

	(void)state;
	run("git init -q main; cd main; mkdir d; touch a d/b; git add .; "
	    "git commit -qm 1; git worktree add -q ../linked; cd ../linked; "
	    "touch c; git add c");
	open_source(&source, "linked");
	assert_false(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "c", FILE_);
	assert_kind(&source, "d/b", FILE_);
	run("cd linked; git rm -qf c");
	refresh(&source);
	assert_string_equal(source.changes, "-c ");
	close_source(&source);
	open_source(&source, "linked/d");
	assert_kind(&source, "b", FILE_);
	close_source(&source);
	/* Not confirmed: said, and never used. */
	run("mkdir thief; cp linked/.git thief");
	open_source(&source, "thief");
	assert_true(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "a", NO);
	close_source(&source);
	run("rm -r thief/.git; ln -s ../main/.git thief/.git");
	open_source(&source, "thief");
	assert_true(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "a", NO);
	close_source(&source);
}

/* `git worktree add` within the view writes the view's own path. */
static void test_worktree_inside(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; touch a; git add .; git commit -qm 1; "
	    "git worktree add -q w; "
	    "sed -i 's|gitdir: .*/.git/|gitdir: /nowhere/view/.git/|' w/.git");
	open_source(&source, "");
	assert_kind(&source, "w/a", NO);
	sfs_tracked_set_mountpoint(source.tracked, "/nowhere/view");
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "w",
						    note_change, &source),
			 0);
	assert_string_equal(source.changes, "+w/a ");
	assert_kind(&source, "w/a", FILE_);
	assert_true(
		sfs_tracked_is_index(source.tracked, ".git/worktrees/w/index"));
	close_source(&source);
}

static void test_submodule(void **state)
{
	struct source source;

	(void)state;
	run("git init -q lib; cd lib; mkdir logs; touch logs/x; git add .; "
	    "git commit -qm 1; git init -q ../top; cd ../top; "
	    "git submodule --quiet add ../lib sub/lib; git commit -qm 1");
	open_source(&source, "top");
	assert_kind(&source, "sub", FOLDER);
	assert_kind(&source, "sub/lib", FOLDER);
	assert_kind(&source, "sub/lib/logs", FOLDER);
	assert_kind(&source, "sub/lib/logs/x", FILE_);
	assert_kind(&source, "sub/lib/logs/y", NO);
	assert_true(sfs_tracked_is_index(source.tracked,
					 ".git/modules/sub/lib/index"));
	run("cd top/sub/lib; touch logs/y; git add logs/y");
	refresh(&source);
	assert_string_equal(source.changes, "+sub/lib/logs/y ");
	/* A second one comes with the index. */
	run("cd top; git submodule --quiet add ../lib two");
	refresh(&source);
	assert_changed(&source, "+two/logs/x ");
	assert_kind(&source, "two", FOLDER);
	run("cd top; git rm -qf two");
	refresh(&source);
	assert_changed(&source, "-two/logs/x ");
	assert_kind(&source, "two", NO);
	close_source(&source);
	/* The submodule alone: core.worktree confirms. */
	open_source(&source, "top/sub/lib");
	assert_false(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "logs/y", FILE_);
	close_source(&source);
}

static void test_nested(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; touch a; git add a; mkdir -p v/logs; "
	    "git init -q v/n; touch v/n/.f; cd v/n; git add .f");
	open_source(&source, "");
	assert_kind(&source, "v/n/.f", NO);
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "v/n",
						    note_change, &source),
			 0);
	assert_string_equal(source.changes, "+v/n/.f ");
	assert_kind(&source, "v/n/.f", FILE_);
	assert_kind(&source, "v/n", DOTS);
	assert_kind(&source, "v", DOTS);
	assert_kind(&source, "v/logs", NO);
	/* A second time, or nothing there. */
	source.changes[0] = '\0';
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "v/n",
						    note_change, &source),
			 0);
	assert_string_equal(source.changes, "");
	run("rm -rf v/n");
	refresh(&source);
	assert_string_equal(source.changes, "-v/n/.f ");
	assert_kind(&source, "v", NO);
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "v/n",
						    note_change, &source),
			 -ENOENT);
	close_source(&source);
}

/* A folder of which news came late: a symlink has its name, or one above. */
static void test_behind_symlink(void **state)
{
	static const char *const roots[] = { "link", "link/n" };
	struct source source;

	(void)state;
	run("git init -q v; git init -q v/n; ln -s v link");
	open_source(&source, "");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sfs_tracked_add_repository(
					 source.tracked, roots[i], NULL, NULL),
				 -ENOENT);
		assert_false(sfs_tracked_unreadable(source.tracked));
		assert_false(sfs_tracked_has_repository(source.tracked));
	}
	close_source(&source);
}

/* What one repository says less of does not hide what another says. */
static void test_two_say(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; mkdir -p v/n; touch v/x v/n/.f; git add v/x; "
	    "cd v/n; git init -q .; git add .f");
	open_source(&source, "");
	sfs_tracked_add_repository(source.tracked, "v/n", NULL, NULL);
	assert_kind(&source, "v/n", DOTS);
	assert_kind(&source, "v", FOLDER);
	close_source(&source);
}

/* One drops out of the list, and the last of it is looked at all the same. */
static void test_drop_one(void **state)
{
	struct source source;

	(void)state;
	run("for r in a b c; do git init -q $r; touch $r/f $r/g; "
	    "(cd $r; git add f); done");
	open_source(&source, "");
	sfs_tracked_add_repository(source.tracked, "a", NULL, NULL);
	sfs_tracked_add_repository(source.tracked, "b", NULL, NULL);
	sfs_tracked_add_repository(source.tracked, "c", NULL, NULL);
	run("rm -r a/.git; cd c; git add g");
	refresh(&source);
	assert_changed(&source, "-a/f ");
	assert_changed(&source, "+c/g ");
	assert_kind(&source, "b/f", FILE_);
	close_source(&source);
}

/* Its common config says where the submodule is, not where the worktree. */
static void test_worktree_of_submodule(void **state)
{
	struct source source;

	(void)state;
	run("git init -q lib; cd lib; touch x; git add .; git commit -qm 1; "
	    "git init -q ../top; cd ../top; git submodule --quiet add ../lib s; "
	    "git commit -qm 1; cd s; git worktree add -q ../../w; cd ../../w; "
	    "touch only; git add only");
	open_source(&source, "w");
	assert_false(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "only", FILE_);
	close_source(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(test_subfolder),
		WITH_GIT(test_worktree),
		WITH_GIT(test_worktree_inside),
		WITH_GIT(test_submodule),
		WITH_GIT(test_nested),
		WITH_GIT(test_behind_symlink),
		WITH_GIT(test_two_say),
		WITH_GIT(test_drop_one),
		WITH_GIT(test_worktree_of_submodule),
	};

	if (!with_git_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
