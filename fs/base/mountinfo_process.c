/* SPDX-License-Identifier: MIT */
#include "scratchfs/mountinfo.h"

#include "scratchfs/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

/* Many processes share few namespaces: each is looked into once. */
struct namespaces {
	ino_t *seen;
	size_t count;
};

static bool is_new(struct namespaces *namespaces, ino_t ino)
{
	for (size_t i = 0; i < namespaces->count; i++)
		if (namespaces->seen[i] == ino)
			return false;
	ino_t *seen = reallocarray(namespaces->seen, namespaces->count + 1,
				   sizeof(*seen));
	if (seen) {
		namespaces->seen = seen;
		seen[namespaces->count++] = ino;
	}
	return true;
}

static int is_device(void *context, const struct sfs_mountinfo *mount)
{
	const dev_t *device = context;

	return sfs_mountinfo_is_view(mount) && mount->device == *device;
}

static bool sees(const char *pid, struct namespaces *namespaces, dev_t device)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.16s/ns/mnt", pid);
	if (stat(path, &st) < 0 || !is_new(namespaces, st.st_ino))
		return false;
	snprintf(path, sizeof(path), "/proc/%.16s/mountinfo", pid);
	return sfs_mountinfo_each(path, is_device, &device) == 1;
}

pid_t sfs_mountinfo_process(dev_t device)
{
	SFS_CLOSEDIR DIR *proc = opendir("/proc");
	struct namespaces namespaces = { 0 };
	const struct dirent *entry;
	struct stat st;
	pid_t found = 0;

	if (stat("/proc/self/ns/mnt", &st) == 0)
		is_new(&namespaces, st.st_ino);
	while (proc && found == 0 && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    sees(entry->d_name, &namespaces, device))
			found = (pid_t)atol(entry->d_name);
	free(namespaces.seen);
	return found;
}
