/* SPDX-License-Identifier: MIT */
/* What a source's repositories track, as git changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "with_tracked.h"

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
	for (int i = 0; i < 4; i++) {
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

struct asking {
	struct sfs_tracked *tracked;
	atomic_bool stop;
	atomic_int wrong;
};

static void *ask(void *arg)
{
	struct asking *asking = arg;

	while (!atomic_load(&asking->stop)) {
		if (sfs_tracked_query(asking->tracked, "d/stays") != FILE_ ||
		    sfs_tracked_query(asking->tracked, "d") != FOLDER ||
		    !sfs_tracked_is_index(asking->tracked, ".git/index"))
			atomic_fetch_add(&asking->wrong, 1);
	}
	return NULL;
}

/* No reader ever sees a set that is being exchanged. */
static void test_threads(void **state)
{
	struct source source;
	struct asking asking = { 0 };
	pthread_t threads[2];

	(void)state;
	run("git init -q .; mkdir d; touch d/stays f; git add d; "
	    "git init -q n; touch n/x");
	open_source(&source, "");
	asking.tracked = source.tracked;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, ask, &asking), 0);
	for (int i = 0; i < 4; i++) {
		run("git add f; cd n; git init -q .; git add x");
		refresh(&source);
		sfs_tracked_add_repository(source.tracked, "n", NULL, NULL);
		run("git rm -q --cached f; rm -rf n/.git");
		refresh(&source);
	}
	atomic_store(&asking.stop, true);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&asking.wrong), 0);
	close_source(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(test_kinds),	    WITH_GIT(test_no_repository),
		WITH_GIT(test_unfinished),  WITH_GIT(test_changes),
		WITH_GIT(test_preview),	    WITH_GIT(test_damaged),
		WITH_GIT(test_ignore_case), WITH_GIT(test_sparse),
		WITH_GIT(test_threads),
	};

	if (!with_git_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
