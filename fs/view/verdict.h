/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_VERDICT_H
#define SFS_VIEW_VERDICT_H

/* What rules and git's index say about a name, whatever exists; see namei.c. */
#include "internal.h"

struct sfs_verdict {
	int dir, other; /* the rule for a folder and for anything else, or -1 */
	uint16_t dir_flags; /* a core folder's: SFS_NODE_DIVERTS or _KEEPS */
	int diverts;	    /* then: the rule */
	int kept; /* of whatever type: the rule whose store may have it, which
		     is then shown unless the host has it too; or -1 */
};

/* For a name in core folder `parent`, where no .git is above it.  -ENOMEM. */
int sfs_verdict_reach(struct sfs_view *view, struct sfs_node *parent,
		      const char *name, struct sfs_verdict *ret);

static inline const struct sfs_rule *sfs_verdict_rule(struct sfs_view *view,
						      int index)
{
	return sfs_rules_get(view->params.scratch, index);
}

/* What the host has under this rule's names is core: the pattern says so, or
 * git's index could not be read. */
bool sfs_rule_keeps_host(struct sfs_view *view, const struct sfs_rule *rule);

#endif
