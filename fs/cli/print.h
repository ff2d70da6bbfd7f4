/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_PRINT_H
#define SCRATCHFS_CLI_PRINT_H

/* Names for people: what a name holds must not spoil lines nor terminals. */
void sfs_print_name(const char *name);

/* "COMMAND: why", and where the help is; returns SFS_EXIT_USAGE. */
int sfs_print_bad_usage(const char *command, const char *why);

#endif
