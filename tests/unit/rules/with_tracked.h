/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_TESTS_WITH_TRACKED_H
#define SCRATCHFS_TESTS_WITH_TRACKED_H

/* A source among git's repositories.  Include after cmocka.h. */
#include <fcntl.h>

#include "scratchfs/tracked.h"

#include "with_git.h"

struct source {
	int fd;
	struct sfs_tracked *tracked;
	char changes[4096]; /* "+path -path ", sorted by nothing */
};

/* `path`: below the test's folder; "" is the folder. */
static inline void open_source(struct source *source, const char *path)
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

static inline void close_source(struct source *source)
{
	sfs_tracked_free(source->tracked);
	close(source->fd);
}

static inline void note_change(void *ctx, const char *path, bool now_tracked)
{
	struct source *source = ctx;
	size_t length = strlen(source->changes);

	/* No lock is held: asking is fine, and the set is the new one. */
	sfs_tracked_query(source->tracked, path);
	snprintf(source->changes + length, sizeof(source->changes) - length,
		 "%c%s ", now_tracked ? '+' : '-', path);
}

static inline void refresh(struct source *source)
{
	source->changes[0] = '\0';
	assert_int_equal(
		sfs_tracked_refresh(source->tracked, note_change, source), 0);
}

static inline void assert_kind(struct source *source, const char *path,
			       enum sfs_tracked_kind kind)
{
	enum sfs_tracked_kind found = sfs_tracked_query(source->tracked, path);

	if (found != kind)
		fail_msg("%s is %d, not %d", path, found, kind);
}

static inline void assert_changed(struct source *source, const char *change)
{
	if (!strstr(source->changes, change))
		fail_msg("no %s in %s", change, source->changes);
}

#define NO     SFS_TRACKED_NO
#define FILE_  SFS_TRACKED_FILE
#define DOTS   SFS_TRACKED_DOTS
#define FOLDER SFS_TRACKED_FOLDER

#define WITH_GIT(test) \
	cmocka_unit_test_setup_teardown(test, with_git_setup, with_git_teardown)

#endif
