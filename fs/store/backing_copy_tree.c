/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

/* An inode with several names, and the first name it was copied to. */
struct link {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct copy {
	int root_fd; /* borrowed */
	int fd;	     /* where the walk's folder is copied to */
	unsigned int flags;
	struct link *links;
	size_t count, size;
};

static const char *find_link(const struct copy *copy, const struct stat *st)
{
	for (size_t i = 0; i < copy->count; i++) {
		if (copy->links[i].ino == st->st_ino &&
		    copy->links[i].dev == st->st_dev)
			return copy->links[i].path;
	}
	return NULL;
}

static int remember_link(struct copy *copy, const struct stat *st,
			 const char *path)
{
	SFS_FREE char *name = strdup(path);

	if (!name)
		return -ENOMEM;
	if (copy->count == copy->size) {
		size_t size = copy->size ? copy->size * 2 : 16;
		struct link *links =
			reallocarray(copy->links, size, sizeof(*links));

		if (!links)
			return -ENOMEM;
		copy->links = links;
		copy->size = size;
	}
	copy->links[copy->count++] =
		(struct link){ st->st_dev, st->st_ino, sfs_steal_ptr(&name) };
	return 0;
}

static int copy_object(struct copy *copy,
		       const struct sfs_backing_walk_entry *entry)
{
	const char *first = NULL;
	int r;

	if (entry->stat.st_nlink > 1)
		first = find_link(copy, &entry->stat);
	if (first &&
	    linkat(copy->root_fd, first, copy->fd, entry->name, 0) == 0)
		return 0;
	r = sfs_backing_copy_object(entry->dir_fd, entry->name, copy->fd,
				    entry->name, copy->flags);
	if (r == 0 && entry->stat.st_nlink > 1 && !first)
		r = remember_link(copy, &entry->stat, entry->path);
	return r == -ENOENT ? 0 : r;
}

static int enter_folder(struct copy *copy, const char *name)
{
	int fd;

	if (mkdirat(copy->fd, name, 0700))
		return -errno;
	fd = sfs_backing_open_noxdev(copy->fd, name, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	close(copy->fd);
	copy->fd = fd;
	return 0;
}

/* Only now, because filling the folder changed its times, and its mode may
 * forbid to fill it. */
static int leave_folder(struct copy *copy,
			const struct sfs_backing_walk_entry *entry)
{
	SFS_CLOSE int src = -1;
	SFS_CLOSE int dst = sfs_steal_fd(&copy->fd);

	copy->fd = openat(dst, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (copy->fd < 0)
		return -errno;
	src = sfs_backing_open(entry->dir_fd, entry->name, O_PATH, 0);
	if (src < 0)
		return src == -ENOENT ? 0 : src;
	return sfs_backing_copy_meta(src, dst, copy->flags);
}

static int copy_visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct copy *copy = context;

	switch (entry->event) {
	case SFS_WALK_ENTER:
		return enter_folder(copy, entry->name);
	case SFS_WALK_LEAVE:
		return leave_folder(copy, entry);
	case SFS_WALK_OBJECT:
	default:
		return copy_object(copy, entry);
	}
}

int sfs_backing_copy_tree(int src_fd, int dst_fd, unsigned int flags)
{
	struct copy copy = { .root_fd = dst_fd, .flags = flags };
	int r;

	copy.fd = fcntl(dst_fd, F_DUPFD_CLOEXEC, 3);
	if (copy.fd < 0)
		return -errno;
	r = sfs_backing_walk(src_fd, SFS_WALK_BORROW, copy_visit, &copy);
	if (copy.fd >= 0)
		close(copy.fd);
	for (size_t i = 0; i < copy.count; i++)
		free(copy.links[i].path);
	free(copy.links);
	return r;
}
