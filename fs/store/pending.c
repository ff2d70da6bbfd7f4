/* SPDX-License-Identifier: MIT */
/*
 * The journal of temporary names on the host: pending-HEX in work/ for the
 * name .scratchfs~HEX, holding source and folder.  It is on disk before the name
 * is made, so no crash leaves a name that nobody knows of.  Whoever has a store
 * to himself renames what he finds to dead-HEX: the names still called pending
 * belong to live daemons.
 */
#include <fcntl.h>
#include <string.h>

#include "internal.h"
#include "keyfile.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

#define PENDING_PREFIX "pending-"
#define PENDING_MAX    (sizeof(PENDING_PREFIX) + 16)
#define DEAD_PREFIX    "dead-"

int sfs_store_temp_name(char ret[SFS_STORE_TEMP_MAX])
{
	memcpy(ret, SFS_STORE_TEMP_PREFIX, sizeof(SFS_STORE_TEMP_PREFIX));
	return sfs_store_random_hex(ret + strlen(SFS_STORE_TEMP_PREFIX));
}

bool sfs_store_is_temp(const char *name)
{
	size_t len = strlen(SFS_STORE_TEMP_PREFIX);

	return strncmp(name, SFS_STORE_TEMP_PREFIX, len) == 0 &&
	       sfs_store_is_hex(name + len);
}

static int pending_name(const char *temp, char ret[PENDING_MAX])
{
	if (!sfs_store_is_temp(temp))
		return -EINVAL;
	snprintf(ret, PENDING_MAX, PENDING_PREFIX "%s",
		 temp + strlen(SFS_STORE_TEMP_PREFIX));
	return 0;
}

int sfs_store_pending_add(struct sfs_store *store, const char *folder,
			  const char *temp)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	char name[PENDING_MAX];
	int r = pending_name(temp, name);

	if (r == 0)
		r = sfs_keyfile_add(&file, "source", store->source);
	if (r == 0)
		r = sfs_keyfile_add(&file, "folder", folder);
	if (r == 0)
		r = sfs_keyfile_write(&file, store->work_fd, name);
	/* The name of the journal's file has to be as durable as its bytes. */
	if (r == 0 && fsync(store->work_fd))
		r = -errno;
	return r;
}

int sfs_store_pending_remove(struct sfs_store *store, const char *temp)
{
	char name[PENDING_MAX];
	int r = pending_name(temp, name);

	if (r < 0)
		return r;
	return unlinkat(store->work_fd, name, 0) && errno != ENOENT ? -errno
								    : 0;
}

static bool has_prefix(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && sfs_store_is_hex(name + len);
}

int sfs_store_pending_bury(int work_fd, const char *name)
{
	char dead[PENDING_MAX];

	if (has_prefix(name, DEAD_PREFIX))
		return 0;
	if (!has_prefix(name, PENDING_PREFIX))
		return -EINVAL;
	snprintf(dead, sizeof(dead), DEAD_PREFIX "%s",
		 name + strlen(PENDING_PREFIX));
	return sfs_backing_rename(work_fd, name, work_fd, dead, 0);
}

struct each {
	const char *source;
	int (*visit)(void *context, const char *folder, const char *temp);
	void *context;
};

static int each_visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	const struct each *each = context;
	char temp[SFS_STORE_TEMP_MAX];
	const char *source, *folder;

	if (entry->event == SFS_WALK_ENTER)
		return SFS_WALK_SKIP;
	if (!has_prefix(entry->name, DEAD_PREFIX))
		return 0;
	/* What cannot be read was never finished, so no name was made. */
	if (sfs_keyfile_read(entry->dir_fd, entry->name, &file) < 0)
		return 0;
	source = sfs_keyfile_get(&file, "source");
	folder = sfs_keyfile_get(&file, "folder");
	if (!source || !folder || strcmp(source, each->source) != 0)
		return 0;
	snprintf(temp, sizeof(temp), SFS_STORE_TEMP_PREFIX "%s",
		 entry->name + strlen(DEAD_PREFIX));
	return each->visit(each->context, folder, temp);
}

/* Calls visit() for each entry that a dead daemon left for this source; a
 * negative result ends the walk. */
static int each_pending(struct sfs_store *store,
			int (*visit)(void *context, const char *folder,
				     const char *temp),
			void *context)
{
	struct each each = { store->source, visit, context };

	return sfs_backing_walk(store->work_fd, 0, each_visit, &each);
}

struct clean {
	struct sfs_store *store;
	int source_fd;
};

static int clean_visit(void *context, const char *folder, const char *temp)
{
	struct clean *clean = context;
	char dead[PENDING_MAX];
	SFS_CLOSE int fd = sfs_backing_open_beneath(clean->source_fd, folder,
						    O_PATH | O_DIRECTORY);

	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP)
		return 0; /* kept for another time */
	/* Never a folder: we make none under such a name. */
	if (fd >= 0 && unlinkat(fd, temp, 0) && errno != ENOENT &&
	    errno != EISDIR)
		return 0;
	snprintf(dead, sizeof(dead), DEAD_PREFIX "%s",
		 temp + strlen(SFS_STORE_TEMP_PREFIX));
	unlinkat(clean->store->work_fd, dead, 0);
	return 0;
}

int sfs_store_clean_pending(struct sfs_store *store, int source_fd)
{
	struct clean clean = { store, source_fd };

	return each_pending(store, clean_visit, &clean);
}
