/* SPDX-License-Identifier: MIT */
#include "hideout.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"
#include "scratchfs/store.h"
#include "scratchfs/unmount.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static int make_folder(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* The folder that holds them, made with those above it. */
static int open_base(char **ret)
{
	SFS_FREE char *state = NULL;
	int err = sfs_store_state_dir(&state);

	if (err == 0 && asprintf(ret, "%s/run", state) < 0) {
		*ret = NULL;
		err = -ENOMEM;
	}
	for (char *slash = *ret; err == 0 && slash; *slash = '/') {
		slash = strchr(slash + 1, '/');
		if (!slash)
			break;
		*slash = '\0';
		err = make_folder(*ret);
	}
	return err == 0 ? make_folder(*ret) : err;
}

/* "PID.START" of a process that is gone. */
static bool is_abandoned(const char *name)
{
	struct sfs_registry_entry owner = { 0 };

	if (sscanf(name, "%d.%" SCNu64, &owner.pid, &owner.pid_start) != 2)
		return false;
	return !sfs_registry_is_alive(&owner);
}

static void sweep(const char *base)
{
	SFS_CLOSEDIR DIR *folder = opendir(base);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		SFS_FREE char *path = NULL;

		if (!is_abandoned(entry->d_name))
			continue;
		if (asprintf(&path, "%s/%s", base, entry->d_name) < 0)
			path = NULL;
		else
			sfs_hideout_leave(path);
	}
}

static int make_own(const char *base, char **ret)
{
	struct sfs_registry_entry *self = NULL;
	int err = sfs_registry_entry_new(&self);

	if (err < 0)
		return err;
	if (asprintf(ret, "%s/%d.%" PRIu64, base, (int)self->pid,
		     self->pid_start) < 0) {
		*ret = NULL;
		err = -ENOMEM;
	}
	sfs_registry_entry_free(self);
	return err == 0 ? make_folder(*ret) : err;
}

int sfs_hideout_make(char **ret)
{
	SFS_FREE char *base = NULL;
	SFS_FREE char *path = NULL;
	int err = open_base(&base);

	if (err == 0) {
		sweep(base);
		err = make_own(base, &path);
	}
	if (err == 0)
		*ret = sfs_steal_ptr(&path);
	else
		sfs_msg_errno(-err, "cannot make a folder in %s to mount on",
			      base ? base : "the state folder");
	return err;
}

void sfs_hideout_leave(const char *path)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return;
	/* More than one, if somebody else mounted there as well. */
	while (sfs_unmount(path, true) == 0)
		continue;
	if (rmdir(path) < 0 && errno != ENOENT)
		sfs_msg_errno(errno, "cannot remove %s", path);
}
