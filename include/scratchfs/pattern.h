/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_PATTERN_H
#define SCRATCHFS_PATTERN_H

/*
 * One line of an ignore file, cut into path components.
 *
 * The language is gitignore(5)'s, and where that is vague, what git's dir.c
 * and wildmatch.c do.  Paths are never matched as a whole: a pattern becomes a
 * list of segments, to be matched one after the other by a folder and what is
 * in it, so that a name is decided in its folder.
 */
#include <scratchfs/glob.h>

#define SFS_PATTERN_MAX 4096 /* bytes in a line */

struct sfs_segment {
	struct sfs_glob glob;
	bool deep; /* any number of folders may come before it */
	bool last; /* with it, the path matches */
};

struct sfs_pattern {
	/*
	 * Usually one sequence of segments, the end marked by last; a few odd
	 * patterns need several sequences, each enough for a match.
	 */
	struct sfs_segment *segments;
	size_t count;
	bool negated;  /* it began with '!' */
	bool dir_only; /* it ended in '/' */
};

/*
 * Reads a line, without its newline, into the caller's *ret; on success the
 * caller owes it a _done.
 *
 * 0.  1: blank or a comment.  -EINVAL: can never match, -E2BIG: longer than
 * SFS_PATTERN_MAX, both with *ret_why set to a static half sentence that fits
 * behind the pattern ("the [ is never closed").  -ENOMEM.
 */
int sfs_pattern_parse(const char *line, struct sfs_pattern *ret,
		      const char **ret_why);

void sfs_pattern_done(struct sfs_pattern *pattern);

#endif
