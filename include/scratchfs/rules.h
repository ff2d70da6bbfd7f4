/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_RULES_H
#define SCRATCHFS_RULES_H

/*
 * An ordered list of gitignore patterns, compiled into something that decides
 * a name in its folder.  The last pattern that matches wins (gitignore(5),
 * pattern.h).
 *
 * A folder is described by its state: a number that stands for the set of
 * half-matched patterns that are alive there.  Equal sets have equal numbers,
 * and most folders have the same one, in which no anchored pattern is alive.
 * The state of the source's root is SFS_RULES_ROOT; that of any other folder
 * comes from its parent's and its own name.  No path is ever looked at.
 *
 * Life: _new, _add and _add_file in order of precedence (last wins), _compile,
 * then any number of _enter and _match from any number of threads, _free.
 *
 * "What lies under a scratch folder is scratch" is the caller's part: under a
 * folder that a rule has decided, do not ask again.  The same goes for .git.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds on input that came with somebody's repository. */
#define SFS_RULES_MAX_FILE  (1u << 20) /* bytes of one ignore file */
#define SFS_RULES_MAX_COUNT 65536u     /* patterns in one list */

enum sfs_existing {
	SFS_EXISTING_SHOW,
	SFS_EXISTING_HIDE,
	SFS_EXISTING_CORE,
};

/* One pattern, and what goes with it. */
struct sfs_rule {
	const char *glob;   /* as written, with its '!' and slashes */
	const char *from;   /* "FILE:LINE", "built-in" or "command line" */
	const char *base;   /* folder below the source that anchors it, without
			       slashes at its ends; "" = the source */
	const char *volume; /* or NULL */
	enum sfs_existing existing;
	bool builtin;
	bool tracked_ignore; /* wins over git */
	bool negated;	     /* filled in by _add */
	bool dir_only;	     /* filled in by _add */
	unsigned int store;  /* index of its store in the view; 0 until
				sfs_rules_set_store */
};

struct sfs_rules;

typedef uint32_t sfs_rules_state;
#define SFS_RULES_ROOT ((sfs_rules_state)0)

/* *ret: an empty list, to be freed by the caller.  0, -ENOMEM. */
int sfs_rules_new(struct sfs_rules **ret);

/* NULL is fine.  No other thread may be using the list. */
void sfs_rules_free(struct sfs_rules *rules);

/*
 * Appends a copy of spec (its strings too); negated, dir_only and store are
 * ignored.  A NULL base or from is "".  spec->glob is read as one line of an
 * ignore file.
 *
 * 0: added.  1: nothing to add, the line is blank or a comment.
 * -EINVAL: a pattern that could never match, -E2BIG: too long, or one too many;
 * both with a sentence without an end ("the [ is never closed") in *ret_why.
 * -ENOMEM.
 */
int sfs_rules_add(struct sfs_rules *rules, const struct sfs_rule *spec,
		  const char **ret_why);

/*
 * Appends the patterns of the ignore file `name` (one component; never through
 * a symlink, as git) in the folder dirfd.  template gives everything but the
 * glob; its from is the file's name for people, to which ":LINE" is added.
 * Like git, patterns that can never match are passed over.
 *
 * 0.  -ENOENT, -ELOOP (a symlink), -EINVAL (not a regular file), -EFBIG (more
 * than SFS_RULES_MAX_FILE), and the errors of open(2), read(2), with *ret_line
 * = 0; -E2BIG as in _add with *ret_line and *ret_why.  -ENOMEM.  On failure
 * the patterns before that line have been added.
 */
int sfs_rules_add_file(struct sfs_rules *rules, int dirfd, const char *name,
		       const struct sfs_rule *template, unsigned int *ret_line,
		       const char **ret_why);

/*
 * To be called once, after the last _add and before the first _enter or
 * _match.  0, -ENOMEM.
 */
int sfs_rules_compile(struct sfs_rules *rules);

/*
 * *ret: the state of the folder `name` in a folder of that state.  Any thread;
 * no system call, no lock unless an anchored pattern goes on in that folder.
 * 0, -ENOMEM (also when a list made to do so has produced too many states).
 */
int sfs_rules_enter(struct sfs_rules *rules, sfs_rules_state state,
		    const char *name, sfs_rules_state *ret);

/*
 * The rule that decides about `name` in a folder of that state: its index, or
 * -1 when no pattern matches or the last that does is negated.  Any thread, no
 * lock; the time does not depend on the number of rules (rule_index.h).
 */
int sfs_rules_match(const struct sfs_rules *rules, sfs_rules_state state,
		    const char *name, bool is_dir);

/* The same, but a negated rule is given too; -1 = no pattern matches. */
int sfs_rules_match_any(const struct sfs_rules *rules, sfs_rules_state state,
			const char *name, bool is_dir);

/*
 * Might the same name be decided differently in folders of these two states?
 * (What is below a folder keeps its places when the folder is renamed, if not.)
 */
static inline bool sfs_rules_state_differs(sfs_rules_state a, sfs_rules_state b)
{
	return a != b;
}

/*
 * Follows a path relative to the source (no slash at its ends, no "." or "..")
 * from the root, and stops at the first component that a rule decides.
 *
 * *ret_rule: its index as sfs_rules_match gives it, -1 = the path is core.
 * *ret_len: the length of the path up to the end of that component; the whole
 * path's when *ret_rule is -1.  0, -ENOMEM, -ENAMETOOLONG (a component above
 * NAME_MAX bytes).
 */
int sfs_rules_walk(struct sfs_rules *rules, const char *path, bool is_dir,
		   int *ret_rule, size_t *ret_len);

int sfs_rules_count(const struct sfs_rules *rules);

/* Borrowed, valid until _free; 0 <= index < count. */
const struct sfs_rule *sfs_rules_get(const struct sfs_rules *rules, int index);

/* Before other threads use the list. */
void sfs_rules_set_store(struct sfs_rules *rules, int index,
			 unsigned int store);

#endif
