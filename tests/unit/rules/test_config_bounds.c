/* SPDX-License-Identifier: MIT */
#include "config_fixture.h"

static void ends(const char *text, const char *end)
{
	size_t length = strlen(text);

	assert_true(length >= strlen(end));
	assert_string_equal(text + length - strlen(end), end);
}

/* Ten megabytes of nesting are answered at once. */
static void a_bomb_is_one_diagnostic(void **state)
{
	const size_t size = 10u << 20;
	SFS_FREE char *text = malloc(size + 1);
	struct fixture f;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 3; i++) {
		static const char *const start[] = { "[", "{a: ", "- " };
		size_t length = strlen(start[i]);

		for (size_t n = 0; n < size; n++)
			text[n] = start[i][n % length];
		text[size] = '\0';
		fixture_init(&f);
		put(&f, ".scratchfs.yaml", text);
		assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
		assert_non_null(strstr(f.said, "src/.scratchfs.yaml:1:"));
		assert_true(strlen(f.said) < 400);
		text[SFS_CONFIG_FILE_BYTES_MAX] = '\0';
		put(&f, ".scratchfs.yaml", text);
		assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
		assert_non_null(strstr(f.said, "nested too deeply"));
		assert_true(strlen(f.said) < 400);
		fixture_done(&f);
	}
}

static void patterns_are_counted(void **state)
{
	SFS_FREE char *text = malloc(100000);
	struct fixture f;
	size_t n = 0;

	(void)state;
	fixture_init(&f);
	n += (size_t)sprintf(text, "scratch:\n");
	for (unsigned i = 0; i < SFS_CONFIG_PATTERNS_MAX; i++)
		n += (size_t)sprintf(text + n, "- a\n");
	put(&f, ".scratchfs.yaml", text);
	assert_int_equal(RUN(&f, "src", "mnt"), 0);
	assert_int_equal(RUN(&f, "src", "mnt", "-s", "x"), -EINVAL);
	ends(f.said, "too many patterns; patterns are those of "
		     "gitignore(5)\n");
	sprintf(text + n, "- a\n");
	put(&f, ".scratchfs.yaml", text);
	assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
	assert_string_equal(f.said, "src/.scratchfs.yaml:10002:3: too many "
				    "patterns; 10000 are allowed; use fewer\n"
				    "- a\n  ^\n");
	put(&f, ".gitignore", text + 9);
	put(&f, ".scratchfs.yaml", "scratch_from: [.gitignore]\n");
	assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
	assert_non_null(strstr(f.said, ":1:16: cannot take over .gitignore; "
				       "all patterns together are more"));
	fixture_done(&f);
}

static void patterns_have_a_length(void **state)
{
	SFS_FREE char *text = malloc(8192);
	struct fixture f;
	int n = sprintf(text, "scratch: [");

	(void)state;
	fixture_init(&f);
	memset(text + n, 'a', SFS_CONFIG_PATTERN_LEN_MAX + 1);
	strcpy(text + n + SFS_CONFIG_PATTERN_LEN_MAX + 1, "]\n");
	put(&f, ".scratchfs.yaml", text);
	assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
	assert_non_null(strstr(f.said, ":1:11: a pattern of 4097 bytes; 4096 "
				       "are allowed; use a shorter one\n"));
	fixture_done(&f);
}

static void what_is_no_file_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(symlinkat("/etc/passwd", f.fd, ".scratchfs.yaml"), 0);
	assert_int_equal(RUN(&f, "src/", "mnt"), -EINVAL);
	assert_string_equal(f.said,
			    "scratchfs: src/.scratchfs.yaml: it is a symlink, "
			    "and the source's own configuration must be a "
			    "file; name it with --config\n");
	unlinkat(f.fd, ".scratchfs.yaml", 0);
	assert_int_equal(mkfifoat(f.fd, ".scratchfs.yaml", 0644), 0);
	assert_int_equal(RUN(&f, "src", "mnt"), -EINVAL);
	assert_string_equal(f.said,
			    "scratchfs: src/.scratchfs.yaml: it is not a "
			    "regular file; remove it or use --no-config\n");
	assert_int_equal(RUN(&f, "src", "mnt", "-c", "/nonexistent"), -EINVAL);
	assert_string_equal(f.said, "scratchfs: --config /nonexistent: No such "
				    "file or directory\n");
	fixture_done(&f);
}

static void a_profile_must_be_there(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(RUN(&f, "src", "mnt", "-p", "x"), -EINVAL);
	assert_string_equal(f.said,
			    "scratchfs: --profile x: there is no configuration "
			    "that could have it; name one with --config\n");
	put(&f, ".scratchfs.yaml", "profiles:\n  production: {}\n");
	assert_int_equal(RUN(&f, "src", "mnt", "-p", "prodction"), -EINVAL);
	assert_string_equal(f.said,
			    "src/.scratchfs.yaml:2:3: no profile 'prodction'; "
			    "--profile asks for it; did you mean "
			    "'production'?\n  production: {}\n  ^\n");
	assert_int_equal(RUN(&f, "src", "mnt", "-p", "production"), 0);
	fixture_done(&f);
}

static void patterns_of_the_command_line_are_checked(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(RUN(&f, "src", "mnt", "-r", "a["), -EINVAL);
	assert_string_equal(f.said,
			    "scratchfs: --readonly 'a[': bad pattern; the [ is "
			    "never closed; patterns are those of "
			    "gitignore(5)\n");
	assert_int_equal(RUN(&f, "src", "mnt", "-s", "#"), -EINVAL);
	fixture_done(&f);
}

static void trusted_values_are_checked(void **state)
{
	struct fixture f;
	char path[64];

	(void)state;
	fixture_init(&f);
	put(&f, "c.yaml", "scratch: [a]\ncache: strickt\n");
	snprintf(path, sizeof(path), "%s/c.yaml", f.dir);
	assert_int_equal(RUN(&f, "src", "mnt", "-c", path), -EINVAL);
	ends(f.said, "/c.yaml:2:8: bad value 'strickt' of 'cache'; not one of "
		     "its values; see scratchfs.yaml(5)\n"
		     "cache: strickt\n       ^\n");
	put(&f, "c.yaml", "allow_other: true\n");
	assert_int_equal(RUN(&f, "src", "mnt", "-c", path), -EINVAL);
	assert_non_null(strstr(f.said, "'allow_other' is not allowed here"));
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bomb_is_one_diagnostic),
		cmocka_unit_test(patterns_are_counted),
		cmocka_unit_test(patterns_have_a_length),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_profile_must_be_there),
		cmocka_unit_test(patterns_of_the_command_line_are_checked),
		cmocka_unit_test(trusted_values_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
