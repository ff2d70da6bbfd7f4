/* SPDX-License-Identifier: MIT */
/*
 * BASE/stores/ID -> BASE/discarded/ID, and then deleting it there.  The store's
 * lock is held meanwhile, so that two starts do not delete the same tree.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

int sfs_discard_aside(int base_fd, const char *id)
{
	SFS_CLOSE int stores =
		sfs_backing_open(base_fd, "stores", O_PATH | O_DIRECTORY, 0);
	SFS_CLOSE int discarded = sfs_backing_make_path(base_fd, "discarded");

	if (stores < 0)
		return stores;
	if (discarded < 0)
		return discarded;
	return sfs_backing_rename(stores, id, discarded, id, 0);
}

int sfs_store_discard(struct sfs_store *store)
{
	int r = 0;

	if (store->volume)
		return -EINVAL;
	if (store->discarded)
		return 0;
	if (store->base_fd >= 0)
		r = sfs_discard_aside(store->base_fd, store->id);
	if (r == 0)
		store->discarded = true;
	return r;
}

/* The folder that --store made in somebody else's folder goes with its last
 * store.  Whoever waits for the lock notices (sfs_place_lock). */
static void remove_base(int base_fd)
{
	SFS_CLOSE int guard = sfs_place_lock(base_fd);
	SFS_CLOSE int parent = -1;
	SFS_FREE char *path = NULL;
	const char *name;

	unlinkat(base_fd, "discarded", AT_REMOVEDIR);
	if (guard < 0 || sfs_place_path(base_fd, &path) < 0)
		return;
	name = strrchr(path, '/') + 1;
	if (strncmp(name, "scratchfs-", 10) != 0)
		return;
	if (unlinkat(base_fd, "stores", AT_REMOVEDIR) && errno != ENOENT)
		return;
	parent = openat(base_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent >= 0 && unlinkat(base_fd, ".lock", 0) == 0)
		unlinkat(parent, name, AT_REMOVEDIR);
}

int sfs_discard_run(struct sfs_store *store)
{
	SFS_CLOSE int discarded = -1;
	int r;

	if (!store->discarded)
		return -EINVAL;
	if (store->base_fd < 0)
		return 0; /* the tmpfs goes with its last descriptor */
	discarded = sfs_backing_open(store->base_fd, "discarded",
				     O_PATH | O_DIRECTORY, 0);
	if (discarded < 0)
		return discarded == -ENOENT ? 0 : discarded;
	r = sfs_backing_remove(discarded, store->id);
	remove_base(store->base_fd);
	return r;
}

static int leftover_visit(void *context,
			  const struct sfs_backing_walk_entry *entry)
{
	SFS_CLOSE int root = -1;
	SFS_CLOSE int lock = -1;
	int *first_error = context;
	int r;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	if (entry->event == SFS_WALK_ENTER)
		root = sfs_backing_open(entry->dir_fd, entry->name,
					O_PATH | O_DIRECTORY, 0);
	if (root >= 0)
		lock = sfs_store_lock(root, LOCK_EX);
	if (lock == -EBUSY)
		return SFS_WALK_SKIP;
	r = sfs_backing_remove(entry->dir_fd, entry->name);
	if (r < 0 && !*first_error)
		*first_error = r;
	return entry->event == SFS_WALK_ENTER ? SFS_WALK_SKIP : 0;
}

int sfs_discard_leftovers(int base_fd)
{
	SFS_CLOSE int discarded = sfs_backing_open(base_fd, "discarded",
						   O_RDONLY | O_DIRECTORY, 0);
	int first_error = 0;
	int r = discarded == -ENOENT ? 0 : discarded;

	if (discarded >= 0)
		r = sfs_backing_walk(discarded, 0, leftover_visit,
				     &first_error);
	remove_base(base_fd);
	return r < 0 ? r : first_error;
}
