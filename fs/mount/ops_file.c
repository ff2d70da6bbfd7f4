/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "features.h"
#include "locks.h"
#include "passthrough.h"
#include "tap.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>

/* The reply has 32 bits for the number of bytes copied. */
#define COPY_BYTES_MAX (1u << 30)

void sfs_op_fill_open(struct sfs_mount *mount, struct fuse_file_info *fi)
{
	fi->fh = mount->locks ? sfs_locks_handle(mount->locks) : 0;
	/* AUTO_INVAL_DATA drops pages where size or mtime have changed. */
	fi->keep_cache = 1;
	fi->noflush = !mount->locks;
}

static int do_open(struct sfs_mount *mount, fuse_ino_t ino, int flags)
{
	if (!mount->answers_opens)
		return -ENOSYS;
	return sfs_view_open(mount->view, sfs_op_node(mount, ino), flags);
}

void sfs_op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (sfs_events_open(req, fi))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_OPEN);
	int err = do_open(mount, ino, fi->flags);

	if (err < 0) {
		sfs_reply_status(req, err);
		return;
	}
	sfs_op_fill_open(mount, fi);
	sfs_passthrough_open(req, sfs_op_node(mount, ino), fi);
	if (fuse_reply_open(req, fi) == -ENOENT) /* was interrupted */
		sfs_passthrough_release(mount, sfs_op_node(mount, ino));
}

void sfs_op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_RELEASE);

	sfs_passthrough_release(mount, sfs_op_node(mount, ino));
	if (mount->locks)
		sfs_locks_release(mount->locks, sfs_op_node(mount, ino),
				  fi->fh);
	sfs_reply_status(req, 0);
}

void sfs_op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_FLUSH);

	if (mount->locks)
		sfs_locks_flush(mount->locks, sfs_op_node(mount, ino),
				fi->lock_owner, fi->fh);
	sfs_reply_status(req, mount->locks ? 0 : -ENOSYS);
}

void sfs_op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		 struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_READ);
	SFS_FREE char *buffer = malloc(size);
	ssize_t n = -ENOMEM;

	(void)fi;
	if (buffer)
		n = sfs_view_read(mount->view, sfs_op_node(mount, ino), buffer,
				  size, offset);
	if (n < 0)
		sfs_reply_status(req, (int)n);
	else
		fuse_reply_buf(req, buffer, (size_t)n);
}

void sfs_op_write(fuse_req_t req, fuse_ino_t ino, const char *buffer,
		  size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_WRITE);
	const struct sfs_caller caller = sfs_op_caller(req);
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)buffer, /* only read from */
		.iov_len = size,
	};
	struct sfs_write write = {
		.iov = &iov,
		.n_iov = 1,
		.offset = offset,
		/* Mapped pages go where they belong, whoever sends them. */
		.append = (fi->flags & O_APPEND) && !fi->writepage,
		.killer = sfs_features_kill(fi) ? &caller : NULL,
	};

	sfs_reply_written(req, sfs_view_write(mount->view,
					      sfs_op_node(mount, ino), &write));
}

void sfs_op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
		  struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_FSYNC);

	(void)fi;
	sfs_reply_status(req,
			 sfs_view_fsync(mount->view, sfs_op_node(mount, ino),
					datasync != 0));
}

/* These two requests do not say who may keep set-ID bits. */
static int drop_set_ids(fuse_req_t req, struct sfs_mount *mount, fuse_ino_t ino)
{
	const struct sfs_caller caller = sfs_op_caller(req);

	if (!sfs_tap_has(mount, SFS_FUSE_HANDLE_KILLPRIV_V2) || !caller.uid)
		return 0;
	return sfs_view_drop_set_ids(mount->view, sfs_op_node(mount, ino),
				     &caller);
}

void sfs_op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset,
		      off_t length, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_FALLOCATE);

	int err = drop_set_ids(req, mount, ino);

	(void)fi;
	if (err == 0)
		err = sfs_view_fallocate(mount->view, sfs_op_node(mount, ino),
					 mode, offset, length);
	sfs_reply_status(req, err);
}

void sfs_op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		  struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_LSEEK);

	(void)fi;
	off_t found = sfs_view_lseek(mount->view, sfs_op_node(mount, ino),
				     offset, whence);
	if (found < 0)
		sfs_reply_status(req, (int)found);
	else
		fuse_reply_lseek(req, found);
}

void sfs_op_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			    struct fuse_file_info *from_fi, fuse_ino_t to,
			    off_t to_offset, struct fuse_file_info *to_fi,
			    size_t length, int flags)
{
	struct sfs_mount *mount =
		sfs_op_begin(req, SFS_REQUEST_COPY_FILE_RANGE);
	ssize_t n = -EINVAL;

	(void)from_fi;
	(void)to_fi;
	if (length > COPY_BYTES_MAX)
		length = COPY_BYTES_MAX;
	if (flags == 0)
		n = drop_set_ids(req, mount, to);
	if (n == 0)
		n = sfs_view_copy_range(mount->view, sfs_op_node(mount, from),
					from_offset, sfs_op_node(mount, to),
					to_offset, length);
	sfs_reply_written(req, n);
}

void sfs_op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd, void *arg,
		  struct fuse_file_info *fi, unsigned int flags,
		  const void *in_buf, size_t in_size, size_t out_size)
{
	(void)ino;
	(void)cmd;
	(void)arg;
	(void)fi;
	(void)flags;
	(void)in_buf;
	(void)in_size;
	(void)out_size;
	sfs_op_begin(req, SFS_REQUEST_IOCTL);
	sfs_reply_status(req, -ENOTTY);
}
