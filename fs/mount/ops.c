/* SPDX-License-Identifier: MIT */
#include "ops.h"

const struct fuse_lowlevel_ops sfs_ops = {
	.init = sfs_op_init,
	.lookup = sfs_op_lookup,
	.forget = sfs_op_forget,
	.forget_multi = sfs_op_forget_multi,
	.getattr = sfs_op_getattr,
	.setattr = sfs_op_setattr,
	.readlink = sfs_op_readlink,
	.statfs = sfs_op_statfs,
	.mknod = sfs_op_mknod,
	.mkdir = sfs_op_mkdir,
	.symlink = sfs_op_symlink,
	.link = sfs_op_link,
	.unlink = sfs_op_unlink,
	.rmdir = sfs_op_rmdir,
	.rename = sfs_op_rename,
	.create = sfs_op_create,
#ifdef SFS_HAVE_FUSE_TMPFILE
	.tmpfile = sfs_op_tmpfile,
#endif
	.opendir = sfs_op_opendir,
	.releasedir = sfs_op_releasedir,
	.readdir = sfs_op_readdir,
	.readdirplus = sfs_op_readdirplus,
	.fsyncdir = sfs_op_fsyncdir,
	.open = sfs_op_open,
	.release = sfs_op_release,
	.flush = sfs_op_flush,
	.read = sfs_op_read,
	/* Not write_buf: without splice the bytes are in memory anyway. */
	.write = sfs_op_write,
	.fsync = sfs_op_fsync,
	.fallocate = sfs_op_fallocate,
	.lseek = sfs_op_lseek,
	.copy_file_range = sfs_op_copy_file_range,
	.ioctl = sfs_op_ioctl,
	.getxattr = sfs_op_getxattr,
	.setxattr = sfs_op_setxattr,
	.listxattr = sfs_op_listxattr,
	.removexattr = sfs_op_removexattr,
};
