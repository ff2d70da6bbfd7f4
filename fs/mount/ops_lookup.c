/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "ops.h"

void sfs_op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	if (sfs_events_lookup(req, parent, name))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_LOOKUP);
	struct sfs_entry entry = { 0 };
	int err = sfs_view_lookup(mount->view, sfs_op_node(mount, parent), name,
				  &entry);

	sfs_reply_entry(req, err, &entry);
}

static void forget_one(struct sfs_mount *mount, fuse_ino_t ino, uint64_t n)
{
	if (ino != FUSE_ROOT_ID) /* lives as long as the view */
		sfs_node_forget(mount->view, sfs_op_node(mount, ino), n);
}

void sfs_op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	forget_one(sfs_op_begin(req, SFS_REQUEST_FORGET), ino, nlookup);
	fuse_reply_none(req);
}

void sfs_op_forget_multi(fuse_req_t req, size_t count,
			 struct fuse_forget_data *forgets)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_FORGET);

	for (size_t i = 0; i < count; i++)
		forget_one(mount, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}
