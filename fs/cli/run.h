/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_RUN_H
#define SCRATCHFS_CLI_RUN_H

/*
 * Three processes make a `run`:
 *
 *	this one	waits, passes signals on, exits with the command's status
 *	the daemon	serves the view, in a session of its own, outside the
 *			namespace: it ends when the namespace has ended
 *	the command	in this process' group, so that the terminal's signals
 *			and job control reach it as if it were run directly
 *
 * Whichever is killed, the others see to it that the scratch goes: without the
 * command the namespace ends and with it the daemon; without this process the
 * kernel kills the command; without the daemon this process collects its store.
 */
#include "scratchfs/config.h"

#include <signal.h>

enum sfs_run_exit {
	SFS_RUN_FAILED = 125, /* as env(1) */
	SFS_RUN_CANNOT = 126,
	SFS_RUN_NO_SUCH = 127,
};

struct sfs_run {
	struct sfs_config *config;
	const char *source; /* canonical */
	char *hideout;	    /* where the daemon mounts; see hideout.h */
	char **command;
	pid_t self, child;
	pid_t daemon;		     /* 0: has ended */
	dev_t device;		     /* of the view */
	int bound_fd, go_fd;	     /* the command's ends of two pipes */
	sigset_t taken;		     /* signals that this process waits for */
	sigset_t inherited;	     /* the command's mask */
	void (*inherited_chld)(int); /* its SIGCHLD */
};

/*
 * What the child does: binds the view over the source in a mount namespace of
 * its own, writes a byte to bound_fd, waits for one from go_fd, and becomes the
 * command.
 */
_Noreturn void sfs_run_inside(const struct sfs_run *run);

/* Waits for the command, passing on signals and stops: its wait status. */
int sfs_run_wait(struct sfs_run *run);

/* After the command: waits for the daemon to discard the scratch, unless other
 * processes still use the view. */
void sfs_run_settle(struct sfs_run *run);

#endif
