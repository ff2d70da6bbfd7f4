/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_PRINT_H
#define SCRATCHFS_CLI_PRINT_H

/* Names for people: what a name holds must not spoil lines nor terminals. */
void sfs_print_name(const char *name);

#endif
