/* SPDX-License-Identifier: MIT */
/*
 * The manual pages know what the table of options knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/options.h"

#include <ctype.h>
#include <string.h>

/* The text of a file of the project, to be freed. */
static char *read_file(const char *path)
{
	const char *here = strstr(__FILE__, "tests/unit/rules/");
	SFS_FREE char *full = NULL;
	SFS_FCLOSE FILE *file = NULL;
	char *text = calloc(1, 1 << 17);

	assert_non_null(here);
	assert_true(asprintf(&full, "%.*s%s", (int)(here - __FILE__), __FILE__,
			     path) > 0);
	file = fopen(full, "re");
	if (!file || !text)
		fail_msg("%s", full);
	assert_true(fread(text, 1, (1 << 17) - 1, file) > 0);
	return text;
}

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whether the word stands in the text, not as a part of a longer one. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((at == text || !is_part(at[-1])) && !is_part(at[length]))
			return true;
	return false;
}

/* Whether a line that begins so has the word. */
static bool has_entry(const char *text, const char *start, const char *word)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		SFS_FREE char *copy = NULL;

		line += *line == '\n';
		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		copy = strndup(line, strcspn(line, "\n"));
		assert_non_null(copy);
		if (has_word(copy, word))
			return true;
	}
	return false;
}

/* The long name with two, one or no dashes before it. */
static const char *dashed(const struct sfs_option *option, const char *dashes,
			  char name[64])
{
	snprintf(name, 64, "%s%s", dashes, option->name);
	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return name;
}

static void every_option_is_in_the_manual(void **state)
{
	SFS_FREE char *page = read_file("contrib/man/scratchfs.1");
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);
	char name[64];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct sfs_option *option = &table[i];
		const char letter[] = { option->letter, '\0' };

		if ((option->where & SFS_OPTION_IN_LONG) &&
		    !has_entry(page, ".It Fl", dashed(option, "-", name)))
			fail_msg("--%s is not in scratchfs(1)", option->name);
		if (option->letter && !has_entry(page, ".It Fl", letter))
			fail_msg("-%s is not in scratchfs(1)", letter);
		if (option->where == SFS_OPTION_IN_O &&
		    option->kind != SFS_OPTION_IGNORE &&
		    !has_entry(page, ".It Cm", option->name))
			fail_msg("-o %s is not in scratchfs(1)", option->name);
		if (option->kind == SFS_OPTION_IGNORE &&
		    !has_entry(page, ".Cm", option->name))
			fail_msg("-o %s is not in scratchfs(1)", option->name);
		for (size_t n = 0; option->choices && option->choices[n]; n++)
			if (!has_entry(page, ".It Fl", option->choices[n]))
				fail_msg("%s of --%s is not in scratchfs(1)",
					 option->choices[n], option->name);
	}
}

static void every_key_is_in_the_manual(void **state)
{
	SFS_FREE char *page = read_file("contrib/man/scratchfs.yaml.5");
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *start = table[i].where & SFS_OPTION_UNTRUSTED_OK
					    ? ".It Cm"
					    : ".Cm";

		if ((table[i].where & SFS_OPTION_IN_YAML) &&
		    !has_entry(page, start, table[i].name))
			fail_msg("'%s' is not in scratchfs.yaml(5)",
				 table[i].name);
	}
	static const char *const fields[] = { "glob", "volume", "existing",
					      "tracked" };

	for (size_t i = 0; i < 4; i++)
		assert_true(has_entry(page, ".It Cm", fields[i]));
	assert_true(has_entry(page, ".Cm", "size"));
}

/* What the manual explains is what there is. */
static void the_manual_has_no_other_options(void **state)
{
	SFS_FREE char *page = read_file("contrib/man/scratchfs.1");
	char *end = strstr(page, ".Ss Mount options");
	size_t count, found = 0, expected = 0;
	const struct sfs_option *table = sfs_options_table(&count);

	(void)state;
	assert_non_null(end);
	*end = '\0';
	for (const char *at = strstr(page, ".Sh OPTIONS");
	     at && (at = strstr(at, "\n.It Fl ")); at++)
		found++;
	for (size_t i = 0; i < count; i++)
		expected += (table[i].where & SFS_OPTION_IN_LONG) != 0 ||
			    table[i].kind == SFS_OPTION_MOUNT;
	assert_int_equal(found, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_in_the_manual),
		cmocka_unit_test(every_key_is_in_the_manual),
		cmocka_unit_test(the_manual_has_no_other_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
