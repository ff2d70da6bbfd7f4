/* SPDX-License-Identifier: MIT */
#include "fdcache_internal.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

/* Descriptors by names: through the parent's, one name at a time, from the
 * nearest ancestor that has one. */

/* openat(2) that makes room once when descriptors have run out. */
static int open_retry(struct sfs_view *view, int dir, const char *name,
		      int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		sfs_fdcache_make_room(view->fds);
		fd = openat(dir, name, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* What the mount point covers, if this is it: never enter our own mount. */
static bool is_covered(struct sfs_view *view, int parent_fd, const char *name)
{
	struct stat st;

	return view->covered_name && !strcmp(name, view->covered_name) &&
	       !fstat(parent_fd, &st) && st.st_dev == view->covered_dev &&
	       st.st_ino == view->covered_ino;
}

int sfs_fd_open_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name)
{
	if (tree == SFS_TREE_HOST && is_covered(view, parent_fd, name)) {
		int fd = fcntl(view->params.covered_fd, F_DUPFD_CLOEXEC, 0);

		return fd < 0 ? -errno : fd;
	}
	return open_retry(view, parent_fd, name, O_PATH | O_NOFOLLOW);
}

int sfs_fd_stat_child(struct sfs_view *view, unsigned int tree, int parent_fd,
		      const char *name, struct stat *ret)
{
	if (tree == SFS_TREE_HOST && is_covered(view, parent_fd, name))
		return fstat(view->params.covered_fd, ret) ? -errno : 0;
	return fstatat(parent_fd, name, ret, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static struct timespec time_of(const struct statx_timestamp *t)
{
	return (struct timespec){ t->tv_sec, t->tv_nsec };
}

/* statx(2) knows one thing more than stat(2). */
static int stat_with_birth(int fd, const char *name, int flags,
			   struct stat *ret, uint64_t *ret_birth_ns)
{
	struct statx sx;

	if (statx(fd, name, flags | AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, &sx))
		return -errno;
	*ret = (struct stat){
		.st_dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
		.st_rdev = makedev(sx.stx_rdev_major, sx.stx_rdev_minor),
		.st_ino = sx.stx_ino,
		.st_mode = sx.stx_mode,
		.st_nlink = sx.stx_nlink,
		.st_uid = sx.stx_uid,
		.st_gid = sx.stx_gid,
		.st_size = (off_t)sx.stx_size,
		.st_blksize = (blksize_t)sx.stx_blksize,
		.st_blocks = (blkcnt_t)sx.stx_blocks,
		.st_atim = time_of(&sx.stx_atime),
		.st_mtim = time_of(&sx.stx_mtime),
		.st_ctim = time_of(&sx.stx_ctime),
	};
	*ret_birth_ns = 0;
	if (sx.stx_mask & STATX_BTIME)
		*ret_birth_ns = (uint64_t)sx.stx_btime.tv_sec * 1000000000u +
				sx.stx_btime.tv_nsec;
	return 0;
}

int sfs_fd_stat_host(struct sfs_view *view, int parent_fd, const char *name,
		     struct stat *ret, uint64_t *ret_birth_ns)
{
	*ret_birth_ns = 0;
	if (is_covered(view, parent_fd, name))
		return fstat(view->params.covered_fd, ret) ? -errno : 0;
	return stat_with_birth(parent_fd, name, 0, ret, ret_birth_ns);
}

/* Is the opened one the node's object (in its own tree), or at least a folder
 * (a mirror, a lower folder, a folder of marks)? */
static int check_object(struct sfs_view *view, struct sfs_node *node,
			unsigned int tree, int fd)
{
	uint64_t birth_ns = 0;
	struct stat st = { 0 };
	bool own, same;
	int r = stat_with_birth(fd, "", AT_EMPTY_PATH, &st, &birth_ns);

	if (r)
		return r;
	unsigned int device = sfs_device_index(view, st.st_dev);

	pthread_mutex_lock(&view->table);
	own = node->tree == tree;
	same = node->ino == st.st_ino && node->device == device &&
	       (!node->birth_ns || node->birth_ns == birth_ns);
	pthread_mutex_unlock(&view->table);
	if (own)
		return same ? 0 : -ESTALE;
	return S_ISDIR(st.st_mode) ? 0 : -ENOENT;
}

/* One step down: the node's object by its parent's descriptor. */
static int open_step(struct sfs_view *view, struct sfs_node *node,
		     unsigned int tree, const struct sfs_fd *parent_fd,
		     const char *name, struct sfs_fd *ret)
{
	int fd = sfs_fd_open_child(view, tree, parent_fd->fd, name);
	int r;

	if (fd < 0)
		return fd;
	r = check_object(view, node, tree, fd);
	if (r) {
		close(fd);
		return r;
	}
	struct sfs_fd_entry what = { .kind = tree, .fd = fd };

	return sfs_fdcache_put(view, node, &what, false, ret);
}

/*
 * What the cache has.  Another view of a volume may have removed a folder that
 * is beside the node's own object, and made it again.
 */
static bool get_cached(struct sfs_view *view, struct sfs_node *node,
		       unsigned int tree, struct sfs_fd *ret)
{
	struct stat st;

	if (!sfs_fdcache_get(view, node, tree, ret))
		return false;
	if (tree == SFS_TREE_HOST || tree == node->tree ||
	    !sfs_view_store(view, sfs_store_of_tree(tree))->shared ||
	    fstat(ret->fd, &st) || st.st_nlink)
		return true;
	sfs_fd_put(ret);
	sfs_fd_drop_tree(view, node, tree);
	return false;
}

/*
 * Most core folders have neither a mirror nor marks, and a look for them goes
 * with every change in a folder.  So that there are none is remembered, of the
 * first store if nobody but this view uses it, until view->places moves on: in
 * node->absent, which is that counter and a bit for each of the two trees.
 */
enum {
	ABSENT_SHIFT = 2,
	ABSENT_TREES = 3 /* bits: the trees of the first store are 1 and 2 */
};

static bool is_remembered(struct sfs_view *view, const struct sfs_node *node,
			  unsigned int tree)
{
	return (tree == sfs_tree_of_store(0) ||
		tree == sfs_hidden_of_store(0)) &&
	       tree != node->tree && !sfs_view_store(view, 0)->volume;
}

static bool is_absent(struct sfs_view *view, const struct sfs_node *node,
		      unsigned int tree)
{
	uint32_t absent = atomic_load(&node->absent);
	uint32_t since = atomic_load(&view->places) << ABSENT_SHIFT;

	return absent & tree && (absent & ~(uint32_t)ABSENT_TREES) == since &&
	       is_remembered(view, node, tree);
}

/* places: from before the look. */
static void note_absent(struct sfs_view *view, struct sfs_node *node,
			unsigned int tree, unsigned int places)
{
	uint32_t absent = atomic_load(&node->absent);
	uint32_t since = places << ABSENT_SHIFT;

	if (places % 2 || !is_remembered(view, node, tree))
		return;
	if ((absent & ~(uint32_t)ABSENT_TREES) != since)
		absent = since;
	atomic_store(&node->absent, absent | tree);
}

/* The nodes from one up to the first ancestor that has a descriptor. */
struct climb {
	struct sfs_node **nodes; /* counted but for [0] */
	char (*names)[256];	 /* of each in the next */
	size_t n, room;
};

static int climb_add(struct climb *climb)
{
	size_t room = climb->room ? climb->room * 2 : 8;
	void *nodes, *names;

	if (climb->n + 1 < climb->room)
		return 0;
	nodes = realloc(climb->nodes, room * sizeof(*climb->nodes));
	if (nodes)
		climb->nodes = nodes;
	names = realloc(climb->names, room * sizeof(*climb->names));
	if (names)
		climb->names = names;
	if (!nodes || !names)
		return -ENOMEM;
	climb->room = room;
	return 0;
}

static void climb_done(struct sfs_view *view, struct climb *climb)
{
	for (size_t i = 1; i <= climb->n && climb->nodes; i++)
		sfs_node_put(view, climb->nodes[i]);
	free(climb->nodes);
	free(climb->names);
}

static int climb_up(struct sfs_view *view, struct sfs_node *node,
		    unsigned int tree, struct climb *climb, struct sfs_fd *ret)
{
	int r = climb_add(climb);

	if (r)
		return r;
	climb->nodes[0] = node;
	while (!get_cached(view, climb->nodes[climb->n], tree, ret)) {
		struct sfs_node *parent;

		r = is_absent(view, climb->nodes[climb->n], tree) ? -ENOENT : 0;
		if (!r)
			r = climb_add(climb);
		if (!r)
			r = sfs_node_name(view, climb->nodes[climb->n], &parent,
					  climb->names[climb->n]);
		if (r)
			return r;
		climb->nodes[++climb->n] = parent;
	}
	return 0;
}

static int path_by_names(struct sfs_view *view, struct sfs_node *node,
			 unsigned int tree, struct sfs_fd *ret)
{
	unsigned int places = atomic_load(&view->places);
	struct climb climb = { 0 };
	struct sfs_fd at = SFS_FD_NONE;
	int r = climb_up(view, node, tree, &climb, &at);

	for (size_t i = climb.n; !r && i > 0; i--) {
		struct sfs_fd next = SFS_FD_NONE;

		r = open_step(view, climb.nodes[i - 1], tree, &at,
			      climb.names[i - 1], &next);
		if (r == -ENOENT)
			note_absent(view, climb.nodes[i - 1], tree, places);
		sfs_fd_put(&at);
		at = next;
	}
	if (r == -ENOENT)
		note_absent(view, node, tree, places);
	climb_done(view, &climb);
	if (r)
		sfs_fd_put(&at);
	else
		*ret = at;
	return r;
}

/*
 * The name of a node, or of a folder above it, changes after that of its
 * object: in between neither is found by the other.  Worth another attempt?
 */
static bool may_be_renamed(struct sfs_view *view, unsigned int attempt,
			   unsigned int *renames)
{
	enum {
		AT_ONCE = 2,
		MOST = 50,
		WAIT_US = 200
	};
	unsigned int now;

	if (attempt < AT_ONCE)
		return true;
	now = atomic_load(&view->renames);
	if (attempt >= MOST ||
	    (now == *renames && !atomic_load(&view->renaming)))
		return false;
	*renames = now;
	usleep(WAIT_US);
	return true;
}

int sfs_fd_path(struct sfs_view *view, struct sfs_node *node, unsigned int tree,
		struct sfs_fd *ret)
{
	unsigned int renames = atomic_load(&view->renames);
	int r;

	if (is_absent(view, node, tree))
		return -ENOENT;
	for (unsigned int i = 0;; i++) {
		if (get_cached(view, node, tree, ret))
			return 0;
		r = path_by_names(view, node, tree, ret);
		if ((r != -ESTALE && r != -ENOENT) ||
		    (r == -ENOENT && tree != node->tree) ||
		    sfs_node_is(node, SFS_NODE_UNLINKED) ||
		    !may_be_renamed(view, i, &renames))
			return r;
	}
}

int sfs_fd_object(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_fd *ret)
{
	unsigned int tree, i = 0;
	int r;

	do { /* another tree: it has crossed the border meanwhile */
		tree = node->tree;
		if (get_cached(view, node, tree, ret) ||
		    sfs_fd_open_writer(view, node, ret))
			return 0;
		r = sfs_fd_path(view, node, tree, ret);
	} while (r && tree != node->tree && i++ < 10);
	return r;
}

/* Opens the object again for reading or writing. */
static int reopen(struct sfs_view *view, struct sfs_node *node, int flags)
{
	SFS_FD object = SFS_FD_NONE;
	char proc[64];
	int r = sfs_fd_object(view, node, &object);

	if (r)
		return r;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", object.fd);
	return open_retry(view, AT_FDCWD, proc, flags);
}

/* Whoever has the file open needs its attributes too, whatever becomes of the
 * name. */
static int keep_path(struct sfs_view *view, struct sfs_node *node,
		     unsigned int tree, int fd)
{
	struct sfs_fd_entry what = {
		.kind = tree,
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
	};

	return what.fd < 0 ? -errno
			   : sfs_fdcache_put(view, node, &what, false, NULL);
}

/*
 * The node's file, open for reading, by its name: /proc takes several times as
 * long.  Should something else have that name by now, nobody waits for it.
 */
static int open_by_name(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD dir = SFS_FD_NONE;
	unsigned int tree = node->tree;
	struct sfs_node *parent;
	char name[256];
	int fd, r = sfs_node_name(view, node, &parent, name);

	if (r)
		return r;
	r = sfs_fd_path(view, parent, tree, &dir);
	sfs_node_put(view, parent);
	if (r)
		return r;
	fd = open_retry(view, dir.fd, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	r = check_object(view, node, tree, fd);
	if (!r)
		r = keep_path(view, node, tree, fd);
	if (!r)
		return fd;
	close(fd);
	return r;
}

int sfs_fd_read(struct sfs_view *view, struct sfs_node *node,
		struct sfs_fd *ret)
{
	struct sfs_fd_entry what = { .kind = SFS_FD_READ };
	bool folder = sfs_node_is(node, SFS_NODE_DIR);

	if (sfs_fdcache_get(view, node, SFS_FD_READ, ret))
		return 0;
	if (!folder && node->type != S_IFREG >> 12)
		return -EINVAL;
	what.fd = folder ? -EISDIR : open_by_name(view, node);
	if (what.fd < 0)
		what.fd = reopen(view, node,
				 O_RDONLY | (folder ? O_DIRECTORY : 0));
	if (what.fd < 0 && sfs_fdcache_get(view, node, SFS_FD_WRITE, ret)) {
		if ((fcntl(ret->fd, F_GETFL) & O_ACCMODE) == O_RDWR)
			return 0;
		sfs_fd_put(ret);
	}
	if (what.fd < 0)
		return what.fd;
	return sfs_fdcache_put(view, node, &what, false, ret);
}

int sfs_fd_write(struct sfs_view *view, struct sfs_node *node,
		 struct sfs_fd *ret)
{
	struct sfs_fd_entry what = { .kind = SFS_FD_WRITE };
	struct stat st;

	if (sfs_fdcache_get(view, node, SFS_FD_WRITE, ret))
		return 0;
	if (node->type != S_IFREG >> 12)
		return -EINVAL;
	what.fd = reopen(view, node, O_RDWR);
	if (what.fd == -EACCES)
		what.fd = reopen(view, node, O_WRONLY);
	if (what.fd < 0)
		return what.fd;
	what.brief = !fstat(what.fd, &st) && st.st_mode & 0111;
	return sfs_fdcache_put(view, node, &what, false, ret);
}
