/* SPDX-License-Identifier: MIT */
#include <scratchfs/cleanup.h>
#include <scratchfs/pattern.h>
#include <scratchfs/rules.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct folder {
	char path[64];
	int fd;
	struct sfs_rules *rules;
	unsigned int line;
};

static int set_up(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/rules-file.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY);
	assert_true(folder->fd >= 0);
	assert_int_equal(sfs_rules_new(&folder->rules), 0);
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	struct folder *folder = *state;

	unlinkat(folder->fd, "f", 0);
	unlinkat(folder->fd, "f", AT_REMOVEDIR);
	close(folder->fd);
	rmdir(folder->path);
	sfs_rules_free(folder->rules);
	free(folder);
	return 0;
}

static void put(const struct folder *folder, const char *bytes, size_t len)
{
	int fd = openat(folder->fd, "f", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static int take(struct folder *folder)
{
	struct sfs_rule template = {
		.from = "sub/f",
		.base = "sub",
		.existing = SFS_EXISTING_CORE,
	};
	const char *why = NULL;
	int r;

	folder->line = 99;
	r = sfs_rules_add_file(folder->rules, folder->fd, "f", &template,
			       &folder->line, &why);
	assert_true(r != -E2BIG || why);
	return r;
}

static void assert_rule(const struct folder *folder, int index,
			const char *glob, const char *from)
{
	const struct sfs_rule *rule = sfs_rules_get(folder->rules, index);

	assert_string_equal(rule->glob, glob);
	assert_string_equal(rule->from, from);
	assert_string_equal(rule->base, "sub");
	assert_int_equal(rule->existing, SFS_EXISTING_CORE);
}

static void test_lines(void **state)
{
	/* A BOM, both kinds of line ends, a NUL, none at the end. */
	static const char text[] = "\xef\xbb\xbf"
				   "one\n\n# comment\r\ntwo\r\nbad[\n"
				   "thr\0ee\n\r\nfour\r";
	struct folder *folder = *state;

	put(folder, text, sizeof(text) - 1);
	assert_int_equal(take(folder), 0);
	assert_int_equal(sfs_rules_count(folder->rules), 4);
	assert_rule(folder, 0, "one", "sub/f:1");
	assert_rule(folder, 1, "two", "sub/f:4");
	assert_rule(folder, 2, "thr", "sub/f:6");
	assert_rule(folder, 3, "four", "sub/f:8");
}

static void test_empty(void **state)
{
	struct folder *folder = *state;

	put(folder, "", 0);
	assert_int_equal(take(folder), 0);
	put(folder, "\n", 1);
	assert_int_equal(take(folder), 0);
	assert_int_equal(sfs_rules_count(folder->rules), 0);
}

static void test_bounds(void **state)
{
	struct folder *folder = *state;
	SFS_FREE char *bytes = malloc(SFS_RULES_MAX_FILE + 1);

	assert_non_null(bytes);
	memset(bytes, '\n', SFS_RULES_MAX_FILE + 1);
	put(folder, bytes, SFS_RULES_MAX_FILE + 1);
	assert_int_equal(take(folder), -EFBIG);
	assert_int_equal(folder->line, 0);
	bytes[SFS_RULES_MAX_FILE - 1] = 'x';
	put(folder, bytes, SFS_RULES_MAX_FILE);
	assert_int_equal(take(folder), 0);
	assert_rule(folder, 0, "x", "sub/f:1048576");

	memset(bytes + 2, 'a', SFS_PATTERN_MAX + 1);
	put(folder, bytes, SFS_PATTERN_MAX + 10);
	assert_int_equal(take(folder), -E2BIG);
	assert_int_equal(folder->line, 3);
}

/* Nothing that is no plain file, and no waiting for a writer. */
static void test_other_types(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(take(folder), -ENOENT);
	assert_int_equal(symlinkat("/etc/passwd", folder->fd, "f"), 0);
	assert_int_equal(take(folder), -ELOOP);
	assert_int_equal(unlinkat(folder->fd, "f", 0), 0);
	assert_int_equal(mkfifoat(folder->fd, "f", 0600), 0);
	assert_int_equal(take(folder), -EINVAL);
	assert_int_equal(unlinkat(folder->fd, "f", 0), 0);
	assert_int_equal(mkdirat(folder->fd, "f", 0700), 0);
	assert_int_equal(take(folder), -EINVAL);
	assert_int_equal(folder->line, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_lines),
		CASE(test_empty),
		CASE(test_bounds),
		CASE(test_other_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
