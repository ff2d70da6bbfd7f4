/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "ops.h"
#include "passthrough.h"

#include <errno.h>

void sfs_op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode, dev_t rdev)
{
	if (sfs_events_make(req, parent, name))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_MKNOD);
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_entry entry = { 0 };
	int err =
		sfs_view_mknod(mount->view, &caller, sfs_op_node(mount, parent),
			       name, mode, rdev, &entry);

	sfs_reply_entry(req, err, &entry);
}

void sfs_op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode)
{
	if (sfs_events_make(req, parent, name))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_MKDIR);
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_entry entry = { 0 };
	int err =
		sfs_view_mkdir(mount->view, &caller, sfs_op_node(mount, parent),
			       name, mode, &entry);

	sfs_reply_entry(req, err, &entry);
}

void sfs_op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		    const char *name)
{
	if (sfs_events_make(req, parent, name))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_SYMLINK);
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_entry entry = { 0 };
	int err = sfs_view_symlink(mount->view, &caller,
				   sfs_op_node(mount, parent), name, target,
				   &entry);

	sfs_reply_entry(req, err, &entry);
}

void sfs_op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent,
		 const char *name)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_LINK);
	struct sfs_entry entry = { 0 };
	int err = sfs_view_link(mount->view, sfs_op_node(mount, ino),
				sfs_op_node(mount, parent), name, &entry);

	sfs_reply_entry(req, err, &entry);
}

void sfs_op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	if (sfs_events_remove(req))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_UNLINK);

	sfs_reply_status(req,
			 sfs_view_unlink(mount->view,
					 sfs_op_node(mount, parent), name));
}

void sfs_op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	if (sfs_events_remove(req))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_RMDIR);

	sfs_reply_status(req, sfs_view_rmdir(mount->view,
					     sfs_op_node(mount, parent), name));
}

void sfs_op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
		   fuse_ino_t new_parent, const char *new_name,
		   unsigned int flags)
{
	if (sfs_events_rename(req))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_RENAME);

	sfs_reply_status(req, sfs_view_rename(mount->view,
					      sfs_op_node(mount, parent), name,
					      sfs_op_node(mount, new_parent),
					      new_name, flags));
}

static void reply_created(fuse_req_t req, int err,
			  const struct sfs_entry *entry,
			  struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	struct fuse_entry_param param;

	if (err < 0) {
		sfs_reply_status(req, err);
		return;
	}
	sfs_op_fill_entry(mount, entry, &param);
	sfs_op_fill_open(mount, fi);
	sfs_passthrough_open(req, entry->node, fi);
	if (fuse_reply_create(req, &param, fi) != -ENOENT)
		return;
	sfs_passthrough_release(mount, entry->node);
	sfs_node_forget(mount->view, entry->node, 1);
}

void sfs_op_create(fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_CREATE);
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_entry entry = { 0 };
	int err = sfs_view_create(mount->view, &caller,
				  sfs_op_node(mount, parent), name, mode,
				  fi->flags, &entry);

	reply_created(req, err, &entry, fi);
}

void sfs_op_tmpfile(fuse_req_t req, fuse_ino_t parent, mode_t mode,
		    struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_TMPFILE);
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_entry entry = { 0 };
	int err = sfs_view_tmpfile(mount->view, &caller,
				   sfs_op_node(mount, parent), mode, &entry);

	reply_created(req, err, &entry, fi);
}
