/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_CONFIG_YAML_H
#define SFS_RULES_CONFIG_YAML_H

/*
 * The part of YAML that a configuration needs, as a small tree: one document of
 * lists, maps and scalars.  Anchors, aliases, tags, several documents, keys
 * that are not scalars and deep nesting are refused.
 */
#include "diagnostic.h"

#include <stdbool.h>

enum sfs_yaml_kind {
	SFS_YAML_SCALAR,
	SFS_YAML_LIST,
	SFS_YAML_MAP
};

struct sfs_yaml_node {
	enum sfs_yaml_kind kind;
	size_t line;   /* from 1 */
	size_t column; /* from 1, in characters */
	char *text;    /* a scalar's value */
	bool empty;    /* a scalar that was left out: "key:" */

	struct sfs_yaml_node *first; /* a list's items, a map's keys */
	struct sfs_yaml_node *last;
	struct sfs_yaml_node *next;  /* in the same list or map */
	struct sfs_yaml_node *value; /* of a map's key */
};

/*
 * Parses the document.  *ret_root is NULL for an empty one, else to be freed
 * with sfs_yaml_free().  Returns 0, -ENOMEM, or -EINVAL after a diagnostic.
 */
int sfs_yaml_parse(const struct sfs_document *document,
		   struct sfs_yaml_node **ret_root);

/* NULL is fine. */
void sfs_yaml_free(struct sfs_yaml_node *root);

#endif
