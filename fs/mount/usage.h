/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_USAGE_H
#define SCRATCHFS_MOUNT_USAGE_H

/* What is in the stores of a mount, by rule; see objects.h. */
#include "session.h"

#include <limits.h>

#define SFS_USAGE_BIGGEST 3
#define SFS_USAGE_CHANGED 20

struct sfs_usage_file {
	char *path; /* in the view; NULL: none */
	uint64_t bytes;
};

struct sfs_usage_rule {
	uint64_t files, bytes;
	struct sfs_usage_file biggest[SFS_USAGE_BIGGEST];
};

struct sfs_usage {
	struct sfs_usage_rule *rules; /* of config->scratch */
	int n_rules;
	uint64_t files, bytes; /* but for folders; apparent size */
	uint64_t orphans;      /* objects, folders too */
	uint64_t changed;      /* copies of files that the host has as well */
	char *changed_paths[SFS_USAGE_CHANGED]; /* some of them */
	bool more; /* the time was up before all was counted */
};

#define SFS_USAGE_ALL	  UINT_MAX
#define SFS_USAGE_AT_ONCE 4096

/*
 * Counts the first n_stores stores.  A count that has taken limit_ms ends early;
 * what SFS_USAGE_AT_ONCE objects are is always counted.  Called by a thread that
 * may call the view.  Fills *ret, for sfs_usage_done(), also on failure.
 */
int sfs_usage_count(struct sfs_session *session, unsigned int n_stores,
		    unsigned int limit_ms, struct sfs_usage *ret);
void sfs_usage_done(struct sfs_usage *usage);

#endif
