/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "tar_internal.h"

int sfs_tar_normalize(const char *path, char **ret)
{
	SFS_FREE char *out = malloc(strlen(path) + 1);
	size_t len = 0;

	if (!out)
		return -ENOMEM;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (n && !(n == 1 && *path == '.')) {
			if (len)
				out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
		path += *path == '/';
	}
	out[len] = '\0';
	*ret = sfs_steal_ptr(&out);
	return 0;
}

#ifndef SFS_HAVE_ARCHIVE
#include "scratchfs/msg.h"

static int unavailable(void)
{
	sfs_msg("this scratchfs was built without libarchive, so it can neither "
		"export nor import");
	return -ENOSYS;
}

int sfs_volume_export(const char *name, const struct sfs_volume_tar *tar)
{
	(void)name;
	(void)tar;
	return unavailable();
}

int sfs_volume_import(const char *name, const struct sfs_volume_tar *tar)
{
	(void)name;
	(void)tar;
	return unavailable();
}
#endif
