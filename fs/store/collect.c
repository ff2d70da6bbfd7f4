/* SPDX-License-Identifier: MIT */
/*
 * What nobody can come back to.
 *
 * A store is live while its lock is held.  With its daemon dead it is still
 * wanted if the dead mount stands: mounting there again takes it over.  A mount
 * in another mount namespace can only be seen through a process in it; when
 * there is none, the mount is gone as well.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/mountinfo.h"
#include "scratchfs/registry.h"

/* Mounts like an entry's, and live daemons that have made one. */
struct tally {
	const struct sfs_registry_entry *entry;
	unsigned int mounts, others;
};

static int tally_mount(void *context, const struct sfs_mountinfo *mount)
{
	struct tally *tally = context;

	if (sfs_mountinfo_is_view(mount) &&
	    strcmp(mount->path, tally->entry->mountpoint) == 0 &&
	    strcmp(mount->source, tally->entry->source) == 0)
		tally->mounts++;
	return 0;
}

static int tally_other(void *context, const struct sfs_registry_entry *other)
{
	struct tally *tally = context;

	if (strcmp(other->id, tally->entry->id) != 0 &&
	    strcmp(other->mountpoint, tally->entry->mountpoint) == 0 &&
	    strcmp(other->source, tally->entry->source) == 0 &&
	    other->mount_ns == tally->entry->mount_ns &&
	    sfs_registry_is_alive(other))
		tally->others++;
	return 0;
}

/* The mountinfo of a process in that namespace, if one can be seen. */
static bool find_namespace(uint64_t mount_ns, char *ret, size_t size)
{
	SFS_CLOSEDIR DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		struct stat st;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(ret, size, "/proc/%.16s/ns/mnt", entry->d_name);
		if (stat(ret, &st) || st.st_ino != mount_ns)
			continue;
		snprintf(ret, size, "/proc/%.16s/mountinfo", entry->d_name);
		return true;
	}
	return false;
}

/* The same view may have been mounted there again since: that mount is not this
 * entry's. */
bool sfs_registry_is_mounted(const struct sfs_registry_entry *entry)
{
	struct tally tally = { .entry = entry };
	char path[64] = "/proc/self/mountinfo";
	struct stat st;

	if (stat("/proc/self/ns/mnt", &st) == 0 &&
	    st.st_ino != entry->mount_ns &&
	    !find_namespace(entry->mount_ns, path, sizeof(path)))
		return false;
	/* What cannot be read is not gone. */
	if (sfs_mountinfo_each(path, tally_mount, &tally) < 0)
		return true;
	if (tally.mounts == 0)
		return false;
	if (sfs_registry_each(tally_other, &tally) < 0)
		return true;
	return tally.mounts > tally.others;
}

struct paths {
	char **list;
	size_t count;
};

struct collect {
	bool dry_run;
	struct sfs_registry_collected total;
	void (*visit)(void *context, const char *path, uint64_t bytes);
	void *context;
	struct paths wanted; /* stores of mounts that still stand */
	struct paths swept;  /* places */
	int base_fd;	     /* being swept */
};

static bool paths_have(const struct paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->list[i], path) == 0)
			return true;
	}
	return false;
}

static int paths_add(struct paths *paths, const char *path)
{
	char **list =
		reallocarray(paths->list, paths->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	paths->list = list;
	list[paths->count] = strdup(path);
	return list[paths->count] ? (paths->count++, 0) : -ENOMEM;
}

static void paths_done(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
}

/* 1: abandoned, and its lock is ours; 0: not. */
static int claim(const struct collect *collect, int root_fd, int *ret_lock,
		 char **ret_path)
{
	int lock = sfs_store_lock(root_fd, LOCK_EX);
	int r;

	if (lock < 0)
		return lock == -EBUSY ? 0 : lock;
	r = sfs_place_path(root_fd, ret_path);
	if (r < 0 || paths_have(&collect->wanted, *ret_path)) {
		close(lock);
		return r;
	}
	*ret_lock = lock;
	return 1;
}

static int sweep_store(struct collect *collect, int root_fd, const char *id)
{
	struct sfs_store_usage usage = { 0 };
	SFS_CLOSE int lock = -1;
	SFS_FREE char *path = NULL;
	int r = claim(collect, root_fd, &lock, &path);

	/* Half-made by a mount that was killed: no lock to take. */
	if (r == -ENOENT)
		r = sfs_place_path(root_fd, &path) < 0 ? 0 : 1;
	if (r <= 0)
		return r;
	(void)sfs_store_usage(root_fd, &usage);
	collect->total.stores++;
	collect->total.bytes += usage.allocated_bytes;
	if (collect->visit)
		collect->visit(collect->context, path, usage.allocated_bytes);
	return collect->dry_run ? 0 : sfs_discard_aside(collect->base_fd, id);
}

static int sweep_visit(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	struct collect *collect = context;
	SFS_CLOSE int root = -1;

	if (entry->event != SFS_WALK_ENTER)
		return 0;
	if (!sfs_store_is_hex(entry->name))
		return SFS_WALK_SKIP;
	root = sfs_backing_open(entry->dir_fd, entry->name,
				O_RDONLY | O_DIRECTORY, 0);
	if (root >= 0)
		(void)sweep_store(collect, root, entry->name);
	return SFS_WALK_SKIP;
}

static int sweep_locked(struct collect *collect, int base_fd)
{
	SFS_CLOSE int guard = sfs_place_lock(base_fd);
	SFS_CLOSE int stores = -1;

	if (guard < 0)
		return guard;
	stores = sfs_backing_open(base_fd, "stores", O_RDONLY | O_DIRECTORY, 0);
	if (stores < 0)
		return stores == -ENOENT ? 0 : stores;
	collect->base_fd = base_fd;
	return sfs_backing_walk(stores, 0, sweep_visit, collect);
}

/* All stores of one BASE, once. */
static int sweep(struct collect *collect, int base_fd)
{
	SFS_FREE char *path = NULL;
	int r = sfs_place_path(base_fd, &path);

	if (r < 0 || paths_have(&collect->swept, path))
		return r;
	r = paths_add(&collect->swept, path);
	if (r == 0)
		r = sweep_locked(collect, base_fd);
	if (r == 0 && !collect->dry_run)
		r = sfs_discard_leftovers(base_fd);
	return r;
}

static int want_visit(void *context, const struct sfs_registry_entry *entry)
{
	struct collect *collect = context;

	if (!entry->store || entry->private_ns ||
	    !sfs_registry_is_mounted(entry))
		return 0;
	return paths_add(&collect->wanted, entry->store);
}

/* BASE of BASE/stores/ID; -EINVAL for any other path. */
static int open_base_of(const char *store, int *ret_fd)
{
	SFS_FREE char *base = strdup(store);
	char *id, *stores;

	if (!base)
		return -ENOMEM;
	id = strrchr(base, '/');
	if (!id || !sfs_store_is_hex(id + 1))
		return -EINVAL;
	*id = '\0';
	stores = strrchr(base, '/');
	if (!stores || stores == base || strcmp(stores, "/stores") != 0)
		return -EINVAL;
	*stores = '\0';
	*ret_fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

/* An entry goes when its daemon and its mount have, and its store is swept. */
static int entry_visit(void *context, const struct sfs_registry_entry *entry)
{
	struct collect *collect = context;
	SFS_CLOSE int base = -1;
	struct stat st;

	if (sfs_registry_is_alive(entry) ||
	    (!entry->private_ns && sfs_registry_is_mounted(entry)))
		return 0;
	if (entry->store && open_base_of(entry->store, &base) == 0) {
		(void)sweep(collect, base);
		if (!collect->dry_run && stat(entry->store, &st) == 0)
			return 0; /* still in use, or not to be had */
	}
	collect->total.entries++;
	if (!collect->dry_run)
		(void)sfs_registry_remove(entry->id);
	return 0;
}

static int sweep_default(struct collect *collect)
{
	SFS_FREE char *path = NULL;
	SFS_CLOSE int base = -1;
	int r = sfs_store_state_dir(&path);

	if (r == 0)
		r = sfs_place_open(path, &base);
	return r < 0 ? r : sweep(collect, base);
}

int sfs_registry_collect(bool dry_run, struct sfs_registry_collected *ret,
			 void (*visit)(void *context, const char *path,
				       uint64_t bytes),
			 void *context)
{
	struct collect collect = { .dry_run = dry_run,
				   .visit = visit,
				   .context = context };
	int r = sfs_registry_each(want_visit, &collect);

	if (r == 0)
		r = sweep_default(&collect);
	if (r == 0)
		r = sfs_registry_each(entry_visit, &collect);
	paths_done(&collect.wanted);
	paths_done(&collect.swept);
	if (ret)
		*ret = collect.total;
	return r;
}
