/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_USAGE_H
#define SCRATCHFS_CLI_USAGE_H

/* How most commands read their words. */
#include "scratchfs/config.h"
#include "scratchfs/options.h"

struct sfs_usage {
	const char *command;
	const char *help;    /* what --help prints */
	unsigned int flags;  /* SFS_OPTIONS_EXTRA_ONLY, or 0 */
	int least, most;     /* operands */
	const char *refusal; /* what is said of another number of them */
};

/*
 * Initializes the config and reads the words into it; see sfs_options_parse().
 * Returns how many operands there are in argv[1..].  Negative: the command is
 * over, after --help or with one line on stderr, and *ret_status is its exit
 * status.  sfs_config_done() is due in any case.
 */
int sfs_usage_read(const struct sfs_usage *usage,
		   const struct sfs_extra_option *extra, int argc, char **argv,
		   struct sfs_config *config, int *ret_status);

#endif
