/* SPDX-License-Identifier: MIT */
#include "scratchfs/registry.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "internal.h"
#include "keyfile.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

static int open_registry(int *ret_fd)
{
	SFS_FREE char *state = NULL;
	SFS_FREE char *path = NULL;
	int r = sfs_store_state_dir(&state);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/mounts", state) < 0)
		return -ENOMEM;
	return sfs_place_open(path, ret_fd);
}

/*
 * Field 22 of /proc/PID/stat: when it started.  0: no such process, or nothing
 * but its remains (a zombie that nobody waits for).
 */
static uint64_t start_of(pid_t pid)
{
	SFS_FCLOSE FILE *file = NULL;
	char path[32], text[1024];
	char *at;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	/* The name may hold anything; field 3, the state, follows its ')'. */
	at = strrchr(text, ')');
	if (!at || !at[1] || strchr("ZX", at[2]))
		return 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

int sfs_registry_entry_new(struct sfs_registry_entry **ret)
{
	struct sfs_registry_entry *entry = calloc(1, sizeof(*entry));
	struct stat st;
	char id[SFS_HEX_MAX];
	int r;

	if (!entry)
		return -ENOMEM;
	r = sfs_store_random_hex(id);
	if (r == 0)
		r = sfs_registry_entry_set(&entry->id, id);
	if (r < 0) {
		sfs_registry_entry_free(entry);
		return r;
	}
	entry->pid = getpid();
	entry->pid_start = start_of(entry->pid);
	if (stat("/proc/self/ns/mnt", &st) == 0)
		entry->mount_ns = st.st_ino;
	entry->mounted_s = time(NULL);
	*ret = entry;
	return 0;
}

static void free_strings(char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

void sfs_registry_entry_free(struct sfs_registry_entry *entry)
{
	if (!entry)
		return;
	free_strings(entry->volumes, entry->volume_count);
	free_strings(entry->argv, entry->argc);
	free(entry->id);
	free(entry->mountpoint);
	free(entry->source);
	free(entry->store);
	free(entry);
}

int sfs_registry_entry_set(char **field, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int add_string(char ***strings, size_t *count, const char *value)
{
	char **more = reallocarray(*strings, *count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*strings = more;
	more[*count] = strdup(value);
	if (!more[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

int sfs_registry_entry_add_volume(struct sfs_registry_entry *entry,
				  const char *name)
{
	return add_string(&entry->volumes, &entry->volume_count, name);
}

int sfs_registry_entry_add_arg(struct sfs_registry_entry *entry,
			       const char *arg)
{
	return add_string(&entry->argv, &entry->argc, arg);
}

/* ---- files ---- */

int sfs_registry_write(const struct sfs_registry_entry *entry)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	const struct {
		const char *key, *text;
		uint64_t number;
	} fields[] = {
		{ "mountpoint", entry->mountpoint, 0 },
		{ "source", entry->source, 0 },
		{ "store", entry->store, 0 },
		{ "pid", NULL, (uint64_t)entry->pid },
		{ "pid_start", NULL, entry->pid_start },
		{ "mount_ns", NULL, entry->mount_ns },
		{ "device", NULL, entry->device },
		{ "private_ns", NULL, entry->private_ns },
		{ "mounted", NULL, (uint64_t)entry->mounted_s },
		{ "limit", NULL, entry->limit_bytes },
	};
	SFS_CLOSE int dir = -1;
	int r = open_registry(&dir);

	for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(*fields);
	     i++) {
		if (i < 3)
			r = sfs_keyfile_add(&file, fields[i].key,
					    fields[i].text);
		else
			r = sfs_keyfile_add_number(&file, fields[i].key,
						   fields[i].number);
	}
	for (size_t i = 0; r == 0 && i < entry->volume_count; i++)
		r = sfs_keyfile_add(&file, "volume", entry->volumes[i]);
	for (size_t i = 0; r == 0 && i < entry->argc; i++)
		r = sfs_keyfile_add(&file, "arg", entry->argv[i]);
	if (r == 0 && !sfs_store_is_hex(entry->id))
		r = -EINVAL;
	return r < 0 ? r : sfs_keyfile_write(&file, dir, entry->id);
}

static int read_strings(struct sfs_registry_entry *entry,
			const struct sfs_keyfile *file)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < file->count; i++) {
		const struct sfs_keyfile_pair *pair = &file->pairs[i];

		if (strcmp(pair->key, "volume") == 0)
			r = sfs_registry_entry_add_volume(entry, pair->value);
		else if (strcmp(pair->key, "arg") == 0)
			r = sfs_registry_entry_add_arg(entry, pair->value);
	}
	return r;
}

static int fill(struct sfs_registry_entry *entry, const char *id,
		const struct sfs_keyfile *file)
{
	int r = sfs_registry_entry_set(&entry->id, id);

	if (r == 0)
		r = sfs_registry_entry_set(&entry->mountpoint,
					   sfs_keyfile_get(file, "mountpoint"));
	if (r == 0)
		r = sfs_registry_entry_set(&entry->source,
					   sfs_keyfile_get(file, "source"));
	if (r == 0)
		r = sfs_registry_entry_set(&entry->store,
					   sfs_keyfile_get(file, "store"));
	entry->pid = (pid_t)sfs_keyfile_get_number(file, "pid");
	entry->pid_start = sfs_keyfile_get_number(file, "pid_start");
	entry->mount_ns = sfs_keyfile_get_number(file, "mount_ns");
	entry->device = sfs_keyfile_get_number(file, "device");
	entry->private_ns = sfs_keyfile_get_number(file, "private_ns");
	entry->mounted_s = (int64_t)sfs_keyfile_get_number(file, "mounted");
	entry->limit_bytes = sfs_keyfile_get_number(file, "limit");
	if (r == 0 && (!entry->mountpoint || !entry->source))
		r = -EBADMSG;
	return r < 0 ? r : read_strings(entry, file);
}

static int read_entry(int dir_fd, const char *id,
		      struct sfs_registry_entry **ret)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	struct sfs_registry_entry *entry;
	int r = sfs_keyfile_read(dir_fd, id, &file);

	if (r < 0)
		return r;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	r = fill(entry, id, &file);
	if (r < 0)
		sfs_registry_entry_free(entry);
	else
		*ret = entry;
	return r;
}

int sfs_registry_remove(const char *id)
{
	SFS_CLOSE int dir = -1;
	int r = open_registry(&dir);

	if (r < 0)
		return r;
	if (!sfs_store_is_hex(id))
		return -EINVAL;
	return unlinkat(dir, id, 0) && errno != ENOENT ? -errno : 0;
}

struct entries {
	struct sfs_registry_entry **list;
	size_t count;
};

static int load_visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct entries *entries = context;
	struct sfs_registry_entry **list;
	int r;

	if (entry->event == SFS_WALK_ENTER)
		return SFS_WALK_SKIP;
	if (!sfs_store_is_hex(entry->name))
		return 0;
	list = reallocarray(entries->list, entries->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	entries->list = list;
	r = read_entry(entry->dir_fd, entry->name, &list[entries->count]);
	if (r == 0)
		entries->count++;
	return r == -ENOMEM ? r : 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct sfs_registry_entry *const *x = a, *const *y = b;

	if ((*x)->mounted_s != (*y)->mounted_s)
		return (*x)->mounted_s < (*y)->mounted_s ? -1 : 1;
	/* Of one second: the live one is the newer one. */
	return sfs_registry_is_alive(*x) - sfs_registry_is_alive(*y);
}

/* All at once, because a visitor may remove what it sees. */
int sfs_registry_each(int (*visit)(void *context,
				   const struct sfs_registry_entry *entry),
		      void *context)
{
	struct entries entries = { 0 };
	SFS_CLOSE int dir = -1;
	int r = open_registry(&dir);

	if (r == 0)
		r = sfs_backing_walk(dir, 0, load_visit, &entries);
	if (entries.count)
		qsort(entries.list, entries.count, sizeof(*entries.list),
		      compare_times);
	for (size_t i = 0; i < entries.count; i++) {
		if (r == 0)
			r = visit(context, entries.list[i]);
		sfs_registry_entry_free(entries.list[i]);
	}
	free(entries.list);
	return r;
}

struct find {
	const char *mountpoint;
	char id[SFS_HEX_MAX];
};

static int find_visit(void *context, const struct sfs_registry_entry *entry)
{
	struct find *find = context;

	if (!entry->private_ns &&
	    strcmp(entry->mountpoint, find->mountpoint) == 0)
		snprintf(find->id, sizeof(find->id), "%s", entry->id);
	return 0;
}

int sfs_registry_find_by_mountpoint(const char *mountpoint,
				    struct sfs_registry_entry **ret)
{
	struct find find = { .mountpoint = mountpoint };
	SFS_CLOSE int dir = -1;
	int r = sfs_registry_each(find_visit, &find);

	if (r < 0)
		return r;
	if (!*find.id)
		return -ENOENT;
	r = open_registry(&dir);
	return r < 0 ? r : read_entry(dir, find.id, ret);
}

bool sfs_registry_is_alive(const struct sfs_registry_entry *entry)
{
	return entry->pid > 0 && entry->pid_start &&
	       start_of(entry->pid) == entry->pid_start;
}
