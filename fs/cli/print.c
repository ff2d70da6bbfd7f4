/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/msg.h"

#include "print.h"

#include <stdio.h>

void sfs_print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?'
								     : *name);
}

int sfs_print_bad_usage(const char *command, const char *why)
{
	sfs_msg("%s: %s; see scratchfs %s --help", command, why, command);
	return SFS_EXIT_USAGE;
}
