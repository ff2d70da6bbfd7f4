/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "ops.h"
#include "tap.h"

#include "scratchfs/cleanup.h"

void sfs_op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_GETATTR);
	enum sfs_trust trust = SFS_TRUST_NONE;
	struct stat st;

	(void)fi;
	int err = sfs_view_getattr(mount->view, sfs_op_node(mount, ino), &st,
				   &trust);
	sfs_reply_attr(req, err, &st, trust);
}

static unsigned int what_to_set(int fuse)
{
	static const struct {
		int fuse;
		unsigned int view;
	} words[] = {
		{ FUSE_SET_ATTR_MODE, SFS_SET_MODE },
		{ FUSE_SET_ATTR_UID, SFS_SET_UID },
		{ FUSE_SET_ATTR_GID, SFS_SET_GID },
		{ FUSE_SET_ATTR_SIZE, SFS_SET_SIZE },
		{ FUSE_SET_ATTR_ATIME, SFS_SET_ATIME },
		{ FUSE_SET_ATTR_MTIME, SFS_SET_MTIME },
		{ FUSE_SET_ATTR_ATIME_NOW, SFS_SET_ATIME_NOW },
		{ FUSE_SET_ATTR_MTIME_NOW, SFS_SET_MTIME_NOW },
		{ FUSE_SET_ATTR_KILL_SUID, SFS_SET_KILL_SUIDGID },
		{ FUSE_SET_ATTR_KILL_SGID, SFS_SET_KILL_SUIDGID },
	};
	unsigned int view = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (fuse & words[i].fuse)
			view |= words[i].view;
	if (sfs_tap_kills_set_ids())
		view |= SFS_SET_KILL_SUIDGID;
	return view;
}

void sfs_op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		    int to_set, struct fuse_file_info *fi)
{
	if (sfs_events_setattr(req, ino))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_SETATTR);
	struct sfs_caller caller = sfs_op_caller(req);
	enum sfs_trust trust = SFS_TRUST_NONE;
	struct stat st;

	(void)fi;
	int err =
		sfs_view_setattr(mount->view, &caller, sfs_op_node(mount, ino),
				 attr, what_to_set(to_set), &st, &trust);
	sfs_reply_attr(req, err, &st, trust);
}

void sfs_op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_READLINK);
	SFS_FREE char *target = NULL;
	int err = sfs_view_readlink(mount->view, sfs_op_node(mount, ino),
				    &target);

	if (err < 0)
		sfs_reply_status(req, err);
	else
		fuse_reply_readlink(req, target);
}

void sfs_op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_STATFS);
	struct statvfs st = { 0 };
	int err = sfs_view_statfs(mount->view, sfs_op_node(mount, ino), &st);

	if (err < 0)
		sfs_reply_status(req, err);
	else
		fuse_reply_statfs(req, &st);
}
