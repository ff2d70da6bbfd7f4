/* SPDX-License-Identifier: MIT */
#include "scratchfs/ignore_hint.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include <fcntl.h>
#include <string.h>

char *sfs_ignore_hint_sample(const char *glob)
{
	char *sample, *to;

	if (strpbrk(glob, "[\\") || *glob == '!' || !*glob)
		return NULL;
	while (*glob == '/')
		glob++;
	sample = to = malloc(strlen(glob) + 1);
	if (!sample)
		return NULL;
	for (const char *c = glob; *c; c++) {
		if (*c == '*' && c > glob && c[-1] == '*')
			continue; /* the second one of two */
		*to++ = *c == '*' || *c == '?' ? 'x' : *c;
	}
	while (to > sample && to[-1] == '/')
		to--;
	*to = '\0';
	return sample;
}

/* What git ignores at the top of the source; NULL: no repository there. */
static struct sfs_rules *ignored(int source_fd)
{
	static const struct sfs_rule template = { .from = "" };
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	SFS_CLOSE int git = openat(source_fd, ".git", flags);
	SFS_CLOSE int info = git < 0 ? -1 : openat(git, "info", flags);
	struct sfs_rules *rules = NULL;
	const char *why;
	unsigned int line;

	if (info < 0 || sfs_rules_new(&rules))
		return NULL;
	/* A file that is not there ignores nothing. */
	(void)sfs_rules_add_file(rules, info, "exclude", &template, &line,
				 &why);
	(void)sfs_rules_add_file(rules, source_fd, ".gitignore", &template,
				 &line, &why);
	if (sfs_rules_compile(rules)) {
		sfs_rules_free(rules);
		return NULL;
	}
	return rules;
}

static bool is_covered(struct sfs_rules *git, const struct sfs_rule *rule)
{
	SFS_FREE char *sample = NULL;
	int decides = -1;
	size_t len;

	if (rule->negated || *rule->base)
		return true;
	sample = sfs_ignore_hint_sample(rule->glob);
	if (!sample)
		return true;
	return !sfs_rules_walk(git, sample, true, &decides, &len) &&
	       decides >= 0;
}

void sfs_ignore_hint(int source_fd, const struct sfs_rules *scratch)
{
	struct sfs_rules *git = ignored(source_fd);
	const char *first = NULL;
	int more = 0;

	for (int i = 0; git && i < sfs_rules_count(scratch); i++) {
		const struct sfs_rule *rule = sfs_rules_get(scratch, i);

		if (is_covered(git, rule))
			continue;
		if (first)
			more++;
		else
			first = rule->glob;
	}
	sfs_rules_free(git);
	if (!first)
		return;
	sfs_msg("git does not ignore %s%s: `git add -A` in the view would add "
		"such files; list %s in .gitignore or .git/info/exclude",
		first, more ? " and other scratch patterns" : "",
		more ? "them" : "it");
}
