/* SPDX-License-Identifier: MIT */
/*
 * git is the oracle: random ignore files, nested ones too, and random paths.
 * The seed is printed, and taken from SEED when that is set.
 */
#include "oracle.h"

#define ROUNDS	80
#define PATHS	MAX_PATHS
#define FOLDERS 24

/* They exist; the first is "". */
typedef char folder_list[FOLDERS][256];

/* splitmix64 */
static uint64_t draw(struct world *world)
{
	uint64_t z = world->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned int below(struct world *world, unsigned int n)
{
	return (unsigned int)(draw(world) % n);
}

static const char *pick(struct world *world, const char *const *from, size_t n)
{
	return from[below(world, (unsigned int)n)];
}

#define PICK(world, from) pick(world, from, sizeof(from) / sizeof((from)[0]))

/* Few and short, so that patterns hit; with what the language finds special. */
static void random_name(struct world *world, char *out)
{
	static const char *const names[] = {
		"a",	  "b",	"ab",	"aab", "ba",	   "abc",  "foo",
		"bar",	  "fo", "foox", "a.o", "b.o",	   ".tmp", "a b",
		"a ",	  " a", "!a",	"#a",  "a\\b",	   "*",	   "[a]",
		"a-b",	  "A",	"-",	"]",   "\xc3\xa9", "?",	   "logs",
		"foobar", "\\", "a*",	"^",   "b!",
	};

	strcpy(out, PICK(world, names));
}

static void random_piece(struct world *world, char *out)
{
	static const char *const pieces[] = {
		"*",
		"*",
		"*",
		"?",
		"?",
		"**",
		"**",
		"***",
		"[ab]",
		"[!a]",
		"[^b]",
		"[a-c]",
		"[]a]",
		"[]-]",
		"[!]]",
		"[a\\]b]",
		"[[:alpha:]]",
		"[[:punct:][:digit:]]",
		"[[:space:]]",
		"[[:x",
		"[[:nope:]]",
		"[!-#]",
		"[a-]",
		"[\\!-\\#]",
		"\\a",
		"\\*",
		"\\?",
		"\\[",
		"\\\\",
		"\\!",
		"\\#",
		"\\ ",
		"\\",
		"[",
		"]",
		" ",
		"!",
		"#",
		"-",
		".",
		"\\/",
		"[/]",
		"[[:upper:]x]",
		"[b-a]",
		"[[a]",
		"[[:]",
		"[a-c-z]",
		"[\xc3]",
		"[[:cntrl:][:blank:]]",
		"[!]a-]",
		"[[:alnum:]-z]",
	};

	if (below(world, 5) < 3)
		random_name(world, out);
	else
		strcpy(out, PICK(world, pieces));
}

static void random_pattern(struct world *world, char *out)
{
	static const char *const joints[] = { "/",   "/",   "/**/",
					      "//",  "**/", "/**",
					      "\\/", "/*/", "/**/**/" };
	unsigned int segments = 1 + below(world, 3) * below(world, 2);

	out[0] = '\0';
	if (!below(world, 5))
		strcat(out, "!");
	if (!below(world, 5))
		strcat(out, "/");
	if (!below(world, 12))
		strcat(out, "**/");
	for (unsigned int i = 0; i < segments; i++) {
		unsigned int count = 1 + below(world, 3) * below(world, 2);

		if (i)
			strcat(out, PICK(world, joints));
		while (count--)
			random_piece(world, out + strlen(out));
	}
	if (!below(world, 10))
		strcat(out, "/**");
	if (!below(world, 5))
		strcat(out, "/");
	if (!below(world, 10))
		strcat(out, "  ");
	if (!below(world, 20))
		strcat(out, "\r");
}

static void make_folders(struct world *world, folder_list folders)
{
	folders[0][0] = '\0';
	for (size_t i = 1; i < FOLDERS; i++) {
		const char *parent = folders[below(world, (unsigned int)i)];
		char name[32], full[PATH_MAX];

		random_name(world, name);
		if (strlen(parent) > 40)
			parent = "";
		print(folders[i], sizeof(folders[i]), "%s%s%s", parent,
		      *parent ? "/" : "", name);
		print(full, sizeof(full), "%s/%s", world->root, folders[i]);
		assert_true(!mkdir(full, 0755) || errno == EEXIST);
	}
}

static void make_paths(struct world *world, folder_list folders)
{
	for (size_t i = 0; i < PATHS; i++) {
		struct place *place = &world->paths[i];
		const char *parent = folders[below(world, FOLDERS)];
		char name[32];

		random_name(world, name);
		if (i < FOLDERS - 1)
			strcpy(place->path, folders[i + 1]);
		else
			print(place->path, sizeof(place->path), "%s%s%s",
			      parent, *parent ? "/" : "", name);
		place->is_dir = is_folder(world, place->path);
	}
	world->npaths = PATHS;
}

/* A random ignore file in that folder, given to both. */
static void make_ignore_file(struct world *world, const char *folder)
{
	char name[PATH_MAX], pattern[512];
	unsigned int patterns = 1 + below(world, 14);
	FILE *file;

	print(name, sizeof(name), "%s/.gitignore", *folder ? folder : ".");
	file = open_in(world, name, "w");
	while (patterns--) {
		do
			random_pattern(world, pattern);
		while (!is_for_git(world, pattern));
		fprintf(file, "%s%s", pattern,
			patterns || below(world, 2) ? "\n" : "");
	}
	fclose(file);

	add_ignore_file(world, folder);
}

/* Returns how many paths a pattern decided. */
static unsigned int play_round(struct world *world)
{
	uint64_t seed = world->seed;
	unsigned int decided;
	folder_list folders;
	char command[256];

	print(command, sizeof(command),
	      "cd %s && find . -mindepth 1 -maxdepth 1 ! -name .git "
	      "-exec rm -rf {} +",
	      world->root);
	run(command);
	make_folders(world, folders);
	make_paths(world, folders);
	assert_int_equal(sfs_rules_new(&world->rules), 0);
	/* Parents before children, as git ranks them. */
	make_ignore_file(world, "");
	for (size_t i = 1; i < FOLDERS; i++) {
		bool twice = false;

		for (size_t k = 1; k < i; k++)
			twice |= !strcmp(folders[k], folders[i]);
		if (!twice && !below(world, 5))
			make_ignore_file(world, folders[i]);
	}
	assert_int_equal(sfs_rules_compile(world->rules), 0);
	ask_git(world);
	decided = compare_answers(world, seed);
	sfs_rules_free(world->rules);
	world->rules = NULL;
	return decided;
}

static void test_random(void **state)
{
	struct world *world = *state;
	unsigned int decided = 0;

	for (unsigned int i = 0; i < ROUNDS; i++)
		decided += play_round(world);
	/* The comparison is worth something only if patterns hit. */
	print_message("%u of %u paths decided\n", decided, ROUNDS * PATHS);
	assert_in_range(decided, ROUNDS * PATHS / 10, ROUNDS * PATHS * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
	};

	if (system("git --version >/dev/null 2>&1"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
