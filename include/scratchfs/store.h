/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_STORE_H
#define SCRATCHFS_STORE_H

/*
 * A store: the private tree behind scratch names.
 *
 *	STORE/tree/P	the scratch object of the view's path P
 *	STORE/hidden/P	what of the host is hidden (include view/hidden)
 *	STORE/work	half-made things, on tree's file system
 *	STORE/lock	flock'ed as long as a daemon uses the store
 *	STORE/format	version of this layout
 *	STORE/meta	a volume's labels and limit
 *	STORE/ledger	bytes charged against the limit (scratchfs/quota.h)
 *
 * Ephemeral stores live in BASE/stores/ID and are held with LOCK_EX; volumes
 * (scratchfs/volume.h) with LOCK_SH, so that several mounts can use one and
 * nobody can remove it meanwhile.  The lock ends with the last process that
 * holds lock_fd; nothing else says whether a store is live.
 *
 * The opening functions say on stderr why they failed (sfs_msg) when a person
 * can do something about it.  A store is not locked against threads: its
 * fields are constant while it is in use.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SFS_STORE_FORMAT 1

struct sfs_quota;

struct sfs_store {
	int root_fd, tree_fd, hidden_fd, work_fd;
	int lock_fd;
	int base_fd;	/* folder that holds stores/; -1: volume or tmpfs */
	dev_t dev;	/* of tree/ */
	char *path;	/* absolute; NULL: a tmpfs no path leads to */
	char *id;	/* 16 hex digits; of a volume: its name */
	char *volume;	/* name, or NULL: ephemeral */
	char *source;	/* canonical path of the source it was opened for */
	bool shared;	/* other mounts may change it at the same time */
	bool first;	/* nobody else had it open when it was opened */
	bool discarded; /* already renamed aside */
	uint64_t limit_bytes;	 /* 0: none */
	struct sfs_quota *quota; /* scratchfs/quota.h; NULL without a limit */
};

/*
 * Makes an empty store for one mount of `source` (canonical path).
 *
 * `where`: NULL, the default place ($XDG_STATE_HOME/scratchfs, of root
 * /var/lib/scratchfs); a folder (the store is made in its scratchfs-UID/);
 * "tmpfs" or "tmpfs:SIZE" (root: a detached tmpfs that vanishes with the last
 * descriptor; else a folder in /dev/shm).  `limit_bytes`: 0 or the limit.
 * -EINVAL (said) if the place lies inside the source.
 */
int sfs_store_new_ephemeral(const char *where, const char *source,
			    uint64_t limit_bytes, struct sfs_store **ret);

/*
 * Takes an ephemeral store over, whose daemon died.  Empties work/ except for
 * the pending journal: call sfs_store_clean_pending() next.  -EBUSY: a daemon
 * still has it; -ENOENT: gone.
 */
int sfs_store_open(const char *path, const char *source, uint64_t limit_bytes,
		   struct sfs_store **ret);

struct sfs_store_volume_options {
	bool create;	     /* make it if it is missing */
	bool check_source;   /* -EPERM if it was made for another source */
	uint64_t size_bytes; /* limit to set; 0: leave it as it is */
};

/*
 * Opens a volume for use by a mount of `source` (canonical path).  -ENOENT,
 * -EPERM (check_source), -EINVAL (bad name, inside the source), -EBUSY (a
 * volume command is replacing or removing it just now); each said.  A limit is
 * changed only by the first mount of a volume, else a message says so.
 */
int sfs_store_open_volume(const char *name, const char *source,
			  const struct sfs_store_volume_options *options,
			  struct sfs_store **ret);

/* Frees; a volume's lock and an ephemeral store's go with it. */
void sfs_store_close(struct sfs_store *store);

/*
 * Throws an ephemeral store away: renamed aside, into BASE/discarded/ID, so
 * this is quick however much it holds.  sfs_discard_run() deletes it.
 */
int sfs_store_discard(struct sfs_store *store);

/*
 * Deletes what was discarded; takes as long as it takes.  If it is killed, the
 * next sfs_registry_collect() finishes the work.
 */
int sfs_discard_run(struct sfs_store *store);

/*
 * Makes, in an ephemeral store in use, the file that it lacks to become a volume
 * of its file system by being renamed: what there is no room for (-ENOSPC) is
 * known before it is unmounted.  Whether there is room for a copy is not.
 */
int sfs_store_prepare_volume(struct sfs_store *store, const char *source);

/*
 * Turns an ephemeral store into the new volume `name`, labelled with `source`:
 * renamed on the same file system (open descriptors go on working and the lock
 * becomes a volume's), else copied.  -EEXIST, -EINVAL said.  The store must
 * not be in use by writers.
 */
int sfs_store_keep_as_volume(struct sfs_store *store, const char *name,
			     const char *source);

struct sfs_store_usage {
	uint64_t files; /* everything but folders; a hard link counts once */
	uint64_t folders;
	uint64_t apparent_bytes;
	uint64_t allocated_bytes;
	uint64_t charged_bytes; /* what counts against a limit */
	uint64_t hidden;	/* marks */
};

/* Counts what is in tree/ and hidden/ of an open root folder. */
int sfs_store_usage(int root_fd, struct sfs_store_usage *ret);

/*
 * Temporary names on the host, for renames across file systems.  The view hides
 * them; one that a crash left behind is removed by the next daemon, because the
 * folder is written to work/ before the name is made.
 */
#define SFS_STORE_TEMP_PREFIX ".scratchfs~"
#define SFS_STORE_TEMP_MAX    (sizeof(SFS_STORE_TEMP_PREFIX) + 16)

/* A fresh name: prefix and 16 random hex digits. */
int sfs_store_temp_name(char ret[SFS_STORE_TEMP_MAX]);
bool sfs_store_is_temp(const char *name);

/*
 * Journal: a temporary `temp` is about to be made in the source's folder
 * `folder` (relative, "" the root).  Durable on return.
 */
int sfs_store_pending_add(struct sfs_store *store, const char *folder,
			  const char *temp);
/* It was renamed into place or removed. */
int sfs_store_pending_remove(struct sfs_store *store, const char *temp);
/* Removes those temporaries from the source.  Call it before mounting. */
int sfs_store_clean_pending(struct sfs_store *store, int source_fd);

/* $XDG_STATE_HOME/scratchfs and $XDG_DATA_HOME/scratchfs (root without these
 * variables: /var/lib/scratchfs).  Malloced; not made. */
int sfs_store_state_dir(char **ret);
int sfs_store_data_dir(char **ret);

#endif
