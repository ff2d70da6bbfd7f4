/* SPDX-License-Identifier: MIT */
#include "daemonize.h"

#include "loop.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

int sfs_daemonize_reserve_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* What has come since there is a mount is for the child as well. */
static void pass_signals_on(pid_t child)
{
	sigset_t taken, pending;

	sfs_loop_taken_signals(&taken);
	sigpending(&pending);
	for (int signo = 1; signo < NSIG; signo++)
		if (sigismember(&taken, signo) == 1 &&
		    sigismember(&pending, signo) == 1)
			kill(child, signo);
	sigprocmask(SIG_UNBLOCK, &taken, NULL);
}

static _Noreturn void wait_for_child(pid_t child, int ready_fd)
{
	char word;
	ssize_t n;
	int status;

	do {
		n = read(ready_fd, &word, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(SFS_EXIT_OK);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(SFS_EXIT_FAILED);
	if (WIFEXITED(status) && WEXITSTATUS(status) != SFS_EXIT_OK)
		_exit(WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		sfs_msg("the daemon was killed by signal %d", WTERMSIG(status));
	_exit(SFS_EXIT_FAILED);
}

int sfs_daemonize_begin(int *ret_ready_fd)
{
	int ends[2];

	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		sfs_msg_errno(errno, "cannot make a pipe");
		return -EIO;
	}
	pid_t child = fork();
	if (child < 0) {
		sfs_msg_errno(errno, "cannot start a daemon");
		close(ends[0]);
		close(ends[1]);
		return -EAGAIN;
	}
	if (child > 0) {
		close(ends[1]);
		pass_signals_on(child);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	*ret_ready_fd = ends[1];
	return 0;
}

void sfs_daemonize_ready(int ready_fd)
{
	SFS_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;

	sfs_msg_to_syslog();
	if (chdir("/") < 0)
		sfs_msg_errno(errno, "cannot leave the working folder");
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	do {
		n = write(ready_fd, "", 1);
	} while (n < 0 && errno == EINTR);
	close(ready_fd);
}
