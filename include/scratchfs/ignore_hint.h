/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_IGNORE_HINT_H
#define SCRATCHFS_IGNORE_HINT_H

/*
 * In the view scratch is as visible to git as anything else: what the
 * repository does not ignore, `git add -A` takes in.
 */
#include "scratchfs/rules.h"

/*
 * Says so on stderr, in one line, if the source (a folder's descriptor) is the
 * top of a repository whose .gitignore and .git/info/exclude do not cover a
 * scratch pattern.  Nothing else is looked at: neither git's global excludes
 * nor ignore files further down.  Failing is the same as having nothing to say.
 */
void sfs_ignore_hint(int source_fd, const struct sfs_rules *scratch);

/*
 * A path that the pattern matches, to try others on: wildcards become
 * letters, a leading slash and a trailing one go.  Allocated; NULL: there is
 * none to be had (a class or an escape in it), or no memory.
 */
char *sfs_ignore_hint_sample(const char *glob);

#endif
