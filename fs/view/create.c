/* SPDX-License-Identifier: MIT */
#include "charge.h"

#include <fcntl.h>
#include <stdio.h>

/* Where something is about to be made. */
struct making {
	struct sfs_where where;
	unsigned int tree;
	struct sfs_fd dir;
};
#define MAKING __attribute__((cleanup(making_done))) struct making

static void making_done(struct making *m)
{
	sfs_fd_put(&m->dir);
}

static int begin(struct sfs_view *view, struct sfs_node *parent,
		 const char *name, bool as_dir, struct making *m)
{
	int r = sfs_where_new(view, parent, name, as_dir, &m->where);

	m->dir = (struct sfs_fd)SFS_FD_NONE;
	if (r)
		return r;
	if (m->where.exists)
		return -EEXIST;
	if (m->where.flags & SFS_NODE_READONLY)
		return -EROFS;
	if (!m->where.scratch) {
		m->tree = SFS_TREE_HOST;
		return sfs_fd_path(view, parent, SFS_TREE_HOST, &m->dir);
	}
	m->tree = sfs_tree_of_store(m->where.store);
	r = sfs_mirror_get(view, parent, m->tree, &m->dir);
	return r ? r : sfs_mirror_inherit(view, parent, m->dir.fd);
}

int sfs_view_mknod(struct sfs_view *view, const struct sfs_caller *caller,
		   struct sfs_node *parent, const char *name, mode_t mode,
		   dev_t rdev, struct sfs_entry *ret)
{
	MAKING m;
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = begin(view, parent, name, false, &m);
	if (!r) {
		sfs_caller_enter(view, caller);
		r = mknodat(m.dir.fd, name, mode, rdev) ? -errno : 0;
		sfs_caller_leave(view, caller);
	}
	if (!r)
		r = sfs_entry_made(view, parent, name, &m.where, m.tree, ret);
	pthread_rwlock_unlock(&view->moves);
	return r;
}

int sfs_view_mkdir(struct sfs_view *view, const struct sfs_caller *caller,
		   struct sfs_node *parent, const char *name, mode_t mode,
		   struct sfs_entry *ret)
{
	MAKING m;
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = begin(view, parent, name, true, &m);
	if (!r) {
		sfs_caller_enter(view, caller);
		r = mkdirat(m.dir.fd, name, mode) ? -errno : 0;
		sfs_caller_leave(view, caller);
	}
	if (!r)
		r = sfs_entry_made(view, parent, name, &m.where, m.tree, ret);
	pthread_rwlock_unlock(&view->moves);
	return r;
}

int sfs_view_symlink(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *parent, const char *name,
		     const char *target, struct sfs_entry *ret)
{
	MAKING m;
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = begin(view, parent, name, false, &m);
	if (!r) {
		sfs_caller_enter(view, caller);
		r = symlinkat(target, m.dir.fd, name) ? -errno : 0;
		sfs_caller_leave(view, caller);
	}
	if (!r)
		r = sfs_entry_made(view, parent, name, &m.where, m.tree, ret);
	pthread_rwlock_unlock(&view->moves);
	return r;
}

/*
 * The descriptor that made a file is its writer.  It has to stay if the
 * daemon could not open the file again: made 0444 and still being written, as
 * git makes its objects.
 */
static int adopt_writer(struct sfs_view *view, struct sfs_node *node,
			mode_t mode, int fd)
{
	bool reopens = (mode & 0600) == 0600 || geteuid() == 0;

	return sfs_fd_adopt_write(view, node, fd, mode, !reopens);
}

static int create_new(struct sfs_view *view, const struct sfs_caller *caller,
		      struct sfs_node *parent, const char *name, mode_t mode,
		      struct sfs_entry *ret)
{
	MAKING m;
	SFS_CLOSE int fd = -1;
	int r = begin(view, parent, name, false, &m);

	if (r)
		return r;
	sfs_caller_enter(view, caller);
	fd = sfs_backing_open(m.dir.fd, name, O_CREAT | O_EXCL | O_RDWR, mode);
	sfs_caller_leave(view, caller);
	if (fd < 0)
		return fd;
	r = sfs_entry_made(view, parent, name, &m.where, m.tree, ret);
	if (!r)
		(void)adopt_writer(view, ret->node, m.where.st.st_mode,
				   sfs_steal_fd(&fd));
	return r;
}

int sfs_view_create(struct sfs_view *view, const struct sfs_caller *caller,
		    struct sfs_node *parent, const char *name, mode_t mode,
		    int flags, struct sfs_entry *ret)
{
	int r;

	for (;;) {
		pthread_rwlock_rdlock(&view->moves);
		r = create_new(view, caller, parent, name, mode, ret);
		pthread_rwlock_unlock(&view->moves);
		if (r != -EEXIST || flags & O_EXCL)
			return r;
		/* The host made it since the kernel looked. */
		r = sfs_view_lookup(view, parent, name, ret);
		if (r || !ret->node)
			return r ? r : -ENOENT;
		if (!(flags & O_TRUNC))
			return 0;
		struct stat size = { .st_size = 0 };

		r = sfs_view_setattr(view, caller, ret->node, &size,
				     SFS_SET_SIZE, &ret->st, &ret->trust_attr);
		if (r)
			sfs_node_forget(view, ret->node, 1);
		return r;
	}
}

/* A file without a name in folder `parent`'s place. */
static int open_tmpfile(struct sfs_view *view, const struct sfs_caller *caller,
			struct sfs_node *parent, mode_t mode,
			struct sfs_where *where)
{
	SFS_FD dir = SFS_FD_NONE;
	int r, fd;

	if (sfs_node_is(parent, SFS_NODE_READONLY))
		return -EROFS;
	*where = (struct sfs_where){ .rule = -1 };
	if (sfs_node_is(parent, SFS_NODE_SCRATCH)) {
		where->scratch = true;
		where->store = parent->store;
		where->rule = parent->rule;
		where->flags =
			parent->flags & (SFS_NODE_SCRATCH | SFS_NODE_PRIVATE);
		where->tree = (uint16_t)sfs_tree_of_store(parent->store);
		r = sfs_mirror_get(view, parent, where->tree, &dir);
	} else {
		where->flags = parent->flags & SFS_NODE_IN_GIT;
		r = sfs_fd_path(view, parent, SFS_TREE_HOST, &dir);
	}
	if (r)
		return r;
	sfs_caller_enter(view, caller);
	fd = openat(dir.fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (fd < 0)
		fd = -errno;
	sfs_caller_leave(view, caller);
	return fd;
}

int sfs_view_tmpfile(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *parent, mode_t mode,
		     struct sfs_entry *ret)
{
	SFS_CLOSE int fd = -1;
	struct sfs_where where;
	int path, r;

	pthread_rwlock_rdlock(&view->moves);
	fd = open_tmpfile(view, caller, parent, mode, &where);
	pthread_rwlock_unlock(&view->moves);
	if (fd < 0)
		return fd;
	if (fstat(fd, &where.st))
		return -errno;
	where.exists = true;
	do {
		pthread_mutex_lock(&view->table);
		where.rekeys = view->rekeys;
		pthread_mutex_unlock(&view->table);
		r = sfs_entry_fill(view, parent, "", &where, ret);
	} while (r == -EAGAIN);
	if (r)
		return r;
	sfs_node_rename(view, ret->node, NULL, NULL);
	sfs_charge_owes(view, ret->node);
	path = sfs_backing_reopen(fd, O_PATH);
	if (path >= 0)
		r = sfs_fd_adopt_path(view, ret->node, where.tree, path, true);
	else
		r = path;
	if (!r)
		r = sfs_fd_adopt_write(view, ret->node, sfs_steal_fd(&fd),
				       where.st.st_mode, true);
	if (r)
		sfs_node_forget(view, ret->node, 1);
	return r;
}

static int link_object(struct sfs_view *view, struct sfs_node *node,
		       const struct making *m, const char *name)
{
	SFS_FD object = SFS_FD_NONE;
	char proc[SFS_BACKING_PROC_MAX];
	int r = sfs_fd_object(view, node, &object);

	if (r)
		return r;
	if (linkat(AT_FDCWD, sfs_backing_proc_path(object.fd, proc), m->dir.fd,
		   name, AT_SYMLINK_FOLLOW))
		return -errno;
	return 0;
}

static int link_locked(struct sfs_view *view, struct sfs_node *node,
		       struct sfs_node *parent, const char *name,
		       struct sfs_entry *ret)
{
	bool scratch = sfs_node_is(node, SFS_NODE_SCRATCH);
	MAKING m;
	int r = begin(view, parent, name, false, &m);

	if (r)
		return r;
	if (scratch != m.where.scratch ||
	    (scratch && node->store != m.where.store))
		return -EXDEV;
	if (sfs_node_is(node, SFS_NODE_READONLY))
		return -EROFS;
	r = sfs_copy_up(view, node, -1);
	if (!r)
		r = link_object(view, node, &m, name);
	if (r)
		return r;
	sfs_charge_named(view, node);
	return sfs_entry_made(view, parent, name, &m.where, m.tree, ret);
}

int sfs_view_link(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_node *parent, const char *name,
		  struct sfs_entry *ret)
{
	int r;

	pthread_rwlock_rdlock(&view->moves);
	r = link_locked(view, node, parent, name, ret);
	pthread_rwlock_unlock(&view->moves);
	return r;
}
