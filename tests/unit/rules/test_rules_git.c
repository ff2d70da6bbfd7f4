/* SPDX-License-Identifier: MIT */
/*
 * git is the oracle: random ignore files, nested ones too, and random paths,
 * decided by both.  The seed is printed, and taken from SEED when that is set.
 */
#include <scratchfs/cleanup.h>
#include <scratchfs/rules.h>

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define ROUNDS	  100
#define PATHS	  160
#define FOLDERS	  24
#define MAX_DEPTH 4

struct place {
	char path[256];
	bool is_dir;
};

struct world {
	uint64_t seed;
	char root[64];
	char folders[FOLDERS][256]; /* exist; the first is "" */
	struct place paths[PATHS];
	struct sfs_rules *rules;
};

/* snprintf() that fits. */
__attribute__((format(printf, 3, 4))) static void print(char *out, size_t size,
							const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(out, size, format, args);
	va_end(args);
	assert_in_range(len, 0, size - 1);
}

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

static void run(const char *command)
{
	int status = system(command);

	if (status)
		print_error("%s: %d\n", command, status);
	assert_int_equal(status, 0);
}

static FILE *open_in(const struct world *world, const char *name,
		     const char *mode)
{
	char path[PATH_MAX];
	FILE *file;

	print(path, sizeof(path), "%s/%s", world->root, name);
	file = fopen(path, mode);
	assert_non_null(file);
	return file;
}

static void make_folders(struct world *world)
{
	world->folders[0][0] = '\0';
	for (size_t i = 1; i < FOLDERS; i++) {
		const char *parent =
			world->folders[below(world, (unsigned int)i)];
		char name[32], full[PATH_MAX];

		random_name(world, name);
		if (strlen(parent) > 40)
			parent = "";
		print(world->folders[i], sizeof(world->folders[i]), "%s%s%s",
		      parent, *parent ? "/" : "", name);
		print(full, sizeof(full), "%s/%s", world->root,
		      world->folders[i]);
		assert_true(!mkdir(full, 0755) || errno == EEXIST);
	}
}

static bool is_folder(const struct world *world, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	print(full, sizeof(full), "%s/%s", world->root, path);
	return !lstat(full, &st) && S_ISDIR(st.st_mode);
}

static void make_paths(struct world *world)
{
	for (size_t i = 0; i < PATHS; i++) {
		struct place *place = &world->paths[i];
		const char *parent = world->folders[below(world, FOLDERS)];
		char name[32];

		random_name(world, name);
		if (i < FOLDERS - 1)
			strcpy(place->path, world->folders[i + 1]);
		else
			print(place->path, sizeof(place->path), "%s%s%s",
			      parent, *parent ? "/" : "", name);
		place->is_dir = is_folder(world, place->path);
	}
}

/* An ignore file in that folder, given to both. */
static void make_ignore_file(struct world *world, const char *folder)
{
	struct sfs_rule template = { .base = folder };
	char name[PATH_MAX], from[PATH_MAX], pattern[512];
	unsigned int line, patterns = 1 + below(world, 14);
	const char *why;
	FILE *file;

	print(name, sizeof(name), "%s/.gitignore", *folder ? folder : ".");
	print(from, sizeof(from), "%s%s.gitignore", folder, *folder ? "/" : "");
	file = open_in(world, name, "w");
	while (patterns--) {
		random_pattern(world, pattern);
		fprintf(file, "%s%s", pattern,
			patterns || below(world, 2) ? "\n" : "");
	}
	fclose(file);

	print(name, sizeof(name), "%s/%s", world->root, folder);
	template.from = from;
	SFS_CLOSE int fd = open(name, O_PATH | O_DIRECTORY);

	assert_int_equal(sfs_rules_add_file(world->rules, fd, ".gitignore",
					    &template, &line, &why),
			 0);
}

static void ask_git(const struct world *world)
{
	char command[1024];
	FILE *file = open_in(world, ".git/paths", "w");

	for (size_t i = 0; i < PATHS; i++)
		fwrite(world->paths[i].path, 1,
		       strlen(world->paths[i].path) + 1, file);
	fclose(file);
	/* 1: no path is ignored. */
	print(command, sizeof(command),
	      "cd %s && git check-ignore --no-index -v -n -z --stdin "
	      "<.git/paths >.git/answers || test $? = 1",
	      world->root);
	run(command);
}

static void read_field(FILE *file, char *out, size_t size)
{
	size_t len = 0;
	int c;

	while ((c = getc(file)) > 0 && len + 1 < size)
		out[len++] = (char)c;
	assert_int_equal(c, 0);
	out[len] = '\0';
}

/* One answer of git's as "FILE:LINE", "" when no pattern matches. */
static void read_answer(FILE *file, const char *path, char *out, size_t size)
{
	char source[512], line[32], pattern[1024], asked[512];

	read_field(file, source, sizeof(source));
	read_field(file, line, sizeof(line));
	read_field(file, pattern, sizeof(pattern));
	read_field(file, asked, sizeof(asked));
	assert_string_equal(asked, path);
	print(out, size, "%s%s%s", source, *source ? ":" : "", line);
}

/* The rule that decides, a negated one too, or NULL. */
static const struct sfs_rule *walk(struct sfs_rules *rules, const char *path,
				   bool is_dir)
{
	sfs_rules_state state = SFS_RULES_ROOT;
	char copy[512], *at = copy, *name;
	int index = -1;

	strcpy(copy, path);
	while ((name = strsep(&at, "/"))) {
		index = sfs_rules_match_any(rules, state, name, at || is_dir);
		if (!at ||
		    (index >= 0 && !sfs_rules_get(rules, index)->negated))
			break;
		assert_int_equal(sfs_rules_enter(rules, state, name, &state),
				 0);
	}
	return index < 0 ? NULL : sfs_rules_get(rules, index);
}

static unsigned int compare_answers(struct world *world, uint64_t seed)
{
	FILE *file = open_in(world, ".git/answers", "r");
	unsigned int decided = 0;

	for (size_t i = 0; i < PATHS; i++) {
		const struct place *place = &world->paths[i];
		const struct sfs_rule *rule =
			walk(world->rules, place->path, place->is_dir);
		const char *ours = rule ? rule->from : "";
		char theirs[1024];
		size_t len;
		int walked;

		decided += rule != NULL;
		read_answer(file, place->path, theirs, sizeof(theirs));
		if (strcmp(ours, theirs) != 0)
			print_error("SEED=%#llx %s%s: git %s, ours %s [%s]\n",
				    (unsigned long long)seed, place->path,
				    place->is_dir ? "/" : "", theirs, ours,
				    rule ? rule->glob : "");
		assert_string_equal(ours, theirs);
		assert_int_equal(sfs_rules_walk(world->rules, place->path,
						place->is_dir, &walked, &len),
				 0);
		assert_true((walked >= 0) == (rule && !rule->negated));
		assert_true(walked < 0 ||
			    sfs_rules_get(world->rules, walked) == rule);
	}
	fclose(file);
	return decided;
}

/* Returns how many paths a pattern decided. */
static unsigned int play_round(struct world *world)
{
	uint64_t seed = world->seed;
	unsigned int decided;
	char command[256];

	print(command, sizeof(command),
	      "cd %s && find . -mindepth 1 -maxdepth 1 ! -name .git "
	      "-exec rm -rf {} +",
	      world->root);
	run(command);
	make_folders(world);
	make_paths(world);
	assert_int_equal(sfs_rules_new(&world->rules), 0);
	/* Parents before children, as git ranks them. */
	make_ignore_file(world, "");
	for (size_t i = 1; i < FOLDERS; i++) {
		bool twice = false;

		for (size_t k = 1; k < i; k++)
			twice |= !strcmp(world->folders[k], world->folders[i]);
		if (!twice && !below(world, 5))
			make_ignore_file(world, world->folders[i]);
	}
	assert_int_equal(sfs_rules_compile(world->rules), 0);
	ask_git(world);
	decided = compare_answers(world, seed);
	sfs_rules_free(world->rules);
	world->rules = NULL;
	return decided;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const char *given = getenv("SEED");
	char command[256];

	assert_non_null(world);
	*state = world;
	world->seed =
		given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) << 20;
	print_message("SEED=%#llx\n", (unsigned long long)world->seed);
	strcpy(world->root, "/tmp/rules-git.XXXXXX");
	assert_non_null(mkdtemp(world->root));
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	unsetenv("GIT_DIR");
	print(command, sizeof(command),
	      "cd %s && git init -q --template= . && "
	      "git config core.ignorecase false && "
	      "git config core.excludesFile /dev/null",
	      world->root);
	run(command);
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char command[256];

	print(command, sizeof(command), "rm -rf %s", world->root);
	run(command);
	sfs_rules_free(world->rules);
	free(world);
	return 0;
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
