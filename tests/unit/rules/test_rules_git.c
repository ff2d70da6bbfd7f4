/* SPDX-License-Identifier: MIT */
/* git is the oracle: patterns that are hard on purpose, on all that is near. */
#include "oracle.h"

/* Each pattern alone in the root's ignore file, on all paths of the world. */
static void try_patterns(struct world *world, const char *const *patterns)
{
	for (; *patterns; patterns++) {
		if (!is_for_git(world, *patterns))
			continue;
		FILE *file = open_in(world, ".gitignore", "w");

		fprintf(file, "%s\n", *patterns);
		fclose(file);
		assert_int_equal(sfs_rules_new(&world->rules), 0);
		add_ignore_file(world, "");
		assert_int_equal(sfs_rules_compile(world->rules), 0);
		ask_git(world);
		compare_answers(world, 0);
		sfs_rules_free(world->rules);
		world->rules = NULL;
	}
}

static const char *const bracket_patterns[] = {
	"x[[:alnum:]]",
	"x[[:alpha:]]",
	"x[[:blank:]]",
	"x[[:cntrl:]]",
	"x[[:digit:]]",
	"x[[:graph:]]",
	"x[[:lower:]]",
	"x[[:print:]]",
	"x[[:punct:]]",
	"x[[:space:]]",
	"x[[:upper:]]",
	"x[[:xdigit:]]",
	"x[![:alpha:]]",
	"x[^[:alpha:]]",
	"x[[:alpha:]-z]",
	"x[a[:digit:]-z]",
	"x[a-]",
	"x[-a]",
	"x[]-a]",
	"x[a-c-e]",
	"x[!]]",
	"x[^]a]",
	"x[!]",
	"x[]",
	"x[[:digit:]",
	"x[[:digit]",
	"x[[:]",
	"x[[:a]",
	"x[a[:]b]",
	"x[[:foo:]]",
	"x[\\]]",
	"x[a\\-c]",
	"x[a-\\c]",
	"x[\\a-\\c]",
	"x[\\\\-a]",
	"x[c-a]",
	"x[ -~]",
	"x[\x80-\xff]",
	"x[!\x80-\xff]",
	"x[+--]",
	"x[--0]",
	"x[[-a]",
	"x[\\[-\\]]",
	"x[!a-z0-9]",
	"x?",
	"x*",
	"x\\*",
	"x\\?",
	"x\\[",
	"x\\a",
	"x[/]",
	"[!y][/-0]",
	"x\\",
	NULL,
};

/* Brackets, on names of every byte. */
static void test_bytes(void **state)
{
	struct world *world = *state;

	for (int byte = 1; byte < 256; byte++)
		if (byte != '/')
			print(world->paths[world->npaths++].path, 256, "x%c",
			      byte);
	try_patterns(world, bracket_patterns);
}

/* All paths of up to four components out of three, some of them folders. */
static void make_every_path(struct world *world)
{
	static const char *const names[] = { "a", "b", "ab" };
	char command[256];

	print(command, sizeof(command), "cd %s && mkdir -p a/b/a ab/ab b",
	      world->root);
	run(command);
	for (size_t i = 0; world->npaths < 3 + 9 + 27 + 81; i++) {
		const char *parent = i < 3 ? "" : world->paths[i / 3 - 1].path;
		struct place *place = &world->paths[world->npaths++];

		print(place->path, sizeof(place->path), "%s%s%s", parent,
		      *parent ? "/" : "", names[i % 3]);
		place->is_dir = is_folder(world, place->path);
	}
}

static const char *const slash_patterns[] = {
	"/a",		"a/",	      "/a/",	 "a/b",	      "/a/b/",
	"**/a",		"**/a/b",     "/**/a/b", "a/**",      "a/**/",
	"/a/**",	"**/b/**",    "a/**/b",	 "a/**/**/b", "**/**/b",
	"a/**/**",	"**/a/**/b",  "*/a",	 "a/*",	      "a/*/b",
	"a/*/**",	"a/**/*",     "**",	 "/**",	      "**/",
	"/**/",		"*",	      "/*",	 "*/",	      "a**",
	"/a**",		"a/b**",      "a**/b",	 "a**/**/b",  "a**/**",
	"a**//b",	"a**//",      "a**/",	 "/a**/b/",   "a/a**/b",
	"a***/b",	"***/b",      "a/***",	 "a/***/b",   "a**\\/b",
	"a**/**\\/b",	"a**\\/**/b", "**\\/b",	 "a/**\\/b",  "**/**\\/b",
	"a\\/b",	"\\/a",	      "a/\\b",	 "\\a**/b",   "?**/b",
	"*a**/b",	"[a]**/b",    "a/**b",	 "a**b/b",    "a//b",
	"//a",		"a//",	      "/",	 "//",	      "./a",
	"a/..",		"a/b\\/",     "a[/]b",	 "a/[ab]*",   "a/[!a]/**/b",
	"**a/b",	"**/a**",     "*b/**",	 "**b/**",    "a**/*b",
	"a**/?",	"a/b/**/a/b", "**/*/b",	 "*/**/b",    "**/a/*",
	"ab**/**/**/a", "\\a/b",      "**/\\b",	 "a/**/",     "!a",
	NULL,
};

static void test_slashes(void **state)
{
	struct world *world = *state;

	make_every_path(world);
	try_patterns(world, slash_patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slashes, set_up,
						tear_down),
	};

	if (system("git --version >/dev/null 2>&1"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
