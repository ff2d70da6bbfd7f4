/* SPDX-License-Identifier: MIT */
/* A repository's config. */
#include <scratchfs/git_config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct sfs_git_config config;

	sfs_git_config_init(&config);
	sfs_git_config_read(&config, (const char *)input, len);
	if (strnlen(config.worktree, PATH_MAX) == PATH_MAX ||
	    (config.hash_bytes != 20 && config.hash_bytes != 32))
		abort();
	return 0;
}
