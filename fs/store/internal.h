/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_STORE_INTERNAL_H
#define SCRATCHFS_STORE_INTERNAL_H

/* What the files of fs/store share. */
#include <stdbool.h>

#include "scratchfs/store.h"
#include "scratchfs/volume.h"

#define SFS_HEX_MAX 17

/* 16 random hex digits. */
int sfs_store_random_hex(char ret[SFS_HEX_MAX]);
bool sfs_store_is_hex(const char *text);

/* ---- places (place.c) ---- */

/*
 * Opens an absolute folder, making what is missing (0700).  -EPERM if the last
 * one belongs to somebody else or others may write to it.
 */
int sfs_place_open(const char *path, int *ret_fd);
/* Would a folder made there lie in `source` (or be it)?  Makes nothing. */
bool sfs_place_would_be_inside(const char *path, const char *source);
/* The canonical path of a descriptor. */
int sfs_place_path(int fd, char **ret);

/*
 * BASE/.lock: held while a store is being made (until it is locked itself) and
 * while abandoned ones are looked for.  Close to release.
 */
int sfs_place_lock(int base_fd);

/* A tmpfs that is mounted nowhere.  size_bytes 0: the kernel's default. */
int sfs_place_detached_tmpfs(uint64_t size_bytes);

/* ---- one store (store.c) ---- */

/* Makes tree/, hidden/, work/, format and lock in an empty folder. */
int sfs_store_make_layout(int root_fd);
/* -EPROTONOSUPPORT (said, naming `path`) if a newer version made it. */
int sfs_store_check_format(int root_fd, const char *path);
/* Takes STORE/lock (operation of flock(2)) or fails with -EBUSY. */
int sfs_store_lock(int root_fd, int operation);
/* A store object on an open root folder, whose lock is held.  Takes over both
 * descriptors, also when it fails. */
int sfs_store_attach(int root_fd, int lock_fd, const char *source,
		     struct sfs_store **ret);
/*
 * Empties work/, except for the journal, whose entries are marked as those of
 * dead daemons.  Nobody else uses the store.
 */
int sfs_store_clean_work(int work_fd);

/* Marks a journal entry of work/ as a dead daemon's; -EINVAL: it is none. */
int sfs_store_pending_bury(int work_fd, const char *name);
/* sfs_store_usage() with flags of sfs_backing_walk(). */
int sfs_store_count(int root_fd, unsigned int walk_flags,
		    struct sfs_store_usage *ret);

/* ---- volumes (volume.c) ---- */

/* volumes/ itself, made if missing. */
int sfs_volume_open_dir(int *ret_fd);
/* sfs_volume_create() with a copy of a store's content; NULL: empty. */
int sfs_volume_create_from(const struct sfs_volume *spec,
			   const struct sfs_store *from);
/* STORE/meta: labels, source, size. */
int sfs_volume_write_meta(int root_fd, const struct sfs_volume *volume);
/* Opens volumes/NAME and takes its lock; -EBUSY, -ENOENT (also when it was
 * removed or replaced meanwhile). */
int sfs_volume_open_locked(const char *name, int operation, int *ret_root_fd,
			   int *ret_lock_fd);

/* ---- discarding (discard.c) ---- */

/* Deletes BASE/discarded/ID for every ID without a live lock, and BASE itself
 * if it was made for one mount (--store) and is empty. */
int sfs_discard_leftovers(int base_fd);
/* Moves BASE/stores/ID aside. */
int sfs_discard_aside(int base_fd, const char *id);

#endif
