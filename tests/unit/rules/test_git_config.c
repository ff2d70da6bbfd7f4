/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "scratchfs/git_config.h"

static int read_text(struct sfs_git_config *config, const char *text)
{
	sfs_git_config_init(config);
	return sfs_git_config_read(config, text, strlen(text));
}

static void test_keys(void **state)
{
	struct sfs_git_config config;

	(void)state;
	assert_int_equal(read_text(&config, ""), 0);
	assert_int_equal(config.hash_bytes, 20);
	assert_false(config.bare || config.ignore_case ||
		     config.worktree_config);
	assert_string_equal(config.worktree, "");
	assert_int_equal(read_text(&config, "# c\n"
					    "[Core] ; c\n"
					    "\tbare = yes\r\n"
					    "\tIgnoreCase\n"
					    "\tworktree = a b  # c\n"
					    "[EXTENSIONS]\n"
					    "\tobjectFormat = sha256\n"
					    "\tworktreeConfig = 1\n"),
			 0);
	assert_int_equal(config.hash_bytes, 32);
	assert_true(config.bare && config.ignore_case &&
		    config.worktree_config);
	assert_string_equal(config.worktree, "a b");
	assert_int_equal(read_text(&config, "[core]bare=true\nbare=false"), 0);
	assert_false(config.bare);
}

static void assert_worktree(const char *text, const char *expected)
{
	struct sfs_git_config config;

	assert_int_equal(read_text(&config, text), 0);
	assert_string_equal(config.worktree, expected);
}

static void test_values(void **state)
{
	(void)state;
	assert_worktree("[core]worktree=\"a # b\" ", "a # b");
	assert_worktree("[core]worktree=\"a \"b \n", "a b");
	assert_worktree("[core]worktree=a\\\nb", "ab");
	assert_worktree("[core]worktree=\\\"\\\\\\t", "\"\\\t");
	assert_worktree("\xef\xbb\xbf[core]worktree=a", "a");
	/* Another section's. */
	assert_worktree("[core \"x\"]worktree=a", "");
	assert_worktree("[remote \"a\\\"]b\"]\n[corex]worktree=a", "");
}

static void test_refused(void **state)
{
	struct sfs_git_config config;
	char text[PATH_MAX + 64] = "[core]worktree=";

	(void)state;
	assert_int_equal(read_text(&config, "[core"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core \"a]\n"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core]\n=1"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core]bare?"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core]bare=\"a\nb=1"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core]bare=\\x"), -EBADMSG);
	assert_int_equal(read_text(&config, "[core]repositoryFormatVersion=2"),
			 -ENOTSUP);
	assert_int_equal(read_text(&config, "[extensions]objectformat=md5"),
			 -ENOTSUP);
	memset(text + strlen(text), 'a', PATH_MAX);
	assert_int_equal(read_text(&config, text), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
