/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <search.h>
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
	void *links; /* tsearch(3) tree */
};

static int compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void free_link(void *p)
{
	struct link *link = p;

	free(link->path);
	free(link);
}

static const char *find_link(const struct copy *copy, const struct stat *st)
{
	const struct link key = { st->st_dev, st->st_ino, NULL };
	struct link *const *found = tfind(&key, &copy->links, compare_links);

	return found ? (*found)->path : NULL;
}

static int remember_link(struct copy *copy, const struct stat *st,
			 const char *path)
{
	struct link *link = malloc(sizeof(*link));

	if (!link)
		return -ENOMEM;
	*link = (struct link){ st->st_dev, st->st_ino, strdup(path) };
	if (link->path && tsearch(link, &copy->links, compare_links))
		return 0;
	free_link(link);
	return -ENOMEM;
}

static int copy_object(struct copy *copy,
		       const struct sfs_backing_walk_entry *entry)
{
	const char *first = NULL;
	int r;

	if ((copy->flags & SFS_BACKING_LINK) &&
	    linkat(entry->dir_fd, entry->name, copy->fd, entry->name, 0) == 0)
		return 0;
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
	tdestroy(copy.links, free_link);
	return r;
}
