/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/mountinfo.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"

#include <sys/wait.h>
#include <time.h>

#define TICK_MS	  20
#define LOOK_MS	  200 /* into each second: who else uses the view? */
#define SETTLE_MS 30000

/*
 * What the terminal sends (si_code > 0) goes to the whole group and has reached
 * the command.  A shell that puts a job into the foreground continues only this
 * process if the command has made a group of its own.
 */
static void pass_on(const struct sfs_run *run, const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return;
	case SIGCONT:
		break;
	default:
		if (info->si_code > 0 || info->si_pid == run->child)
			return;
	}
	kill(run->child, info->si_signo);
}

/* The shell that waits for this process has to see that the command stopped.
 * Without a terminal nobody would continue it. */
static void stop_too(int signo)
{
	if (signo != SIGSTOP || isatty(STDIN_FILENO))
		kill(getpid(), SIGSTOP);
}

/* True: the command has ended. */
static bool has_ended(const struct sfs_run *run, int *ret_status)
{
	for (;;) {
		pid_t pid =
			waitpid(run->child, ret_status, WNOHANG | WUNTRACED);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid != run->child)
			return false;
		if (!WIFSTOPPED(*ret_status))
			return true;
		stop_too(WSTOPSIG(*ret_status));
	}
}

/* True: the daemon has ended.  What a killed one leaves is collected. */
static bool reap_daemon(struct sfs_run *run)
{
	int status;

	if (run->daemon == 0)
		return true;
	if (waitpid(run->daemon, &status, WNOHANG) == 0)
		return false;
	run->daemon = 0;
	if (!WIFSIGNALED(status))
		return true;
	sfs_msg("the daemon of the view was killed by signal %d; its scratch "
		"is lost",
		WTERMSIG(status));
	sfs_registry_collect(false, NULL, NULL, NULL);
	return true;
}

int sfs_run_wait(struct sfs_run *run)
{
	siginfo_t info;
	int status;

	while (!has_ended(run, &status)) {
		reap_daemon(run);
		if (sigwaitinfo(&run->taken, &info) > 0 &&
		    info.si_signo != SIGCHLD)
			pass_on(run, &info);
	}
	return status;
}

void sfs_run_settle(struct sfs_run *run)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	bool in_use = false;

	for (int ms = 0; !reap_daemon(run) && !in_use && ms < SETTLE_MS;
	     ms += TICK_MS) {
		nanosleep(&tick, NULL);
		if (ms % 1000 == LOOK_MS)
			in_use = sfs_mountinfo_process(run->device) != 0;
	}
	if (run->daemon != 0)
		sfs_msg(in_use ? "other processes still use the view; its "
				 "scratch goes with the last of them"
			       : "the scratch is still being discarded");
}
