/* SPDX-License-Identifier: MIT */
#include "charge.h"
#include "move.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * Across the border a file keeps its node: whoever has it open goes on with
 * the moved file.  On one file system that is one renameat2(2).  Otherwise a
 * whole copy, with everything that belongs to it, is made under a reserved
 * name (in the store's work/, or on the host beside its destination, written
 * to the journal first), made durable, renamed into place, and only then the
 * original goes.  The node's lock keeps writers out meanwhile, and the kernel
 * holds both folders.
 */
struct across {
	struct sfs_move *m;
	struct sfs_store *store; /* the one that is not the host */
	struct sfs_fd from, to;	 /* folders */
	struct sfs_fd object;	 /* what moves */
	struct stat st;		 /* of it */
	int temp_dir;		 /* borrowed */
	char temp[SFS_STORE_TEMP_MAX];
	int copy; /* O_RDWR of the copy of a regular file, or -1 */
};

static bool is_out_of_reach(int r)
{
	return r == -EXDEV || r == -EPERM || r == -EOPNOTSUPP;
}

static int copy_regular(struct across *a)
{
	SFS_CLOSE int from = sfs_backing_reopen(a->object.fd, O_RDONLY);
	uint64_t limit = a->m->copy_limit_bytes;
	int r;

	if (from < 0)
		return from == -EACCES ? -EXDEV : from;
	a->copy = sfs_backing_open(a->temp_dir, a->temp,
				   O_CREAT | O_EXCL | O_RDWR, 0600);
	if (a->copy < 0)
		return a->copy;
	r = sfs_backing_clone(from, a->copy);
	if (r && (uint64_t)a->st.st_size > limit)
		return -EXDEV;
	if (r)
		r = sfs_backing_copy_data(from, a->copy);
	if (!r)
		r = sfs_backing_copy_meta(a->object.fd, a->copy, 0);
	if (!r && fsync(a->copy))
		r = -errno;
	return r;
}

static int make_copy(struct across *a)
{
	int r;

	a->copy = -1;
	if (S_ISREG(a->st.st_mode))
		r = copy_regular(a);
	else
		r = sfs_backing_copy_object(a->from.fd, a->m->from.name,
					    a->temp_dir, a->temp, 0);
	return is_out_of_reach(r) ? -EXDEV : r;
}

static int begin_temp(struct across *a)
{
	SFS_FREE char *folder = NULL;
	int r = sfs_store_temp_name(a->temp);

	if (r)
		return r;
	if (a->m->to.where.scratch) {
		a->temp_dir = a->store->work_fd;
		return 0;
	}
	a->temp_dir = a->to.fd;
	r = sfs_node_path(a->m->view, a->m->to.parent, NULL, &folder);
	return r ? r : sfs_store_pending_add(a->store, folder, a->temp);
}

static void end_temp(struct across *a, bool failed)
{
	if (failed)
		(void)unlinkat(a->temp_dir, a->temp, 0);
	if (!a->m->to.where.scratch)
		(void)sfs_store_pending_remove(a->store, a->temp);
}

/* Quota of a limited store that the file comes into, or goes out of. */
static int charge(struct across *a, const struct sfs_end *end, bool in)
{
	struct sfs_quota *quota;
	int64_t delta = sfs_quota_delta(0, (uint64_t)a->st.st_size);

	if (!end->where.scratch || !S_ISREG(a->st.st_mode))
		return 0;
	quota = sfs_view_store(a->m->view, end->where.store)->quota;
	if (!quota)
		return 0;
	return in ? sfs_charge_take(a->m->view, quota, delta)
		  : sfs_quota_charge(quota, -delta);
}

/* The host's file may have grown or shrunk since it was looked at. */
static void settle_charge(struct across *a)
{
	const struct sfs_end *to = &a->m->to;
	struct stat st;

	if (to->where.scratch && S_ISREG(a->st.st_mode) &&
	    !fstatat(a->to.fd, to->name, &st, AT_SYMLINK_NOFOLLOW))
		(void)sfs_quota_charge_always(
			sfs_view_store(a->m->view, to->where.store)->quota,
			sfs_quota_delta((uint64_t)a->st.st_size,
					(uint64_t)st.st_size));
}

/* The kernel's own open descriptor would stay with the old object. */
static bool is_held(const struct across *a)
{
	const struct sfs_notify *notify = &a->m->view->notify;

	return notify->holds_object &&
	       notify->holds_object(notify->ctx, a->m->from.node);
}

/* Does the name still stand for the object that was looked up?  The host may
 * have put another one there. */
static bool is_the_one(const struct across *a, const struct stat *st)
{
	return st->st_ino == a->st.st_ino && st->st_dev == a->st.st_dev;
}

/* -ESTALE: not any more.  The kernel looks again, and comes again. */
static int check_again(const struct across *a)
{
	struct stat st;

	if (fstatat(a->from.fd, a->m->from.name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return is_the_one(a, &st) ? 0 : -ESTALE;
}

static int by_copy(struct across *a)
{
	int r = is_held(a) ? -EXDEV : begin_temp(a);

	if (r)
		return r;
	r = make_copy(a);
	if (!r)
		r = check_again(a);
	if (!r)
		r = sfs_backing_rename(a->temp_dir, a->temp, a->to.fd,
				       a->m->to.name, a->m->flags);
	end_temp(a, r != 0);
	if (!r) {
		if (S_ISREG(a->st.st_mode))
			(void)fsync(a->to.fd);
		r = unlinkat(a->from.fd, a->m->from.name, 0) ? -errno : 0;
	}
	if (r && a->copy >= 0) {
		close(a->copy);
		a->copy = -1;
	}
	return r;
}

/* What stood for the old object must not be used for the new one. */
static int exchange_object(struct across *a, bool copied)
{
	struct sfs_view *view = a->m->view;
	struct sfs_node *node = a->m->from.node;
	unsigned int tree = sfs_end_tree(&a->m->to);
	unsigned int was = node->tree;
	struct stat st;
	int r, fd = sfs_backing_open(a->to.fd, a->m->to.name, O_PATH, 0);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st)) {
		close(fd);
		return -errno;
	}
	/* The node gets its new name last: until then this is the way to it. */
	r = sfs_fd_adopt_path(view, node, tree, fd, false);
	if (r)
		return r;
	sfs_node_rekey(view, node, a->m->to.where.scratch, tree, &st);
	pthread_mutex_lock(&view->table);
	node->flags = (uint16_t)(a->m->to.where.flags |
				 (node->flags & SFS_NODE_HASHED));
	node->flags &= (uint16_t)~SFS_NODE_LOWER;
	node->rule = a->m->to.where.rule;
	node->store = a->m->to.where.store;
	pthread_mutex_unlock(&view->table);
	sfs_fd_drop_tree(view, node, was);
	if (copied || !is_the_one(a, &st))
		sfs_fd_drop_io(view, node);
	/* What the kernel has of its bytes and attributes is another file's. */
	if (!copied && !is_the_one(a, &st))
		sfs_telling_add(view, &a->m->telling, NULL, a->m->to.name,
				node);
	if (copied && a->copy >= 0) {
		bool reopens = geteuid() == 0 || (st.st_mode & 0600) == 0600;

		return sfs_fd_adopt_write(view, node, sfs_steal_fd(&a->copy),
					  st.st_mode, !reopens);
	}
	return 0;
}

static int move_locked(struct across *a)
{
	struct sfs_move *m = a->m;
	bool copied = false;
	int r = sfs_fd_object(m->view, m->from.node, &a->object);

	if (!r && fstat(a->object.fd, &a->st))
		r = -errno;
	if (r)
		return r;
	if (a->st.st_nlink > 1)
		return -EXDEV; /* one node would stand for two files */
	r = charge(a, &m->to, true);
	if (r)
		return r;
	if (m->from.where.scratch)
		r = sfs_hide(m->view, m->from.parent, m->from.where.store,
			     m->from.name);
	if (!r)
		r = sfs_backing_rename(a->from.fd, m->from.name, a->to.fd,
				       m->to.name, m->flags);
	copied = r == -EXDEV;
	if (copied)
		r = by_copy(a);
	(void)charge(a, r ? &m->to : &m->from, false);
	if (!r)
		settle_charge(a);
	return r ? r : exchange_object(a, copied);
}

int sfs_move_across(struct sfs_move *m)
{
	struct across a = { .m = m,
			    .from = SFS_FD_NONE,
			    .to = SFS_FD_NONE,
			    .object = SFS_FD_NONE,
			    .copy = -1 };
	const struct sfs_end *scratch = m->to.where.scratch ? &m->to : &m->from;
	int r = sfs_copy_up(m->view, m->from.node, -1);

	a.store = sfs_view_store(m->view, scratch->where.store);
	if (!r)
		r = sfs_end_folder(m->view, &m->from, &a.from);
	if (!r)
		r = sfs_end_folder(m->view, &m->to, &a.to);
	if (!r) {
		pthread_rwlock_wrlock(sfs_node_lock(m->view, m->from.node));
		r = move_locked(&a);
		pthread_rwlock_unlock(sfs_node_lock(m->view, m->from.node));
	}
	sfs_fd_put(&a.object);
	sfs_fd_put(&a.from);
	sfs_fd_put(&a.to);
	return r;
}
