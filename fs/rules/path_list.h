/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_PATH_LIST_H
#define SFS_RULES_PATH_LIST_H

/*
 * Paths in one block of text, each with a one-letter mark, in the order they
 * were added.  All zero is an empty list; sfs_path_list_done() frees it.
 *
 *	const char *at = NULL;
 *	while ((at = sfs_path_list_next(&list, at)))
 *		use(at[0], at + 1);
 */
#include <stddef.h>

struct sfs_path_list {
	char *text;
	size_t length;
	size_t capacity;
};

/* Returns 0, -ENOMEM. */
int sfs_path_list_add(struct sfs_path_list *list, char mark, const char *path,
		      size_t length);

/* The mark and path after `at` (NULL: the first), or NULL. */
const char *sfs_path_list_next(const struct sfs_path_list *list,
			       const char *at);

void sfs_path_list_done(struct sfs_path_list *list);

#endif
