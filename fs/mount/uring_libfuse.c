/* SPDX-License-Identifier: MIT */
#include "uring.h"

#include "tap.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/machine.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>

/*
 * Rings that libfuse serves (3.18.3, if it was built with liburing); uring.c is ours,
 * for the others.  libfuse makes them when INIT is answered, with one thread for
 * each CPU's queue, and takes the answers.  Its requests do not pass through the
 * tap.
 */
struct sfs_uring {
	struct sfs_mount *mount;
};

/* A queue's requests are answered one after the other: a few that wait are
 * enough, and each has a buffer of max_write. */
#define OPTIONS "io_uring,io_uring_q_depth=4"

static bool are_to_be_had(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 };
	SFS_CLOSE int fd = -1;
	long on = 0;

	if (!sfs_machine_setting("/sys/module/fuse/parameters/enable_uring",
				 &on) ||
	    !on)
		return false;
	fd = (int)syscall(SYS_io_uring_setup, 1, &params);
	return fd >= 0;
}

const char *sfs_uring_options(void)
{
	return are_to_be_had() ? OPTIONS : NULL;
}

int sfs_uring_new(struct sfs_mount *mount, struct sfs_uring **ret)
{
	struct sfs_uring *uring;

	if (!are_to_be_had())
		return -ENOSYS;
	uring = calloc(1, sizeof(*uring));
	if (!uring)
		return -ENOMEM;
	uring->mount = mount;
	sfs_tap_want(mount, SFS_FUSE_OVER_IO_URING);
	*ret = uring;
	return 0;
}

void sfs_uring_start(struct sfs_uring *uring)
{
	(void)uring; /* libfuse has done it */
}

static _Thread_local bool adopted;

bool sfs_uring_is_alone(void)
{
	return adopted;
}

/* libfuse cancels its threads in order to end them: not inside a request, where
 * they hold locks. */
void sfs_uring_adopt(fuse_req_t req)
{
	struct sfs_mount *mount = sfs_op_mount(req);

	if (adopted || !fuse_req_is_uring(req))
		return;
	atomic_store(&mount->rings_serve, true);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	(void)sfs_view_thread_init(mount->view);
	adopted = true;
}

/* A loop of libfuse's has to end, for its threads to end; it need not begin. */
void sfs_uring_free(struct sfs_uring *uring)
{
	if (!uring)
		return;
	fuse_session_exit(uring->mount->session);
	(void)fuse_session_loop(uring->mount->session);
	free(uring);
}
