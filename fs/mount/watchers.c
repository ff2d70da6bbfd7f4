/* SPDX-License-Identifier: MIT */
#include "watchers.h"

#include "scratchfs/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* fs/notify/fdinfo.c of Linux: a line for each thing watched. */
static bool watches(int fdinfo, const char *name, dev_t device)
{
	SFS_FCLOSE FILE *file = NULL;
	unsigned int wanted = major(device) << 20 | minor(device);
	char line[256];
	int fd = openat(fdinfo, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	file = fdopen(fd, "re");
	if (!file) {
		close(fd);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, " sdev:");

		if (!strncmp(line, "inotify ", 8) && at &&
		    strtoul(at + 6, NULL, 16) == wanted)
			return true;
	}
	return false;
}

static bool is_inotify(int fds, const char *name)
{
	char target[64];
	ssize_t n = readlinkat(fds, name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strstr(target, "inotify") && strchr(target, '/') == NULL;
}

static bool process_watches(int proc, const char *pid, dev_t device)
{
	SFS_CLOSE int fdinfo = -1;
	SFS_CLOSEDIR DIR *dir = NULL;
	char path[32];
	int fds;

	snprintf(path, sizeof(path), "%.16s/fd", pid);
	fds = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fds < 0 ? NULL : fdopendir(fds);
	if (!dir) {
		if (fds >= 0)
			close(fds);
		return false;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!is_inotify(fds, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%.16s/fdinfo", pid);
		if (fdinfo < 0)
			fdinfo = openat(proc, path,
					O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fdinfo >= 0 && watches(fdinfo, entry->d_name, device))
			return true;
	}
	return false;
}

pid_t sfs_watchers_find(dev_t device)
{
	SFS_CLOSEDIR DIR *proc = opendir("/proc");

	for (struct dirent *entry; proc && (entry = readdir(proc));)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_watches(dirfd(proc), entry->d_name, device))
			return (pid_t)atoi(entry->d_name);
	return 0;
}
