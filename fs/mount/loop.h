/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_LOOP_H
#define SCRATCHFS_MOUNT_LOOP_H

#include "ops.h"

#include <signal.h>

/* Those that sfs_loop_run() takes. */
void sfs_loop_taken_signals(sigset_t *ret);

/* Blocks them and ignores those that a daemon must not die of.  Before any thread
 * is started, and before there is a mount that it would leave behind, dead. */
int sfs_loop_block_signals(void);

/*
 * Answers INIT, alone.  0: the view can be used.  -ENOTCONN: the mount went
 * away first; -EPROTO: the kernel's protocol is not spoken here.
 */
int sfs_loop_init(struct sfs_mount *mount);

/*
 * Serves the mount with a bounded number of threads until the connection ends.
 * `started` is called when there are threads that do.
 * SIGTERM, SIGINT and SIGHUP call `unmount`, which is not to wait for those who
 * still use the view; they go on being served.  A second one ends that as well.
 *
 * 0: all threads have ended.  -EINTR: ended by a second signal, threads may
 * still run: leave with _exit().  -errno: nothing was served.
 */
struct sfs_loop {
	struct sfs_mount *mount;
	void (*started)(void *ctx);
	void (*unmount)(void *ctx);
	void *ctx;
};
int sfs_loop_run(const struct sfs_loop *loop);

#endif
