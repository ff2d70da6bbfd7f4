/* SPDX-License-Identifier: MIT */
#include "scratchfs/counters.h"

static const char *const names[SFS_REQUEST_COUNT] = {
	[SFS_REQUEST_LOOKUP] = "lookup",
	[SFS_REQUEST_FORGET] = "forget",
	[SFS_REQUEST_GETATTR] = "getattr",
	[SFS_REQUEST_SETATTR] = "setattr",
	[SFS_REQUEST_READLINK] = "readlink",
	[SFS_REQUEST_MKNOD] = "mknod",
	[SFS_REQUEST_MKDIR] = "mkdir",
	[SFS_REQUEST_SYMLINK] = "symlink",
	[SFS_REQUEST_LINK] = "link",
	[SFS_REQUEST_UNLINK] = "unlink",
	[SFS_REQUEST_RMDIR] = "rmdir",
	[SFS_REQUEST_RENAME] = "rename",
	[SFS_REQUEST_CREATE] = "create",
	[SFS_REQUEST_TMPFILE] = "tmpfile",
	[SFS_REQUEST_OPEN] = "open",
	[SFS_REQUEST_READ] = "read",
	[SFS_REQUEST_WRITE] = "write",
	[SFS_REQUEST_FLUSH] = "flush",
	[SFS_REQUEST_RELEASE] = "release",
	[SFS_REQUEST_FSYNC] = "fsync",
	[SFS_REQUEST_FALLOCATE] = "fallocate",
	[SFS_REQUEST_LSEEK] = "lseek",
	[SFS_REQUEST_COPY_FILE_RANGE] = "copy_file_range",
	[SFS_REQUEST_GETLK] = "getlk",
	[SFS_REQUEST_SETLK] = "setlk",
	[SFS_REQUEST_IOCTL] = "ioctl",
	[SFS_REQUEST_OPENDIR] = "opendir",
	[SFS_REQUEST_READDIR] = "readdir",
	[SFS_REQUEST_READDIRPLUS] = "readdirplus",
	[SFS_REQUEST_FSYNCDIR] = "fsyncdir",
	[SFS_REQUEST_STATFS] = "statfs",
	[SFS_REQUEST_GETXATTR] = "getxattr",
	[SFS_REQUEST_SETXATTR] = "setxattr",
	[SFS_REQUEST_LISTXATTR] = "listxattr",
	[SFS_REQUEST_REMOVEXATTR] = "removexattr",
};

const char *sfs_counters_name(enum sfs_request request)
{
	return names[request];
}
