/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_MOVE_H
#define SFS_VIEW_MOVE_H

/* What the files of rename(2) share. */
#include "internal.h"
#include "telling.h"

struct sfs_end {
	struct sfs_node *parent;
	const char *name;
	struct sfs_where where;
	struct sfs_node *node; /* counted; NULL: nothing there, or not known */
};

struct sfs_move {
	struct sfs_view *view;
	struct sfs_end from, to;
	unsigned int flags; /* of renameat2(2) */
	bool folder;
	bool alone;   /* view->moves is held for writing */
	bool crossed; /* a folder has changed its place */
	struct sfs_telling telling;
	uint64_t copy_limit_bytes; /* across file systems without reflink */
};

static inline unsigned int sfs_end_tree(const struct sfs_end *end)
{
	return end->where.scratch ? sfs_tree_of_store(end->where.store)
				  : SFS_TREE_HOST;
}

/* The descriptor of the folder that the end is in, in the end's own tree, made
 * if missing. */
int sfs_end_folder(struct sfs_view *view, const struct sfs_end *end,
		   struct sfs_fd *ret);

/* move_across.c: a file or symlink to another place or store. -EXDEV: the
 * caller of rename(2) has to copy. */
int sfs_move_across(struct sfs_move *m);

/* move_folder.c: a folder within one place, with what the stores have for it. */
int sfs_move_core_folder(struct sfs_move *m);
int sfs_move_scratch_folder(struct sfs_move *m);
int sfs_exchange_folder_allowed(struct sfs_move *m);
/* Two core names change places: what the stores have for them does. */
int sfs_swap_mirrors(struct sfs_move *m);

/*
 * move_border.c: a folder to another place.  -EXDEV, with nothing changed, if
 * its content would not go with it as it is.  _crossed: afterwards, when the
 * node has its new name.  _tell: when all locks are gone.
 */
int sfs_move_folder_across(struct sfs_move *m);
void sfs_move_crossed(struct sfs_move *m);
void sfs_move_crossed_tell(struct sfs_move *m);

#endif
