/* SPDX-License-Identifier: MIT */
#include "events.h"
#include "ops.h"

#include "scratchfs/cleanup.h"

#include <linux/limits.h>
#include <string.h>

#define OWN_PREFIX "user.scratchfs."

/* length: of what is in value, or (size 0) of what there is; or -errno. */
static void reply_value(fuse_req_t req, const char *value, ssize_t length,
			size_t size)
{
	if (length < 0)
		sfs_reply_status(req, (int)length);
	else if (size == 0)
		fuse_reply_xattr(req, (size_t)length);
	else
		fuse_reply_buf(req, value, (size_t)length);
}

static bool is_own(const char *name)
{
	return strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0;
}

static ssize_t get_answer(struct sfs_mount *mount, struct sfs_node *node,
			  const char *name, char *value, size_t size)
{
	SFS_FREE char *text = NULL;
	size_t length = 0;
	int err = -ENODATA;

	/* Whoever asks for the size first would wait twice, and get another
	 * answer the second time. */
	if (size == 0 && node == sfs_node_root(mount->view) &&
	    strcmp(name, OWN_PREFIX "status") == 0)
		return XATTR_SIZE_MAX;
	if (mount->answer)
		err = mount->answer(mount->ctx, node, name, &text, &length);
	if (err < 0)
		return err;
	if (size == 0)
		return (ssize_t)length;
	if (length > size)
		return -ERANGE;
	memcpy(value, text, length);
	return (ssize_t)length;
}

static ssize_t do_getxattr(struct sfs_mount *mount, fuse_ino_t ino,
			   const char *name, char *value, size_t size)
{
	struct sfs_node *node = sfs_op_node(mount, ino);
	ssize_t length = -ENODATA;

	if (is_own(name))
		length = get_answer(mount, node, name, value, size);
	if (length != -ENODATA)
		return length;
	return sfs_view_getxattr(mount->view, node, name, value, size);
}

void sfs_op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		     size_t size)
{
	if (sfs_events_getxattr(req, name, size))
		return;
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_GETXATTR);
	SFS_FREE char *value = size ? malloc(size) : NULL;
	ssize_t length = -ENOMEM;

	if (value || size == 0)
		length = do_getxattr(mount, ino, name, value, size);
	reply_value(req, value, length, size);
}

void sfs_op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_LISTXATTR);
	SFS_FREE char *list = size ? malloc(size) : NULL;
	ssize_t length = -ENOMEM;

	if (list || size == 0)
		length = sfs_view_listxattr(
			mount->view, sfs_op_node(mount, ino), list, size);
	reply_value(req, list, length, size);
}

static int do_setxattr(fuse_req_t req, struct sfs_mount *mount, fuse_ino_t ino,
		       const char *name, const struct iovec *value, int flags)
{
	struct sfs_caller caller = sfs_op_caller(req);
	struct sfs_node *node = sfs_op_node(mount, ino);
	int err = -ENODATA;

	if (is_own(name) && mount->order &&
	    (caller.uid == 0 || caller.uid == geteuid()))
		err = mount->order(mount->ctx, node, name, value->iov_base,
				   value->iov_len);
	if (err != -ENODATA)
		return err;
	return sfs_view_setxattr(mount->view, &caller, node, name,
				 value->iov_base, value->iov_len, flags);
}

void sfs_op_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name,
		     const char *value, size_t size, int flags)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_SETXATTR);
	const struct iovec bytes = {
		.iov_base = (void *)(uintptr_t)value, /* only read from */
		.iov_len = size,
	};

	sfs_reply_status(req,
			 do_setxattr(req, mount, ino, name, &bytes, flags));
}

void sfs_op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_REMOVEXATTR);

	sfs_reply_status(req,
			 sfs_view_removexattr(mount->view,
					      sfs_op_node(mount, ino), name));
}
