/* SPDX-License-Identifier: MIT */
#include "uring.h"

#include "tap.h"
#include "uring_ring.h"
#include "yield.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>
#include <string.h>

/*
 * FUSE over io_uring (Linux 6.14).  The kernel keeps a queue for each possible
 * CPU and puts a request into the queue of the CPU that it comes from; a thread
 * pinned there answers it without waking another CPU up.  Each queue has two
 * entries, which belong to two threads, so that a slow request does not hold up
 * the next one; CPUs that are off have no threads of their own.
 *
 * A request arrives in two places, a page of headers and a payload; libfuse
 * gets it as one message, put together right before the payload.  Its answer
 * comes back through the tap, on the same thread, and goes out with the command
 * that fetches the next request.
 *
 * FORGET, INTERRUPT and notifications stay on /dev/fuse.
 */
#ifdef SFS_HAVE_URING

#include <pthread.h>
#include <sched.h>

enum {
	PER_QUEUE = 2, /* entries, and threads for each CPU */
	SUBMISSIONS = 8,
};

struct sfs_uring {
	struct sfs_rings rings;
	unsigned int n_started;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* what follows, under the lock */
	unsigned int n_ready;
	int err;       /* why a thread cannot serve */
	bool go, stop; /* what threads wait for */
};

static void pin(const struct sfs_ring *t)
{
	cpu_set_t cpu;

	/* A CPU that is not for us: then anywhere. */
	if (t->cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&cpu);
	CPU_SET(t->cpu, &cpu);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu);
}

static struct sfs_uring *uring_of(const struct sfs_ring *t)
{
	return (void *)((char *)t->rings - offsetof(struct sfs_uring, rings));
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
	struct sfs_ring *t = arg;
	struct sfs_uring *uring = uring_of(t);
	int err;

	pin(t);
	err = io_uring_queue_init(SUBMISSIONS, &t->ring,
				  IORING_SETUP_SQE128 |
					  IORING_SETUP_SINGLE_ISSUER |
					  IORING_SETUP_DEFER_TASKRUN);
	if (!err)
		err = sfs_view_thread_init(uring->rings.mount->view);
	if (wait_for_go(uring, err))
		sfs_ring_serve(t);
	if (t->ring.ring_fd > 0)
		io_uring_queue_exit(&t->ring);
	return NULL;
}

static bool switch_is_on(void)
{
	SFS_CLOSE int fd = open("/sys/module/fuse/parameters/enable_uring",
				O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) == 1 && (c == 'Y' || c == '1');
}

/* A list like "0-3,8-11", as a set. */
static int read_cpus(const char *path, cpu_set_t *ret)
{
	SFS_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[1024], *at = text;
	ssize_t n;

	CPU_ZERO(ret);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	do {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		if (last >= CPU_SETSIZE)
			return -ERANGE;
		for (; first <= last; first++)
			CPU_SET(first, ret);
	} while (*at++ == ',');
	return 0;
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
	while (uring->n_started > 0)
		pthread_join(uring->rings.all[--uring->n_started].thread, NULL);
	for (unsigned int i = 0; i < uring->rings.count; i++)
		sfs_ring_free_entries(&uring->rings.all[i]);
	pthread_mutex_destroy(&uring->lock);
	pthread_cond_destroy(&uring->changed);
	free(uring->rings.all);
	free(uring);
}

/* Threads for the CPUs that are on. */
static int make_threads(struct sfs_uring *uring, const cpu_set_t *online)
{
	struct sfs_rings *rings = &uring->rings;
	unsigned int most = PER_QUEUE * (unsigned int)CPU_COUNT(online);

	rings->all = calloc(most, sizeof(*rings->all));
	if (!rings->all)
		return -ENOMEM;
	for (unsigned int i = 0; rings->count < most; i++) {
		struct sfs_ring *t = &rings->all[rings->count];

		if (!CPU_ISSET(i / PER_QUEUE, online))
			continue;
		t->rings = rings;
		t->cpu = i / PER_QUEUE;
		rings->count++;
	}
	return 0;
}

static struct sfs_ring *ring_for(struct sfs_rings *rings, unsigned int queue,
				 unsigned int number)
{
	for (unsigned int i = 0; i < rings->count; i += PER_QUEUE)
		if (rings->all[i].cpu == queue)
			return &rings->all[i + number % PER_QUEUE];
	return &rings->all[number % rings->count];
}

/* The queues are numbered as CPUs are; those of CPUs that are off go to
 * somebody. */
static int make_entries(struct sfs_uring *uring, unsigned int n_queues)
{
	struct sfs_rings *rings = &uring->rings;
	unsigned int n = PER_QUEUE * n_queues;
	int err = 0;

	for (unsigned int i = 0; !err && i < n; i++)
		err = sfs_ring_add_entry(ring_for(rings, i / PER_QUEUE, i),
					 i / PER_QUEUE);
	return err;
}

static int start_threads(struct sfs_uring *uring)
{
	int err = 0;

	while (!err && uring->n_started < uring->rings.count) {
		struct sfs_ring *t = &uring->rings.all[uring->n_started];

		err = -pthread_create(&t->thread, NULL, run, t);
		if (!err)
			uring->n_started++;
	}
	pthread_mutex_lock(&uring->lock);
	while (uring->n_ready < uring->n_started)
		pthread_cond_wait(&uring->changed, &uring->lock);
	if (!err)
		err = uring->err;
	pthread_mutex_unlock(&uring->lock);
	return err;
}

int sfs_uring_new(struct sfs_mount *mount, struct sfs_uring **ret)
{
	struct sfs_uring *uring;
	cpu_set_t possible, online;
	int err;

	if (!switch_is_on() ||
	    read_cpus("/sys/devices/system/cpu/possible", &possible) ||
	    read_cpus("/sys/devices/system/cpu/online", &online))
		return -ENOSYS;
	uring = calloc(1, sizeof(*uring));
	if (!uring)
		return -ENOMEM;
	uring->rings.mount = mount;
	uring->rings.fd = fuse_session_fd(mount->session);
	uring->rings.yields = sfs_yield_allowed();
	pthread_mutex_init(&uring->lock, NULL);
	pthread_cond_init(&uring->changed, NULL);
	err = make_threads(uring, &online);
	if (!err)
		err = make_entries(uring, (unsigned int)CPU_COUNT(&possible));
	if (!err)
		err = start_threads(uring);
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
	bool agreed = sfs_tap_has(uring->rings.mount, SFS_FUSE_OVER_IO_URING);

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
