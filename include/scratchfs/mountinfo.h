/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNTINFO_H
#define SCRATCHFS_MOUNTINFO_H

/*
 * What is mounted where: /proc/PID/mountinfo (proc(5)).  Reading it never
 * touches a mount, so it is safe beside one whose daemon is dead or is us.
 */
#include <stdbool.h>
#include <sys/types.h>

#define SFS_MOUNTINFO_VIEW_TYPE "fuse.scratchfs"

struct sfs_mountinfo {
	int id;
	dev_t device;
	char *path; /* mount point, as this process sees it */
	char *type; /* "fuse.scratchfs" */
	char *source;
};

void sfs_mountinfo_done(struct sfs_mountinfo *mount);

/* Is it one of ours, dead or alive? */
bool sfs_mountinfo_is_view(const struct sfs_mountinfo *mount);

/*
 * Calls visit() with each mount (borrowed) in the order they were made; a
 * non-zero result ends the walk and is returned.  file: NULL stands for
 * /proc/self/mountinfo.  -ENOMEM, or errno of opening it.
 */
typedef int sfs_mountinfo_visit(void *context,
				const struct sfs_mountinfo *mount);
int sfs_mountinfo_each(const char *file, sfs_mountinfo_visit *visit,
		       void *context);

/*
 * What is on top at this mount point (an absolute path without symlinks).
 * *ret is the caller's, for sfs_mountinfo_done().  -ENOENT: nothing.
 */
int sfs_mountinfo_find(const char *path, struct sfs_mountinfo *ret);

/*
 * A process in whose mount namespace, other than ours, a view of that device is
 * mounted.  0: none can be seen.
 */
pid_t sfs_mountinfo_process(dev_t device);

#endif
