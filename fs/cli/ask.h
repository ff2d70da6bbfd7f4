/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_ASK_H
#define SCRATCHFS_CLI_ASK_H

#include <stddef.h>

#define SFS_ASK_PATIENTLY (-1)

/*
 * getxattr(2) that ends after limit_ms (SFS_ASK_PATIENTLY: it does not):
 * -ETIMEDOUT, also where the kernel would keep the caller, whatever signal it
 * gets, for as long as the daemon of a view does not answer.  *ret_text is
 * malloced, with a zero byte after its end; ret_length may be NULL.  -errno.
 * For a process without threads.
 */
int sfs_ask(const char *path, const char *attribute, int limit_ms,
	    char **ret_text, size_t *ret_length);

#endif
