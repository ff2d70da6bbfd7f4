/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include "scratchfs/cleanup.h"

/* The kernel never asks for more at once (FUSE_MAX_MAX_PAGES). */
#define LISTING_BYTES_MAX (1u << 20)
/* No entry of a READDIRPLUS reply is smaller: struct fuse_direntplus. */
#define PLUS_ENTRY_BYTES_MIN 152

/* As libfuse does: readdir(3) may take 0 for an entry that is gone. */
#define UNKNOWN_INO 0xffffffffu

static ino_t shown_ino(const struct sfs_dirent *entry)
{
	return entry->ino ? entry->ino : UNKNOWN_INO;
}

/* A reply to be: entries in the kernel's form. */
struct listing {
	struct sfs_mount *mount;
	fuse_req_t req;
	char *buffer;
	size_t size, used;
	struct sfs_node **given; /* nodes the reply tells the kernel of */
	size_t n_given;
};

static bool emit(void *ctx, const struct sfs_dirent *entry)
{
	struct listing *list = ctx;
	struct stat st = {
		.st_ino = shown_ino(entry),
		.st_mode = DTTOIF(entry->type),
	};
	size_t rest = list->size - list->used;
	size_t need =
		fuse_add_direntry(list->req, list->buffer + list->used, rest,
				  entry->name, &st, (off_t)entry->cookie);

	if (need > rest)
		return false;
	list->used += need;
	return true;
}

static bool emit_plus(void *ctx, const struct sfs_dirent *entry)
{
	struct listing *list = ctx;
	struct fuse_entry_param param = {
		.attr = {
			.st_ino = shown_ino(entry),
			.st_mode = DTTOIF(entry->type),
		},
	};
	size_t rest = list->size - list->used;

	if (entry->child && entry->child->node)
		sfs_op_fill_entry(list->mount, entry->child, &param);
	size_t need =
		fuse_add_direntry_plus(list->req, list->buffer + list->used,
				       rest, entry->name, &param,
				       (off_t)entry->cookie);
	if (need > rest) {
		if (param.ino)
			sfs_node_forget(list->mount->view, entry->child->node,
					1);
		return false;
	}
	list->used += need;
	if (param.ino)
		list->given[list->n_given++] = entry->child->node;
	return true;
}

static void take_back(struct listing *list)
{
	for (size_t i = 0; i < list->n_given; i++)
		sfs_node_forget(list->mount->view, list->given[i], 1);
	list->n_given = 0;
}

static int do_list(struct listing *list, struct sfs_node *node, off_t offset,
		   bool plus)
{
	size_t n_max = plus ? list->size / PLUS_ENTRY_BYTES_MIN : 0;

	list->buffer = malloc(list->size);
	list->given = calloc(n_max + 1, sizeof(struct sfs_node *));
	if (!list->buffer || !list->given)
		return -ENOMEM;
	int err = sfs_view_list(list->mount->view, node, (uint64_t)offset, plus,
				plus ? emit_plus : emit, list);
	/* What is already in the reply is good; the error comes again. */
	return list->used > 0 ? 0 : err;
}

static void reply_list(fuse_req_t req, fuse_ino_t ino, size_t size,
		       off_t offset, bool plus)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	struct listing list = {
		.mount = mount,
		.req = req,
		.size = size < LISTING_BYTES_MAX ? size : LISTING_BYTES_MAX,
	};
	int err = do_list(&list, sfs_op_node(mount, ino), offset, plus);

	if (err < 0)
		sfs_reply_status(req, err);
	else if (fuse_reply_buf(req, list.buffer, list.used) < 0)
		take_back(&list);
	free(list.buffer);
	free(list.given);
}

void sfs_op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	(void)fi;
	sfs_op_begin(req, SFS_REQUEST_READDIR);
	reply_list(req, ino, size, offset, false);
}

void sfs_op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size,
			off_t offset, struct fuse_file_info *fi)
{
	(void)fi;
	sfs_op_begin(req, SFS_REQUEST_READDIRPLUS);
	reply_list(req, ino, size, offset, true);
}

/* Folders are never refused, so their opens need no answer even where those
 * of files do. */
void sfs_op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_OPENDIR);

	(void)ino;
	if (mount->answers_opendirs)
		fuse_reply_open(req, fi);
	else
		sfs_reply_status(req, -ENOSYS);
}

void sfs_op_releasedir(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	sfs_reply_status(req, 0);
}

void sfs_op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_begin(req, SFS_REQUEST_FSYNCDIR);

	(void)fi;
	sfs_reply_status(req,
			 sfs_view_fsync(mount->view, sfs_op_node(mount, ino),
					datasync != 0));
}
