/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_OPS_H
#define SCRATCHFS_MOUNT_OPS_H

/*
 * Requests of the kernel, as operations of the view.
 *
 * Each is two functions: do_x() works and returns 0 or -errno with nothing
 * held, sfs_op_x() replies exactly once, last: the reply may be what ends the
 * kernel's last interest in a node.  A nodeid is the node's address, but
 * FUSE_ROOT_ID.
 *
 * Opens cost nothing: OPEN, OPENDIR and FLUSH are answered with ENOSYS, after
 * which the kernel sends no RELEASE either, so nothing here depends on an open
 * file.  A mount that has to be able to refuse an open sets answers_opens; one
 * with locks=shared does as well, and answers FLUSH.
 */
#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <stdatomic.h>

#include "scratchfs/counters.h"
#include "scratchfs/view.h"

struct sfs_events;
struct sfs_locks;
struct sfs_passthrough;

/* What the operations need; the session's user pointer. */
struct sfs_mount {
	struct sfs_view *view;
	struct fuse_session *session;
	bool answers_opens;	/* a choice; or INIT has shown the need */
	bool answers_opendirs;	/* an old kernel needs them answered */
	bool initialized;	/* INIT has come */
	atomic_bool root_known; /* see sfs_notify_root_known() */
	struct sfs_counters counters;
	uint64_t wanted, agreed, init_unique; /* tap.c */
	bool tapped;		 /* messages of /dev/fuse pass the tap */
	atomic_bool rings_serve; /* a request came over a ring of libfuse's */
	struct sfs_passthrough *passthrough; /* NULL: io=cached */
	struct sfs_locks *locks;	     /* NULL: locks=local */
	struct sfs_events *events;	     /* NULL: events=off */

	/* The answer to a user.scratchfs.* that the view does not know, as it
	 * knows nothing of sessions; allocated.  -ENODATA: there is none. */
	int (*answer)(void *ctx, struct sfs_node *node, const char *name,
		      char **ret_text, size_t *ret_length);
	int (*order)(void *ctx, struct sfs_node *node, const char *name,
		     const char *value, size_t size);
	void *ctx;
};

extern const struct fuse_lowlevel_ops sfs_ops;

static inline struct sfs_mount *sfs_op_mount(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* A request comes on a thread that may be libfuse's: prepares it, once. */
#ifdef SFS_HAVE_FUSE_URING
void sfs_uring_adopt(fuse_req_t req);
#else
static inline void sfs_uring_adopt(fuse_req_t req)
{
	(void)req;
}
#endif

/* Counts a request, and gives the mount it came from. */
static inline struct sfs_mount *sfs_op_begin(fuse_req_t req,
					     enum sfs_request request)
{
	struct sfs_mount *mount = sfs_op_mount(req);

	sfs_uring_adopt(req);
	sfs_counters_add(&mount->counters, request);
	return mount;
}

static inline struct sfs_node *sfs_op_node(struct sfs_mount *mount,
					   fuse_ino_t ino)
{
	if (ino == FUSE_ROOT_ID)
		return sfs_node_root(mount->view);
	return (struct sfs_node *)(uintptr_t)ino; // NOLINT
}

/* The nodeid of a node; see sfs_op_node(). */
fuse_ino_t sfs_op_nodeid(struct sfs_mount *mount, struct sfs_node *node);

struct sfs_caller sfs_op_caller(fuse_req_t req);

/* `entry` in the kernel's words; a node of NULL becomes a negative entry. */
void sfs_op_fill_entry(struct sfs_mount *mount, const struct sfs_entry *entry,
		       struct fuse_entry_param *ret);

/* Replies: err is 0 or -errno, and says whether the rest counts. */
void sfs_reply_status(fuse_req_t req, int err);
void sfs_reply_entry(fuse_req_t req, int err, const struct sfs_entry *entry);
void sfs_reply_attr(fuse_req_t req, int err, const struct stat *st,
		    enum sfs_trust trust);
/* written: bytes or -errno. */
void sfs_reply_written(fuse_req_t req, ssize_t written);

/* --- init.c --- */
void sfs_op_init(void *userdata, struct fuse_conn_info *conn);

/* --- ops_lookup.c --- */
void sfs_op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void sfs_op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup);
void sfs_op_forget_multi(fuse_req_t req, size_t count,
			 struct fuse_forget_data *forgets);

/* --- ops_attr.c --- */
void sfs_op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void sfs_op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		    int to_set, struct fuse_file_info *fi);
void sfs_op_readlink(fuse_req_t req, fuse_ino_t ino);
void sfs_op_statfs(fuse_req_t req, fuse_ino_t ino);

/* --- ops_name.c --- */
void sfs_op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode, dev_t rdev);
void sfs_op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode);
void sfs_op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		    const char *name);
void sfs_op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent,
		 const char *name);
void sfs_op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void sfs_op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void sfs_op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
		   fuse_ino_t new_parent, const char *new_name,
		   unsigned int flags);
void sfs_op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode, struct fuse_file_info *fi);
void sfs_op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode,
		    struct fuse_file_info *fi);

/* --- ops_dir.c --- */
void sfs_op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void sfs_op_releasedir(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi);
void sfs_op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi);
void sfs_op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size,
			off_t offset, struct fuse_file_info *fi);
void sfs_op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi);

/* --- ops_file.c --- */
/* What an answered open says of a file. */
void sfs_op_fill_open(struct sfs_mount *mount, struct fuse_file_info *fi);
void sfs_op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void sfs_op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void sfs_op_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void sfs_op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		 struct fuse_file_info *fi);
void sfs_op_write(fuse_req_t req, fuse_ino_t ino, const char *buffer,
		  size_t size, off_t offset, struct fuse_file_info *fi);
void sfs_op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
		  struct fuse_file_info *fi);
void sfs_op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset,
		      off_t length, struct fuse_file_info *fi);
void sfs_op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		  struct fuse_file_info *fi);
void sfs_op_copy_file_range(fuse_req_t req, fuse_ino_t from, off_t from_offset,
			    struct fuse_file_info *from_fi, fuse_ino_t to,
			    off_t to_offset, struct fuse_file_info *to_fi,
			    size_t length, int flags);
void sfs_op_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned int cmd, void *arg,
		  struct fuse_file_info *fi, unsigned int flags,
		  const void *in_buf, size_t in_size, size_t out_size);

/* --- ops_lock.c --- */
void sfs_op_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  struct flock *lock);
void sfs_op_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  struct flock *lock, int sleep);
void sfs_op_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		  int op);

/* --- ops_xattr.c --- */
void sfs_op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		     size_t size);
void sfs_op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		     const char *value, size_t size, int flags);
void sfs_op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void sfs_op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name);

#endif
