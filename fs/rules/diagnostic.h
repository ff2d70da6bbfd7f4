/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_DIAGNOSTIC_H
#define SFS_RULES_DIAGNOSTIC_H

/*
 * A text file that a person wrote, and the way to point into it:
 *
 *	FILE:LINE:COLUMN: what; why; what to do
 *	the line
 *	    ^
 */
#include "scratchfs/msg.h"

#include <stddef.h>

struct sfs_document {
	const char *name; /* as the user knows the file */
	const char *text; /* not necessarily terminated */
	size_t size;
};

/*
 * Prints one diagnostic on stderr.  line and column count from 1, the column in
 * characters.  What could steer a terminal is replaced by '?', in the message
 * too; of a long line the part around the column is shown.  Returns -EINVAL,
 * so that `return sfs_complain(...)` reads well.
 */
int sfs_complain(const struct sfs_document *document, size_t line,
		 size_t column, const char *format, ...) SFS_PRINTF(4, 5);

/* The line and column of a byte of the document. */
void sfs_document_locate(const struct sfs_document *document, size_t offset,
			 size_t *ret_line, size_t *ret_column);

/* Where that character is; NULL at the document's end or behind it. */
const char *sfs_document_find(const struct sfs_document *document, size_t line,
			      size_t column);

#endif
