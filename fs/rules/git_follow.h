/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_GIT_FOLLOW_H
#define SFS_RULES_GIT_FOLLOW_H

/*
 * One repository whose index is followed, and what a look at it finds.
 * No locking: one thread looks at a time; what readers share (repo, set,
 * unreadable) is left alone here and exchanged by the caller.
 */
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "scratchfs/git_repo.h"
#include "scratchfs/path_set.h"

#include "path_list.h"

enum {
	SFS_GIT_STAMP_DOT_GIT,
	SFS_GIT_STAMP_CONFIG,
	SFS_GIT_STAMP_WORKTREE_CONFIG,
	SFS_GIT_STAMP_INDEX,
	SFS_GIT_STAMPS,
};

/* Two looks that give the same stamp saw the same file; all 0: no file. */
struct sfs_git_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec mtime, ctime;
	unsigned char tail[32]; /* its last bytes: an index's checksum */
	bool young; /* may have changed again within one tick of its times */
};

struct sfs_git_followed {
	char *root; /* folder of its `.git`; NULL: above the source */
	struct sfs_git_repo *repo; /* NULL: not one yet, or refused */
	struct sfs_path_set *set;  /* NULL: no good reading yet */
	bool unreadable;	   /* there is something that cannot be read */
	bool told;		   /* ... and the user was told */
	struct sfs_git_stamp stamps[SFS_GIT_STAMPS];
};

/* What a look found: NULL is "as before".  The caller owns it. */
struct sfs_git_news {
	bool gone; /* there is no `.git` any more */
	bool unreadable;
	struct sfs_git_repo *repo;
	struct sfs_path_set *set;
	struct sfs_path_list submodules; /* with set: the paths of gitlinks */
};

/* Copies root.  Returns 0, -ENOMEM. */
int sfs_git_followed_new(const char *root, struct sfs_git_followed **ret);
void sfs_git_followed_free(struct sfs_git_followed *followed);

/*
 * Looks whether anything changed and reads what did.  Troubles are told by
 * sfs_msg(), once.  Returns 0, or why nothing can be read: as
 * sfs_git_repo_open() and sfs_git_index_read(); *ret is valid in any case.
 */
int sfs_git_followed_look(const struct sfs_git_source *source,
			  struct sfs_git_followed *followed,
			  struct sfs_git_news *ret);
void sfs_git_news_done(struct sfs_git_news *news);

/* Is there a `.git` in the folder `root` of the source? */
bool sfs_git_has_dot_git(const struct sfs_git_source *source, const char *root);

/* Reads fd as an index of this repository.  As sfs_git_index_read(). */
int sfs_git_set_read(const struct sfs_git_source *source,
		     const struct sfs_git_repo *repo, int fd,
		     struct sfs_path_set **ret_set,
		     struct sfs_path_list *submodules, const char **ret_why);

#endif
