/* SPDX-License-Identifier: MIT */
/*
 * The lines before an empty one are an ignore file, the lines after it are
 * paths.  Besides not crashing: what is decided must not depend on what was
 * asked before, and one pattern alone must decide what it decides first in a
 * list (the index and the remembered states leave nothing out).
 */
#include <scratchfs/cleanup.h>
#include <scratchfs/rules.h>

#include <limits.h>
#include <string.h>

#define MAX_RULES 64

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len);

static int walk(struct sfs_rules *rules, const char *path)
{
	size_t end;
	int rule;

	if (sfs_rules_walk(rules, path, true, &rule, &end) < 0)
		return -2;
	if (end > strlen(path) || rule >= sfs_rules_count(rules))
		abort();
	return rule;
}

/* Only that rule of the list. */
static struct sfs_rules *alone(const struct sfs_rules *all, int index)
{
	struct sfs_rules *rules;
	const char *why;

	if (sfs_rules_new(&rules) < 0)
		return NULL;
	if (sfs_rules_add(rules, sfs_rules_get(all, index), &why) ||
	    sfs_rules_compile(rules) < 0) {
		sfs_rules_free(rules);
		return NULL;
	}
	return rules;
}

static void check_path(struct sfs_rules *rules, const char *path)
{
	int decided = walk(rules, path);
	struct sfs_rules *single;

	if (decided != walk(rules, path))
		abort();
	if (decided < 0)
		return;
	single = alone(rules, decided);
	if (single && walk(single, path) != 0)
		abort();
	sfs_rules_free(single);
}

static void check_paths(struct sfs_rules *rules, char *text)
{
	char *path;

	while ((path = strsep(&text, "\n"))) {
		if (*path == '/')
			path++;
		check_path(rules, path);
	}
}

/* Returns what follows the empty line. */
static char *add_lines(struct sfs_rules *rules, char *text)
{
	static const char *const bases[] = { "", "", "a", "a/b" };
	char *line;

	while ((line = strsep(&text, "\n")) && *line) {
		struct sfs_rule spec = { .glob = line };
		const char *why = NULL;
		int r;

		if (sfs_rules_count(rules) == MAX_RULES)
			continue;
		spec.base = bases[sfs_rules_count(rules) % 4];
		r = sfs_rules_add(rules, &spec, &why);
		if ((r == -EINVAL || r == -E2BIG) && !why)
			abort();
	}
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	SFS_FREE char *text = malloc(len + 1);
	struct sfs_rules *rules;
	char *paths;

	if (!text || sfs_rules_new(&rules) < 0)
		return 0;
	memcpy(text, input, len);
	text[len] = '\0';
	paths = add_lines(rules, text);
	if (!sfs_rules_compile(rules))
		check_paths(rules, paths);
	sfs_rules_free(rules);
	return 0;
}
