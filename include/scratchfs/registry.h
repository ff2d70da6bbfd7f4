/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_REGISTRY_H
#define SCRATCHFS_REGISTRY_H

/*
 * Which mount a store belongs to: one small file per mount, ID, in
 * $XDG_STATE_HOME/scratchfs/mounts (root: /var/lib/scratchfs/mounts), written
 * atomically.  An entry outlives its daemon, so that a dead mount can be mended
 * with its scratch, until the mount is gone as well.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sfs_registry_entry {
	char *id;	  /* 16 hex digits; an ephemeral store's own */
	char *mountpoint; /* canonical */
	char *source;	  /* canonical; also the mount's fsname */
	char *store;	  /* path of store 0; NULL: detached tmpfs */
	char **volumes;	  /* names in use, store 0's first if it is one */
	size_t volume_count;
	char **argv; /* the options to mount it again with */
	size_t argc;
	pid_t pid;	      /* the daemon's */
	uint64_t pid_start;   /* field 22 of /proc/PID/stat */
	uint64_t mount_ns;    /* inode of its mount namespace; private: 0 */
	uint64_t device;      /* st_dev of the view, while it is mounted */
	bool private_ns;      /* `run`: the mount is in namespaces that it dies
				 with; mountpoint is the path there */
	int64_t mounted_s;    /* since the epoch */
	uint64_t limit_bytes; /* of an ephemeral store */
};

/* Fills id (random), pid, pid_start, mount_ns, mounted_s of the caller. */
int sfs_registry_entry_new(struct sfs_registry_entry **ret);
void sfs_registry_entry_free(struct sfs_registry_entry *entry);
/* Take copies. */
int sfs_registry_entry_set(char **field, const char *value);
int sfs_registry_entry_add_volume(struct sfs_registry_entry *entry,
				  const char *name);
int sfs_registry_entry_add_arg(struct sfs_registry_entry *entry,
			       const char *arg);

/* Writes or replaces the entry's file. */
int sfs_registry_write(const struct sfs_registry_entry *entry);
/* -ENOENT is success. */
int sfs_registry_remove(const char *id);
/* The newest entry for a canonical mount point, but for private ones.  -ENOENT. */
int sfs_registry_find_by_mountpoint(const char *mountpoint,
				    struct sfs_registry_entry **ret);
/* Calls visit() with each readable entry (borrowed), oldest first; a non-zero
 * result ends the walk and is returned. */
int sfs_registry_each(int (*visit)(void *context,
				   const struct sfs_registry_entry *entry),
		      void *context);

/* Is the process that wrote the entry (not merely one with its pid) running? */
bool sfs_registry_is_alive(const struct sfs_registry_entry *entry);
/* Does a mount of ours, dead or alive, still stand at the entry's mount point,
 * in the namespace it was made in? */
bool sfs_registry_is_mounted(const struct sfs_registry_entry *entry);

struct sfs_registry_collected {
	size_t stores, entries;
	uint64_t bytes; /* allocated */
};

/*
 * Collects what nobody can come back to: stores whose lock is free and that no
 * entry with a standing mount names, entries whose daemon and mount are gone,
 * what discarding left half done.  Called at each start and by prune.  With
 * `dry_run` only counts.  `visit` (may be NULL) is told each store's path.
 * `ret` may be NULL.
 */
int sfs_registry_collect(bool dry_run, struct sfs_registry_collected *ret,
			 void (*visit)(void *context, const char *path,
				       uint64_t bytes),
			 void *context);

#endif
