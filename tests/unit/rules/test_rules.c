/* SPDX-License-Identifier: MIT */
/* What git cannot be asked: the list, its errors, states and their bounds. */
#include <scratchfs/cleanup.h>
#include <scratchfs/pattern.h>
#include <scratchfs/rules.h>

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct sfs_rules *rules_new(void)
{
	struct sfs_rules *rules;

	assert_int_equal(sfs_rules_new(&rules), 0);
	return rules;
}

static int add(struct sfs_rules *rules, const char *base, const char *glob)
{
	struct sfs_rule spec = { .glob = glob, .base = base };
	const char *why = NULL;
	int r = sfs_rules_add(rules, &spec, &why);

	if (r == -EINVAL || r == -E2BIG)
		assert_non_null(why);
	return r;
}

/* A compiled list of patterns, the last one NULL. */
static struct sfs_rules *rules_of(const char *const *globs)
{
	struct sfs_rules *rules = rules_new();

	for (; *globs; globs++)
		assert_int_equal(add(rules, "", *globs), 0);
	assert_int_equal(sfs_rules_compile(rules), 0);
	return rules;
}

static sfs_rules_state enter(struct sfs_rules *rules, sfs_rules_state state,
			     const char *name)
{
	assert_int_equal(sfs_rules_enter(rules, state, name, &state), 0);
	return state;
}

static void test_copies(void **state)
{
	char glob[] = "!a/", from[] = "f:1", base[] = "d", volume[] = "v";
	struct sfs_rule spec = {
		.glob = glob,
		.from = from,
		.base = base,
		.volume = volume,
		.existing = SFS_EXISTING_CORE,
		.tracked_ignore = true,
		.store = 7,
	};
	struct sfs_rules *rules = rules_new();
	const struct sfs_rule *rule;
	const char *why;

	(void)state;
	assert_int_equal(sfs_rules_add(rules, &spec, &why), 0);
	glob[1] = from[0] = base[0] = volume[0] = '?';
	rule = sfs_rules_get(rules, 0);
	assert_int_equal(sfs_rules_count(rules), 1);
	assert_string_equal(rule->glob, "!a/");
	assert_string_equal(rule->from, "f:1");
	assert_string_equal(rule->base, "d");
	assert_string_equal(rule->volume, "v");
	assert_true(rule->negated && rule->dir_only && rule->tracked_ignore);
	assert_int_equal(rule->existing, SFS_EXISTING_CORE);
	assert_int_equal(rule->store, 0);
	sfs_rules_set_store(rules, 0, 2);
	assert_int_equal(rule->store, 2);
	sfs_rules_free(rules);
	sfs_rules_free(NULL);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"!",   "/",    "!/",  "a\\",	"a//b",	     "//a",    ".",
		"..",  "./a",  "a/.", "a/../b", "[",	     "a[b",    "[]",
		"[!]", "[a\\", "[[:", "[a-\\",	"[[:foo:]]", "a/[b/c",
	};
	static const char *const blank[] = { "", " ", "   ", "#", "# a", "#a" };
	char longest[SFS_PATTERN_MAX + 2];
	struct sfs_rules *rules = rules_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(add(rules, "", bad[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++)
		assert_int_equal(add(rules, "", blank[i]), 1);
	memset(longest, 'a', sizeof(longest));
	longest[SFS_PATTERN_MAX + 1] = '\0';
	assert_int_equal(add(rules, "", longest), -E2BIG);
	assert_int_equal(sfs_rules_count(rules), 0);
	longest[SFS_PATTERN_MAX] = '\0';
	assert_int_equal(add(rules, "", longest), 0);
	sfs_rules_free(rules);
}

static void test_too_many(void **state)
{
	struct sfs_rules *rules = rules_new();

	(void)state;
	for (unsigned int i = 0; i < SFS_RULES_MAX_COUNT; i++)
		assert_int_equal(add(rules, "", "a"), 0);
	assert_int_equal(add(rules, "", "a"), -E2BIG);
	assert_int_equal(sfs_rules_compile(rules), 0);
	assert_int_equal(sfs_rules_match(rules, SFS_RULES_ROOT, "a", false),
			 SFS_RULES_MAX_COUNT - 1);
	sfs_rules_free(rules);
}

static void test_last_wins(void **state)
{
	static const char *const globs[] = { "*.o",    "!keep.o", "logs/",
					     "keep.?", "!b.o",	  NULL };
	struct sfs_rules *rules = rules_of(globs);

	(void)state;
	assert_int_equal(sfs_rules_match(rules, 0, "a.o", false), 0);
	assert_int_equal(sfs_rules_match(rules, 0, "keep.o", false), 3);
	assert_int_equal(sfs_rules_match(rules, 0, "b.o", false), -1);
	assert_int_equal(sfs_rules_match_any(rules, 0, "b.o", false), 4);
	assert_int_equal(sfs_rules_match(rules, 0, "logs", true), 2);
	assert_int_equal(sfs_rules_match(rules, 0, "logs", false), -1);
	assert_int_equal(sfs_rules_match_any(rules, 0, "logs", false), -1);
	sfs_rules_free(rules);
}

static void test_nothing(void **state)
{
	struct sfs_rules *rules = rules_new();

	(void)state;
	assert_int_equal(sfs_rules_compile(rules), 0);
	assert_int_equal(sfs_rules_match(rules, 0, "a", true), -1);
	assert_int_equal(enter(rules, 0, "a"), 0);
	sfs_rules_free(rules);
}

static void test_states(void **state)
{
	static const char *const globs[] = { "*.o", "/a/b/c", "/a/x", "d/**/e",
					     NULL };
	struct sfs_rules *rules = rules_of(globs);
	sfs_rules_state none = enter(rules, SFS_RULES_ROOT, "other");
	sfs_rules_state a = enter(rules, SFS_RULES_ROOT, "a");
	sfs_rules_state d = enter(rules, SFS_RULES_ROOT, "d");

	(void)state;
	/* Nothing anchored is alive in almost all folders. */
	assert_int_equal(enter(rules, none, "a"), none);
	assert_int_equal(enter(rules, none, "x.o"), none);
	assert_int_equal(enter(rules, enter(rules, a, "b"), "c"), none);
	assert_int_equal(enter(rules, a, "other"), none);
	assert_int_equal(enter(rules, a, "x"), none);
	assert_true(sfs_rules_state_differs(a, none));
	assert_true(sfs_rules_state_differs(a, d));
	/* Below d everything goes on. */
	assert_int_equal(enter(rules, d, "q"), d);
	assert_int_equal(enter(rules, enter(rules, d, "e"), "a"), d);
	/* Again, remembered. */
	assert_int_equal(enter(rules, SFS_RULES_ROOT, "a"), a);
	assert_int_equal(enter(rules, SFS_RULES_ROOT, "other"), none);
	assert_int_equal(sfs_rules_match(rules, none, "x.o", true), 0);
	assert_int_equal(sfs_rules_match(rules, a, "x", true), 2);
	assert_int_equal(sfs_rules_match(rules, none, "x", true), -1);
	sfs_rules_free(rules);
}

/* A subfolder's ignore file holds in that folder and below, nowhere else. */
static void test_bases(void **state)
{
	struct sfs_rules *rules = rules_new();
	sfs_rules_state none, p, q;

	(void)state;
	assert_int_equal(add(rules, "p/q", "*.log"), 0);
	assert_int_equal(add(rules, "p/q", "/here"), 0);
	assert_int_equal(add(rules, "p/[x]", "*.log"), 0);
	assert_int_equal(add(rules, "/p/q/", "deep/er"), 0);
	assert_int_equal(sfs_rules_compile(rules), 0);
	none = enter(rules, SFS_RULES_ROOT, "q");
	p = enter(rules, SFS_RULES_ROOT, "p");
	q = enter(rules, p, "q");

	assert_int_equal(sfs_rules_match(rules, none, "a.log", false), -1);
	assert_int_equal(sfs_rules_match(rules, p, "a.log", false), -1);
	assert_int_equal(sfs_rules_match(rules, q, "a.log", false), 0);
	assert_int_equal(sfs_rules_match(rules, q, "here", false), 1);
	q = enter(rules, q, "deep");
	assert_int_equal(sfs_rules_match(rules, q, "a.log", false), 0);
	assert_int_equal(sfs_rules_match(rules, q, "here", false), -1);
	assert_int_equal(sfs_rules_match(rules, q, "er", false), 3);
	/* The folder is named "[x]", that is no bracket expression. */
	assert_int_equal(enter(rules, p, "x"), none);
	assert_int_equal(sfs_rules_match(rules, enter(rules, p, "[x]"), "a.log",
					 false),
			 2);
	sfs_rules_free(rules);
}

static void test_walk(void **state)
{
	static const char *const globs[] = { "logs/", "/a/b", NULL };
	static const struct {
		const char *path;
		bool is_dir;
		int rule;
		size_t len;
	} cases[] = {
		{ "x/logs", true, 0, 6 },	 { "x/logs", false, -1, 6 },
		{ "x/logs/y/z", false, 0, 6 },	 { "a/b", false, 1, 3 },
		{ "a/b/logs/x", false, 1, 3 },	 { "b/a/b", false, -1, 5 },
		{ ".git/logs", true, -1, 9 },	 { "logs/.git/x", true, 0, 4 },
		{ "s/.git/logs", true, -1, 11 }, { "", true, -1, 0 },
	};
	struct sfs_rules *rules = rules_of(globs);
	char longest[NAME_MAX + 2];
	size_t len;
	int rule;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(sfs_rules_walk(rules, cases[i].path,
						cases[i].is_dir, &rule, &len),
				 0);
		assert_int_equal(rule, cases[i].rule);
		assert_int_equal(len, cases[i].len);
	}
	memset(longest, 'a', sizeof(longest));
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(sfs_rules_walk(rules, longest, true, &rule, &len),
			 -ENAMETOOLONG);
	sfs_rules_free(rules);
}

/* Would not end in a lifetime if every star tried every length. */
static void test_no_blow_up(void **state)
{
	char glob[2 * 120 + 2], name[NAME_MAX + 1];
	const char *const globs[] = { glob, NULL };
	struct sfs_rules *rules;

	(void)state;
	for (size_t i = 0; i < 120; i++)
		memcpy(glob + 2 * i, "*a", 2);
	strcpy(glob + 2 * 120, "b");
	memset(name, 'a', NAME_MAX);
	name[NAME_MAX] = '\0';
	rules = rules_of(globs);
	assert_int_equal(sfs_rules_match(rules, 0, name, false), -1);
	name[NAME_MAX - 1] = 'b';
	assert_int_equal(sfs_rules_match(rules, 0, name, false), 0);
	sfs_rules_free(rules);
}

/* 2^24 sets are possible: a list made to do so ends in -ENOMEM, no worse. */
static void test_bounded(void **state)
{
	const char *const globs[] = { "**/a/?/?/?/?/?/?/?/?/?/?/?/?/?/?/?/?/?/?"
				      "/?/?/?/?/?/?/z",
				      "*.o", NULL };
	struct sfs_rules *rules = rules_of(globs);
	sfs_rules_state at = SFS_RULES_ROOT, first;
	unsigned int steps = 0, draw = 1;
	int r;

	(void)state;
	first = enter(rules, at, "a");
	do {
		draw = draw * 1103515245u + 12345u;
		r = sfs_rules_enter(rules, at, draw >> 16 & 1 ? "a" : "b", &at);
	} while (!r && ++steps < 10000000);
	assert_int_equal(r, -ENOMEM);
	assert_true(steps > 1000);
	/* What is known goes on working. */
	assert_int_equal(enter(rules, SFS_RULES_ROOT, "a"), first);
	assert_int_equal(sfs_rules_match(rules, at, "x.o", false), 1);
	sfs_rules_free(rules);
}

#define THREADS 4
#define STEPS	20000

struct walker {
	struct sfs_rules *rules;
	pthread_t thread;
	sfs_rules_state seen[STEPS];
};

static void *walk_about(void *argument)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct walker *walker = argument;
	sfs_rules_state at = SFS_RULES_ROOT;
	unsigned int draw = 1;

	for (size_t i = 0; i < STEPS; i++) {
		draw = draw * 1103515245u + 12345u;
		if (sfs_rules_enter(walker->rules, at, names[draw >> 16 & 3],
				    &at) < 0)
			return argument;
		walker->seen[i] = at;
		if (sfs_rules_match(walker->rules, at, "x.o", false) != 0)
			return argument;
	}
	return NULL;
}

/* Equal sets get one number, whoever comes first. */
static void test_threads(void **state)
{
	static const char *const globs[] = { "*.o", "**/a/?/?/?/?/?/b/z",
					     "/a/*/c/**/d", "b/**/c", NULL };
	struct walker *walkers = calloc(THREADS, sizeof(*walkers));
	struct sfs_rules *rules = rules_of(globs);

	(void)state;
	assert_non_null(walkers);
	for (size_t i = 0; i < THREADS; i++) {
		walkers[i].rules = rules;
		assert_int_equal(pthread_create(&walkers[i].thread, NULL,
						walk_about, &walkers[i]),
				 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *failed;

		assert_int_equal(pthread_join(walkers[i].thread, &failed), 0);
		assert_null(failed);
		assert_memory_equal(walkers[i].seen, walkers[0].seen,
				    sizeof(walkers[0].seen));
	}
	free(walkers);
	sfs_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_last_wins),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_no_blow_up),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
