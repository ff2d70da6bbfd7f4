/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_VOLUME_H
#define SCRATCHFS_VOLUME_H

/*
 * The catalogue of volumes: stores with a name, kept until they are removed,
 * under $XDG_DATA_HOME/scratchfs/volumes (root: /var/lib/scratchfs/volumes).
 * Using one in a mount is sfs_store_open_volume().
 *
 * Errors are returned, not said, unless noted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scratchfs/store.h"

#define SFS_VOLUME_NAME_MAX 63

struct sfs_volume_label {
	char *key, *value;
};

struct sfs_volume {
	char *name;
	char *path;   /* absolute, of the store; the files are in path/tree */
	char *source; /* canonical path it was made for, or NULL */
	int64_t created_s;
	uint64_t size_bytes; /* limit, 0: none */
	struct sfs_volume_label *labels;
	size_t label_count;
};

/* [a-z0-9][a-z0-9._-]{0,62} */
bool sfs_volume_name_valid(const char *name);

/* The folder that holds the volumes.  Malloced; made if `make`. */
int sfs_volume_dir(bool make, char **ret);

/* Makes an empty volume: name, source, size and labels of `spec` count.
 * -EEXIST, -EINVAL (name). */
int sfs_volume_create(const struct sfs_volume *spec);

/* -ENOENT, -EINVAL (name), -EPROTONOSUPPORT (a newer format; said). */
int sfs_volume_load(const char *name, struct sfs_volume **ret);
void sfs_volume_free(struct sfs_volume *volume);

/* All of them, by name.  One that cannot be read is said and left out. */
int sfs_volume_list(struct sfs_volume ***ret, size_t *ret_count);
void sfs_volume_list_free(struct sfs_volume **volumes, size_t count);

int sfs_volume_add_label(struct sfs_volume *volume, const char *key,
			 const char *value);

/* 1 in use by a mount (or a volume command), 0 not, -errno. */
int sfs_volume_in_use(const char *name);

/* Holds a volume against every mount and returns its root folder and lock, both
 * the caller's to close.  -EBUSY: in use; -ENOENT. */
int sfs_volume_lock(const char *name, int *ret_root_fd, int *ret_lock_fd);

/* Removes it: gone at once under its name, deleted before returning.  -EBUSY:
 * in use; -ENOENT. */
int sfs_volume_remove(const char *name);

int sfs_volume_usage(const char *name, struct sfs_store_usage *ret);

/* ---- tar; -ENOSYS without libarchive ---- */

/* Called with the bytes of the archive read or written so far. */
typedef void sfs_volume_progress(void *context, uint64_t bytes);

struct sfs_volume_tar {
	const char *at; /* NULL: the whole volume as members tree/ and hidden/;
			 * else podman's form: what is in this folder of the
			 * view, without marks */
	int fd;		/* the archive, read or written as a stream */
	sfs_volume_progress *progress; /* may be NULL */
	void *context;
};

/* Both say why they failed. */
int sfs_volume_export(const char *name, const struct sfs_volume_tar *tar);
/* Adds to what is there, replacing files of the same name.  If it fails the
 * volume is as it was.  -EBUSY: in use.  Changes the process's working folder
 * while it runs. */
int sfs_volume_import(const char *name, const struct sfs_volume_tar *tar);

#endif
