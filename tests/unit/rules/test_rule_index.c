/* SPDX-License-Identifier: MIT */
#include <scratchfs/cleanup.h>
#include <scratchfs/pattern.h>
#include <scratchfs/rule_index.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 1000u

struct filed {
	struct sfs_pattern patterns[COUNT];
	struct sfs_rule_index index;
	uint32_t count;
};

static void file_glob(struct filed *filed, const char *text)
{
	struct sfs_pattern *pattern = &filed->patterns[filed->count];
	const char *why;

	assert_int_equal(sfs_pattern_parse(text, pattern, &why), 0);
	sfs_rule_index_put(&filed->index, &pattern->segments[0].glob,
			   filed->count++);
}

static struct filed *filed_new(void)
{
	struct filed *filed = calloc(1, sizeof(*filed));

	assert_non_null(filed);
	assert_int_equal(sfs_rule_index_init(&filed->index, COUNT), 0);
	return filed;
}

static void filed_free(struct filed *filed)
{
	for (uint32_t i = 0; i < filed->count; i++)
		sfs_pattern_done(&filed->patterns[i]);
	sfs_rule_index_done(&filed->index);
	free(filed);
}

struct visits {
	uint32_t total;
	bool seen[COUNT];
};

static void visit(void *context, uint32_t item)
{
	struct visits *visits = context;

	visits->total++;
	visits->seen[item] = true;
}

static struct visits ask(const struct filed *filed, const char *name)
{
	struct visits visits = { 0 };

	sfs_rule_index_candidates(&filed->index, name, strlen(name), visit,
				  &visits);
	return visits;
}

/* Whatever matches is visited. */
static void assert_complete(const struct filed *filed, const char *name)
{
	struct visits visits = ask(filed, name);

	for (uint32_t i = 0; i < filed->count; i++)
		if (sfs_glob_match(&filed->patterns[i].segments[0].glob, name,
				   strlen(name)))
			assert_true(visits.seen[i]);
}

static void test_every_kind(void **state)
{
	static const char *const globs[] = {
		"exact",
		"*.suffix",
		"prefix*",
		"*inner*",
		"?",
		"*",
		"[ab]",
		"x*y",
		"longer-prefix*y",
		"x*longer-suffix",
		"[ab]tail",
		"head[ab]",
		"?mid?",
		"*a-long-run-inside*",
		"[a]*[b]",
		"*i*",
		"*in*",
		"*inn*",
		"exac[t]",
		"e*",
		"*t",
		"",
		NULL,
	};
	static const char *const names[] = {
		"exact",
		"a.suffix",
		".suffix",
		"prefix",
		"prefixed",
		"inner",
		"an inner one",
		"a",
		"b",
		"ab",
		"xy",
		"x-y",
		"longer-prefix-y",
		"x.longer-suffix",
		"atail",
		"heada",
		"amid1",
		"mid",
		"has a-long-run-inside it",
		"a-long-run-inside",
		"e",
		"t",
	};
	struct filed *filed = filed_new();

	(void)state;
	for (size_t i = 0; globs[i][0]; i++)
		file_glob(filed, globs[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_complete(filed, names[i]);
	assert_true(ask(filed, "has a-long-run-inside it").seen[13]);
	assert_false(ask(filed, "nothing").seen[13]);
	filed_free(filed);
}

/* Cost is counted in visits: a time would depend on the machine. */
static void test_cost(void **state)
{
	static const char *const shapes[][2] = {
		{ "name", "" },	  { "*.ext", "" },    { "pre", ".*" },
		{ "*mid", "-*" }, { "[Nn]ame-", "" }, { "", "?" },
		{ "*", "~" },	  { "dir", "*.log" }, { "?", ".o" },
	};
	const size_t kinds = sizeof(shapes) / sizeof(shapes[0]);
	struct filed *filed = filed_new();

	(void)state;
	for (unsigned int i = 0; i < COUNT; i++) {
		char text[32];

		/* All numbers are of one length: none contains another. */
		snprintf(text, sizeof(text), "%s%u%s", shapes[i % kinds][0],
			 1000 + i, shapes[i % kinds][1]);
		file_glob(filed, text);
	}
	assert_true(ask(filed, "README.md").total == 0);
	assert_in_range(ask(filed, "name1000").total, 1, 3);
	assert_in_range(ask(filed, "some.ext1001").total, 1, 3);
	assert_in_range(ask(filed, "pre1002.x").total, 1, 3);
	assert_in_range(ask(filed, "Name-1004").total, 1, 3);
	for (unsigned int i = 0; i < 2000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "pre%u.mid%u-.ext%u", 1000 + i,
			 1000 + i * 7 % COUNT, 1000 + i * 11 % COUNT);
		assert_complete(filed, name);
		assert_in_range(ask(filed, name).total, 0, 6);
	}
	filed_free(filed);
}

static void test_lengths(void **state)
{
	struct filed *filed = filed_new();
	char name[400], text[400];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	snprintf(text, sizeof(text), "%.255s", name);
	file_glob(filed, text);
	snprintf(text, sizeof(text), "%.254s*", name);
	file_glob(filed, text);
	snprintf(text, sizeof(text), "*%.255s", name);
	file_glob(filed, text);
	assert_complete(filed, name);
	assert_int_equal(ask(filed, name).total, 3);

	/* No name is that long, so it is not filed. */
	name[255] = 'a';
	name[299] = '\0';
	file_glob(filed, name);
	assert_int_equal(filed->index.count, 3);
	assert_int_equal(ask(filed, name).total, 0);
	filed_free(filed);
}

static void test_empty(void **state)
{
	struct sfs_rule_index index;
	struct visits visits = { 0 };

	(void)state;
	assert_int_equal(sfs_rule_index_init(&index, 0), 0);
	sfs_rule_index_candidates(&index, "a", 1, visit, &visits);
	assert_int_equal(visits.total, 0);
	sfs_rule_index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
