/* SPDX-License-Identifier: MIT */
#include "scratchfs/volume.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "internal.h"
#include "keyfile.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#define LABEL_PREFIX "label."
/* No volume name begins with a dot. */
#define NEW_PREFIX  ".new-"
#define REMOVED_DIR ".removed"

bool sfs_volume_name_valid(const char *name)
{
	const char *first = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(name);

	return len >= 1 && len <= SFS_VOLUME_NAME_MAX &&
	       strchr(first, name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

int sfs_volume_dir(bool make, char **ret)
{
	SFS_FREE char *base = NULL;
	SFS_FREE char *path = NULL;
	SFS_CLOSE int fd = -1;
	int r = sfs_store_data_dir(&base);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/volumes", base) < 0)
		return -ENOMEM;
	if (make) {
		r = sfs_place_open(path, &fd);
		if (r < 0)
			return r;
	}
	*ret = sfs_steal_ptr(&path);
	return 0;
}

int sfs_volume_open_dir(int *ret_fd)
{
	SFS_FREE char *path = NULL;
	int r = sfs_volume_dir(false, &path);

	return r < 0 ? r : sfs_place_open(path, ret_fd);
}

/* ---- meta ---- */

int sfs_volume_write_meta(int root_fd, const struct sfs_volume *volume)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	int r = sfs_keyfile_add_number(&file, "created",
				       (uint64_t)volume->created_s);

	if (r == 0)
		r = sfs_keyfile_add_number(&file, "size", volume->size_bytes);
	if (r == 0)
		r = sfs_keyfile_add(&file, "source", volume->source);
	for (size_t i = 0; r == 0 && i < volume->label_count; i++) {
		SFS_FREE char *key = NULL;

		if (asprintf(&key, LABEL_PREFIX "%s", volume->labels[i].key) <
		    0)
			return -ENOMEM;
		r = sfs_keyfile_add(&file, key, volume->labels[i].value);
	}
	return r < 0 ? r : sfs_keyfile_write(&file, root_fd, "meta");
}

static int read_meta(int root_fd, struct sfs_volume *volume)
{
	SFS_KEYFILE struct sfs_keyfile file = { 0 };
	const char *source;
	int r = sfs_keyfile_read(root_fd, "meta", &file);

	if (r < 0)
		return r;
	volume->created_s = (int64_t)sfs_keyfile_get_number(&file, "created");
	volume->size_bytes = sfs_keyfile_get_number(&file, "size");
	source = sfs_keyfile_get(&file, "source");
	if (source) {
		volume->source = strdup(source);
		r = volume->source ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < file.count; i++) {
		const char *key = file.pairs[i].key;
		size_t len = strlen(LABEL_PREFIX);

		if (strncmp(key, LABEL_PREFIX, len) == 0)
			r = sfs_volume_add_label(volume, key + len,
						 file.pairs[i].value);
	}
	return r;
}

int sfs_volume_add_label(struct sfs_volume *volume, const char *key,
			 const char *value)
{
	struct sfs_volume_label label, *labels;

	for (size_t i = 0; i < volume->label_count; i++) {
		if (strcmp(volume->labels[i].key, key) == 0) {
			label.value = strdup(value);
			if (!label.value)
				return -ENOMEM;
			free(volume->labels[i].value);
			volume->labels[i].value = label.value;
			return 0;
		}
	}
	labels = reallocarray(volume->labels, volume->label_count + 1,
			      sizeof(*labels));
	if (!labels)
		return -ENOMEM;
	volume->labels = labels;
	label.key = strdup(key);
	label.value = strdup(value);
	if (!label.key || !label.value) {
		free(label.key);
		free(label.value);
		return -ENOMEM;
	}
	labels[volume->label_count++] = label;
	return 0;
}

void sfs_volume_free(struct sfs_volume *volume)
{
	if (!volume)
		return;
	for (size_t i = 0; i < volume->label_count; i++) {
		free(volume->labels[i].key);
		free(volume->labels[i].value);
	}
	free(volume->labels);
	free(volume->name);
	free(volume->path);
	free(volume->source);
	free(volume);
}

/* ---- verbs ---- */

static int copy_content(int root_fd, const struct sfs_store *from)
{
	static const char *const parts[] = { "tree", "hidden" };
	const int sources[] = { from->tree_fd, from->hidden_fd };
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++) {
		SFS_CLOSE int part = sfs_backing_open(
			root_fd, parts[i], O_RDONLY | O_DIRECTORY, 0);

		r = part < 0 ? part
			     : sfs_backing_copy_tree(sources[i], part,
						     SFS_BACKING_LENIENT);
	}
	return r == 0 && syncfs(root_fd) ? -errno : r;
}

/* Half-made volumes have a name of their own until they are whole. */
static int fill_new(int dir_fd, const char *temp, const struct sfs_volume *spec,
		    const struct sfs_store *from)
{
	SFS_CLOSE int root = -1;
	struct sfs_volume meta = *spec;
	int r;

	if (!meta.created_s)
		meta.created_s = time(NULL);
	if (mkdirat(dir_fd, temp, 0700))
		return -errno;
	root = sfs_backing_open(dir_fd, temp, O_RDONLY | O_DIRECTORY, 0);
	r = root < 0 ? root : sfs_store_make_layout(root);
	if (r == 0)
		r = sfs_volume_write_meta(root, &meta);
	if (r == 0 && from)
		r = copy_content(root, from);
	if (r == 0)
		r = sfs_backing_rename(dir_fd, temp, dir_fd, spec->name,
				       RENAME_NOREPLACE);
	return r;
}

int sfs_volume_create_from(const struct sfs_volume *spec,
			   const struct sfs_store *from)
{
	char temp[sizeof(NEW_PREFIX) + SFS_HEX_MAX] = NEW_PREFIX;
	SFS_CLOSE int dir = -1;
	struct stat st;
	int r;

	if (!sfs_volume_name_valid(spec->name))
		return -EINVAL;
	r = sfs_volume_open_dir(&dir);
	if (r < 0)
		return r;
	if (sfs_backing_stat(dir, spec->name, &st) == 0)
		return -EEXIST;
	r = sfs_store_random_hex(temp + strlen(temp));
	if (r < 0)
		return r;
	r = fill_new(dir, temp, spec, from);
	if (r < 0)
		(void)sfs_backing_remove(dir, temp);
	return r;
}

int sfs_volume_create(const struct sfs_volume *spec)
{
	return sfs_volume_create_from(spec, NULL);
}

static int load_from(int dir_fd, const char *name, struct sfs_volume *volume)
{
	SFS_CLOSE int root =
		sfs_backing_open(dir_fd, name, O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (root < 0)
		return root;
	volume->name = strdup(name);
	r = volume->name ? sfs_place_path(root, &volume->path) : -ENOMEM;
	if (r == 0)
		r = sfs_store_check_format(root, volume->path);
	return r < 0 ? r : read_meta(root, volume);
}

int sfs_volume_load(const char *name, struct sfs_volume **ret)
{
	SFS_CLOSE int dir = -1;
	struct sfs_volume *volume;
	int r;

	if (!sfs_volume_name_valid(name))
		return -EINVAL;
	r = sfs_volume_open_dir(&dir);
	if (r < 0)
		return r;
	volume = calloc(1, sizeof(*volume));
	if (!volume)
		return -ENOMEM;
	r = load_from(dir, name, volume);
	if (r == 0)
		*ret = volume;
	else
		sfs_volume_free(volume);
	return r;
}

struct list {
	struct sfs_volume **volumes;
	size_t count;
};

static int list_visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct list *list = context;
	struct sfs_volume **volumes, *volume;
	int r;

	if (entry->event != SFS_WALK_ENTER)
		return 0;
	if (!sfs_volume_name_valid(entry->name))
		return SFS_WALK_SKIP;
	volumes =
		reallocarray(list->volumes, list->count + 1, sizeof(*volumes));
	if (!volumes)
		return -ENOMEM;
	list->volumes = volumes;
	r = sfs_volume_load(entry->name, &volume);
	if (r == 0)
		volumes[list->count++] = volume;
	else if (r != -ENOENT && r != -EPROTONOSUPPORT)
		sfs_msg_errno(-r, "volume %s", entry->name);
	return SFS_WALK_SKIP;
}

static int compare_names(const void *a, const void *b)
{
	const struct sfs_volume *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int sfs_volume_list(struct sfs_volume ***ret, size_t *ret_count)
{
	struct list list = { 0 };
	SFS_CLOSE int dir = -1;
	int r = sfs_volume_open_dir(&dir);

	if (r == 0)
		r = sfs_backing_walk(dir, 0, list_visit, &list);
	if (r < 0) {
		sfs_volume_list_free(list.volumes, list.count);
		return r;
	}
	if (list.count)
		qsort(list.volumes, list.count, sizeof(*list.volumes),
		      compare_names);
	*ret = list.volumes;
	*ret_count = list.count;
	return 0;
}

void sfs_volume_list_free(struct sfs_volume **volumes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sfs_volume_free(volumes[i]);
	free(volumes);
}

static int open_named(const char *name, int flags, int *ret_dir_fd,
		      int *ret_root_fd)
{
	SFS_CLOSE int dir = -1;
	int root, r;

	if (!sfs_volume_name_valid(name))
		return -EINVAL;
	r = sfs_volume_open_dir(&dir);
	if (r < 0)
		return r;
	root = sfs_backing_open(dir, name, flags | O_DIRECTORY, 0);
	if (root < 0)
		return root;
	*ret_dir_fd = sfs_steal_fd(&dir);
	*ret_root_fd = root;
	return 0;
}

int sfs_volume_open_locked(const char *name, int operation, int *ret_root_fd,
			   int *ret_lock_fd)
{
	SFS_CLOSE int dir = -1;
	SFS_CLOSE int root = -1;
	SFS_CLOSE int lock = -1;
	struct stat held, named;
	int r = open_named(name, O_RDONLY, &dir, &root);

	if (r < 0)
		return r;
	lock = sfs_store_lock(root, operation);
	if (lock < 0)
		return lock;
	if (fstat(root, &held))
		return -errno;
	r = sfs_backing_stat(dir, name, &named);
	if (r < 0 || held.st_ino != named.st_ino)
		return -ENOENT;
	*ret_root_fd = sfs_steal_fd(&root);
	*ret_lock_fd = sfs_steal_fd(&lock);
	return 0;
}

int sfs_volume_lock(const char *name, int *ret_root_fd, int *ret_lock_fd)
{
	return sfs_volume_open_locked(name, LOCK_EX, ret_root_fd, ret_lock_fd);
}

int sfs_volume_in_use(const char *name)
{
	int root, lock;
	int r = sfs_volume_lock(name, &root, &lock);

	if (r < 0)
		return r == -EBUSY ? 1 : r;
	close(root);
	close(lock);
	return 0;
}

int sfs_volume_remove(const char *name)
{
	SFS_CLOSE int dir = -1;
	SFS_CLOSE int removed = -1;
	SFS_CLOSE int root = -1;
	SFS_CLOSE int lock = -1;
	char aside[SFS_HEX_MAX];
	int r = sfs_volume_lock(name, &root, &lock);

	if (r == 0)
		r = sfs_volume_open_dir(&dir);
	if (r == 0)
		r = sfs_store_random_hex(aside);
	if (r < 0)
		return r;
	removed = sfs_backing_make_path(dir, REMOVED_DIR);
	if (removed < 0)
		return removed;
	r = sfs_backing_rename(dir, name, removed, aside, 0);
	if (r < 0)
		return r;
	/* Also what an earlier removal could not finish. */
	(void)sfs_backing_remove(removed, aside);
	return sfs_backing_remove(dir, REMOVED_DIR);
}

int sfs_volume_usage(const char *name, struct sfs_store_usage *ret)
{
	SFS_CLOSE int dir = -1;
	SFS_CLOSE int root = -1;
	int r = open_named(name, O_PATH, &dir, &root);

	return r < 0 ? r : sfs_store_usage(root, ret);
}
