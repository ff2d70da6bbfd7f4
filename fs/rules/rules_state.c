/* SPDX-License-Identifier: MIT */
/* States of folders: made, entered, asked; see rules_impl.h. */
#include "rules_impl.h"

#include <scratchfs/cleanup.h>

#include <limits.h>
#include <string.h>

static void list_done(struct sfs_position_list *list)
{
	free(list->items);
}

#define POSITION_LIST \
	__attribute__((cleanup(list_done))) struct sfs_position_list

static uint32_t hash_positions(const uint32_t *positions, uint32_t count)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ positions[i]) * 16777619u;
	return hash ^ hash >> 15;
}

void sfs_state_free(struct sfs_state *state)
{
	if (!state)
		return;
	sfs_rule_index_done(&state->index);
	free(state->only);
	free(state);
}

struct sfs_state *sfs_state_new(const struct sfs_rules *rules,
				const struct sfs_position_list *set)
{
	uint32_t count = set->count;
	struct sfs_state *state =
		calloc(1, sizeof(*state) + count * sizeof(uint32_t));

	if (!state)
		return NULL;
	state->count = count;
	state->only = calloc(count + 1, sizeof(*state->only));
	if (!state->only || sfs_rule_index_init(&state->index, count) < 0) {
		sfs_state_free(state);
		return NULL;
	}
	atomic_init(&state->stay, SFS_RULES_NONE);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = set->items[i];

		state->positions[i] = number;
		atomic_init(&state->only[i], SFS_RULES_NONE);
		sfs_rule_index_put(&state->index,
				   &rules->positions[number].glob, i);
	}
	state->hash = hash_positions(state->positions, count);
	return state;
}

static int compare_positions(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void make_canonical(struct sfs_position_list *set)
{
	uint32_t kept = 0;

	if (set->count)
		qsort(set->items, set->count, sizeof(*set->items),
		      compare_positions);
	for (uint32_t i = 0; i < set->count; i++)
		if (!kept || set->items[kept - 1] != set->items[i])
			set->items[kept++] = set->items[i];
	set->count = kept;
}

/* The lock is held. */
static struct sfs_state *find_state(const struct sfs_rules *rules,
				    const struct sfs_position_list *set,
				    uint32_t hash)
{
	struct sfs_state *state = rules->buckets[hash % SFS_RULES_BUCKETS];
	size_t bytes = set->count * sizeof(uint32_t);

	while (state &&
	       (state->hash != hash || state->count != set->count ||
		(bytes && memcmp(state->positions, set->items, bytes) != 0)))
		state = state->next;
	return state;
}

/* The lock is held.  0, -ENOMEM: the bounds are reached. */
static int insert_state(struct sfs_rules *rules, struct sfs_state *state)
{
	struct sfs_state **bucket =
		&rules->buckets[state->hash % SFS_RULES_BUCKETS];

	if (rules->nstates == SFS_RULES_MAX_STATES ||
	    (rules->nstates &&
	     state->count > SFS_RULES_MAX_POSITIONS - rules->nstate_positions))
		return -ENOMEM;
	rules->nstate_positions += rules->nstates ? state->count : 0;
	state->number = rules->nstates++;
	state->next = *bucket;
	*bucket = state;
	rules->states[state->number] = state;
	return 0;
}

int sfs_rules_intern(struct sfs_rules *rules, struct sfs_position_list *set,
		     sfs_rules_state *ret)
{
	struct sfs_state *made, *state;
	uint32_t hash;
	int r = 0;

	make_canonical(set);
	hash = hash_positions(set->items, set->count);
	pthread_mutex_lock(&rules->lock);
	state = find_state(rules, set, hash);
	pthread_mutex_unlock(&rules->lock);
	if (state) {
		*ret = state->number;
		return 0;
	}

	made = sfs_state_new(rules, set);
	if (!made)
		return -ENOMEM;
	pthread_mutex_lock(&rules->lock);
	state = find_state(rules, set, hash);
	if (!state) {
		r = insert_state(rules, made);
		if (!r)
			state = made;
	}
	pthread_mutex_unlock(&rules->lock);
	if (state != made)
		sfs_state_free(made);
	if (r < 0)
		return r;
	*ret = state->number;
	return 0;
}

struct decision {
	const struct sfs_rules *rules;
	const struct sfs_state *state;
	const char *name;
	size_t len;
	bool is_dir;
	int best;
};

static void decide(void *context, uint32_t slot)
{
	struct decision *decision = context;
	const struct sfs_position *position =
		&decision->rules->positions[decision->state->positions[slot]];

	if (position->rule > decision->best &&
	    (decision->is_dir || !position->dir_only) &&
	    sfs_glob_match(&position->glob, decision->name, decision->len))
		decision->best = position->rule;
}

int sfs_rules_match_any(const struct sfs_rules *rules, sfs_rules_state state,
			const char *name, bool is_dir)
{
	struct decision decision = {
		.rules = rules,
		.state = rules->always,
		.name = name,
		.len = strlen(name),
		.is_dir = is_dir,
		.best = -1,
	};

	sfs_rule_index_candidates(&decision.state->index, name, decision.len,
				  decide, &decision);
	decision.state = rules->states[state];
	sfs_rule_index_candidates(&decision.state->index, name, decision.len,
				  decide, &decision);
	return decision.best;
}

int sfs_rules_match(const struct sfs_rules *rules, sfs_rules_state state,
		    const char *name, bool is_dir)
{
	int index = sfs_rules_match_any(rules, state, name, is_dir);

	return index >= 0 && rules->list[index].negated ? -1 : index;
}

/* Which positions a folder's name advances. */
struct advance {
	const struct sfs_rules *rules;
	const struct sfs_state *state;
	const char *name;
	size_t len;
	uint32_t count; /* a position may be counted twice, never left out */
	uint32_t slot;	/* the last one */
	struct sfs_position_list *set; /* NULL: only count */
	int r;
};

static void advance(void *context, uint32_t slot)
{
	struct advance *advance = context;
	const struct sfs_position *positions = advance->rules->positions;
	uint32_t number = advance->state->positions[slot];

	if (positions[number].child == SFS_RULES_NONE ||
	    !sfs_glob_match(&positions[number].glob, advance->name,
			    advance->len))
		return;
	advance->count++;
	advance->slot = slot;
	if (!advance->set)
		return;
	for (uint32_t child = positions[number].child;
	     !advance->r && child != SFS_RULES_NONE;
	     child = positions[child].sibling)
		advance->r = sfs_position_list_put(advance->set, child);
}

static void advance_in(struct advance *context, const struct sfs_state *state)
{
	context->state = state;
	sfs_rule_index_candidates(&state->index, context->name, context->len,
				  advance, context);
}

/* The successor of state, computed. */
static int make_successor(struct sfs_rules *rules,
			  const struct sfs_state *state, const char *name,
			  size_t len, sfs_rules_state *ret)
{
	POSITION_LIST set = { 0 };
	struct advance context = {
		.rules = rules,
		.name = name,
		.len = len,
		.set = &set,
	};

	for (uint32_t i = 0; i < state->count; i++)
		if (rules->positions[state->positions[i]].deep &&
		    sfs_position_list_put(&set, state->positions[i]) < 0)
			return -ENOMEM;
	advance_in(&context, rules->always);
	advance_in(&context, state);
	if (context.r < 0)
		return context.r;
	return sfs_rules_intern(rules, &set, ret);
}

int sfs_rules_enter(struct sfs_rules *rules, sfs_rules_state state,
		    const char *name, sfs_rules_state *ret)
{
	struct sfs_state *from = rules->states[state];
	struct advance context = {
		.rules = rules,
		.name = name,
		.len = strlen(name),
	};
	_Atomic uint32_t *memo = NULL;
	uint32_t known;
	int r;

	advance_in(&context, rules->always);
	if (!context.count) {
		advance_in(&context, from);
		if (!context.count)
			memo = &from->stay;
		else if (context.count == 1)
			memo = &from->only[context.slot];
	}
	if (memo) {
		/* Whoever stored the number has seen its state complete. */
		known = atomic_load_explicit(memo, memory_order_acquire);
		if (known != SFS_RULES_NONE) {
			*ret = known;
			return 0;
		}
	}
	r = make_successor(rules, from, name, context.len, ret);
	if (!r && memo)
		atomic_store_explicit(memo, *ret, memory_order_release);
	return r;
}

/* The component at path, as a string.  0, -ENAMETOOLONG. */
static int copy_component(const char *path, size_t len, char name[NAME_MAX + 1])
{
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path, len);
	name[len] = '\0';
	return 0;
}

int sfs_rules_walk(struct sfs_rules *rules, const char *path, bool is_dir,
		   int *ret_rule, size_t *ret_len)
{
	sfs_rules_state state = SFS_RULES_ROOT;
	const char *at = path;
	char name[NAME_MAX + 1];
	int rule = -1, r;

	while (*at) {
		size_t len = strcspn(at, "/");
		bool last = !at[len];

		r = copy_component(at, len, name);
		if (r < 0)
			return r;
		if (!strcmp(name, ".git")) {
			at += strlen(at);
			break;
		}
		rule = sfs_rules_match(rules, state, name, !last || is_dir);
		at += len;
		if (rule >= 0 || last)
			break;
		r = sfs_rules_enter(rules, state, name, &state);
		if (r < 0)
			return r;
		at++;
	}
	*ret_rule = rule;
	*ret_len = (size_t)(at - path);
	return 0;
}
