/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RULES_ORACLE_H
#define TESTS_RULES_ORACLE_H

/*
 * The same ignore files and paths decided by git and by the rules: a repository
 * with folders and ignore files is laid out, the same files are added to the
 * rules, and both must name the same line for every path.
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

#define MAX_PATHS 256

struct place {
	char path[256];
	bool is_dir;
};

struct world {
	uint64_t seed;
	char root[64];
	struct place paths[MAX_PATHS];
	size_t npaths;
	struct sfs_rules *rules;
	bool glued_stars_cross; /* to this git */
};

/*
 * Two stars between another character and a slash: to git they crossed folders,
 * and do not from some version on (2.55 at the latest), as gitignore(5) has always
 * said.  The rules do as git did.  Is this one that is decided so?
 */
static bool is_for_git(const struct world *world, const char *pattern)
{
	const char *stars = strstr(pattern, "**");

	while (stars && (stars == pattern || stars[-1] == '/'))
		stars = strstr(stars + strspn(stars, "*"), "**");
	return !stars || world->glued_stars_cross;
}

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

static bool is_folder(const struct world *world, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	print(full, sizeof(full), "%s/%s", world->root, path);
	return !lstat(full, &st) && S_ISDIR(st.st_mode);
}

/* The ignore file in that folder, as the rules take it over. */
static void add_ignore_file(struct world *world, const char *folder)
{
	char name[PATH_MAX], from[PATH_MAX];
	struct sfs_rule template = { .base = folder, .from = from };
	unsigned int line;
	const char *why;

	print(from, sizeof(from), "%s%s.gitignore", folder, *folder ? "/" : "");
	print(name, sizeof(name), "%s/%s", world->root, folder);
	SFS_CLOSE int fd = open(name, O_PATH | O_DIRECTORY);

	assert_int_equal(sfs_rules_add_file(world->rules, fd, ".gitignore",
					    &template, &line, &why),
			 0);
}

static void ask_git(const struct world *world)
{
	char command[1024];
	FILE *file = open_in(world, ".git/paths", "w");

	for (size_t i = 0; i < world->npaths; i++)
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

	for (size_t i = 0; i < world->npaths; i++) {
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
	print(command, sizeof(command),
	      "cd %s && echo 'a**/b' >.gitignore; git check-ignore -q ab; "
	      "status=$?; rm .gitignore; exit $status",
	      world->root);
	world->glued_stars_cross = system(command) == 0;
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

#endif
