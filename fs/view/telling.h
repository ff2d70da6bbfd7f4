/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_TELLING_H
#define SFS_VIEW_TELLING_H

/* What the kernel is to be told, put together under locks and told without. */
#include "scratchfs/view.h"

struct sfs_telling_item;
struct sfs_telling {
	struct sfs_telling *next; /* in a queue */
	uint64_t due_ns;	  /* there; 0: at once, and then again */
	struct sfs_telling_item *items;
	size_t n, room;
};

/*
 * The name `name` of `parent` (NULL: none) may stand for something else, and
 * `node` (NULL: none) is not what it was.  Takes references and a copy.  For
 * want of memory nothing is told: answers time out.
 */
void sfs_telling_add(struct sfs_view *view, struct sfs_telling *telling,
		     struct sfs_node *parent, const char *name,
		     struct sfs_node *node);

/* For each folder told of, tells of all names that it has now: the kernel may
 * remember that there are none.  Takes no lock; call it without. */
void sfs_telling_add_names(struct sfs_view *view, struct sfs_telling *telling);

/* Tells; waits for operations in the folders.  No lock may be held. */
void sfs_telling_tell(struct sfs_view *view, const struct sfs_telling *telling);

/* Tells soon, from a thread of the view, and again; empties the telling. */
void sfs_telling_later(struct sfs_view *view, struct sfs_telling *telling);
/*
 * What was told is told again about a second later: an answer from before may
 * have been under way, which the kernel then believes, maybe for good.  Empties
 * the telling.
 */
void sfs_telling_again(struct sfs_view *view, struct sfs_telling *telling);
/* What that thread has to do, and what is left when the view ends. */
void sfs_telling_due(struct sfs_view *view, bool tell);

void sfs_telling_done(struct sfs_view *view, struct sfs_telling *telling);

#endif
