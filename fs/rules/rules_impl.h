/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_IMPL_H
#define SFS_RULES_IMPL_H

/*
 * How rules are matched folder by folder.
 *
 * Each pattern is a chain of positions, one for each of its segments.  A
 * position that is *alive* in a folder waits for a name in it: when the name
 * matches, the pattern is decided (the last of the chain), or the positions
 * behind it are alive in the folder of that name.  A *deep* one (the segment
 * behind a double star, and every pattern without a slash) stays alive in all
 * folders below.
 *
 * A state is the set of positions alive in a folder, less those that are alive
 * everywhere (deep, and first in their chain), which are most.  Sets are kept
 * sorted and interned, so that equal sets are one state, and come into being
 * when a folder that needs them is first entered.  What an ignore file in a
 * subfolder says hangs below positions for that folder's own path, shared by
 * all files (a trie), so it is alive from there on only.
 *
 * To enter a folder usually means to find that its name advances nothing: the
 * new state is then `stay`, one number, remembered.  If it advances exactly one
 * position, which is the usual case on the way to an anchored pattern, that
 * successor is remembered too.  Only the rest is computed again each time.
 */
#include <scratchfs/pattern.h>
#include <scratchfs/rule_index.h>
#include <scratchfs/rules.h>

#include <pthread.h>
#include <stdatomic.h>

#define SFS_RULES_NONE UINT32_MAX

/* States made by a hostile list are bounded in number and in total size. */
#define SFS_RULES_MAX_STATES	65536u
#define SFS_RULES_MAX_POSITIONS (1u << 21)

#define SFS_RULES_BUCKETS 4096u

struct sfs_position {
	struct sfs_glob glob;
	int rule; /* decided by a match, or -1 */
	bool dir_only, deep;
	uint32_t child;		    /* first of those behind it */
	uint32_t sibling;	    /* next of those behind the same one */
	uint32_t parent, trie_next; /* to find those of base folders again */
};

/* A growing list of position numbers. */
struct sfs_position_list {
	uint32_t *items;
	uint32_t count, capacity;
};

struct sfs_state {
	struct sfs_state *next; /* in its bucket */
	uint32_t number, hash, count;
	_Atomic uint32_t stay;	     /* successor when nothing advances */
	_Atomic uint32_t *only;	     /* [slot]: when only that slot advances */
	struct sfs_rule_index index; /* of slots */
	uint32_t positions[];	     /* sorted */
};

struct sfs_rules {
	struct sfs_rule *list;
	uint32_t count, capacity;

	struct sfs_position *positions;
	uint32_t npositions, positions_capacity;
	uint32_t *trie; /* buckets of positions for base folders */
	struct sfs_position_list everywhere, root;

	/* From _compile on. */
	struct sfs_state *always;  /* the positions alive everywhere */
	struct sfs_state **states; /* by number; a slot is written once */
	struct sfs_state **buckets;
	uint32_t nstates, nstate_positions;
	pthread_mutex_t lock; /* buckets, nstates, nstate_positions; a leaf */
};

int sfs_position_list_put(struct sfs_position_list *list, uint32_t item);

/* Interns the positions (sorted and without duplicates by it).  0, -ENOMEM. */
int sfs_rules_intern(struct sfs_rules *rules, struct sfs_position_list *set,
		     sfs_rules_state *ret);

/* A state that is not interned; positions are used as they are. */
struct sfs_state *sfs_state_new(const struct sfs_rules *rules,
				const struct sfs_position_list *set);
void sfs_state_free(struct sfs_state *state);

#endif
