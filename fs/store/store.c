/* SPDX-License-Identifier: MIT */
#include "scratchfs/store.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/quota.h"

static const char *const folders[] = { "tree", "hidden", "work" };

static int write_format(int root_fd)
{
	SFS_CLOSE int fd = sfs_backing_open(root_fd, "format",
					    O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return fd;
	return dprintf(fd, "%d\n", SFS_STORE_FORMAT) < 0 ? -errno : 0;
}

/* Time 0 says that there never was a name in it: the source's root shows times
 * of its own until there is. */
static int make_folder(int root_fd, const char *name)
{
	const struct timespec times[2] = { { 0 }, { 0 } };

	if (mkdirat(root_fd, name, 0700) ||
	    utimensat(root_fd, name, times, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return 0;
}

int sfs_store_make_layout(int root_fd)
{
	SFS_CLOSE int lock = -1;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int r = make_folder(root_fd, folders[i]);

		if (r)
			return r;
	}
	lock = sfs_backing_open(root_fd, "lock", O_RDWR | O_CREAT | O_EXCL,
				0600);
	return lock < 0 ? lock : write_format(root_fd);
}

int sfs_store_check_format(int root_fd, const char *path)
{
	SFS_CLOSE int fd = sfs_backing_open(root_fd, "format", O_RDONLY, 0);
	char text[16] = "";
	long version;
	ssize_t len;

	if (fd < 0) {
		sfs_msg_errno(-fd, "%s is not a store: its file 'format'",
			      path);
		return fd;
	}
	len = read(fd, text, sizeof(text) - 1);
	version = len > 0 ? strtol(text, NULL, 10) : 0;
	if (version == SFS_STORE_FORMAT)
		return 0;
	if (version > SFS_STORE_FORMAT)
		sfs_msg("%s was made by a newer scratchfs (format %ld, this "
			"one knows %d); use that version",
			path, version, SFS_STORE_FORMAT);
	else
		sfs_msg("%s is damaged: its file 'format' holds no version",
			path);
	return -EPROTONOSUPPORT;
}

int sfs_store_lock(int root_fd, int operation)
{
	SFS_CLOSE int fd = sfs_backing_open(root_fd, "lock", O_RDWR, 0);

	if (fd < 0)
		return fd;
	if (flock(fd, operation | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return sfs_steal_fd(&fd);
}

static int open_folders(struct sfs_store *store)
{
	int *const fds[] = { &store->tree_fd, &store->hidden_fd,
			     &store->work_fd };
	struct stat st;
	int r;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		*fds[i] = sfs_backing_open(store->root_fd, folders[i],
					   O_RDONLY | O_DIRECTORY, 0);
		if (*fds[i] < 0)
			return *fds[i];
	}
	r = sfs_backing_stat(store->tree_fd, "", &st);
	store->dev = st.st_dev;
	return r;
}

int sfs_store_attach(int root_fd, int lock_fd, const char *source,
		     struct sfs_store **ret)
{
	struct sfs_store *store = malloc(sizeof(*store));
	int r;

	if (!store) {
		close(root_fd);
		close(lock_fd);
		return -ENOMEM;
	}
	*store = (struct sfs_store){ .root_fd = root_fd,
				     .lock_fd = lock_fd,
				     .tree_fd = -1,
				     .hidden_fd = -1,
				     .work_fd = -1,
				     .base_fd = -1 };
	store->source = strdup(source);
	r = store->source ? open_folders(store) : -ENOMEM;
	if (r < 0) {
		sfs_store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

void sfs_store_close(struct sfs_store *store)
{
	if (!store)
		return;
	sfs_quota_free(store->quota);
	for (size_t i = 0; i < 6; i++) {
		const int fds[] = { store->tree_fd, store->hidden_fd,
				    store->work_fd, store->root_fd,
				    store->base_fd, store->lock_fd };

		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(store->path);
	free(store->id);
	free(store->volume);
	free(store->source);
	free(store);
}

static int clean_visit(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	int *first_error = context;
	int r;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	r = sfs_store_pending_bury(entry->dir_fd, entry->name);
	if (r == -EINVAL)
		r = sfs_backing_remove(entry->dir_fd, entry->name);
	if (r < 0 && !*first_error)
		*first_error = r;
	return entry->event == SFS_WALK_ENTER ? SFS_WALK_SKIP : 0;
}

int sfs_store_clean_work(int work_fd)
{
	int first_error = 0;
	int r = sfs_backing_walk(work_fd, 0, clean_visit, &first_error);

	return r < 0 ? r : first_error;
}

/* ---- counting ---- */

struct count {
	struct sfs_store_usage usage;
	void *linked; /* tsearch(3) tree of inodes with several names */
};

static int compare_inodes(const void *a, const void *b)
{
	const ino_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Has this inode been counted under another name? */
static int is_counted(struct count *count, ino_t ino)
{
	ino_t *key = malloc(sizeof(*key));
	ino_t *const *found;

	if (!key)
		return -ENOMEM;
	*key = ino;
	found = tsearch(key, &count->linked, compare_inodes);
	if (found && *found == key)
		return 0;
	free(key);
	return found ? 1 : -ENOMEM;
}

static int count_visit(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	struct count *count = context;
	struct sfs_store_usage *usage = &count->usage;
	const struct stat *st = &entry->stat;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	if (entry->event == SFS_WALK_OBJECT && st->st_nlink > 1) {
		int counted = is_counted(count, st->st_ino);

		if (counted)
			return counted < 0 ? counted : 0;
	}
	usage->allocated_bytes += (uint64_t)st->st_blocks * 512;
	if (entry->event == SFS_WALK_ENTER) {
		usage->folders++;
		return 0;
	}
	usage->files++;
	usage->apparent_bytes += (uint64_t)st->st_size;
	if (S_ISREG(st->st_mode))
		usage->charged_bytes += sfs_quota_bytes((uint64_t)st->st_size);
	return 0;
}

static int count_mark(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct sfs_store_usage *usage = context;

	if (entry->event == SFS_WALK_OBJECT)
		usage->hidden++;
	return 0;
}

int sfs_store_count(int root_fd, unsigned int walk_flags,
		    struct sfs_store_usage *ret)
{
	struct count count = { 0 };
	SFS_CLOSE int tree = -1;
	SFS_CLOSE int hidden = -1;
	int r;

	tree = sfs_backing_open(root_fd, "tree", O_PATH | O_DIRECTORY, 0);
	if (tree < 0)
		return tree;
	hidden = sfs_backing_open(root_fd, "hidden", O_PATH | O_DIRECTORY, 0);
	if (hidden < 0)
		return hidden;
	r = sfs_backing_walk(tree, walk_flags, count_visit, &count);
	if (r == 0)
		r = sfs_backing_walk(hidden, 0, count_mark, &count.usage);
	tdestroy(count.linked, free);
	if (r == 0)
		*ret = count.usage;
	return r;
}

int sfs_store_usage(int root_fd, struct sfs_store_usage *ret)
{
	return sfs_store_count(root_fd, 0, ret);
}
