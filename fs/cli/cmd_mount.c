/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/msg.h"

int sfs_cmd_mount(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	sfs_msg("this build cannot mount");
	return SFS_EXIT_FAILED;
}
