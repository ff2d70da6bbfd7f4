/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include "objects.h"

#include "scratchfs/backing.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"

#include <string.h>
#include <time.h>

struct count {
	const struct sfs_session *session;
	struct sfs_usage *usage;
	unsigned int objects, limit_ms;
	uint64_t began_ms;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static bool time_is_up(struct count *count)
{
	return ++count->objects % SFS_USAGE_AT_ONCE == 0 &&
	       count->limit_ms != SFS_USAGE_ALL &&
	       now_ms() - count->began_ms >= count->limit_ms;
}

/* The names of the biggest files of a rule, biggest first. */
static int keep_if_big(struct sfs_usage_rule *rule, const char *path,
		       uint64_t bytes)
{
	size_t at = SFS_USAGE_BIGGEST;

	while (at > 0 && (!rule->biggest[at - 1].path ||
			  rule->biggest[at - 1].bytes < bytes))
		at--;
	if (at == SFS_USAGE_BIGGEST)
		return 0;
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	free(rule->biggest[SFS_USAGE_BIGGEST - 1].path);
	for (size_t i = SFS_USAGE_BIGGEST - 1; i > at; i--)
		rule->biggest[i] = rule->biggest[i - 1];
	rule->biggest[at] = (struct sfs_usage_file){ copy, bytes };
	return 0;
}

static int count_changed(struct sfs_usage *usage, const char *path)
{
	uint64_t n = usage->changed++;

	if (n >= SFS_USAGE_CHANGED)
		return 0;
	usage->changed_paths[n] = strdup(path);
	return usage->changed_paths[n] ? 0 : -ENOMEM;
}

static int count_object(void *context, const struct sfs_object *object)
{
	struct count *count = context;
	const struct sfs_backing_walk_entry *entry = object->entry;
	struct sfs_usage *usage = count->usage;
	uint64_t bytes = (uint64_t)entry->stat.st_size;
	int rule = object->rule;

	if (rule < 0 || rule >= usage->n_rules) {
		usage->orphans++;
		return 0;
	}
	if (entry->event != SFS_WALK_OBJECT)
		return 0;
	usage->files++;
	usage->bytes += bytes;
	usage->rules[rule].files++;
	usage->rules[rule].bytes += bytes;
	int err = keep_if_big(&usage->rules[rule], entry->path, bytes);
	if (err == 0 && sfs_objects_is_on_host(count->session, object))
		err = count_changed(usage, entry->path);
	if (err == 0 && time_is_up(count)) {
		usage->more = true;
		err = -ECANCELED;
	}
	return err;
}

int sfs_usage_count(struct sfs_session *session, unsigned int n_stores,
		    unsigned int limit_ms, struct sfs_usage *ret)
{
	struct count count = {
		.session = session,
		.usage = ret,
		.limit_ms = limit_ms,
		.began_ms = now_ms(),
	};
	int err = 0;

	*ret = (struct sfs_usage){
		.n_rules = sfs_rules_count(session->config->scratch),
	};
	ret->rules =
		calloc((size_t)ret->n_rules + 1, sizeof(struct sfs_usage_rule));
	if (!ret->rules)
		return -ENOMEM;
	for (unsigned int i = 0; err == 0 && i < n_stores; i++)
		err = sfs_objects_walk(session, session->stores[i],
				       count_object, &count);
	return ret->more ? 0 : err;
}

void sfs_usage_done(struct sfs_usage *usage)
{
	for (int i = 0; usage->rules && i < usage->n_rules; i++)
		for (int j = 0; j < SFS_USAGE_BIGGEST; j++)
			free(usage->rules[i].biggest[j].path);
	for (int i = 0; i < SFS_USAGE_CHANGED; i++)
		free(usage->changed_paths[i]);
	free(usage->rules);
}
