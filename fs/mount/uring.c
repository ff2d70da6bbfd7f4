/* SPDX-License-Identifier: MIT */
#include "uring.h"

#include "tap.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>
#include <string.h>

/*
 * FUSE over io_uring (Linux 6.14).  The kernel keeps a queue for each possible
 * CPU and puts a request into the queue of the CPU that it comes from; a
 * thread pinned there answers it without waking another CPU up.  Two threads
 * with a ring each serve a queue, so that a slow request does not hold up the
 * next one.  A request arrives in two places, a page of headers and a payload;
 * libfuse gets it as one message, put together right before the payload.  Its
 * answer comes back through the tap, on the same thread, and goes out with the
 * command that fetches the next request.
 *
 * FORGET, INTERRUPT and notifications stay on /dev/fuse.
 */
#ifdef SFS_HAVE_URING

#include <liburing.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

enum {
	PAYLOAD_BYTES = 1 << 20, /* max_write, and the largest read */
	PAGE_BYTES = 4096,
	CMD_REGISTER = 1,
	CMD_COMMIT_AND_FETCH = 2,
	PART_BYTES = 128,
	FEW_CPUS = 64, /* beyond that, one thread a queue */
};

/* linux/fuse.h of 6.14: what is at the start of a queue entry's headers... */
struct ring_headers {
	char in_out[PART_BYTES]; /* struct fuse_in_header or fuse_out_header */
	char op_in[PART_BYTES];	 /* the request's first argument */
	struct {
		uint64_t flags, commit_id;
		uint32_t payload_size, padding;
		uint64_t reserved;
	} entry;
};

/* ... and what is in the command part of an SQE. */
struct ring_command {
	uint64_t flags, commit_id;
	uint16_t queue;
	uint8_t padding[6];
};

struct ring_thread {
	struct sfs_uring *uring;
	pthread_t thread;
	struct io_uring ring;
	unsigned int queue;
	struct ring_headers *headers; /* a page */
	char *payload;		      /* a page before it is ours as well */
	struct iovec iov[2];
	uint64_t unique; /* of the request being answered; 0: none */
	bool fetches;	 /* a command is out: a completion will come */
};

struct sfs_uring {
	struct sfs_mount *mount;
	int fd;
	struct ring_thread *threads;
	unsigned int n_threads, n_queues;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int n_ready;
	int err;       /* why a thread cannot serve */
	bool go, stop; /* what threads wait for */
};

static void command(struct ring_thread *t, unsigned int op, uint64_t commit_id)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);
	struct ring_command cmd = { .commit_id = commit_id,
				    .queue = (uint16_t)t->queue };

	if (!sqe)
		return; /* there is one command at a time, and room for two */
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = t->uring->fd;
	sqe->cmd_op = op;
	if (op == CMD_REGISTER) {
		sqe->addr = (uintptr_t)t->iov;
		sqe->len = 2;
	}
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, addr3), &cmd,
	       sizeof(cmd));
	t->fetches = true;
}

/* Puts libfuse's answer into the entry; it goes out with the next submit. */
static ssize_t take_reply(void *ctx, const struct iovec *iov, int count)
{
	struct ring_thread *t = ctx;
	const struct fuse_out_header *head = iov[0].iov_base;
	size_t size = 0;

	if (head->unique != t->unique)
		return -1;
	for (int i = 1; i < count; i++) {
		if (iov[i].iov_len > PAYLOAD_BYTES - size)
			return -1;
		memcpy(t->payload + size, iov[i].iov_base, iov[i].iov_len);
		size += iov[i].iov_len;
	}
	memcpy(t->headers->in_out, head, sizeof(*head));
	t->headers->entry.payload_size = (uint32_t)size;
	t->unique = 0;
	command(t, CMD_COMMIT_AND_FETCH, t->headers->entry.commit_id);
	return (ssize_t)(size + iov[0].iov_len);
}

/* What nobody answered: it would keep its caller for ever. */
static void fail_request(struct ring_thread *t)
{
	struct fuse_out_header head = { .len = sizeof(head),
					.error = -EIO,
					.unique = t->unique };
	struct iovec iov = { &head, sizeof(head) };

	(void)take_reply(t, &iov, 1);
}

static void serve_request(struct ring_thread *t)
{
	struct fuse_in_header head;
	size_t payload = t->headers->entry.payload_size, op;
	char *message;

	memcpy(&head, t->headers->in_out, sizeof(head));
	t->unique = head.unique;
	if (head.len < sizeof(head) + payload ||
	    head.len - sizeof(head) - payload > PART_BYTES) {
		fail_request(t);
		return;
	}
	op = head.len - sizeof(head) - payload;
	message = t->payload - op - sizeof(head);
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), t->headers->op_in, op);
	struct fuse_buf buf = { .size = head.len, .mem = message };

	sfs_tap_look(t->uring->mount, message, head.len);
	fuse_session_process_buf(t->uring->mount->session, &buf);
	if (t->unique)
		fail_request(t);
}

/* Every failure but a signal is the end of the connection. */
static void serve(struct ring_thread *t)
{
	sfs_tap_divert(take_reply, t);
	command(t, CMD_REGISTER, 0);
	while (t->fetches) {
		struct io_uring_cqe *cqe;
		int r = io_uring_submit_and_wait(&t->ring, 1);

		if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY)
			break;
		if (io_uring_peek_cqe(&t->ring, &cqe))
			continue;
		r = cqe->res;
		io_uring_cqe_seen(&t->ring, cqe);
		t->fetches = false;
		if (r >= 0)
			serve_request(t);
	}
	sfs_tap_divert(NULL, NULL);
}

static void pin(const struct ring_thread *t)
{
	cpu_set_t cpu;

	/* A CPU that is off, or not for us: then anywhere. */
	if (t->queue >= CPU_SETSIZE)
		return;
	CPU_ZERO(&cpu);
	CPU_SET(t->queue, &cpu);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu);
}

/* Says that this thread is ready (or why not) and waits to be told. */
static bool wait_for_go(struct sfs_uring *uring, int err)
{
	bool go;

	pthread_mutex_lock(&uring->lock);
	uring->n_ready++;
	if (err)
		uring->err = err;
	pthread_cond_broadcast(&uring->changed);
	while (!uring->go && !uring->stop)
		pthread_cond_wait(&uring->changed, &uring->lock);
	go = uring->go;
	pthread_mutex_unlock(&uring->lock);
	return go && !err;
}

static void *run(void *arg)
{
	struct ring_thread *t = arg;
	int err;

	pin(t);
	err = io_uring_queue_init(2, &t->ring, IORING_SETUP_SQE128);
	if (!err)
		err = sfs_view_thread_init(t->uring->mount->view);
	if (wait_for_go(t->uring, err))
		serve(t);
	if (t->ring.ring_fd > 0)
		io_uring_queue_exit(&t->ring);
	return NULL;
}

static int prepare(struct ring_thread *t)
{
	char *area = mmap(NULL, 2 * PAGE_BYTES + PAYLOAD_BYTES,
			  PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return -errno;
	t->headers = (struct ring_headers *)(void *)area;
	t->payload = area + 2 * PAGE_BYTES;
	t->iov[0] = (struct iovec){ t->headers, sizeof(*t->headers) };
	t->iov[1] = (struct iovec){ t->payload, PAYLOAD_BYTES };
	return -pthread_create(&t->thread, NULL, run, t);
}

static bool switch_is_on(void)
{
	SFS_CLOSE int fd = open("/sys/module/fuse/parameters/enable_uring",
				O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) == 1 && (c == 'Y' || c == '1');
}

static void tell(struct sfs_uring *uring, bool *what)
{
	pthread_mutex_lock(&uring->lock);
	*what = true;
	pthread_cond_broadcast(&uring->changed);
	pthread_mutex_unlock(&uring->lock);
}

void sfs_uring_free(struct sfs_uring *uring)
{
	if (!uring)
		return;
	tell(uring, &uring->stop);
	for (unsigned int i = 0; i < uring->n_threads; i++) {
		pthread_join(uring->threads[i].thread, NULL);
		munmap(uring->threads[i].headers,
		       2 * PAGE_BYTES + PAYLOAD_BYTES);
	}
	pthread_mutex_destroy(&uring->lock);
	pthread_cond_destroy(&uring->changed);
	free(uring->threads);
	free(uring);
}

static int start_threads(struct sfs_uring *uring, unsigned int n)
{
	int err = 0;

	while (!err && uring->n_threads < n) {
		struct ring_thread *t = &uring->threads[uring->n_threads];

		t->uring = uring;
		t->queue = uring->n_threads % uring->n_queues;
		err = prepare(t);
		if (!err)
			uring->n_threads++;
	}
	pthread_mutex_lock(&uring->lock);
	while (uring->n_ready < uring->n_threads)
		pthread_cond_wait(&uring->changed, &uring->lock);
	if (!err)
		err = uring->err;
	pthread_mutex_unlock(&uring->lock);
	return err;
}

int sfs_uring_new(struct sfs_mount *mount, struct sfs_uring **ret)
{
	struct sfs_uring *uring;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int n;
	int err;

	if (!switch_is_on() || cpus < 1)
		return -ENOSYS;
	uring = calloc(1, sizeof(*uring));
	if (!uring)
		return -ENOMEM;
	uring->mount = mount;
	uring->fd = fuse_session_fd(mount->session);
	uring->n_queues = (unsigned int)cpus;
	n = cpus > FEW_CPUS ? uring->n_queues : 2 * uring->n_queues;
	pthread_mutex_init(&uring->lock, NULL);
	pthread_cond_init(&uring->changed, NULL);
	uring->threads = calloc(n, sizeof(*uring->threads));
	err = uring->threads ? start_threads(uring, n) : -ENOMEM;
	if (err) {
		sfs_uring_free(uring);
		return err;
	}
	sfs_tap_want(mount, SFS_FUSE_OVER_IO_URING);
	*ret = uring;
	return 0;
}

void sfs_uring_start(struct sfs_uring *uring)
{
	bool agreed = sfs_tap_has(uring->mount, SFS_FUSE_OVER_IO_URING);

	tell(uring, agreed ? &uring->go : &uring->stop);
}

#else

int sfs_uring_new(struct sfs_mount *mount, struct sfs_uring **ret)
{
	(void)mount;
	(void)ret;
	return -ENOSYS;
}

void sfs_uring_start(struct sfs_uring *uring)
{
	(void)uring;
}

void sfs_uring_free(struct sfs_uring *uring)
{
	(void)uring;
}

#endif
