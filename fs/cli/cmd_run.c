/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/mountinfo.h"
#include "scratchfs/msg.h"
#include "scratchfs/options.h"
#include "scratchfs/path.h"
#include "scratchfs/session.h"

#include "hideout.h"
#include "run.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* False: the other end was closed first. */
static bool wait_for_byte(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

/* What this process has open is the command's: a pipe that the daemon kept
 * would never end, a lock never be free. */
static void leave_descriptors(int *kept_fd)
{
	const int first = STDERR_FILENO + 1;

	if (*kept_fd != first && dup3(*kept_fd, first, O_CLOEXEC) == first)
		*kept_fd = first;
	close_range((unsigned int)*kept_fd + 1, ~0U, 0);
}

/* Until nobody can be using the view through its hideout any more, the death of
 * this process ends the daemon. */
static _Noreturn void be_daemon(const struct sfs_run *run, int ready_fd)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	setsid();
	leave_descriptors(&ready_fd);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != run->self)
		_exit(SFS_EXIT_FAILED);
	int status = sfs_session_run_here(run->config, ready_fd);
	fflush(NULL);
	_exit(status);
}

static int start_daemon(struct sfs_run *run)
{
	struct sfs_mountinfo mount;
	int ends[2];

	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	run->daemon = fork();
	if (run->daemon == 0)
		be_daemon(run, ends[1]);
	close(ends[1]);
	bool ready = run->daemon > 0 && wait_for_byte(ends[0]);
	close(ends[0]);
	if (!ready || sfs_mountinfo_find(run->hideout, &mount) < 0)
		return -ENOTCONN;
	run->device = mount.device;
	sfs_mountinfo_done(&mount);
	return 0;
}

/* Stops and continuations too: the command's are this process' own. */
static void take_signals(struct sfs_run *run)
{
	static const int taken[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				     SIGUSR1, SIGUSR2, SIGALRM, SIGCONT,
				     SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD };

	sigemptyset(&run->taken);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		sigaddset(&run->taken, taken[i]);
	sigprocmask(SIG_BLOCK, &run->taken, &run->inherited);
}

/* The command waits in its namespace until the view is gone from here. */
static int start_command(struct sfs_run *run)
{
	int bound[2] = { -1, -1 }, go[2] = { -1, -1 };

	if (pipe2(bound, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	take_signals(run);
	run->bound_fd = bound[1];
	run->go_fd = go[0];
	run->child = fork();
	if (run->child == 0) {
		close(bound[0]);
		close(go[1]);
		sfs_run_inside(run);
	}
	close(bound[1]);
	close(go[0]);
	bool is_bound = run->child > 0 && wait_for_byte(bound[0]);
	close(bound[0]);
	sfs_hideout_leave(run->hideout);
	ssize_t n = is_bound ? write(go[1], "", 1) : 0;
	close(go[1]);
	return n == 1 || run->child > 0 ? 0 : -EAGAIN;
}

/* As the command ended, so that the shell says the same of both. */
static int end_like(const struct sfs_run *run, int status)
{
	const struct rlimit no_core = { 0, 0 };

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	int signo = WTERMSIG(status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(signo, SIG_DFL);
	sigset_t only;
	sigemptyset(&only);
	sigaddset(&only, signo);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	kill(run->self, signo);
	return 128 + signo;
}

static int run_in_view(struct sfs_run *run)
{
	int status = 0;
	int err = start_daemon(run);

	if (err < 0) {
		sfs_hideout_leave(run->hideout);
		if (err != -ENOTCONN) /* else said by the daemon */
			sfs_msg_errno(-err, "cannot start a daemon");
	} else if ((err = start_command(run)) < 0) {
		sfs_msg_errno(-err, "cannot start the command");
	} else {
		status = sfs_run_wait(run);
	}
	if (run->daemon > 0)
		sfs_run_settle(run);
	return err < 0 ? SFS_RUN_FAILED : end_like(run, status);
}

static int run(struct sfs_config *config, char **operands)
{
	SFS_FREE char *source = NULL;
	struct sfs_run run = {
		.config = config,
		.command = operands + 1,
		.self = getpid(),
	};
	int err = sfs_path_canonical(operands[0], &source);

	if (err < 0) {
		sfs_msg_errno(-err, "the source %s", operands[0]);
		return SFS_RUN_FAILED;
	}
	if (sfs_hideout_make(&run.hideout) < 0)
		return SFS_RUN_FAILED;
	run.source = source;
	run.inherited_chld = signal(SIGCHLD, SIG_DFL);
	config->source = strdup(source);
	config->mountpoint = strdup(run.hideout);
	config->passes_through = true;
	int status = SFS_RUN_FAILED;
	if (config->source && config->mountpoint)
		status = run_in_view(&run);
	free(run.hideout);
	return status;
}

static int print_help(void)
{
	fputs("Usage: scratchfs run [OPTIONS] SOURCE [--] COMMAND [ARG...]\n"
	      "\n"
	      "Runs COMMAND with a view mounted over SOURCE that only COMMAND "
	      "and what it\n"
	      "starts can see; nobody needs to be root, no mount point is "
	      "needed. The\n"
	      "scratch is thrown away when the last of them ends, unless "
	      "--volume keeps it.\n"
	      "\n"
	      "OPTIONS are those of a mount (scratchfs --help). The exit "
	      "status is COMMAND's;\n"
	      "125 if the view cannot be made, 126 if COMMAND cannot be "
	      "executed, 127 if\n"
	      "there is no such command.\n"
	      "\n"
	      "  scratchfs run . make test\n"
	      "  scratchfs run -s '*.o' --volume objects ~/project -- make\n",
	      stdout);
	return fflush(stdout) ? SFS_RUN_FAILED : SFS_EXIT_OK;
}

int sfs_cmd_run(int argc, char **argv)
{
	struct sfs_config config;
	int operands, status = SFS_RUN_FAILED;

	sfs_config_init(&config);
	if (sfs_options_parse(&config, argc, argv, SFS_OPTIONS_STOP, NULL,
			      &operands) < 0) {
		status = SFS_RUN_FAILED; /* said */
	} else if (config.help) {
		status = print_help();
	} else if (operands < 2) {
		sfs_msg("run: %s is missing; see scratchfs run --help",
			operands ? "COMMAND" : "SOURCE");
	} else {
		argv[operands + 1] = NULL;
		status = run(&config, argv + 1);
	}
	sfs_config_done(&config);
	return status;
}
