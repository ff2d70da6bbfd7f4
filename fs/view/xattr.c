/* SPDX-License-Identifier: MIT */
#include "change.h"
#include "settle.h"

#include <endian.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/xattr.h>

#define PREFIX	      "user.scratchfs."
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define ACL_OF_ACCESS "system.posix_acl_access"
#define ACL_USER_OBJ  0x01

static bool is_ours(const char *name)
{
	return !strncmp(name, PREFIX, PREFIX_LENGTH);
}

/* As getxattr(2) gives it. */
static ssize_t answer(const char *text, void *value, size_t size)
{
	size_t length = strlen(text);

	if (size && size < length)
		return -ERANGE;
	if (size)
		memcpy(value, text, length);
	return (ssize_t)length;
}

static ssize_t get_ours(struct sfs_view *view, struct sfs_node *node,
			const char *key, void *value, size_t size)
{
	struct sfs_explanation why = { .rule = -1 };
	SFS_FREE char *path = NULL;
	ssize_t n = -ENODATA;
	int err = sfs_view_explain(view, node, &why);

	if (err)
		return err == -ENOENT ? -ENODATA : err; /* it has no name */
	path = why.real_path;
	if (!strcmp(key, "place"))
		n = answer(!why.scratch ? "host"
			   : why.lower	? "lower"
					: "scratch",
			   value, size);
	else if (!strcmp(key, "path"))
		n = answer(path, value, size);
	else if (!strcmp(key, "rule") && why.rule >= 0)
		n = answer(sfs_rules_get(view->params.scratch, why.rule)->glob,
			   value, size);
	return n;
}

/* user.* exists on regular files and folders only (xattr(7)). */
static bool may_have_ours(const struct sfs_node *node)
{
	return node->type == S_IFREG >> 12 || node->type == S_IFDIR >> 12;
}

ssize_t sfs_view_getxattr(struct sfs_view *view, struct sfs_node *node,
			  const char *name, void *value, size_t size)
{
	SFS_FD object = SFS_FD_NONE;
	char path[SFS_BACKING_PROC_MAX];
	ssize_t n;
	int err;

	if (is_ours(name))
		return may_have_ours(node)
			       ? get_ours(view, node, name + PREFIX_LENGTH,
					  value, size)
			       : -ENODATA;
	err = sfs_fd_object(view, node, &object);
	if (err)
		return err;
	n = fgetxattr(object.fd, name, value, size);
	if (n < 0 && errno == EBADF) /* O_PATH */
		n = getxattr(sfs_backing_proc_path(object.fd, path), name,
			     value, size);
	return n < 0 ? -errno : n;
}

/* Takes out names that would be ours; the new length. */
static size_t without_ours(char *list, size_t length)
{
	size_t kept = 0;

	for (size_t at = 0, next; at < length; at = next) {
		next = at + strlen(list + at) + 1;
		if (is_ours(list + at))
			continue;
		memmove(list + kept, list + at, next - at);
		kept += next - at;
	}
	return kept;
}

ssize_t sfs_view_listxattr(struct sfs_view *view, struct sfs_node *node,
			   char *list, size_t size)
{
	SFS_FD object = SFS_FD_NONE;
	SFS_FREE char *all = NULL;
	char path[SFS_BACKING_PROC_MAX];
	size_t length;
	ssize_t n;
	int err = sfs_fd_object(view, node, &object);

	if (err)
		return err;
	n = listxattr(sfs_backing_proc_path(object.fd, path), NULL, 0);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	all = malloc(XATTR_LIST_MAX);
	if (!all)
		return -ENOMEM;
	n = listxattr(path, all, XATTR_LIST_MAX);
	if (n < 0)
		return -errno;
	length = without_ours(all, (size_t)n);
	if (size && size < length)
		return -ERANGE;
	if (size)
		memcpy(list, all, length);
	return (ssize_t)length;
}

/* An ACL sets the mode too, and like chmod(2) it takes S_ISGID away from
 * somebody who is not in the group.  The host's kernel has looked at us. */
static int heed_group(struct sfs_view *view, const struct sfs_caller *caller,
		      int fd)
{
	char path[SFS_BACKING_PROC_MAX];
	struct stat st;

	if (!view->params.as_caller || caller->uid == 0)
		return 0;
	if (fstat(fd, &st))
		return -errno;
	if (!(st.st_mode & S_ISGID) || sfs_caller_is_in(caller, st.st_gid))
		return 0;
	if (chmod(sfs_backing_proc_path(fd, path),
		  st.st_mode & (07777 & ~(mode_t)S_ISGID)))
		return -errno;
	return 0;
}

/* What an ACL lets the owner do, as bits of a mode; acl(5), linux/posix_acl_xattr.h. */
static mode_t owner_mode(const void *acl, size_t size)
{
	struct {
		uint16_t tag, bits;
		uint32_t id;
	} entry;

	for (size_t at = sizeof(uint32_t); at + sizeof(entry) <= size;
	     at += sizeof(entry)) {
		memcpy(&entry, (const char *)acl + at, sizeof(entry));
		if (le16toh(entry.tag) == ACL_USER_OBJ)
			return (mode_t)(le16toh(entry.bits) & 7) << 6;
	}
	return 0;
}

/* Begins a change of an attribute called `name`; its object. */
static int begin(struct sfs_view *view, struct sfs_node *node, const char *name,
		 struct sfs_change *ret_change, struct sfs_fd *ret_object)
{
	int err = is_ours(name) ? -EPERM : 0;

	if (!err)
		err = sfs_change_begin(view, node, -1, ret_change);
	if (!err)
		err = sfs_fd_object(view, node, ret_object);
	return err;
}

int sfs_view_setxattr(struct sfs_view *view, const struct sfs_caller *caller,
		      struct sfs_node *node, const char *name,
		      const void *value, size_t size, int flags)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD object = SFS_FD_NONE;
	char path[SFS_BACKING_PROC_MAX];
	int err = begin(view, node, name, &change, &object);

	if (!err && !strcmp(name, ACL_OF_ACCESS)) /* sets the mode */
		sfs_fd_pin_before_mode(view, node, owner_mode(value, size));
	if (!err && setxattr(sfs_backing_proc_path(object.fd, path), name,
			     value, size, flags))
		err = -errno;
	if (!err && !strcmp(name, ACL_OF_ACCESS))
		err = heed_group(view, caller, object.fd);
	if (!err && !strcmp(name, ACL_OF_ACCESS))
		sfs_fd_make_brief(view, node);
	if (!err)
		sfs_settle_own(view, node, object.fd);
	return err;
}

int sfs_view_removexattr(struct sfs_view *view, struct sfs_node *node,
			 const char *name)
{
	SFS_CHANGE change = SFS_CHANGE_NONE;
	SFS_FD object = SFS_FD_NONE;
	char path[SFS_BACKING_PROC_MAX];
	int err = begin(view, node, name, &change, &object);

	if (!err && removexattr(sfs_backing_proc_path(object.fd, path), name))
		err = -errno;
	if (!err)
		sfs_settle_own(view, node, object.fd);
	return err;
}
