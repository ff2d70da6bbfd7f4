/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_SESSION_H
#define SCRATCHFS_SESSION_H

/*
 * The life of one mount:
 *
 *	sfs_session_new()	everything but the mount: paths, a dead mount
 *				mended, rules, git, stores, the view
 *	sfs_session_mount()	the name appears; who uses it waits
 *	sfs_session_serve()	until it is unmounted
 *	sfs_session_free()	ephemeral scratch is discarded, the rest closed
 *
 * All run in one process that has no other threads until sfs_session_serve(),
 * so that it can fork in between.  Every failure has been said (sfs_msg) when a
 * function returns it; sfs_session_exit_status() is what it means to a shell.
 */
#include "scratchfs/config.h"

struct sfs_session;

/*
 * config: as sfs_options_parse() left it; borrowed, and loaded here.
 *
 * On a dead mount point of ours the dead mount is taken away and its ephemeral
 * store taken over (config->fresh: discarded).
 */
int sfs_session_new(struct sfs_config *config, struct sfs_session **ret);

int sfs_session_mount(struct sfs_session *session);

/*
 * Answers requests until the last user of the mount is gone.  ready() is
 * called once, when the view can be used.  -EINTR: asked to end twice while
 * there were users: only sfs_session_abandon() and _exit() may follow.
 */
int sfs_session_serve(struct sfs_session *session, void (*ready)(void *ctx),
		      void *ctx);

/* Unmounts if it is still mounted. */
void sfs_session_free(struct sfs_session *session);

/* Discards like it, and frees nothing that a thread may still use. */
void sfs_session_abandon(struct sfs_session *session);

int sfs_session_exit_status(int err);

/* The libfuse that is at work: its version; whether requests may travel over
 * io_uring with it. */
const char *sfs_session_libfuse(void);
bool sfs_session_allows_rings(void);

/*
 * The whole of it: in the background unless the config says otherwise.
 * Returns the exit status, in the foreground at the end, else when the view is
 * ready (in the caller's process; the daemon does not return).
 */
int sfs_session_run(struct sfs_config *config);

/*
 * The same in this process, which the caller has forked for it: ready_fd gets
 * a byte and is closed when the view can be used; from then on messages go to
 * syslog.
 */
int sfs_session_run_here(struct sfs_config *config, int ready_fd);

#endif
