/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_RULE_INDEX_H
#define SCRATCHFS_RULE_INDEX_H

/*
 * Which of many globs might match a name, found by hash look-ups instead of a
 * scan.  Each glob is filed under literal bytes that every name it matches must
 * have (sfs_glob's key); a name asks for its own beginnings and ends, only in
 * lengths that some key has, and for the short runs inside it.  What has no
 * literal byte at all ("?", "[ab]*") is asked always.
 *
 * So the cost depends on the name's length and on what is likely to match, not
 * on the number of globs.  Built once, then only read.
 */
#include <scratchfs/glob.h>

struct sfs_rule_index_entry {
	uint32_t hash;
	uint32_t item;
	uint32_t next; /* in the same bucket: position + 1, 0 = the end */
};

struct sfs_rule_index {
	struct sfs_rule_index_entry *entries;
	uint32_t *buckets; /* first entry: position + 1 */
	uint32_t mask, count;
	uint32_t unkeyed;	/* first entry that has no key: position + 1 */
	uint64_t lengths[3][4]; /* of prefixes, suffixes, runs: bit n = some
				   key has n bytes */
};

typedef void sfs_rule_index_visit(void *context, uint32_t item);

/* An index with room for `room` globs, in the caller's *ret.  0, -ENOMEM. */
int sfs_rule_index_init(struct sfs_rule_index *ret, uint32_t room);
void sfs_rule_index_done(struct sfs_rule_index *index);

/*
 * Files item under the glob's key; the glob is not kept.  At most `room` times.
 */
void sfs_rule_index_put(struct sfs_rule_index *index,
			const struct sfs_glob *glob, uint32_t item);

/*
 * Calls visit for every item whose glob matches name, and for some that do not:
 * the visitor checks.  In no order, and an item may come more than once.
 */
void sfs_rule_index_candidates(const struct sfs_rule_index *index,
			       const char *name, size_t len,
			       sfs_rule_index_visit *visit, void *context);

#endif
