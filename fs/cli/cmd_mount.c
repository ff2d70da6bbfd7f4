/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/options.h"
#include "scratchfs/session.h"

#include <errno.h>
#include <stdio.h>

static int run(struct sfs_config *config, int argc, char **argv)
{
	int operands;
	int err = sfs_options_parse(config, argc, argv, SFS_OPTIONS_MOUNT, NULL,
				    &operands);

	if (err < 0)
		return sfs_session_exit_status(err);
	if (config->help)
		return sfs_cmd_help();
	if (config->version)
		return puts("scratchfs " SFS_VERSION) == EOF;
	return sfs_session_run(config);
}

int sfs_cmd_mount(int argc, char **argv)
{
	struct sfs_config config;

	sfs_config_init(&config);
	int status = run(&config, argc, argv);
	sfs_config_done(&config);
	return status;
}
