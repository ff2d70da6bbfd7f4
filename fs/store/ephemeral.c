/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/quota.h"
#include "scratchfs/size.h"

/* `where` in the words of --store. */
struct place {
	char *path; /* BASE; NULL: a detached tmpfs */
	uint64_t size_bytes;
};

static int parse_tmpfs(const char *where, struct place *place)
{
	int r;

	if (where[5] == ':') {
		r = sfs_size_parse(where + 6, &place->size_bytes);
		if (r < 0) {
			sfs_msg("--store %s: '%s' is not a size", where,
				where + 6);
			return r;
		}
	}
	if (geteuid() == 0)
		return 0;
	if (asprintf(&place->path, "/dev/shm/scratchfs-%u", geteuid()) < 0)
		return -ENOMEM;
	return 0;
}

static int parse_place(const char *where, struct place *place)
{
	SFS_FREE char *dir = NULL;
	int r;

	if (!where) {
		r = sfs_store_state_dir(&place->path);
		if (r == -ENOENT)
			sfs_msg("no place for the store: set HOME or "
				"XDG_STATE_HOME, or use --store DIR");
		return r;
	}
	if (strncmp(where, "tmpfs", 5) == 0 && (!where[5] || where[5] == ':'))
		return parse_tmpfs(where, place);
	/* Symlinks in what the user typed are the user's. */
	dir = realpath(where, NULL);
	if (!dir) {
		r = -errno;
		sfs_msg_errno(-r, "--store %s", where);
		return r;
	}
	if (asprintf(&place->path, "%s/scratchfs-%u", dir, geteuid()) < 0)
		return -ENOMEM;
	return 0;
}

static int open_base(const char *path, const char *source, int *ret_fd)
{
	int r;

	if (sfs_place_would_be_inside(path, source)) {
		sfs_msg("the store would lie inside the source: %s is below "
			"%s; choose another place with --store DIR",
			path, source);
		return -EINVAL;
	}
	r = sfs_place_open(path, ret_fd);
	if (r == -EPERM)
		sfs_msg("%s belongs to somebody else or others may write to "
			"it; remove it or use --store DIR",
			path);
	return r;
}

/* Under the place's lock nobody takes the folder for abandoned before it is
 * locked itself. */
static int make_store(int base_fd, char id[SFS_HEX_MAX], int *ret_root,
		      int *ret_lock)
{
	SFS_CLOSE int guard = sfs_place_lock(base_fd);
	SFS_CLOSE int stores = -1;
	SFS_CLOSE int root = -1;
	int r;

	if (guard < 0)
		return guard;
	stores = sfs_backing_make_path(base_fd, "stores");
	if (stores < 0)
		return stores;
	r = sfs_store_random_hex(id);
	if (r < 0)
		return r;
	if (mkdirat(stores, id, 0700))
		return -errno;
	root = sfs_backing_open(stores, id, O_RDONLY | O_DIRECTORY, 0);
	r = root < 0 ? root : sfs_store_make_layout(root);
	if (r == 0)
		r = sfs_store_lock(root, LOCK_EX);
	if (r < 0) {
		(void)sfs_backing_remove(stores, id);
		return r;
	}
	*ret_lock = r;
	*ret_root = sfs_steal_fd(&root);
	return 0;
}

static int set_limit(struct sfs_store *store, uint64_t limit_bytes, int recount)
{
	store->limit_bytes = limit_bytes;
	if (!limit_bytes)
		return 0;
	return sfs_quota_new(store->root_fd, limit_bytes, 0, recount,
			     &store->quota);
}

static int new_detached(const struct place *place, const char *source,
			struct sfs_store **ret)
{
	SFS_CLOSE int root = -1;
	char id[SFS_HEX_MAX];
	uint64_t size = place->size_bytes;
	int r;

	/* The limit is ours to keep; the kernel's covers folders and marks. */
	root = sfs_place_detached_tmpfs(size ? size + size / 8 + (4U << 20)
					     : 0);
	if (root < 0)
		return root;
	r = sfs_store_make_layout(root);
	if (r == 0)
		r = sfs_store_random_hex(id);
	if (r == 0)
		r = sfs_store_lock(root, LOCK_EX);
	if (r < 0)
		return r;
	r = sfs_store_attach(sfs_steal_fd(&root), r, source, ret);
	if (r < 0)
		return r;
	(*ret)->id = strdup(id);
	if ((*ret)->id)
		return 0;
	sfs_store_close(*ret);
	return -ENOMEM;
}

static int make_in_folder(const char *base_path, const char *source,
			  struct sfs_store **ret)
{
	SFS_CLOSE int base = -1;
	struct sfs_store *store = NULL;
	char id[SFS_HEX_MAX];
	int root = -1, lock = -1, r;

	r = open_base(base_path, source, &base);
	if (r == 0)
		r = make_store(base, id, &root, &lock);
	if (r == 0)
		r = sfs_store_attach(root, lock, source, &store);
	if (r < 0)
		return r;
	store->base_fd = sfs_steal_fd(&base);
	store->id = strdup(id);
	r = store->id ? sfs_place_path(store->root_fd, &store->path) : -ENOMEM;
	if (r == 0)
		*ret = store;
	else
		sfs_store_close(store);
	return r;
}

static int new_in_folder(const char *base_path, const char *source,
			 struct sfs_store **ret)
{
	int r = -ENOENT;

	/* The place's last store may just be going, and the place with it. */
	for (int i = 0; i < 10 && r == -ENOENT; i++)
		r = make_in_folder(base_path, source, ret);
	if (r < 0 && r != -EINVAL && r != -EPERM)
		sfs_msg_errno(-r, "making a store in %s", base_path);
	return r;
}

int sfs_store_new_ephemeral(const char *where, const char *source,
			    uint64_t limit_bytes, struct sfs_store **ret)
{
	struct place place = { 0 };
	struct sfs_store *store = NULL;
	int r = parse_place(where, &place);

	if (r < 0)
		return r;
	if (place.path) {
		r = new_in_folder(place.path, source, &store);
	} else {
		r = new_detached(&place, source, &store);
		/* Root of a container may not mount. */
		if (r == -EPERM)
			r = new_in_folder("/dev/shm/scratchfs-0", source,
					  &store);
		else if (r < 0)
			sfs_msg_errno(-r, "mounting a tmpfs for the store");
	}
	free(place.path);
	if (r < 0)
		return r;
	store->first = true;
	if (!limit_bytes ||
	    (place.size_bytes && place.size_bytes < limit_bytes))
		limit_bytes = place.size_bytes;
	r = set_limit(store, limit_bytes, 0);
	if (r < 0) {
		(void)sfs_store_discard(store);
		(void)sfs_discard_run(store);
		sfs_store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

/* BASE, when the store is where stores are: BASE/stores/ID. */
static int find_base(int root_fd, const char *id, int *ret_fd)
{
	SFS_CLOSE int stores =
		openat(root_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SFS_CLOSE int base = -1;
	struct stat held, named;

	if (stores < 0)
		return -errno;
	base = openat(stores, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return -errno;
	/* Looked at by name: it may have been discarded before we locked it. */
	if (sfs_backing_stat(stores, id, &named) || fstat(root_fd, &held) ||
	    held.st_ino != named.st_ino || held.st_dev != named.st_dev)
		return -ENOENT;
	if (fstat(stores, &held) || sfs_backing_stat(base, "stores", &named) ||
	    held.st_ino != named.st_ino || held.st_dev != named.st_dev)
		return -ENOENT;
	*ret_fd = sfs_steal_fd(&base);
	return 0;
}

static int take_over(struct sfs_store *store, const char *path,
		     uint64_t limit_bytes)
{
	const char *id = strrchr(path, '/') + 1;
	int r = find_base(store->root_fd, id, &store->base_fd);

	if (r < 0)
		return r;
	store->first = true;
	store->path = strdup(path);
	store->id = strdup(id);
	if (!store->path || !store->id)
		return -ENOMEM;
	r = sfs_store_clean_work(store->work_fd);
	return r < 0 ? r : set_limit(store, limit_bytes, 1);
}

int sfs_store_open(const char *path, const char *source, uint64_t limit_bytes,
		   struct sfs_store **ret)
{
	SFS_CLOSE int root =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct sfs_store *store = NULL;
	int lock, r;

	if (root < 0)
		return -errno;
	if (*path != '/' || !sfs_store_is_hex(strrchr(path, '/') + 1))
		return -EINVAL;
	r = sfs_store_check_format(root, path);
	if (r < 0)
		return r;
	lock = sfs_store_lock(root, LOCK_EX);
	if (lock < 0)
		return lock;
	r = sfs_store_attach(sfs_steal_fd(&root), lock, source, &store);
	if (r < 0)
		return r;
	r = take_over(store, path, limit_bytes);
	if (r < 0)
		sfs_store_close(store);
	else
		*ret = store;
	return r;
}
