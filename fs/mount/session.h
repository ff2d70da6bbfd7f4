/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_SESSION_H
#define SCRATCHFS_MOUNT_SESSION_H

/* What the files of a session share among themselves. */
#include "ops.h"

#include "pages.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/registry.h"
#include "scratchfs/session.h"

struct sfs_session {
	struct sfs_config *config; /* borrowed */
	char *source, *mountpoint; /* canonical */
	char *covered_path;	   /* mountpoint below source, or NULL */
	int source_fd;
	int covered_fd; /* the view's, once there is one; -1: none */
	struct sfs_tracked *tracked;
	struct sfs_store **stores;
	unsigned int n_stores;
	struct sfs_registry_entry *entry;
	struct sfs_registry_entry *heritage; /* of a dead mount, or NULL */
	struct sfs_uring *uring; /* NULL: requests come from /dev/fuse */
	struct sfs_mount mount;	 /* its view is ours */
	dev_t device;		 /* of the mount */
	uint64_t mount_id;	 /* never used again; 0: the kernel has none */
	bool mounted;
	bool served;		  /* was there to be used */
	void (*ready)(void *ctx); /* of sfs_session_serve() */
	void *ready_ctx;
	struct sfs_pages pages;
	/* The volume to make of the ephemeral store at the end, or NULL. */
	_Atomic(char *) keep_as;
};

/* Where the view is for whoever uses it. */
static inline const char *
sfs_session_shown_at(const struct sfs_session *session)
{
	return session->config->passes_through ? session->source
					       : session->mountpoint;
}

/* --- paths.c --- */

/* Canonical paths of source and mountpoint, and how they lie to each other. */
int sfs_session_find_paths(struct sfs_session *session);
/* Is the source only to be reached when the mount point is free? */
bool sfs_session_is_in_place(const struct sfs_session *session);
int sfs_session_open_source(struct sfs_session *session);
/* Keeps what the mount point covers of the source, and says what is lacking to
 * mount there, with the line that mends it. */
int sfs_session_open_mountpoint(struct sfs_session *session);

/* --- mend.c --- */

/*
 * Looks at what stands at the mount point and takes a dead view away.  If its
 * store is to be taken over, session->heritage is what is known of it.
 */
int sfs_session_mend(struct sfs_session *session);

/* --- stores.c --- */

/* Opens the store of everything, then one for each volume that a rule names. */
int sfs_session_open_stores(struct sfs_session *session);
/* Nobody uses the view any more.  Its ephemeral scratch, unless it is to be
 * kept, is renamed aside: quick, however much it is. */
void sfs_session_set_aside(struct sfs_session *session);
/*
 * Ephemeral scratch is gone when this returns; but what was taken over stays,
 * if the mount that was to bring it back never came about.  Frees nothing.
 */
void sfs_session_end_stores(struct sfs_session *session);
void sfs_session_close_stores(struct sfs_session *session);
/* The entry of this process for this mount. */
int sfs_session_register(struct sfs_session *session);

/* --- status.c --- */

/* One of the root's answers; see talk.c.  -ENODATA: not one. */
int sfs_session_report(struct sfs_session *session, const char *name,
		       char **ret_text, size_t *ret_length);

/* --- talk.c --- */

/* struct sfs_mount's answer and order; ctx is the session. */
int sfs_session_answer(void *ctx, struct sfs_node *node, const char *name,
		       char **ret_text, size_t *ret_length);
int sfs_session_order(void *ctx, struct sfs_node *node, const char *name,
		      const char *value, size_t size);

#endif
