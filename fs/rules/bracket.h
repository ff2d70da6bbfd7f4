/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_BRACKET_H
#define SFS_RULES_BRACKET_H

#include <scratchfs/glob.h>

/*
 * Reads a bracket expression; text points behind its '['.  *ret: the bytes it
 * accepts.  Returns the end, behind the ']', or NULL when it is malformed, with
 * *ret_why set (see sfs_pattern_parse).
 */
const char *sfs_bracket_parse(const char *text, struct sfs_byte_set *ret,
			      const char **ret_why);

#endif
