/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_TESTS_WITH_GIT_H
#define SCRATCHFS_TESTS_WITH_GIT_H

/*
 * For tests on repositories that git itself makes, in a folder of their own.
 * Include after cmocka.h.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratchfs/cleanup.h"

static char with_git_folder[PATH_MAX];

/* Runs a shell script in the folder; it must succeed. */
static inline void run(const char *script)
{
	SFS_FREE char *command = NULL;

	assert_true(asprintf(&command, "set -e; cd '%s'; { %s\n} >&2",
			     with_git_folder, script) > 0);
	if (system(command) != 0)
		fail_msg("failed: %s", script);
}

/* Can this git do that?  For what older ones lack. */
static inline bool can(const char *script)
{
	SFS_FREE char *command = NULL;

	assert_true(asprintf(&command,
			     "set -e; cd '%s'; { %s\n} >/dev/null 2>&1",
			     with_git_folder, script) > 0);
	return system(command) == 0;
}

/* Each line that a script prints. */
static inline size_t each_line(const char *script, void (*fn)(void *, char *),
			       void *ctx)
{
	SFS_FREE char *command = NULL;
	SFS_FREE char *line = NULL;
	size_t capacity = 0, count = 0;
	ssize_t length;
	FILE *pipe;

	assert_true(asprintf(&command, "cd '%s' && %s", with_git_folder,
			     script) > 0);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	while ((length = getline(&line, &capacity, pipe)) > 0) {
		line[length - 1] = '\0';
		fn(ctx, line);
		count++;
	}
	assert_int_equal(pclose(pipe), 0);
	return count;
}

static inline int with_git_setup(void **state)
{
	(void)state;
	strcpy(with_git_folder, "/tmp/scratchfs-git-XXXXXX");
	return mkdtemp(with_git_folder) ? 0 : -1;
}

static inline int with_git_teardown(void **state)
{
	SFS_FREE char *command = NULL;

	(void)state;
	if (asprintf(&command, "rm -rf '%s'", with_git_folder) < 0)
		return -1;
	return system(command);
}

/* git neither sees the user's settings nor waits for a terminal. */
static inline bool with_git_available(void)
{
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_AUTHOR_NAME", "t", 1);
	setenv("GIT_AUTHOR_EMAIL", "t@example.com", 1);
	setenv("GIT_COMMITTER_NAME", "t", 1);
	setenv("GIT_COMMITTER_EMAIL", "t@example.com", 1);
	setenv("GIT_CONFIG_COUNT", "2", 1);
	setenv("GIT_CONFIG_KEY_0", "protocol.file.allow", 1);
	setenv("GIT_CONFIG_VALUE_0", "always", 1);
	setenv("GIT_CONFIG_KEY_1", "init.defaultBranch", 1);
	setenv("GIT_CONFIG_VALUE_1", "main", 1);
	unsetenv("GIT_DIR");
	unsetenv("GIT_INDEX_FILE");
	return system("git --version >/dev/null 2>&1") == 0;
}

#endif
