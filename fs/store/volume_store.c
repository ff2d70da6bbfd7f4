/* SPDX-License-Identifier: MIT */
/* Volumes as stores of a mount. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/quota.h"
#include "scratchfs/volume.h"

#define WAIT_NS	   (50L * 1000 * 1000)
#define WAIT_TRIES 600 /* 30 seconds: the first mount may be counting */

/*
 * The first one has the volume to itself for a moment (`first`); the lock is
 * shared in any case when we leave the caller.
 */
static int lock_volume(const char *name, int *ret_root, int *ret_lock,
		       bool *ret_first)
{
	const struct timespec wait = { 0, WAIT_NS };

	for (int i = 0; i < WAIT_TRIES; i++) {
		int r = sfs_volume_open_locked(name, LOCK_EX, ret_root,
					       ret_lock);

		*ret_first = r == 0;
		if (r == -EBUSY)
			r = sfs_volume_open_locked(name, LOCK_SH, ret_root,
						   ret_lock);
		if (r != -EBUSY)
			return r;
		nanosleep(&wait, NULL);
	}
	return -EBUSY;
}

static int check_source(const struct sfs_volume *volume, const char *source,
			const struct sfs_store_volume_options *options)
{
	if (!options->check_source || !volume->source ||
	    strcmp(volume->source, source) == 0)
		return 0;
	sfs_msg("volume %s was made for %s; to use it for %s all the same, "
		"name it on the command line (--volume %s)",
		volume->name, volume->source, source, volume->name);
	return -EPERM;
}

/* Labels a volume that was made without a source, and sets its limit. */
static int update_meta(struct sfs_store *store, struct sfs_volume *volume,
		       uint64_t size_bytes)
{
	bool resize = size_bytes && size_bytes != volume->size_bytes;

	if (resize && !store->first) {
		sfs_msg("volume %s is in use by another mount: its limit stays "
			"as it is",
			volume->name);
		resize = false;
	}
	if (resize)
		volume->size_bytes = size_bytes;
	if (volume->source && !resize)
		return 0;
	if (!volume->source) {
		volume->source = strdup(store->source);
		if (!volume->source)
			return -ENOMEM;
	}
	return sfs_volume_write_meta(store->root_fd, volume);
}

/*
 * From exclusive to shared.  That is not atomic (flock(2)): another mount may be
 * first too in between, which only counts again what nobody has changed yet; or
 * a command may remove the volume.
 */
static int share_lock(struct sfs_store *store)
{
	const struct timespec wait = { 0, WAIT_NS };
	struct stat held, named;

	for (int i = 0; flock(store->lock_fd, LOCK_SH | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == WAIT_TRIES)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		nanosleep(&wait, NULL);
	}
	if (fstat(store->root_fd, &held) || stat(store->path, &named) ||
	    held.st_ino != named.st_ino)
		return -ENOENT;
	return 0;
}

static int set_up(struct sfs_store *store, struct sfs_volume *volume,
		  const struct sfs_store_volume_options *options)
{
	int r;

	store->shared = true;
	store->volume = strdup(volume->name);
	store->id = strdup(volume->name);
	if (!store->volume || !store->id)
		return -ENOMEM;
	r = sfs_place_path(store->root_fd, &store->path);
	if (r == 0 && store->first)
		r = sfs_store_clean_work(store->work_fd);
	if (r == 0)
		r = update_meta(store, volume, options->size_bytes);
	store->limit_bytes = volume->size_bytes;
	if (r == 0 && store->limit_bytes)
		r = sfs_quota_new(store->root_fd, store->limit_bytes, 1,
				  store->first, &store->quota);
	return r == 0 && store->first ? share_lock(store) : r;
}

static int open_locked(struct sfs_volume *volume, const char *source,
		       const struct sfs_store_volume_options *options,
		       struct sfs_store **ret)
{
	struct sfs_store *store;
	int root = -1, lock = -1;
	bool first = false;
	int r;

	r = lock_volume(volume->name, &root, &lock, &first);
	if (r < 0)
		return r;
	r = sfs_store_attach(root, lock, source, &store);
	if (r < 0)
		return r;
	store->first = first;
	r = set_up(store, volume, options);
	if (r < 0)
		sfs_store_close(store);
	else
		*ret = store;
	return r;
}

static int load_or_create(const char *name, const char *source,
			  const struct sfs_store_volume_options *options,
			  struct sfs_volume **ret)
{
	struct sfs_volume spec = { .size_bytes = options->size_bytes };
	SFS_FREE char *name_copy = NULL;
	SFS_FREE char *source_copy = NULL;
	int r = sfs_volume_load(name, ret);

	if (r != -ENOENT || !options->create)
		return r;
	spec.name = name_copy = strdup(name);
	spec.source = source_copy = strdup(source);
	if (!name_copy || !source_copy)
		return -ENOMEM;
	r = sfs_volume_create(&spec);
	if (r < 0 && r != -EEXIST)
		return r;
	return sfs_volume_load(name, ret);
}

/* Before anything is made there. */
static int check_place(const char *name, const char *source)
{
	SFS_FREE char *dir = NULL;
	int r = sfs_volume_dir(false, &dir);

	if (r < 0) {
		sfs_msg("no place for volumes: set HOME or XDG_DATA_HOME");
		return r;
	}
	if (!sfs_place_would_be_inside(dir, source))
		return 0;
	sfs_msg("volume %s would lie inside the source: %s is below %s; set "
		"XDG_DATA_HOME to another place",
		name, dir, source);
	return -EINVAL;
}

static void explain(const char *name, int error)
{
	if (error == -ENOENT)
		sfs_msg("there is no volume %s (scratchfs volume create %s)",
			name, name);
	else if (error == -EBUSY)
		sfs_msg("volume %s is being changed by a volume command; try "
			"again when it is done",
			name);
	else
		sfs_msg_errno(-error, "volume %s", name);
}

int sfs_store_open_volume(const char *name, const char *source,
			  const struct sfs_store_volume_options *options,
			  struct sfs_store **ret)
{
	struct sfs_volume *volume = NULL;
	int r;

	if (!sfs_volume_name_valid(name)) {
		sfs_msg("'%s' is not a volume's name: 1 to 63 of a-z 0-9 . _ "
			"-, the first one a letter or a digit",
			name);
		return -EINVAL;
	}
	r = check_place(name, source);
	if (r < 0)
		return r;
	r = load_or_create(name, source, options, &volume);
	if (r < 0) {
		if (r != -EPROTONOSUPPORT)
			explain(name, r);
		return r;
	}
	r = check_source(volume, source, options);
	if (r == 0) {
		r = open_locked(volume, source, options, ret);
		if (r < 0 && r != -EINVAL)
			explain(name, r);
	}
	sfs_volume_free(volume);
	return r;
}

/* ---- umount --volume ---- */

/* A copy has to be made of what cannot be renamed. */
static bool can_rename(const struct sfs_store *store, int volumes_fd)
{
	struct stat here, there;

	return store->base_fd >= 0 && fstat(store->root_fd, &here) == 0 &&
	       fstat(volumes_fd, &there) == 0 && here.st_dev == there.st_dev;
}

/* Where there is no room for it, one that was made in time will do. */
static int describe(const struct sfs_store *store,
		    const struct sfs_volume *spec)
{
	int r = sfs_volume_write_meta(store->root_fd, spec);

	return r < 0 && faccessat(store->root_fd, "meta", F_OK, 0) == 0 ? 0 : r;
}

int sfs_store_prepare_volume(struct sfs_store *store, const char *source)
{
	SFS_FREE char *source_copy = strdup(source);
	SFS_CLOSE int volumes = -1;
	const struct sfs_volume spec = { .source = source_copy,
					 .created_s = time(NULL) };
	int r = sfs_volume_open_dir(&volumes);

	if (r < 0)
		return r;
	if (!source_copy)
		return -ENOMEM;
	return can_rename(store, volumes) ? describe(store, &spec) : 0;
}

static int become_volume(struct sfs_store *store, int stores_fd, int volumes_fd,
			 struct sfs_volume *spec)
{
	SFS_FREE char *path = NULL;
	SFS_FREE char *volume = strdup(spec->name);
	int r;

	if (!volume)
		return -ENOMEM;
	r = describe(store, spec);
	if (r < 0)
		return r;
	r = sfs_backing_rename(stores_fd, store->id, volumes_fd, spec->name,
			       RENAME_NOREPLACE);
	if (r < 0) {
		unlinkat(store->root_fd, "meta", 0);
		return r;
	}
	(void)flock(store->lock_fd, LOCK_SH | LOCK_NB);
	store->volume = sfs_steal_ptr(&volume);
	close(store->base_fd);
	store->base_fd = -1;
	if (sfs_place_path(store->root_fd, &path) == 0) {
		free(store->path);
		store->path = sfs_steal_ptr(&path);
	}
	return 0;
}

static int keep(struct sfs_store *store, struct sfs_volume *spec)
{
	SFS_CLOSE int volumes = -1;
	SFS_CLOSE int stores = -1;
	int r = sfs_volume_open_dir(&volumes);

	if (r < 0)
		return r;
	if (!can_rename(store, volumes))
		return sfs_volume_create_from(spec, store);
	stores = sfs_backing_open(store->base_fd, "stores",
				  O_PATH | O_DIRECTORY, 0);
	if (stores < 0)
		return stores;
	r = become_volume(store, stores, volumes, spec);
	return r == -EXDEV ? sfs_volume_create_from(spec, store) : r;
}

int sfs_store_keep_as_volume(struct sfs_store *store, const char *name,
			     const char *source)
{
	SFS_FREE char *name_copy = strdup(name);
	SFS_FREE char *source_copy = strdup(source);
	struct sfs_volume spec = { .name = name_copy,
				   .source = source_copy,
				   .created_s = time(NULL) };
	int r;

	if (!name_copy || !source_copy)
		return -ENOMEM;
	if (!sfs_volume_name_valid(name) || store->volume || store->discarded)
		r = -EINVAL;
	else
		r = keep(store, &spec);
	if (r == -EEXIST)
		sfs_msg("there is a volume %s already; choose another name or "
			"remove it (scratchfs volume rm %s)",
			name, name);
	else if (r < 0)
		sfs_msg_errno(-r, "keeping the scratch as volume %s", name);
	return r;
}
