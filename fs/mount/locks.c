/* SPDX-License-Identifier: MIT */
#include "locks.h"

#include "notify.h"

#include "scratchfs/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <time.h>

enum {
	CHAINS = 256,
	FIRST_WAIT_NS = 1000000,
	LONGEST_WAIT_NS = 16000000,
	CLOSING_TRIES = 6,
};

struct owner {
	struct owner *next;
	struct sfs_node *node;
	uint64_t id, handle; /* handle: the last one that it locked through */
	bool is_flock;	     /* OFD locks of the same file have another one */
	unsigned int users;
	bool closing; /* a descriptor of that open file was closed: the last? */
	int fd;
};

/* A request that the thread has not answered yet. */
struct waiter {
	struct waiter *next;
	fuse_req_t req;
	struct owner *owner; /* used by it */
	int tries;
	struct sfs_lock_call call;
};

struct sfs_locks {
	struct sfs_mount *mount;
	struct sfs_notify notify;
	pthread_t thread;
	_Atomic uint64_t handles;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct owner *chains[CHAINS];
	struct waiter *fresh; /* the last one first */
	bool again;	      /* something was unlocked */
	bool stop;
};

static struct owner **chain_of(struct sfs_locks *locks,
			       const struct sfs_node *node)
{
	uint64_t h = (uintptr_t)node / sizeof(*node) * 0x9e3779b97f4a7c15u;

	return &locks->chains[(h >> 32) % CHAINS];
}

/* Where it is linked, or the chain's end.  Locked. */
static struct owner **find(struct sfs_locks *locks, const struct sfs_node *node,
			   uint64_t id, bool is_flock)
{
	struct owner **at = chain_of(locks, node);

	while (*at && ((*at)->node != node || (*at)->id != id ||
		       (*at)->is_flock != is_flock))
		at = &(*at)->next;
	return at;
}

static void owner_free(struct owner *owner)
{
	close(owner->fd); /* and with it go its locks */
	free(owner);
}

/* Locked. */
static void wake(struct sfs_locks *locks)
{
	locks->again = true;
	pthread_cond_signal(&locks->wake);
}

static struct owner *get_known(struct sfs_locks *locks,
			       const struct sfs_lock_call *call)
{
	struct owner *owner;

	pthread_mutex_lock(&locks->lock);
	owner = *find(locks, call->node, call->owner, call->is_flock);
	if (owner) {
		owner->users++;
		owner->handle = call->handle;
		owner->closing = false;
	}
	pthread_mutex_unlock(&locks->lock);
	return owner;
}

/* The owner, used by the caller until put(). */
static int get(struct sfs_locks *locks, const struct sfs_lock_call *call,
	       struct owner **ret)
{
	struct owner *fresh, **at;

	*ret = get_known(locks, call);
	if (*ret)
		return 0;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	fresh->fd = sfs_view_open_to_lock(locks->mount->view, call->node,
					  call->is_flock);
	if (fresh->fd < 0) {
		int err = fresh->fd;

		free(fresh);
		return err;
	}
	fresh->node = call->node;
	fresh->id = call->owner;
	fresh->is_flock = call->is_flock;
	pthread_mutex_lock(&locks->lock);
	at = find(locks, call->node, call->owner, call->is_flock);
	*ret = *at;
	if (!*at) {
		*ret = *at = fresh;
		fresh = NULL;
	}
	(*ret)->users++;
	(*ret)->handle = call->handle;
	pthread_mutex_unlock(&locks->lock);
	if (fresh)
		owner_free(fresh);
	return 0;
}

static void put(struct sfs_locks *locks, struct owner *owner)
{
	pthread_mutex_lock(&locks->lock);
	owner->users--;
	pthread_mutex_unlock(&locks->lock);
}

/* Never waits.  -EAGAIN: somebody else has it. */
static int try_lock(int fd, const struct sfs_lock_call *call)
{
	struct flock lock = call->lock;
	int op = call->lock.l_type == F_UNLCK	? LOCK_UN
		 : call->lock.l_type == F_RDLCK ? LOCK_SH
						: LOCK_EX;

	lock.l_pid = 0;
	if (call->is_flock ? flock(fd, op | LOCK_NB)
			   : fcntl(fd, F_OFD_SETLK, &lock))
		return errno == EACCES ? -EAGAIN : -errno;
	return 0;
}

/* --- the thread ---------------------------------------------------------- */

/*
 * RELEASE comes some time after close(2) has returned.  Whoever has closed a
 * file and opens it again must not find it locked by itself.
 */
static bool may_be_closed(struct sfs_locks *locks, struct waiter *waiter)
{
	bool closing = false;

	if (++waiter->tries > CLOSING_TRIES)
		return false;
	pthread_mutex_lock(&locks->lock);
	for (struct owner *o = *chain_of(locks, waiter->call.node); o;
	     o = o->next)
		closing |= o->closing && o->node == waiter->call.node;
	pthread_mutex_unlock(&locks->lock);
	return closing;
}

/* False: it has to wait on. */
static bool serve(struct sfs_locks *locks, struct waiter *waiter)
{
	const struct sfs_notify *notify = &locks->notify;
	int err = try_lock(waiter->owner->fd, &waiter->call);

	if (err == -EAGAIN &&
	    (waiter->call.sleep || may_be_closed(locks, waiter))) {
		if (!fuse_req_interrupted(waiter->req))
			return false;
		err = -EINTR;
	}
	if (err == 0)
		notify->inval_inode(notify->ctx, waiter->call.node, true);
	put(locks, waiter->owner);
	sfs_reply_status(waiter->req, err);
	free(waiter);
	return true;
}

/* The fresh ones go behind those that wait already, in their order. */
static void append(struct waiter **waiting, struct waiter *fresh)
{
	struct waiter *in_order = NULL, *next;

	for (; fresh; fresh = next) {
		next = fresh->next;
		fresh->next = in_order;
		in_order = fresh;
	}
	while (*waiting)
		waiting = &(*waiting)->next;
	*waiting = in_order;
}

/* Until there is something to do, or some of `wait_ns` has passed (0: no
 * limit).  Locked. */
static void sleep_locked(struct sfs_locks *locks, long wait_ns)
{
	struct timespec until;

	if (locks->fresh || locks->again || locks->stop)
		return;
	if (!wait_ns) {
		pthread_cond_wait(&locks->wake, &locks->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += wait_ns;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&locks->wake, &locks->lock, &until);
}

static void serve_all(struct sfs_locks *locks, struct waiter **waiting)
{
	while (*waiting) {
		struct waiter *next = (*waiting)->next;

		if (serve(locks, *waiting))
			*waiting = next;
		else
			waiting = &(*waiting)->next;
	}
}

static void give_up(struct sfs_locks *locks, struct waiter *waiting)
{
	for (struct waiter *next; waiting; waiting = next) {
		next = waiting->next;
		put(locks, waiting->owner);
		sfs_reply_status(waiting->req, -EINTR);
		free(waiting);
	}
}

static void *run(void *arg)
{
	struct sfs_locks *locks = arg;
	struct waiter *waiting = NULL;
	long wait_ns = FIRST_WAIT_NS;
	bool stop;

	do {
		pthread_mutex_lock(&locks->lock);
		sleep_locked(locks, waiting ? wait_ns : 0);
		wait_ns = locks->fresh || locks->again ? FIRST_WAIT_NS
			  : wait_ns < LONGEST_WAIT_NS  ? 2 * wait_ns
						       : LONGEST_WAIT_NS;
		append(&waiting, locks->fresh);
		locks->fresh = NULL;
		locks->again = false;
		stop = locks->stop;
		pthread_mutex_unlock(&locks->lock);
		if (!stop)
			serve_all(locks, &waiting);
	} while (!stop);
	give_up(locks, waiting);
	return NULL;
}

/* --- requests ------------------------------------------------------------ */

static int set(struct sfs_locks *locks, fuse_req_t req,
	       const struct sfs_lock_call *call)
{
	struct waiter *waiter = malloc(sizeof(*waiter));
	int err = waiter ? 0 : -ENOMEM;

	if (!err)
		*waiter = (struct waiter){ .req = req, .call = *call };
	if (!err)
		err = get(locks, call, &waiter->owner);
	if (err) {
		free(waiter);
		return err;
	}
	pthread_mutex_lock(&locks->lock);
	waiter->next = locks->fresh;
	locks->fresh = waiter;
	pthread_cond_signal(&locks->wake);
	pthread_mutex_unlock(&locks->lock);
	return 0;
}

static int unlock(struct sfs_locks *locks, const struct sfs_lock_call *call)
{
	struct owner *owner = get_known(locks, call);
	int err;

	if (!owner)
		return 0;
	err = try_lock(owner->fd, call);
	pthread_mutex_lock(&locks->lock);
	owner->users--;
	wake(locks);
	pthread_mutex_unlock(&locks->lock);
	return err;
}

void sfs_locks_set(struct sfs_locks *locks, fuse_req_t req,
		   const struct sfs_lock_call *call)
{
	int err;

	if (call->lock.l_type == F_UNLCK) {
		sfs_reply_status(req, unlock(locks, call));
		return;
	}
	err = set(locks, req, call);
	if (err)
		sfs_reply_status(req, err);
}

int sfs_locks_get(struct sfs_locks *locks, const struct sfs_lock_call *call,
		  struct flock *ret)
{
	struct owner *owner = get_known(locks, call);
	SFS_CLOSE int fd = -1;
	int err = 0;

	if (!owner)
		fd = sfs_view_open_to_lock(locks->mount->view, call->node,
					   true);
	if (!owner && fd < 0)
		return fd;
	*ret = call->lock;
	ret->l_pid = 0;
	if (fcntl(owner ? owner->fd : fd, F_OFD_GETLK, ret))
		err = -errno;
	if (ret->l_pid < 0)
		ret->l_pid = 0; /* whoever it is, it has no number */
	if (owner)
		put(locks, owner);
	return err;
}

/* Locked. */
static void mark_closing(struct sfs_locks *locks, const struct sfs_node *node,
			 uint64_t handle)
{
	for (struct owner *o = *chain_of(locks, node); o; o = o->next)
		if (o->node == node && o->handle == handle)
			o->closing = true;
}

void sfs_locks_flush(struct sfs_locks *locks, struct sfs_node *node,
		     uint64_t id, uint64_t handle)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	struct owner **at, *gone = NULL;

	pthread_mutex_lock(&locks->lock);
	at = find(locks, node, id, false);
	if (*at && (*at)->users) { /* another thread of it waits for a lock */
		(void)fcntl((*at)->fd, F_OFD_SETLK, &all);
		wake(locks);
	} else if (*at) {
		gone = *at;
		*at = gone->next;
	}
	mark_closing(locks, node, handle);
	pthread_mutex_unlock(&locks->lock);
	if (!gone)
		return;
	owner_free(gone);
	pthread_mutex_lock(&locks->lock);
	wake(locks);
	pthread_mutex_unlock(&locks->lock);
}

void sfs_locks_release(struct sfs_locks *locks, struct sfs_node *node,
		       uint64_t handle)
{
	struct owner *gone = NULL, *next;

	pthread_mutex_lock(&locks->lock);
	for (struct owner **at = chain_of(locks, node); *at;) {
		struct owner *owner = *at;

		if (owner->node != node || owner->handle != handle ||
		    owner->users) {
			at = &owner->next;
			continue;
		}
		*at = owner->next;
		owner->next = gone;
		gone = owner;
	}
	pthread_mutex_unlock(&locks->lock);
	if (!gone)
		return;
	for (; gone; gone = next) {
		next = gone->next;
		owner_free(gone);
	}
	pthread_mutex_lock(&locks->lock);
	wake(locks);
	pthread_mutex_unlock(&locks->lock);
}

uint64_t sfs_locks_handle(struct sfs_locks *locks)
{
	return ++locks->handles;
}

int sfs_locks_new(struct sfs_mount *mount, struct sfs_locks **ret)
{
	struct sfs_locks *locks = calloc(1, sizeof(*locks));
	pthread_condattr_t monotonic;
	int err;

	if (!locks)
		return -ENOMEM;
	locks->mount = mount;
	sfs_notify_init(&locks->notify, mount);
	pthread_mutex_init(&locks->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&locks->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = -pthread_create(&locks->thread, NULL, run, locks);
	if (err) {
		pthread_mutex_destroy(&locks->lock);
		pthread_cond_destroy(&locks->wake);
		free(locks);
		return err;
	}
	*ret = locks;
	return 0;
}

void sfs_locks_free(struct sfs_locks *locks)
{
	if (!locks)
		return;
	pthread_mutex_lock(&locks->lock);
	locks->stop = true;
	pthread_cond_signal(&locks->wake);
	pthread_mutex_unlock(&locks->lock);
	pthread_join(locks->thread, NULL);
	for (int i = 0; i < CHAINS; i++)
		for (struct owner *o = locks->chains[i], *next; o; o = next) {
			next = o->next;
			owner_free(o);
		}
	pthread_mutex_destroy(&locks->lock);
	pthread_cond_destroy(&locks->wake);
	free(locks);
}
