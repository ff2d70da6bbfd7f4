/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_LEFTOVERS_H
#define SCRATCHFS_CLI_LEFTOVERS_H

/*
 * What the host has under scratch patterns, as a view of it would decide: but
 * for what git tracks and for patterns with `existing: core`.  A folder is one
 * leftover with all that is in it.
 */
#include "scratchfs/config.h"
#include "scratchfs/rules.h"

struct sfs_leftover {
	char *path; /* relative to the source */
	bool is_folder;
	uint64_t files, bytes;	     /* apparent size */
	const struct sfs_rule *rule; /* config->scratch's */
	bool not_ignored;	     /* by git; see sfs_ignored_check() */
};

struct sfs_leftovers {
	char *source; /* canonical */
	struct sfs_leftover *list;
	size_t count;
	uint64_t files, bytes;
};

/*
 * config: parsed, not loaded; it holds the rules until sfs_config_done().  What
 * fails has been said.  A source that a view is mounted over is refused: it
 * would show the view.
 */
int sfs_leftovers_find(struct sfs_config *config, const char *source,
		       struct sfs_leftovers *ret);
void sfs_leftovers_done(struct sfs_leftovers *leftovers);

/*
 * Asks git which of them it ignores, each in the repository that it lies in;
 * what lies in none is left as it is.  git only reads.  -ENOENT (said): there
 * is a repository but no git; -EIO (said): git failed.
 */
int sfs_ignored_check(struct sfs_leftovers *leftovers);

#endif
