/* SPDX-License-Identifier: MIT */
#include "absorb_move.h"

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/size.h"
#include "scratchfs/store.h"
#include "scratchfs/volume.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

static int make_if_missing(const char *name, const char *source)
{
	struct sfs_volume spec = { .created_s = time(NULL) };

	spec.name = strdup(name);
	spec.source = strdup(source);
	int err = spec.name && spec.source ? sfs_volume_create(&spec) : -ENOMEM;
	free(spec.name);
	free(spec.source);
	return err == -EEXIST ? 0 : err;
}

static int check(const char *name, const char *source, bool any_source,
		 uint64_t size_bytes)
{
	struct sfs_store_usage usage = { 0 };
	struct sfs_volume *volume = NULL;
	char size[16];
	int err = sfs_volume_load(name, &volume);

	if (err == 0)
		err = sfs_volume_usage(name, &usage);
	if (err < 0)
		return err;
	if (!any_source && volume->source &&
	    strcmp(volume->source, source) != 0) {
		sfs_msg("the volume %s was made for %s; --volume %s uses it "
			"all the same",
			name, volume->source, name);
		err = -EPERM;
	} else if (volume->size_bytes &&
		   usage.charged_bytes + size_bytes > volume->size_bytes) {
		sfs_msg("the volume %s is limited to %s, which is not enough",
			name, sfs_size_format(volume->size_bytes, size));
		err = -ENOSPC;
	}
	sfs_volume_free(volume);
	return err;
}

int sfs_absorb_open(struct sfs_absorb *absorb, const char *volume,
		    const char *source, bool any_source, uint64_t size_bytes)
{
	int err = make_if_missing(volume, source);

	if (err == 0)
		err = check(volume, source, any_source, size_bytes);
	if (err == -EPERM || err == -ENOSPC)
		return err; /* said */
	if (err == 0)
		err = sfs_volume_lock(volume, &absorb->root_fd,
				      &absorb->lock_fd);
	if (err == -EBUSY)
		sfs_msg("the volume %s is in use; unmount its views first",
			volume);
	else if (err < 0)
		sfs_msg_errno(-err, "the volume %s", volume);
	return err;
}

void sfs_absorb_close(struct sfs_absorb *absorb)
{
	if (absorb->root_fd >= 0)
		close(absorb->root_fd);
	if (absorb->lock_fd >= 0)
		close(absorb->lock_fd);
	absorb->root_fd = absorb->lock_fd = -1;
}

static int copy_tree(int from, const char *name, int work, const char *temp)
{
	SFS_CLOSE int src =
		sfs_backing_open(from, name, O_RDONLY | O_DIRECTORY, 0);
	SFS_CLOSE int dst = -1;

	if (src == -ENOTDIR || src == -ELOOP)
		return 0;
	if (src < 0)
		return src;
	dst = sfs_backing_open(work, temp, O_RDONLY | O_DIRECTORY, 0);
	if (dst < 0)
		return dst;
	int err = sfs_backing_copy_tree(src, dst, 0);
	/* What came into it has moved its times. */
	return err < 0 ? err : sfs_backing_copy_meta(src, dst, 0);
}

static bool is_folder(int dir, const char *name)
{
	struct stat st;

	return sfs_backing_stat(dir, name, &st) == 0 && S_ISDIR(st.st_mode);
}

static int move_by_copy(int root_fd, int from, int to, const char *name)
{
	SFS_CLOSE int work =
		sfs_backing_open(root_fd, "work", O_RDONLY | O_DIRECTORY, 0);
	char temp[SFS_STORE_TEMP_MAX];
	int err = work < 0 ? work : sfs_store_temp_name(temp);

	if (err < 0)
		return err;
	err = sfs_backing_copy_object(from, name, work, temp, 0);
	if (err == 0 && is_folder(from, name))
		err = copy_tree(from, name, work, temp);
	if (err == 0 && syncfs(work) < 0)
		err = -errno;
	if (err == 0)
		err = sfs_backing_rename(work, temp, to, name,
					 RENAME_NOREPLACE);
	if (err < 0) {
		(void)sfs_backing_remove(work, temp);
		return err;
	}
	if (syncfs(work) < 0)
		return -errno;
	return sfs_backing_remove(from, name);
}

/* Folders of one name on both sides, being merged. */
struct merge {
	int root_fd, to, depth;
	int err; /* the first one: the rest is tried all the same */
};

static int move(int root_fd, int from, int to, const char *name, int depth);

static int merge_visit(void *context,
		       const struct sfs_backing_walk_entry *entry)
{
	struct merge *merge = context;
	int err = entry->event == SFS_WALK_LEAVE
			  ? 0
			  : move(merge->root_fd, entry->dir_fd, merge->to,
				 entry->name, merge->depth + 1);

	if (err < 0 && merge->err == 0)
		merge->err = err;
	return entry->event == SFS_WALK_ENTER ? SFS_WALK_SKIP : 0;
}

#define DEPTH_MAX 200 /* levels that both sides have */

static int merge(int root_fd, int from, int to, const char *name, int depth)
{
	SFS_CLOSE int src =
		sfs_backing_open(from, name, O_RDONLY | O_DIRECTORY, 0);
	SFS_CLOSE int dst =
		sfs_backing_open(to, name, O_RDONLY | O_DIRECTORY, 0);
	struct merge merge = { .root_fd = root_fd, .to = dst, .depth = depth };

	if (src < 0 || dst < 0 || depth > DEPTH_MAX)
		return -EEXIST;
	int err = sfs_backing_walk(src, 0, merge_visit, &merge);
	if (err == 0)
		err = merge.err;
	if (err == 0 && unlinkat(from, name, AT_REMOVEDIR) < 0)
		err = -errno;
	return err;
}

static int move(int root_fd, int from, int to, const char *name, int depth)
{
	int err = sfs_backing_rename(from, name, to, name, RENAME_NOREPLACE);

	if (err == -EXDEV)
		err = is_folder(from, name) && is_folder(to, name)
			      ? -EEXIST
			      : move_by_copy(root_fd, from, to, name);
	if (err == -EEXIST)
		err = merge(root_fd, from, to, name, depth);
	return err;
}

int sfs_absorb_move(struct sfs_absorb *absorb, const char *path)
{
	SFS_FREE char *folder = strdup(path);
	SFS_CLOSE int from = -1, tree = -1, to = -1;
	const char *name = path;

	if (!folder)
		return -ENOMEM;
	char *slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		name = slash + 1;
	} else {
		*folder = '\0';
	}
	from = sfs_backing_open_path(absorb->source_fd, folder,
				     O_RDONLY | O_DIRECTORY, 0);
	tree = sfs_backing_open(absorb->root_fd, "tree", O_RDONLY | O_DIRECTORY,
				0);
	if (from < 0 || tree < 0)
		return from < 0 ? from : tree;
	/* Folders that stay on the host have a mirror there. */
	to = *folder ? sfs_backing_make_path(tree, folder)
		     : fcntl(tree, F_DUPFD_CLOEXEC, 0);
	if (to < 0)
		return to;
	return move(absorb->root_fd, from, to, name, 0);
}
