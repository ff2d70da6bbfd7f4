/* SPDX-License-Identifier: MIT */
/* What a source's repositories track, as git changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "scratchfs/tracked.h"

#include "with_git.h"

struct source {
	int fd;
	struct sfs_tracked *tracked;
	char changes[4096]; /* "+path -path ", sorted by nothing */
};

/* `path`: below the test's folder; "" is the folder. */
static void open_source(struct source *source, const char *path)
{
	char whole[PATH_MAX + 64];

	snprintf(whole, sizeof(whole), "%s%s%s", with_git_folder,
		 path[0] ? "/" : "", path);
	source->changes[0] = '\0';
	source->fd = open(whole, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(source->fd >= 0);
	assert_int_equal(sfs_tracked_new(source->fd, whole, &source->tracked),
			 0);
}

static void close_source(struct source *source)
{
	sfs_tracked_free(source->tracked);
	close(source->fd);
}

static void note_change(void *ctx, const char *path, bool now_tracked)
{
	struct source *source = ctx;
	size_t length = strlen(source->changes);

	/* No lock is held: asking is fine, and the set is the new one. */
	sfs_tracked_query(source->tracked, path);
	snprintf(source->changes + length, sizeof(source->changes) - length,
		 "%c%s ", now_tracked ? '+' : '-', path);
}

static void refresh(struct source *source)
{
	source->changes[0] = '\0';
	assert_int_equal(
		sfs_tracked_refresh(source->tracked, note_change, source), 0);
}

static void assert_kind(struct source *source, const char *path,
			enum sfs_tracked_kind kind)
{
	enum sfs_tracked_kind found = sfs_tracked_query(source->tracked, path);

	if (found != kind)
		fail_msg("%s is %d, not %d", path, found, kind);
}

static void assert_changed(struct source *source, const char *change)
{
	if (!strstr(source->changes, change))
		fail_msg("no %s in %s", change, source->changes);
}

#define NO     SFS_TRACKED_NO
#define FILE_  SFS_TRACKED_FILE
#define DOTS   SFS_TRACKED_DOTS
#define FOLDER SFS_TRACKED_FOLDER

static void test_kinds(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; mkdir -p logs src/logs .tmp deep/a/b; "
	    "touch logs/.gitkeep src/logs/handler.py .tmp/.x deep/a/b/.y "
	    "deep/z untracked; ln -s z deep/l; git add logs src .tmp deep");
	open_source(&source, "");
	assert_true(sfs_tracked_has_repository(source.tracked));
	assert_false(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "", FOLDER);
	assert_kind(&source, "logs", DOTS);
	assert_kind(&source, "logs/.gitkeep", FILE_);
	assert_kind(&source, "logs/other", NO);
	assert_kind(&source, "src/logs", FOLDER);
	assert_kind(&source, "src", FOLDER);
	assert_kind(&source, ".tmp", DOTS);
	assert_kind(&source, "deep/a", DOTS);
	assert_kind(&source, "deep/a/b", DOTS);
	assert_kind(&source, "deep", FOLDER);
	assert_kind(&source, "deep/l", FILE_);
	assert_kind(&source, "dee", NO);
	assert_kind(&source, "deep/zz", NO);
	assert_kind(&source, "untracked", NO);
	assert_true(sfs_tracked_is_index(source.tracked, ".git/index"));
	assert_true(sfs_tracked_is_index(source.tracked, ".git/config"));
	assert_true(
		sfs_tracked_is_index(source.tracked, ".git/sharedindex.0123"));
	assert_false(sfs_tracked_is_index(source.tracked, ".git/index.lock"));
	assert_false(sfs_tracked_is_index(source.tracked, "git/index"));
	assert_false(sfs_tracked_is_index(source.tracked, "index"));
	close_source(&source);
}

static void test_no_repository(void **state)
{
	struct source source;

	(void)state;
	run("mkdir a; touch a/b");
	open_source(&source, "");
	assert_false(sfs_tracked_has_repository(source.tracked));
	assert_false(sfs_tracked_unreadable(source.tracked));
	assert_kind(&source, "a", NO);
	assert_kind(&source, "", NO);
	/* The repository is made later. */
	run("git init -q .; git add a");
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "",
						    note_change, &source),
			 0);
	assert_changed(&source, "+a/b ");
	assert_kind(&source, "a", FOLDER);
	close_source(&source);
}

/* The view meets `.git` when git has only begun to make it. */
static void test_unfinished(void **state)
{
	struct source source;

	(void)state;
	run("mkdir n");
	open_source(&source, "");
	assert_int_equal(sfs_tracked_add_repository(source.tracked, "n", NULL,
						    NULL),
			 -ENOENT);
	run("mkdir n/.git");
	assert_int_equal(
		sfs_tracked_add_repository(source.tracked, "n", NULL, NULL), 0);
	assert_false(sfs_tracked_unreadable(source.tracked));
	run("cd n; git init -q .; touch f; git add f");
	refresh(&source);
	assert_string_equal(source.changes, "+n/f ");
	assert_kind(&source, "n", FOLDER);
	close_source(&source);
}

static void test_changes(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; touch a b; git add a");
	open_source(&source, "");
	refresh(&source);
	assert_string_equal(source.changes, "");
	/* Same size, within one tick perhaps: the checksum tells. */
	for (int i = 0; i < 10; i++) {
		run("git rm -q --cached a; git add b");
		refresh(&source);
		assert_changed(&source, "+b ");
		assert_changed(&source, "-a ");
		run("git rm -q --cached b; git add a");
		refresh(&source);
		assert_changed(&source, "+a ");
		assert_changed(&source, "-b ");
	}
	run("git add b");
	source.changes[0] = '\0';
	assert_int_equal(sfs_tracked_refresh_if_stale(source.tracked,
						      3600000000000,
						      note_change, &source),
			 0);
	assert_string_equal(source.changes, "");
	assert_int_equal(sfs_tracked_refresh_if_stale(source.tracked, 0,
						      note_change, &source),
			 0);
	assert_string_equal(source.changes, "+b ");
	/* It was there and is gone: the last good one stays. */
	run("rm .git/index");
	refresh(&source);
	assert_kind(&source, "b", FILE_);
	run("rm -rf .git");
	refresh(&source);
	assert_changed(&source, "-a ");
	assert_changed(&source, "-b ");
	assert_kind(&source, "b", NO);
	assert_false(sfs_tracked_has_repository(source.tracked));
	close_source(&source);
}

static void test_preview(void **state)
{
	SFS_CLOSE int fd = -1;
	struct source source;
	char lock[PATH_MAX + 64];

	(void)state;
	run("git init -q .; touch a b c; git add a; cp .git/index old; "
	    "git rm -q --cached a; git add b; mv .git/index .git/index.lock; "
	    "mv old .git/index");
	open_source(&source, "");
	snprintf(lock, sizeof(lock), "%s/.git/index.lock", with_git_folder);
	fd = open(lock, O_RDONLY | O_CLOEXEC);
	assert_int_equal(sfs_tracked_preview(source.tracked, ".git/index", fd,
					     note_change, &source),
			 0);
	assert_string_equal(source.changes, "+b ");
	assert_kind(&source, "b", NO);
	assert_kind(&source, "a", FILE_);
	assert_int_equal(sfs_tracked_preview(source.tracked, ".git/other", fd,
					     note_change, &source),
			 -ENOENT);
	run("mv .git/index.lock .git/index");
	refresh(&source);
	assert_kind(&source, "b", FILE_);
	assert_kind(&source, "a", NO);
	run("echo garbage > .git/index.lock");
	close(fd);
	fd = open(lock, O_RDONLY | O_CLOEXEC);
	assert_int_equal(sfs_tracked_preview(source.tracked, ".git/index", fd,
					     note_change, &source),
			 -EBADMSG);
	close_source(&source);
}

static void test_damaged(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; touch a b; git add a; cp .git/index good; "
	    "echo garbage > .git/index");
	open_source(&source, "");
	assert_true(sfs_tracked_unreadable(source.tracked));
	assert_true(sfs_tracked_has_repository(source.tracked));
	assert_kind(&source, "a", NO);
	run("mv good .git/index");
	refresh(&source);
	assert_string_equal(source.changes, "+a ");
	assert_false(sfs_tracked_unreadable(source.tracked));
	run("cp .git/index good; head -c 60 good > .git/index");
	refresh(&source);
	assert_string_equal(source.changes, "");
	assert_kind(&source, "a", FILE_);
	assert_false(sfs_tracked_unreadable(source.tracked));
	run("ln -sf ../good .git/index");
	refresh(&source);
	assert_string_equal(source.changes, "");
	run("mv good .git/index; git add b");
	refresh(&source);
	assert_string_equal(source.changes, "+b ");
	run("git config core.repositoryformatversion 99");
	close_source(&source);
	open_source(&source, "");
	assert_true(sfs_tracked_unreadable(source.tracked));
	close_source(&source);
}

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

static void test_ignore_case(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; mkdir Logs; touch Logs/File; git add .");
	open_source(&source, "");
	assert_kind(&source, "logs/file", NO);
	run("git config core.ignoreCase true");
	refresh(&source);
	assert_kind(&source, "logs/file", FILE_);
	assert_kind(&source, "LOGS", FOLDER);
	assert_kind(&source, "LOG", NO);
	close_source(&source);
}

static void test_sparse(void **state)
{
	struct source source;

	(void)state;
	run("git init -q .; mkdir -p in out/logs; touch in/f out/logs/f; "
	    "git add .; git commit -qm 1");
	if (!can("git sparse-checkout init --cone --sparse-index && "
		 "git sparse-checkout set in && grep -q sdir .git/index"))
		skip();
	open_source(&source, "");
	assert_kind(&source, "in/f", FILE_);
	assert_kind(&source, "in/g", NO);
	assert_kind(&source, "out", FOLDER);
	assert_kind(&source, "out/logs", FOLDER);
	assert_kind(&source, "out/logs/f", FOLDER);
	close_source(&source);
	run("mkdir -p out/logs");
	open_source(&source, "out/logs");
	assert_kind(&source, "anything", FOLDER);
	close_source(&source);
}

static void count_folder(void *ctx, int git_folder_fd)
{
	*(int *)ctx += faccessat(git_folder_fd, "HEAD", F_OK, 0) == 0;
}

static void test_each_index(void **state)
{
	struct source source;
	int folders = 0;

	(void)state;
	run("git init -q .; git init -q n");
	open_source(&source, "");
	sfs_tracked_add_repository(source.tracked, "n", NULL, NULL);
	sfs_tracked_each_index(source.tracked, count_folder, &folders);
	assert_int_equal(folders, 2);
	close_source(&source);
}

#define WITH_GIT(test) \
	cmocka_unit_test_setup_teardown(test, with_git_setup, with_git_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(test_kinds),		WITH_GIT(test_no_repository),
		WITH_GIT(test_unfinished),	WITH_GIT(test_changes),
		WITH_GIT(test_preview),		WITH_GIT(test_damaged),
		WITH_GIT(test_subfolder),	WITH_GIT(test_worktree),
		WITH_GIT(test_worktree_inside), WITH_GIT(test_submodule),
		WITH_GIT(test_nested),		WITH_GIT(test_ignore_case),
		WITH_GIT(test_sparse),		WITH_GIT(test_each_index),
	};

	if (!with_git_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
