/* SPDX-License-Identifier: MIT */
/*
 * How the view ends what the kernel believes.  What fails is as good as done:
 * -ENOENT says that the kernel does not know the name or node any more, and an
 * ending connection knows nothing at all.
 */
#include "notify.h"
#include "events.h"
#include "passthrough.h"
#include "uring.h"

#include <errno.h>
#include <string.h>

/* libfuse 3.14 has a parameter here that later versions do without. */
#ifdef SFS_FUSE_EXPIRE_TAKES_FLAGS
#define EXPIRE_FLAGS , FUSE_LL_EXPIRE_ONLY
#else
#define EXPIRE_FLAGS
#endif

static void inval_inode(void *ctx, struct sfs_node *node, bool pages)
{
	struct sfs_mount *mount = ctx;
	fuse_ino_t id = sfs_op_nodeid(mount, node);

	if (id == FUSE_ROOT_ID && !atomic_load(&mount->root_known))
		return;
	/* A negative offset: attributes only. */
	fuse_lowlevel_notify_inval_inode(mount->session, id, pages ? 0 : -1, 0);
}

void sfs_notify_root_known(struct sfs_mount *mount)
{
	atomic_store(&mount->root_known, true);
	/* Whatever was held back. */
	inval_inode(mount, sfs_node_root(mount->view), true);
}

static void inval_entry(void *ctx, struct sfs_node *parent, const char *name)
{
	struct sfs_mount *mount = ctx;

	fuse_lowlevel_notify_inval_entry(mount->session,
					 sfs_op_nodeid(mount, parent), name,
					 strlen(name));
}

static void expire_entry(void *ctx, struct sfs_node *parent, const char *name)
{
	struct sfs_mount *mount = ctx;

	int err = fuse_lowlevel_notify_expire_entry(
		mount->session, sfs_op_nodeid(mount, parent), name,
		strlen(name) EXPIRE_FLAGS);
	/* A kernel before 6.2: what is mounted below the name goes, too. */
	if (err == -ENOSYS)
		inval_entry(ctx, parent, name);
}

static void deleted(void *ctx, struct sfs_node *parent, struct sfs_node *child,
		    const char *name)
{
	struct sfs_mount *mount = ctx;

	fuse_lowlevel_notify_delete(mount->session,
				    sfs_op_nodeid(mount, parent),
				    sfs_op_nodeid(mount, child), name,
				    strlen(name));
}

static void changed(void *ctx, struct sfs_node *folder, const char *name,
		    unsigned int change, mode_t mode)
{
	struct sfs_mount *mount = ctx;

	sfs_events_note(mount->events, folder, name, change, mode);
}

static bool holds_object(void *ctx, struct sfs_node *node)
{
	return sfs_passthrough_holds(ctx, node);
}

static bool is_alone(void *ctx)
{
	(void)ctx;
	return sfs_uring_is_alone();
}

void sfs_notify_init(struct sfs_notify *ret, struct sfs_mount *mount)
{
	*ret = (struct sfs_notify){
		.ctx = mount,
		.inval_inode = inval_inode,
		.inval_entry = inval_entry,
		.expire_entry = expire_entry,
		.deleted = deleted,
		.changed = mount->events ? changed : NULL,
		.holds_object = holds_object,
		.is_alone = is_alone,
	};
}
