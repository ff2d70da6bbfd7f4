/* SPDX-License-Identifier: MIT */
/* The list, and the positions that patterns turn into; see rules_impl.h. */
#include "rules_impl.h"

#include <scratchfs/cleanup.h>

#include <string.h>

#define TRIE_BUCKETS 1024u

int sfs_position_list_put(struct sfs_position_list *list, uint32_t item)
{
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity ? list->capacity * 2 : 16;
		uint32_t *items =
			realloc(list->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
	return 0;
}

int sfs_rules_new(struct sfs_rules **ret)
{
	struct sfs_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	rules->trie = malloc(TRIE_BUCKETS * sizeof(*rules->trie));
	if (!rules->trie) {
		free(rules);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < TRIE_BUCKETS; i++)
		rules->trie[i] = SFS_RULES_NONE;
	pthread_mutex_init(&rules->lock, NULL);
	*ret = rules;
	return 0;
}

static void free_rule(struct sfs_rule *rule)
{
	free((char *)rule->glob);
	free((char *)rule->from);
	free((char *)rule->base);
	free((char *)rule->volume);
}

void sfs_rules_free(struct sfs_rules *rules)
{
	if (!rules)
		return;
	for (uint32_t i = 0; i < rules->count; i++)
		free_rule(&rules->list[i]);
	for (uint32_t i = 0; i < rules->npositions; i++)
		sfs_glob_done(&rules->positions[i].glob);
	for (uint32_t i = 0; i < rules->nstates; i++)
		sfs_state_free(rules->states[i]);
	sfs_state_free(rules->always);
	free(rules->list);
	free(rules->positions);
	free(rules->trie);
	free(rules->everywhere.items);
	free(rules->root.items);
	free(rules->states);
	free(rules->buckets);
	pthread_mutex_destroy(&rules->lock);
	free(rules);
}

/* A position behind parent (SFS_RULES_NONE = in the root); takes the glob. */
static int add_position(struct sfs_rules *rules, uint32_t parent,
			struct sfs_glob *glob, bool deep, uint32_t *ret)
{
	struct sfs_position *position;
	uint32_t number = rules->npositions;
	int r;

	if (number == rules->positions_capacity) {
		uint32_t capacity = number ? number * 2 : 16;

		position =
			realloc(rules->positions, capacity * sizeof(*position));
		if (!position)
			return -ENOMEM;
		rules->positions = position;
		rules->positions_capacity = capacity;
	}
	if (parent == SFS_RULES_NONE) {
		r = sfs_position_list_put(
			deep ? &rules->everywhere : &rules->root, number);
		if (r < 0)
			return r;
	}
	position = &rules->positions[number];
	*position = (struct sfs_position){
		.glob = *glob,
		.deep = deep,
		.rule = -1,
		.parent = parent,
		.child = SFS_RULES_NONE,
		.sibling = SFS_RULES_NONE,
	};
	sfs_glob_init(glob);
	if (parent != SFS_RULES_NONE) {
		position->sibling = rules->positions[parent].child;
		rules->positions[parent].child = number;
	}
	rules->npositions++;
	*ret = number;
	return 0;
}

/* The bucket for a base folder's component behind parent. */
static uint32_t *trie_bucket(struct sfs_rules *rules, uint32_t parent,
			     const char *name, size_t len)
{
	uint32_t hash = parent * 2654435761u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return &rules->trie[(hash ^ hash >> 15) % TRIE_BUCKETS];
}

static int add_literal(struct sfs_rules *rules, uint32_t parent,
		       const char *name, size_t len, uint32_t *ret)
{
	struct sfs_glob glob;
	int r = 0;

	sfs_glob_init(&glob);
	for (size_t i = 0; !r && i < len; i++)
		r = sfs_glob_put(&glob, (unsigned char)name[i]);
	if (!r)
		r = sfs_glob_finish(&glob);
	if (!r)
		r = add_position(rules, parent, &glob, false, ret);
	sfs_glob_done(&glob);
	return r;
}

/* *parent: behind it, the position for the folder `name`, made if missing. */
static int enter_base(struct sfs_rules *rules, uint32_t *parent,
		      const char *name, size_t len)
{
	uint32_t *bucket = trie_bucket(rules, *parent, name, len), number;
	const struct sfs_position *position;
	int r;

	for (number = *bucket; number != SFS_RULES_NONE;
	     number = position->trie_next) {
		position = &rules->positions[number];
		if (position->parent == *parent &&
		    sfs_glob_match(&position->glob, name, len)) {
			*parent = number;
			return 0;
		}
	}
	r = add_literal(rules, *parent, name, len, &number);
	if (r < 0)
		return r;
	rules->positions[number].trie_next = *bucket;
	*bucket = number;
	*parent = number;
	return 0;
}

/* *ret: the position of the folder base itself, SFS_RULES_NONE for "". */
static int add_base(struct sfs_rules *rules, const char *base, uint32_t *ret)
{
	uint32_t parent = SFS_RULES_NONE;

	while (*base) {
		size_t len = strcspn(base, "/");
		int r = len ? enter_base(rules, &parent, base, len) : 0;

		if (r < 0)
			return r;
		base += len;
		base += *base == '/';
	}
	*ret = parent;
	return 0;
}

/* The pattern's globs move into positions that decide rule. */
static int add_positions(struct sfs_rules *rules, struct sfs_pattern *pattern,
			 const struct sfs_rule *rule, int index)
{
	uint32_t base, parent;
	int r = add_base(rules, rule->base, &base);

	if (r < 0)
		return r;
	parent = base;
	for (size_t i = 0; i < pattern->count; i++) {
		struct sfs_segment *segment = &pattern->segments[i];

		r = add_position(rules, parent, &segment->glob, segment->deep,
				 &parent);
		if (r < 0)
			return r;
		if (segment->last) {
			rules->positions[parent].rule = index;
			rules->positions[parent].dir_only = rule->dir_only;
			parent = base;
		}
	}
	return 0;
}

/* Only rules->list[0..count) and the slot behind it hold anything. */
static struct sfs_rule *rule_slot(struct sfs_rules *rules)
{
	if (rules->count == rules->capacity) {
		uint32_t capacity = rules->capacity ? rules->capacity * 2 : 16;
		struct sfs_rule *list =
			realloc(rules->list, capacity * sizeof(*list));

		if (!list)
			return NULL;
		rules->list = list;
		rules->capacity = capacity;
	}
	return &rules->list[rules->count];
}

static int copy_rule(struct sfs_rule *slot, const struct sfs_rule *spec,
		     const struct sfs_pattern *pattern)
{
	struct sfs_rule rule = *spec;

	rule.glob = strdup(spec->glob);
	rule.from = strdup(spec->from ? spec->from : "");
	rule.base = strdup(spec->base ? spec->base : "");
	rule.volume = spec->volume ? strdup(spec->volume) : NULL;
	rule.negated = pattern->negated;
	rule.dir_only = pattern->dir_only;
	rule.store = 0;
	if (!rule.glob || !rule.from || !rule.base ||
	    (spec->volume && !rule.volume)) {
		free_rule(&rule);
		return -ENOMEM;
	}
	*slot = rule;
	return 0;
}

int sfs_rules_add(struct sfs_rules *rules, const struct sfs_rule *spec,
		  const char **ret_why)
{
	__attribute__((
		cleanup(sfs_pattern_done))) struct sfs_pattern pattern = { 0 };
	struct sfs_rule *slot;
	int r = sfs_pattern_parse(spec->glob, &pattern, ret_why);

	if (r)
		return r;
	if (rules->count == SFS_RULES_MAX_COUNT) {
		*ret_why = "there are more than 65536 patterns";
		return -E2BIG;
	}
	slot = rule_slot(rules);
	if (!slot)
		return -ENOMEM;
	r = copy_rule(slot, spec, &pattern);
	if (r < 0)
		return r;
	return add_positions(rules, &pattern, slot, (int)rules->count++);
}

int sfs_rules_compile(struct sfs_rules *rules)
{
	sfs_rules_state root;

	rules->states = calloc(SFS_RULES_MAX_STATES, sizeof(*rules->states));
	rules->buckets = calloc(SFS_RULES_BUCKETS, sizeof(*rules->buckets));
	if (!rules->states || !rules->buckets)
		return -ENOMEM;
	rules->always = sfs_state_new(rules, &rules->everywhere);
	if (!rules->always)
		return -ENOMEM;
	return sfs_rules_intern(rules, &rules->root, &root);
}

int sfs_rules_count(const struct sfs_rules *rules)
{
	return (int)rules->count;
}

const struct sfs_rule *sfs_rules_get(const struct sfs_rules *rules, int index)
{
	return &rules->list[index];
}

void sfs_rules_set_store(struct sfs_rules *rules, int index, unsigned int store)
{
	rules->list[index].store = store;
}
