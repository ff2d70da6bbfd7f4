/* SPDX-License-Identifier: MIT */
#include "charge.h"
#include "internal.h"

#include <fcntl.h>
#include <stdio.h>

/*
 * Copy-up: the first change of what is only shown through makes a private copy
 * of it.  The copy is made whole in the store's work/ and renamed into its
 * place, so that a failure or a crash on the way leaves the host's object
 * visible, and a reader finds one or the other.  The node's lock, held for
 * writing, keeps bytes from being written to the old object meanwhile.
 */

/* Making something in a folder of the store must not move the times that the
 * view shows of it. */
struct kept_times {
	int fd;
	struct timespec times[2];
};

static struct kept_times keep_times(int fd)
{
	struct kept_times kept = { .fd = -1 };
	struct stat st;

	if (!fstat(fd, &st)) {
		kept.fd = fd;
		kept.times[0] = st.st_atim;
		kept.times[1] = st.st_mtim;
	}
	return kept;
}

static void restore_times(const struct kept_times *kept)
{
	char proc[SFS_BACKING_PROC_MAX];

	if (kept->fd >= 0)
		(void)utimensat(AT_FDCWD, sfs_backing_proc_path(kept->fd, proc),
				kept->times, 0);
}

/* A mirror starts with the times of the folder that it mirrors, so that what
 * is made in it later shows as younger. */
static int make_mirror(struct sfs_view *view, struct sfs_node *node, int dir,
		       const char *name)
{
	SFS_FD host = SFS_FD_NONE;
	struct timespec times[2];
	struct stat st;

	if (mkdirat(dir, name, 0700))
		return errno == EEXIST ? 0 : -errno;
	/* A default ACL that `dir` mirrors may have taken something away. */
	if (fchmodat(dir, name, 0700, 0))
		return -errno;
	if (sfs_fd_path(view, node, SFS_TREE_HOST, &host) ||
	    fstat(host.fd, &st))
		return 0;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	(void)utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

/* Time 0 says that there never was a mark in it. */
static int make_marks(int dir, const char *name)
{
	const struct timespec times[2] = { { 0 }, { 0 } };

	if (mkdirat(dir, name, 0700))
		return errno == EEXIST ? 0 : -errno;
	(void)utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static bool is_hidden_tree(unsigned int tree)
{
	return tree == sfs_hidden_of_store(sfs_store_of_tree(tree));
}

static int make_folder(struct sfs_view *view, struct sfs_node *node,
		       unsigned int tree, int dir, const char *name)
{
	struct kept_times kept;
	int r;

	if (sfs_node_is(node, SFS_NODE_SCRATCH) && !is_hidden_tree(tree))
		return sfs_copy_up(view, node, -1);
	kept = keep_times(dir);
	r = is_hidden_tree(tree) ? make_marks(dir, name)
				 : make_mirror(view, node, dir, name);
	restore_times(&kept);
	sfs_places_change(view);
	return r;
}

/* Makes the topmost folder that is missing on the way down to `node`. */
static int make_topmost(struct sfs_view *view, struct sfs_node *node,
			unsigned int tree)
{
	struct sfs_node *at = sfs_node_get(view, node), *parent;
	SFS_FD dir = SFS_FD_NONE;
	char name[256];
	int r;

	for (;;) {
		r = sfs_node_name(view, at, &parent, name);
		if (r)
			break;
		r = sfs_fd_path(view, parent, tree, &dir);
		if (r != -ENOENT) {
			if (!r)
				r = make_folder(view, at, tree, dir.fd, name);
			sfs_node_put(view, parent);
			break;
		}
		sfs_node_put(view, at);
		at = parent;
	}
	sfs_node_put(view, at);
	return r;
}

int sfs_mirror_get(struct sfs_view *view, struct sfs_node *parent,
		   unsigned int tree, struct sfs_fd *ret)
{
	int r;

	for (;;) {
		r = sfs_fd_path(view, parent, tree, ret);
		if (r != -ENOENT)
			return r;
		r = make_topmost(view, parent, tree);
		if (r)
			return r;
	}
}

/* What is being copied, and to where. */
struct copy_up {
	struct sfs_view *view;
	struct sfs_node *node;
	struct sfs_store *store;
	struct sfs_fd source; /* O_PATH */
	struct stat st;	      /* of it */
	char temp[SFS_STORE_TEMP_MAX];
	off_t new_size;
	off_t copied_size;
};

static int copy_bytes(struct copy_up *c, int to)
{
	SFS_CLOSE int from = -1;

	if (c->new_size == 0)
		return 0;
	from = sfs_backing_reopen(c->source.fd, O_RDONLY | O_NOATIME);
	if (from == -EPERM)
		from = sfs_backing_reopen(c->source.fd, O_RDONLY);
	if (from < 0)
		return from;
	return sfs_backing_copy_data(from, to);
}

static int copy_regular(struct copy_up *c)
{
	SFS_CLOSE int to = sfs_backing_open(c->store->work_fd, c->temp,
					    O_CREAT | O_EXCL | O_RDWR, 0600);
	int r;

	if (to < 0)
		return to;
	r = copy_bytes(c, to);
	return r ? r : sfs_backing_copy_meta(c->source.fd, to, 0);
}

static int copy_other(struct copy_up *c)
{
	char target[PATH_MAX];
	unsigned int lenient = 0;
	ssize_t n;
	int r;

	if (S_ISDIR(c->st.st_mode)) {
		lenient = SFS_BACKING_LENIENT;
		r = mkdirat(c->store->work_fd, c->temp, 0700);
	} else if (S_ISLNK(c->st.st_mode)) {
		n = readlinkat(c->source.fd, "", target, sizeof(target) - 1);
		if (n < 0)
			return -errno;
		target[n] = '\0';
		r = symlinkat(target, c->store->work_fd, c->temp);
	} else {
		r = mknodat(c->store->work_fd, c->temp,
			    (c->st.st_mode & S_IFMT) | 0600, c->st.st_rdev);
	}
	if (r)
		return -errno;
	SFS_CLOSE int to =
		sfs_backing_open(c->store->work_fd, c->temp, O_PATH, 0);

	return to < 0 ? to : sfs_backing_copy_meta(c->source.fd, to, lenient);
}

static int64_t charge_of(const struct copy_up *c)
{
	if (!S_ISREG(c->st.st_mode) || c->new_size == 0)
		return 0;
	return sfs_quota_delta(0, (uint64_t)c->st.st_size);
}

/* Lets our user write to a folder of ours; what to put back, or -1. */
static int borrow_write(int folder)
{
	char proc[SFS_BACKING_PROC_MAX];
	struct stat st;

	if (fstat(folder, &st) ||
	    chmod(sfs_backing_proc_path(folder, proc),
		  (st.st_mode & 07777) | S_IWUSR | S_IXUSR))
		return -1;
	return (int)(st.st_mode & 07777);
}

static void give_back_write(int folder, int mode)
{
	char proc[SFS_BACKING_PROC_MAX];

	if (mode >= 0)
		(void)chmod(sfs_backing_proc_path(folder, proc), (mode_t)mode);
}

/*
 * To write to a file takes no right to write to its folder.  An ordinary user's
 * daemon needs that for the copy, and of a folder to move it: it borrows both.
 */
static int rename_into(struct copy_up *c, int copy, int dir, const char *name)
{
	int r = sfs_backing_rename(c->store->work_fd, c->temp, dir, name,
				   RENAME_NOREPLACE);
	int dir_mode, copy_mode = -1;

	if (r != -EACCES)
		return r;
	dir_mode = borrow_write(dir);
	if (S_ISDIR(c->st.st_mode))
		copy_mode = borrow_write(copy);
	r = sfs_backing_rename(c->store->work_fd, c->temp, dir, name,
			       RENAME_NOREPLACE);
	give_back_write(copy, copy_mode);
	give_back_write(dir, dir_mode);
	return r;
}

/* Names the copy, or (dir < 0) leaves it without a name. */
static int name_copy(struct copy_up *c, int copy, int dir, const char *name)
{
	struct kept_times kept;
	int r;

	if (dir < 0)
		return unlinkat(c->store->work_fd, c->temp, 0) ? -errno : 0;
	kept = keep_times(dir);
	r = rename_into(c, copy, dir, name);
	restore_times(&kept);
	return r;
}

/* From the moment that the copy has its name, the node is the copy's. */
static int install(struct copy_up *c, int dir, const char *name)
{
	unsigned int tree = sfs_tree_of_store(c->node->store);
	SFS_CLOSE int copy =
		sfs_backing_open(c->store->work_fd, c->temp, O_PATH, 0);
	struct stat st;
	int r;

	if (copy < 0)
		return copy;
	if (fstat(copy, &st))
		return -errno;
	c->copied_size = st.st_size;
	sfs_rekey_begin(c->view);
	r = name_copy(c, copy, dir, name);
	if (!r) {
		sfs_fd_drop_io(c->view, c->node);
		if (!S_ISDIR(st.st_mode))
			sfs_fd_drop_tree(c->view, c->node, SFS_TREE_HOST);
		sfs_node_rekey(c->view, c->node, true, tree, &st);
	}
	sfs_rekey_end(c->view);
	if (r)
		return r;
	if (dir < 0)
		sfs_charge_owes(c->view, c->node);
	return sfs_fd_adopt_path(c->view, c->node, tree, sfs_steal_fd(&copy),
				 dir < 0);
}

static int copy_and_install(struct copy_up *c, int dir, const char *name)
{
	int r = sfs_store_temp_name(c->temp);

	if (!r)
		r = S_ISREG(c->st.st_mode) ? copy_regular(c) : copy_other(c);
	if (!r)
		r = install(c, dir, name);
	if (r)
		(void)unlinkat(c->store->work_fd, c->temp,
			       S_ISDIR(c->st.st_mode) ? AT_REMOVEDIR : 0);
	return r;
}

/* The host's file may have grown or shrunk meanwhile. */
static void settle_charge(const struct copy_up *c, int64_t charge, bool done)
{
	int64_t due = 0;

	if (done && S_ISREG(c->st.st_mode))
		due = sfs_quota_delta(0, (uint64_t)c->copied_size);
	(void)sfs_quota_charge_always(c->store->quota, due - charge);
}

/* With the node's lock held for writing. */
static int copy_locked(struct copy_up *c, int dir, const char *name)
{
	int64_t charge;
	int r;

	if (c->node->tree != SFS_TREE_HOST)
		return 0; /* somebody was faster */
	r = sfs_fd_object(c->view, c->node, &c->source);
	if (r)
		return r;
	if (fstat(c->source.fd, &c->st))
		r = -errno;
	charge = charge_of(c);
	if (!r && charge && c->store->quota)
		r = sfs_charge_take(c->view, c->store->quota, charge);
	if (!r) {
		r = copy_and_install(c, dir, name);
		settle_charge(c, charge, r == 0);
		if (r == -EEXIST) /* another view of the volume was faster */
			r = sfs_adopt_copy(c->view, c->node, dir, name);
	}
	sfs_fd_put(&c->source);
	return r;
}

int sfs_copy_up(struct sfs_view *view, struct sfs_node *node, off_t new_size)
{
	struct copy_up c = { .view = view,
			     .node = node,
			     .source = SFS_FD_NONE,
			     .new_size = new_size };
	SFS_FD dir = SFS_FD_NONE;
	struct sfs_node *parent;
	char name[256];
	int r;

	if (!sfs_node_is(node, SFS_NODE_SCRATCH) || node->tree != SFS_TREE_HOST)
		return 0;
	c.store = sfs_view_store(view, node->store);
	r = sfs_node_name(view, node, &parent, name);
	if (!r) {
		r = sfs_mirror_get(view, parent, sfs_tree_of_store(node->store),
				   &dir);
		sfs_node_put(view, parent);
	} else if (r == -ENOENT) {
		r = 0; /* deleted, but still open somewhere */
	}
	if (r)
		return r;
	pthread_rwlock_wrlock(sfs_node_lock(view, node));
	r = copy_locked(&c, dir.fd, name);
	pthread_rwlock_unlock(sfs_node_lock(view, node));
	return r;
}

static bool shows_host(const struct sfs_node *parent)
{
	return !sfs_node_is(parent, SFS_NODE_SCRATCH) ||
	       sfs_node_is(parent, SFS_NODE_LOWER);
}

/* A folder of marks becomes one mark, in one step. */
static int replace_marks(struct sfs_store *store, int dir, const char *name)
{
	char temp[SFS_STORE_TEMP_MAX];
	int r = sfs_store_temp_name(temp);

	if (r)
		return r;
	SFS_CLOSE int mark = sfs_backing_open(
		store->work_fd, temp, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (mark < 0)
		return mark;
	r = sfs_backing_rename(store->work_fd, temp, dir, name,
			       RENAME_EXCHANGE);
	(void)sfs_backing_remove(store->work_fd, temp);
	return r;
}

int sfs_hide(struct sfs_view *view, struct sfs_node *parent, unsigned int store,
	     const char *name)
{
	SFS_FD host = SFS_FD_NONE, dir = SFS_FD_NONE;
	struct stat st;
	int r, mark;

	if (!shows_host(parent))
		return 0;
	r = sfs_fd_path(view, parent, SFS_TREE_HOST, &host);
	if (!r)
		r = sfs_fd_stat_child(view, SFS_TREE_HOST, host.fd, name, &st);
	if (r)
		return r == -ENOENT ? 0 : r;
	r = sfs_mirror_get(view, parent, sfs_hidden_of_store(store), &dir);
	if (r)
		return r;
	mark = sfs_backing_open(dir.fd, name, O_CREAT | O_EXCL | O_WRONLY,
				0600);
	if (mark >= 0)
		close(mark);
	else if (mark != -EEXIST)
		return mark;
	else if (!fstatat(dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
		 S_ISDIR(st.st_mode))
		return replace_marks(sfs_view_store(view, store), dir.fd, name);
	return 0;
}

int sfs_unhide(struct sfs_view *view, struct sfs_node *parent,
	       unsigned int store, const char *name)
{
	SFS_FD dir = SFS_FD_NONE;
	int r = sfs_fd_path(view, parent, sfs_hidden_of_store(store), &dir);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (unlinkat(dir.fd, name, 0) && errno != ENOENT && errno != EISDIR)
		return -errno;
	return 0;
}
