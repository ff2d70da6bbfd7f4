/* SPDX-License-Identifier: MIT */
#include "scratchfs/machine.h"

#include "scratchfs/cleanup.h"

#include <string.h>
#include <sys/utsname.h>

bool sfs_machine_program(const char *name, char **ret_path)
{
	const char *path = getenv("PATH");
	SFS_FREE char *folders = strdup(path ? path : "/usr/bin:/bin");
	char *save = NULL;

	for (char *folder = folders ? strtok_r(folders, ":", &save) : NULL;
	     folder; folder = strtok_r(NULL, ":", &save)) {
		char *program = NULL;

		if (asprintf(&program, "%s/%s", folder, name) < 0)
			return false;
		if (access(program, X_OK) == 0) {
			if (ret_path)
				*ret_path = program;
			else
				free(program);
			return true;
		}
		free(program);
	}
	return false;
}

bool sfs_machine_allows_other(void)
{
	SFS_FCLOSE FILE *file = fopen("/etc/fuse.conf", "re");
	char line[256], word[32];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s", word) == 1 &&
		    strcmp(word, "user_allow_other") == 0)
			return true;
	return false;
}

bool sfs_machine_has_kernel(unsigned int major, unsigned int minor)
{
	struct utsname name;
	unsigned int has_major, has_minor;

	if (uname(&name) < 0 ||
	    sscanf(name.release, "%u.%u", &has_major, &has_minor) != 2)
		return false;
	return has_major > major || (has_major == major && has_minor >= minor);
}

bool sfs_machine_setting(const char *path, long *ret)
{
	SFS_FCLOSE FILE *file = fopen(path, "re");
	char text[32] = "";

	if (!file || !fgets(text, sizeof(text), file))
		return false;
	*ret = text[0] == 'Y' ? 1 : text[0] == 'N' ? 0 : atol(text);
	return true;
}
