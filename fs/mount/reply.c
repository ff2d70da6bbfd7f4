/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include <errno.h>

#define SHORT_SECONDS	1.0
#define LONG_SECONDS	60.0
#define FOREVER_SECONDS 1e9

fuse_ino_t sfs_op_nodeid(struct sfs_mount *mount, struct sfs_node *node)
{
	if (node == sfs_node_root(mount->view))
		return FUSE_ROOT_ID;
	return (fuse_ino_t)(uintptr_t)node;
}

struct sfs_caller sfs_op_caller(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct sfs_caller){
		.uid = ctx->uid,
		.gid = ctx->gid,
		.pid = ctx->pid,
		.umask = ctx->umask,
	};
}

/* Seconds for which the kernel may believe an answer. */
static double timeout_of(enum sfs_trust trust)
{
	switch (trust) {
	case SFS_TRUST_FOREVER:
		return FOREVER_SECONDS;
	case SFS_TRUST_LONG:
		return LONG_SECONDS;
	case SFS_TRUST_SHORT:
		return SHORT_SECONDS;
	case SFS_TRUST_NONE:
		break;
	}
	return 0;
}

/* Mapped writes that pass through move times without a word to anybody. */
static double attr_timeout(const struct sfs_mount *mount, const struct stat *st,
			   enum sfs_trust trust)
{
	if (mount->passthrough && S_ISREG(st->st_mode))
		trust = SFS_TRUST_NONE;
	return timeout_of(trust);
}

void sfs_op_fill_entry(struct sfs_mount *mount, const struct sfs_entry *entry,
		       struct fuse_entry_param *ret)
{
	*ret = (struct fuse_entry_param){
		.entry_timeout = timeout_of(entry->trust_entry),
	};
	if (!entry->node)
		return;
	ret->ino = sfs_op_nodeid(mount, entry->node);
	ret->attr = entry->st;
	ret->attr_timeout = attr_timeout(mount, &entry->st, entry->trust_attr);
}

void sfs_reply_status(fuse_req_t req, int err)
{
	fuse_reply_err(req, -err);
}

void sfs_reply_entry(fuse_req_t req, int err, const struct sfs_entry *entry)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	struct fuse_entry_param param;

	if (err == 0 && !entry->node && entry->trust_entry == SFS_TRUST_NONE)
		err = -ENOENT;
	if (err < 0) {
		sfs_reply_status(req, err);
		return;
	}
	sfs_op_fill_entry(mount, entry, &param);
	/* The caller was interrupted: the kernel never heard of this node. */
	if (fuse_reply_entry(req, &param) == -ENOENT && entry->node)
		sfs_node_forget(mount->view, entry->node, 1);
}

void sfs_reply_attr(fuse_req_t req, int err, const struct stat *st,
		    enum sfs_trust trust)
{
	if (err < 0)
		sfs_reply_status(req, err);
	else
		fuse_reply_attr(req, st,
				attr_timeout(sfs_op_mount(req), st, trust));
}

void sfs_reply_written(fuse_req_t req, ssize_t written)
{
	if (written < 0)
		sfs_reply_status(req, (int)written);
	else
		fuse_reply_write(req, (size_t)written);
}
