/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_VIEWS_H
#define SCRATCHFS_CLI_VIEWS_H

/*
 * The views of this machine, as far as the caller can see them: what is mounted
 * here, and what this user's registry knows beside that.
 */
#include "scratchfs/mountinfo.h"
#include "scratchfs/registry.h"

#include "ask.h"

/* For questions whose answer is to count all that there is in a large store. */
#define SFS_VIEWS_COUNT_MS 120000

enum sfs_views_state {
	SFS_VIEWS_LIVE,
	SFS_VIEWS_SILENT,  /* its daemon does not answer in time */
	SFS_VIEWS_DEAD,	   /* its daemon is gone, the mount still stands */
	SFS_VIEWS_PRIVATE, /* alive in another mount namespace (`run`) */
};

struct sfs_views_one {
	const char *mountpoint, *source;
	const char *at; /* where it is to be asked from here */
	enum sfs_views_state state;
	pid_t inside; /* private: a process in its namespace; 0: none is seen */
	const struct sfs_registry_entry *entry; /* NULL: somebody else's */
};

/* Calls visit() with each (borrowed), or with those on one mount point; a non-zero
 * result ends the walk and is returned.  For each daemon that does not answer it
 * takes some seconds. */
typedef int sfs_views_visit(void *context, const struct sfs_views_one *view);
int sfs_views_each(const char *mountpoint, sfs_views_visit *visit,
		   void *context);

const char *sfs_views_state_name(enum sfs_views_state state);

/* The view that shows this absolute path: *ret is the caller's, for
 * sfs_mountinfo_done().  -ENOENT: something else does. */
int sfs_views_find(const char *path, struct sfs_mountinfo *ret);

/*
 * What the daemon answers to user.scratchfs.QUESTION about a folder; malloced,
 * with a zero byte after its end.  errno of getxattr(2); -ENOTCONN: a dead
 * view; -ETIMEDOUT: not within limit_ms (see ask.h).
 */
int sfs_views_ask(const char *folder, const char *question, int limit_ms,
		  char **ret_text, size_t *ret_length);

/* Says what is known of a daemon that does not answer.  entry may be NULL. */
void sfs_views_say_silent(const char *mountpoint,
			  const struct sfs_registry_entry *entry);

#endif
