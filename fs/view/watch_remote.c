/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <linux/magic.h>

bool sfs_watch_is_remote(long type)
{
	static const long
		remote[] = { NFS_SUPER_MAGIC,
			     SMB_SUPER_MAGIC,
			     0xff534d42 /* cifs */,
			     0xfe534d42 /* smb2 */,
			     V9FS_MAGIC,
			     AFS_SUPER_MAGIC,
			     CODA_SUPER_MAGIC,
			     FUSE_SUPER_MAGIC,
			     0x00c36400 /* ceph */,
			     0x6a656a63 /* virtiofs shares fuse's */ };

	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++)
		if (type == remote[i])
			return true;
	return false;
}
