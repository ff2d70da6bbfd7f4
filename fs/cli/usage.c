/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/msg.h"

#include "usage.h"

#include <stdio.h>

static int print_help(const struct sfs_usage *usage)
{
	fputs(usage->help, stdout);
	return fflush(stdout) ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

int sfs_usage_read(const struct sfs_usage *usage,
		   const struct sfs_extra_option *extra, int argc, char **argv,
		   struct sfs_config *config, int *ret_status)
{
	int operands;

	sfs_config_init(config);
	*ret_status = SFS_EXIT_USAGE;
	if (sfs_options_parse(config, argc, argv, usage->flags, extra,
			      &operands) < 0)
		return -1; /* said */
	if (config->help) {
		*ret_status = print_help(usage);
		return -1;
	}
	if (operands < usage->least || operands > usage->most) {
		sfs_msg("%s: %s; see scratchfs %s --help", usage->command,
			usage->refusal, usage->command);
		return -1;
	}
	return operands;
}
