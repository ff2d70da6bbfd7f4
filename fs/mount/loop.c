/* SPDX-License-Identifier: MIT */
/*
 * Threads that read requests and answer them.
 *
 * All read the same descriptor: the kernel wakes one for each request.  They
 * do not look at a flag in order to end: when the connection ends, and only
 * then, reading says so to each of them.  What ends it is the last unmount.
 */
#include "loop.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#define WORKERS_MAX 10

void sfs_loop_taken_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
}

int sfs_loop_block_signals(void)
{
	sigset_t taken;

	/* A reply into a dead connection, a file beyond RLIMIT_FSIZE: errors of
	 * one request. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sfs_loop_taken_signals(&taken);
	return -pthread_sigmask(SIG_BLOCK, &taken, NULL);
}

/* One request.  False: there will be none any more. */
static bool serve_one(struct sfs_mount *mount, struct fuse_buf *buf)
{
	int n = fuse_session_receive_buf(mount->session, buf);

	if (n == -EINTR || n == -EAGAIN)
		return true;
	if (n <= 0)
		return false;
	fuse_session_process_buf(mount->session, buf);
	return true;
}

int sfs_loop_init(struct sfs_mount *mount)
{
	struct fuse_buf buf = { 0 };
	bool more = true;

	while (more && !mount->initialized)
		more = serve_one(mount, &buf) &&
		       !fuse_session_exited(mount->session);
	free(buf.mem);
	if (fuse_session_exited(mount->session))
		return more ? -EPROTO : -ENOTCONN;
	return mount->initialized ? 0 : -ENOTCONN;
}

struct workers {
	struct sfs_mount *mount;
	pthread_t threads[WORKERS_MAX];
	unsigned int count;
	int ended_fd; /* eventfd: one for each that has ended */
};

static void *work(void *arg)
{
	struct workers *workers = arg;
	struct fuse_buf buf = { 0 };
	int err = sfs_view_thread_init(workers->mount->view);

	if (err < 0)
		sfs_msg_errno(-err, "a thread cannot have its own umask");
	while (serve_one(workers->mount, &buf))
		continue;
	free(buf.mem);
	eventfd_write(workers->ended_fd, 1);
	return NULL;
}

static unsigned int worker_count(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1)
		cpus = 1;
	return cpus > 4 ? WORKERS_MAX : 2 * (unsigned int)cpus + 2;
}

/* One is enough to go on with. */
static int start(struct workers *workers)
{
	unsigned int n = worker_count();
	int err = 0;

	while (workers->count < n && err == 0) {
		err = pthread_create(&workers->threads[workers->count], NULL,
				     work, workers);
		if (err == 0)
			workers->count++;
	}
	return workers->count > 0 ? 0 : -err;
}

/* 0: the connection has ended.  -EINTR: a second signal came before that. */
static int wait_for_end(const struct sfs_loop *loop, int signal_fd,
			int ended_fd)
{
	struct pollfd fds[] = {
		{ .fd = ended_fd, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	unsigned int signals = 0;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			return 0;
		if (!fds[1].revents ||
		    read(signal_fd, &info, sizeof(info)) != sizeof(info))
			continue;
		if (signals++ > 0)
			return -EINTR;
		loop->unmount(loop->ctx);
	}
}

int sfs_loop_run(const struct sfs_loop *loop)
{
	/* On the heap: after -EINTR threads go on using it. */
	struct workers *workers = calloc(1, sizeof(*workers));
	SFS_CLOSE int signal_fd = -1;
	sigset_t taken;

	if (!workers)
		return -ENOMEM;
	sfs_loop_taken_signals(&taken);
	workers->mount = loop->mount;
	workers->ended_fd = eventfd(0, EFD_CLOEXEC);
	signal_fd = signalfd(-1, &taken, SFD_CLOEXEC);
	int err = workers->ended_fd < 0 || signal_fd < 0 ? -errno : 0;
	if (err == 0)
		err = start(workers);
	if (err == 0) {
		loop->started(loop->ctx);
		err = wait_for_end(loop, signal_fd, workers->ended_fd);
	}
	if (err == -EINTR)
		return err;
	for (unsigned int i = 0; i < workers->count; i++)
		pthread_join(workers->threads[i], NULL);
	if (workers->ended_fd >= 0)
		close(workers->ended_fd);
	free(workers);
	return err;
}
