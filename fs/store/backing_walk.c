/* SPDX-License-Identifier: MIT */
/*
 * Walking a tree of any depth with a fixed number of descriptors.
 *
 * Only the folder being read is open.  Going down closes the parent; coming
 * back opens ".." and compares device and inode with what was left, so a folder
 * that was moved meanwhile ends the walk instead of leading it elsewhere.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

struct level {
	dev_t dev;
	ino_t ino;
	char *names; /* NUL-separated */
	size_t names_len, next;
	size_t path_len; /* of the path of this folder */
	mode_t restore;	 /* mode to put back, or 0 */
	char *name;	 /* in the parent; NULL for the root */
	struct stat stat;
};

struct walk {
	unsigned int flags;
	sfs_backing_walk_visit *visit;
	void *context;
	int fd; /* of the deepest level */
	struct level *levels;
	size_t depth, levels_size;
	char *path;
	size_t path_size;
};

static void level_done(struct level *level)
{
	free(level->names);
	free(level->name);
}

static void walk_done(struct walk *walk)
{
	while (walk->depth)
		level_done(&walk->levels[--walk->depth]);
	free(walk->levels);
	free(walk->path);
	if (walk->fd >= 0)
		close(walk->fd);
}

/* The array with room for `want` items, or NULL and unchanged. */
static void *grown(void *array, size_t *size, size_t want, size_t item)
{
	size_t size_new = *size ? *size : 64;
	void *array_new;

	if (want <= *size)
		return array;
	while (size_new < want)
		size_new *= 2;
	array_new = realloc(array, size_new * item);
	if (array_new)
		*size = size_new;
	return array_new;
}

/* All names at once: the walk may remove them as it goes. */
static int read_names(int fd, char **ret, size_t *ret_len)
{
	SFS_CLOSEDIR DIR *dir = NULL;
	SFS_FREE char *names = NULL;
	const struct dirent *entry;
	size_t len = 0, size = 0;
	int readable = sfs_backing_reopen(fd, O_RDONLY | O_DIRECTORY);

	if (readable < 0)
		return readable;
	dir = fdopendir(readable);
	if (!dir) {
		close(readable);
		return -ENOMEM;
	}
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		size_t n = strlen(entry->d_name) + 1;
		char *more;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		more = grown(names, &size, len + n, 1);
		if (!more)
			return -ENOMEM;
		names = more;
		memcpy(names + len, entry->d_name, n);
		len += n;
	}
	if (errno)
		return -errno;
	*ret = sfs_steal_ptr(&names);
	*ret_len = len;
	return 0;
}

/*
 * May the folder be walked, and left again by ".."?  -EACCES: not.  A mode that
 * has to be put back is stored in ret_restore.
 */
static int unlock(const struct walk *walk, int fd, mode_t mode,
		  mode_t *ret_restore)
{
	char buf[SFS_BACKING_PROC_MAX];
	struct stat st;

	*ret_restore = 0;
	if (walk->flags && (mode & 0700) != 0700 &&
	    chmod(sfs_backing_proc_path(fd, buf), (mode & 07777) | 0700) == 0 &&
	    (walk->flags & SFS_WALK_BORROW))
		*ret_restore = mode & 07777;
	return sfs_backing_stat(fd, "..", &st);
}

/* Reads the folder `fd` into a new level; takes the descriptor over. */
static int push(struct walk *walk, int fd, const char *name,
		const struct stat *st)
{
	struct level *levels = grown(walk->levels, &walk->levels_size,
				     walk->depth + 1, sizeof(*levels));
	struct level *level;
	int r;

	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = fd;
	if (!levels)
		return -ENOMEM;
	walk->levels = levels;
	level = &levels[walk->depth++];
	*level = (struct level){ .dev = st->st_dev, .ino = st->st_ino };
	level->stat = *st;
	level->path_len = walk->path ? strlen(walk->path) : 0;
	level->name = name ? strdup(name) : NULL;
	if (name && !level->name)
		return -ENOMEM;
	r = read_names(fd, &level->names, &level->names_len);
	return r == -EACCES ? 0 : r;
}

/* Back to the parent of the deepest level, which is then visited as left. */
static int pop(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	struct level *parent = level - 1;
	struct sfs_backing_walk_entry entry = { .event = SFS_WALK_LEAVE };
	char buf[SFS_BACKING_PROC_MAX];
	struct stat st;
	int fd, r;

	fd = openat(walk->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	if (level->restore)
		(void)!chmod(sfs_backing_proc_path(walk->fd, buf),
			     level->restore);
	close(walk->fd);
	walk->fd = fd;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_dev != parent->dev || st.st_ino != parent->ino)
		return -ESTALE;
	entry.dir_fd = fd;
	entry.name = level->name;
	entry.path = walk->path;
	entry.stat = level->stat;
	walk->path[level->path_len] = '\0';
	r = walk->visit(walk->context, &entry);
	level_done(level);
	walk->depth--;
	return r < 0 ? r : 0;
}

static int set_path(struct walk *walk, size_t parent_len, const char *name)
{
	size_t len = strlen(name);
	char *path =
		grown(walk->path, &walk->path_size, parent_len + len + 2, 1);

	if (!path)
		return -ENOMEM;
	walk->path = path;
	if (parent_len)
		walk->path[parent_len++] = '/';
	memcpy(walk->path + parent_len, name, len + 1);
	return 0;
}

/* A folder: visit, then go down unless told otherwise. */
static int enter(struct walk *walk, const char *name,
		 struct sfs_backing_walk_entry *entry)
{
	mode_t restore = 0;
	int fd, r;

	entry->event = SFS_WALK_ENTER;
	r = walk->visit(walk->context, entry);
	if (r)
		return r == SFS_WALK_SKIP ? 0 : r;
	fd = sfs_backing_open_noxdev(walk->fd, name, O_PATH | O_DIRECTORY, 0);
	/* What stands there now counts, not what was looked at before. */
	r = fd < 0 ? fd : sfs_backing_stat(fd, "", &entry->stat);
	if (r == 0)
		r = unlock(walk, fd, entry->stat.st_mode, &restore);
	if (r == 0) {
		r = push(walk, fd, name, &entry->stat);
		if (r == 0)
			walk->levels[walk->depth - 1].restore = restore;
		return r;
	}
	if (fd >= 0)
		close(fd);
	if (r != -ENOENT && r != -ENOTDIR && r != -ELOOP && r != -EXDEV &&
	    r != -EACCES)
		return r;
	entry->event = SFS_WALK_LEAVE;
	r = walk->visit(walk->context, entry);
	return r < 0 ? r : 0;
}

static int step(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	struct sfs_backing_walk_entry entry = { .event = SFS_WALK_OBJECT };
	const char *name = level->names + level->next;
	int r;

	level->next += strlen(name) + 1;
	r = set_path(walk, level->path_len, name);
	if (r < 0)
		return r;
	r = sfs_backing_stat(walk->fd, name, &entry.stat);
	if (r == -ENOENT || r == -EACCES)
		return 0;
	if (r < 0)
		return r;
	entry.dir_fd = walk->fd;
	entry.name = name;
	entry.path = walk->path;
	if (S_ISDIR(entry.stat.st_mode))
		return enter(walk, name, &entry);
	r = walk->visit(walk->context, &entry);
	return r < 0 ? r : 0;
}

int sfs_backing_walk(int root_fd, unsigned int flags,
		     sfs_backing_walk_visit *visit, void *context)
{
	struct walk walk = {
		.flags = flags, .visit = visit, .context = context, .fd = -1
	};
	char buf[SFS_BACKING_PROC_MAX];
	mode_t restore;
	struct stat st;
	int fd, r;

	r = sfs_backing_stat(root_fd, "", &st);
	if (r < 0)
		return r;
	fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	(void)unlock(&walk, fd, st.st_mode, &restore);
	r = push(&walk, fd, NULL, &st);
	while (r == 0) {
		struct level *level = &walk.levels[walk.depth - 1];

		if (level->next < level->names_len)
			r = step(&walk);
		else if (walk.depth > 1)
			r = pop(&walk);
		else
			break;
	}
	if (restore)
		(void)!chmod(sfs_backing_proc_path(root_fd, buf), restore);
	walk_done(&walk);
	return r;
}

/* ---- removing ---- */

struct remove {
	int error; /* the first one; the rest is removed all the same */
};

static int remove_visit(void *context,
			const struct sfs_backing_walk_entry *entry)
{
	struct remove *remove = context;
	bool leaving = entry->event == SFS_WALK_LEAVE;

	if (entry->event == SFS_WALK_ENTER)
		return 0;
	if (unlinkat(entry->dir_fd, entry->name, leaving ? AT_REMOVEDIR : 0) &&
	    errno != ENOENT && !remove->error)
		remove->error = -errno;
	return 0;
}

int sfs_backing_empty(int fd)
{
	struct remove remove = { 0 };
	int r = sfs_backing_walk(fd, SFS_WALK_FORCE, remove_visit, &remove);

	return r < 0 ? r : remove.error;
}

int sfs_backing_remove(int dir_fd, const char *name)
{
	SFS_CLOSE int fd = -1;
	int r;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = sfs_backing_open_noxdev(dir_fd, name, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	r = sfs_backing_empty(fd);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) && errno != ENOENT && r == 0)
		r = -errno;
	return r;
}
