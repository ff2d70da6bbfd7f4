/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_HOLDERS_H
#define SCRATCHFS_CLI_HOLDERS_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Writes a line for each other process that keeps a file system busy, at most `max`,
 * as far as the caller may look: "  1234 bash (working folder)".  Returns how
 * many it found.
 */
unsigned int sfs_holders_print(FILE *out, dev_t device, unsigned int max);

#endif
