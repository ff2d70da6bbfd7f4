/* SPDX-License-Identifier: MIT */
#include "holders.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Does a link of /proc lead there?  Nothing is asked of the file system itself,
 * whose daemon may hang. */
static bool leads_to(int dir_fd, const char *name, dev_t device)
{
	struct statx st;

	return statx(dir_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0,
		     &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == device;
}

static bool has_open(int process_fd, dev_t device)
{
	int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SFS_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (fd >= 0 && !dir)
		close(fd);
	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' &&
			leads_to(dirfd(dir), entry->d_name, device);
	return found;
}

/* "7f00-7f01 r-xp 00000000 fd:01 1234  /path" */
static bool has_mapped(int process_fd, dev_t device)
{
	int fd = openat(process_fd, "maps", O_RDONLY | O_CLOEXEC);
	SFS_FCLOSE FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	SFS_FREE char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (fd >= 0 && !maps)
		close(fd);
	while (maps && !found && getline(&line, &size, maps) > 0) {
		unsigned int major, minor;

		found = sscanf(line, "%*s %*s %*s %x:%x", &major, &minor) ==
				2 &&
			makedev(major, minor) == device;
	}
	return found;
}

/* How a process keeps the device busy, or NULL. */
static const char *held_by(int process_fd, dev_t device)
{
	if (leads_to(process_fd, "cwd", device))
		return "working folder";
	if (leads_to(process_fd, "root", device))
		return "root folder";
	if (has_open(process_fd, device))
		return "open file";
	if (leads_to(process_fd, "exe", device))
		return "program";
	if (has_mapped(process_fd, device))
		return "mapped file";
	return NULL;
}

static void read_name(int process_fd, char name[32])
{
	SFS_CLOSE int fd = openat(process_fd, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, 31);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

unsigned int sfs_holders_print(FILE *out, dev_t device, unsigned int max)
{
	SFS_CLOSEDIR DIR *proc = opendir("/proc");
	unsigned int found = 0;
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		const char *pid = entry->d_name;
		char name[32];

		if (pid[strspn(pid, "0123456789")] || atoi(pid) == getpid())
			continue;
		SFS_CLOSE int fd = openat(dirfd(proc), pid,
					  O_PATH | O_DIRECTORY | O_CLOEXEC);
		const char *how = fd < 0 ? NULL : held_by(fd, device);
		if (!how || found++ >= max)
			continue;
		read_name(fd, name);
		fprintf(out, "  %s %s (%s)\n", pid, name, how);
	}
	return found;
}
