/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_GIT_CONFIG_H
#define SCRATCHFS_GIT_CONFIG_H

/*
 * The few keys of a repository's config (git-config(1), "CONFIGURATION FILE")
 * that decide how its index is read.  Included files are not followed: git
 * reads none of these keys from them but core.ignoreCase.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct sfs_git_config {
	char worktree[PATH_MAX]; /* core.worktree, "" if unset */
	bool bare;		 /* core.bare */
	bool ignore_case;	 /* core.ignoreCase */
	bool worktree_config;	 /* extensions.worktreeConfig */
	size_t hash_bytes;	 /* extensions.objectFormat: 20 or 32 */
};

/* What holds where no config says otherwise. */
void sfs_git_config_init(struct sfs_git_config *config);

/*
 * Lays what `text` (any bytes) says over `config`.  Returns 0; -EBADMSG: not
 * a config; -ENOTSUP: a repository format or an object format from the future.
 */
int sfs_git_config_read(struct sfs_git_config *config, const char *text,
			size_t length);

#endif
