/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "charge.h"
#include "settle.h"

#include <fcntl.h>
#include <sys/uio.h>

int sfs_view_open(struct sfs_view *view, struct sfs_node *node, int flags)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD writer = SFS_FD_NONE;
	SFS_CHARGE charge = SFS_CHARGE_NONE;
	int err;

	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC))
		return 0;
	err = sfs_change_begin(view, node, flags & O_TRUNC ? 0 : -1, &change);
	if (!err) /* it may be running (ETXTBSY) */
		err = sfs_fd_write(view, node, &writer);
	if (!err && flags & O_TRUNC)
		err = sfs_charge_begin(view, node, writer.fd, 0, 0, &charge,
				       NULL);
	if (!err && flags & O_TRUNC && ftruncate(writer.fd, 0))
		err = -errno;
	if (!err && flags & O_TRUNC)
		sfs_settle_own(view, node, writer.fd);
	return err;
}

int sfs_view_open_to_lock(struct sfs_view *view, struct sfs_node *node,
			  bool for_flock)
{
	SFS_FD object = SFS_FD_NONE;
	struct stat st;
	int fd = -EACCES, err;

	pthread_rwlock_rdlock(&view->moves);
	err = sfs_copy_up(view, node, -1);
	pthread_rwlock_unlock(&view->moves);
	if (err)
		return err;
	SFS_CHANGE use = SFS_CHANGE_NONE;

	sfs_use_begin(view, node, &use);
	err = sfs_fd_object(view, node, &object);
	if (err)
		return err;
	if (fstat(object.fd, &st))
		return -errno;
	if (!for_flock || !(st.st_mode & 0111))
		fd = sfs_backing_reopen(object.fd, O_RDWR);
	return fd < 0 ? sfs_backing_reopen(object.fd, O_RDONLY) : fd;
}

/* A regular file gives all that was asked for, up to its end: the kernel takes
 * fewer bytes as just that. */
static ssize_t read_at(int fd, char *buffer, size_t size, off_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, buffer, size, offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t sfs_view_read(struct sfs_view *view, struct sfs_node *node,
		      void *buffer, size_t size, off_t offset)
{
	SFS_CHANGE use = SFS_CHANGE_NONE;
	int err = sfs_read_begin(view, node, &use);

	return err ? err : read_at(use.object.fd, buffer, size, offset);
}

static size_t iov_length(const struct sfs_write *write)
{
	size_t length = 0;

	for (int i = 0; i < write->n_iov; i++)
		length += write->iov[i].iov_len;
	return length;
}

/* The first `length` bytes of it; what there is room for. */
static ssize_t write_some(int fd, const struct sfs_write *write, size_t length)
{
	SFS_FREE struct iovec *iov = calloc((size_t)write->n_iov, sizeof(*iov));
	int n = 0;

	if (!iov)
		return -ENOMEM;
	for (; n < write->n_iov && length; n++) {
		iov[n] = write->iov[n];
		if (iov[n].iov_len > length)
			iov[n].iov_len = length;
		length -= iov[n].iov_len;
	}
	ssize_t done = pwritev2(fd, iov, n, write->offset,
				write->append ? RWF_APPEND : 0);

	return done < 0 ? -errno : done;
}

static ssize_t write_charged(struct sfs_view *view, struct sfs_node *node,
			     int fd, const struct sfs_write *write)
{
	SFS_CHARGE charge = SFS_CHARGE_NONE;
	size_t length = iov_length(write), room;
	int err = sfs_charge_begin(view, node, fd,
				   write->append ? -1 : write->offset, length,
				   &charge, &room);
	ssize_t n;

	if (err)
		return err;
	if (room < length)
		return write_some(fd, write, room);
	n = pwritev2(fd, write->iov, write->n_iov, write->offset,
		     write->append ? RWF_APPEND : 0);
	return n < 0 ? -errno : n;
}

ssize_t sfs_view_write(struct sfs_view *view, struct sfs_node *node,
		       const struct sfs_write *write)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD writer = SFS_FD_NONE;
	ssize_t n;
	int err = sfs_change_begin(view, node, -1, &change);

	if (!err)
		err = sfs_fd_write(view, node, &writer);
	if (!err && write->killer)
		err = sfs_drop_set_ids(writer.fd, write->killer);
	if (err)
		return err;
	n = write_charged(view, node, writer.fd, write);
	if (n >= 0)
		sfs_settle_own(view, node, writer.fd);
	return n;
}

/* Also the folders that hold the rest of this one's names. */
static int sync_folder(struct sfs_view *view, struct sfs_node *node)
{
	int err = -ENOENT;

	for (unsigned int tree = 0; tree <= 2 * view->params.n_stores; tree++) {
		SFS_FD path = SFS_FD_NONE;
		SFS_CLOSE int fd = -1;

		if (sfs_node_is(node, SFS_NODE_SCRATCH) && tree != node->tree &&
		    (tree == SFS_TREE_HOST ||
		     sfs_store_of_tree(tree) != node->store))
			continue;
		if (sfs_fd_path(view, node, tree, &path))
			continue;
		fd = sfs_backing_reopen(path.fd, O_RDONLY | O_DIRECTORY);
		if (fd == -ENOTDIR)
			continue; /* a mark that hides all of the host's */
		if (fd < 0)
			return fd;
		if (fsync(fd))
			return -errno;
		err = 0;
	}
	return err;
}

int sfs_view_fsync(struct sfs_view *view, struct sfs_node *node, bool data_only)
{
	SFS_CHANGE use = SFS_CHANGE_NONE;
	SFS_FD file = SFS_FD_NONE;
	int err = 0;

	sfs_use_begin(view, node, &use);
	if (sfs_node_is(node, SFS_NODE_DIR))
		return sync_folder(view, node);
	/* Any descriptor will do, but a new one for writing would disturb
	 * execve(2) on the host. */
	if (!sfs_fd_open_writer(view, node, &file))
		err = sfs_fd_read(view, node, &file);
	if (err == -EACCES)
		err = sfs_fd_write(view, node, &file);
	if (!err && (data_only ? fdatasync(file.fd) : fsync(file.fd)))
		err = -errno;
	return err;
}

int sfs_view_drop_set_ids(struct sfs_view *view, struct sfs_node *node,
			  const struct sfs_caller *killer)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD object = SFS_FD_NONE;
	int err = sfs_change_begin(view, node, -1, &change);

	if (!err)
		err = sfs_fd_object(view, node, &object);
	return err ? err : sfs_drop_set_ids(object.fd, killer);
}

struct extent {
	int mode;
	off_t offset, length;
};

/* All of it, or nothing.  Blocks behind the end would be had for nothing. */
static int charge_fallocate(struct sfs_view *view, struct sfs_node *node,
			    int fd, const struct extent *extent,
			    struct sfs_charge *ret)
{
	struct stat st;

	if (extent->mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE))
		return sfs_charge_begin(view, node, fd, 0, 0, ret, NULL);
	if (extent->mode & FALLOC_FL_KEEP_SIZE &&
	    sfs_charge_quota(view, node) &&
	    (fstat(fd, &st) || st.st_size < extent->offset + extent->length))
		return -EOPNOTSUPP;
	/* What inserts moves the end by its length. */
	return sfs_charge_begin(
		view, node, fd,
		extent->mode & FALLOC_FL_INSERT_RANGE ? -1 : extent->offset,
		(size_t)extent->length, ret, NULL);
}

int sfs_view_fallocate(struct sfs_view *view, struct sfs_node *node, int mode,
		       off_t offset, off_t length)
{
	const struct extent extent = { mode, offset, length };
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD writer = SFS_FD_NONE;
	SFS_CHARGE charge = SFS_CHARGE_NONE;
	int err = sfs_change_begin(view, node, -1, &change);

	if (!err)
		err = sfs_fd_write(view, node, &writer);
	if (!err)
		err = charge_fallocate(view, node, writer.fd, &extent, &charge);
	if (!err && fallocate(writer.fd, mode, offset, length))
		err = -errno;
	if (!err)
		sfs_settle_own(view, node, writer.fd);
	return err;
}

off_t sfs_view_lseek(struct sfs_view *view, struct sfs_node *node, off_t offset,
		     int whence)
{
	SFS_CHANGE use = SFS_CHANGE_NONE;
	off_t found;
	int err;

	/* The others depend on a position, and there is none here. */
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return -EINVAL;
	err = sfs_read_begin(view, node, &use);
	if (err)
		return err;
	found = lseek(use.object.fd, offset, whence);
	return found < 0 ? -errno : found;
}

/* copy_file_range(2) for what cannot: a piece, the caller asks again. */
static ssize_t copy_bytes(int from, off_t from_offset, int to, off_t to_offset,
			  size_t length)
{
	const size_t most = 1 << 20;
	SFS_FREE char *buffer = NULL;
	ssize_t n;

	if (length > most)
		length = most;
	buffer = malloc(length);
	if (!buffer)
		return -ENOMEM;
	n = read_at(from, buffer, length, from_offset);
	if (n <= 0)
		return n;
	n = pwrite(to, buffer, (size_t)n, to_offset);
	return n < 0 ? -errno : n;
}

static ssize_t copy_range(int from, off_t from_offset, int to, off_t to_offset,
			  size_t length)
{
	off_t in = from_offset, out = to_offset;
	ssize_t n = copy_file_range(from, &in, to, &out, length, 0);

	if (n >= 0)
		return n;
	if (errno != EXDEV && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	return copy_bytes(from, from_offset, to, to_offset, length);
}

/*
 * Of two locks only one is held at a time: a descriptor goes on giving the
 * bytes of the object it was opened for, and what is read may be as old as the
 * call.
 */
static int get_reader(struct sfs_view *view, struct sfs_node *node,
		      struct sfs_fd *ret)
{
	SFS_CHANGE use = SFS_CHANGE_NONE;

	sfs_use_begin(view, node, &use);
	return sfs_fd_read(view, node, ret);
}

/* How many of them there are. */
static size_t bytes_from(int fd, off_t offset, size_t length)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_size <= offset)
		return 0;
	return (uint64_t)(st.st_size - offset) < length
		       ? (size_t)(st.st_size - offset)
		       : length;
}

ssize_t sfs_view_copy_range(struct sfs_view *view, struct sfs_node *from,
			    off_t from_offset, struct sfs_node *to,
			    off_t to_offset, size_t length)
{
	SFS_FD reader = SFS_FD_NONE, writer = SFS_FD_NONE;
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_CHARGE charge = SFS_CHARGE_NONE;
	int err = get_reader(view, from, &reader);
	size_t room = length;
	ssize_t n;

	if (!err)
		err = sfs_change_begin(view, to, -1, &change);
	if (!err)
		err = sfs_fd_write(view, to, &writer);
	if (!err)
		err = sfs_charge_begin(view, to, writer.fd, to_offset,
				       bytes_from(reader.fd, from_offset,
						  length),
				       &charge, &room);
	if (err)
		return err;
	n = copy_range(reader.fd, from_offset, writer.fd, to_offset, room);
	if (n > 0)
		sfs_settle_own(view, to, writer.fd);
	return n;
}
