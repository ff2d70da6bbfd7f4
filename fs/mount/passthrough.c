/* SPDX-License-Identifier: MIT */
#include "passthrough.h"

#include "features.h"
#include "tap.h"

#include "scratchfs/fdcache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	CHAINS = 1024
};

struct opened {
	struct opened *next;
	struct sfs_node *node;
	unsigned int opens;
	int backing; /* > 0: its number in the kernel; 0: cached */
};

struct sfs_passthrough {
	pthread_mutex_t lock;
	struct opened *chains[CHAINS];
	atomic_bool passed, refused; /* by the kernel, ever */
};

int sfs_passthrough_new(struct sfs_mount *mount)
{
	struct sfs_passthrough *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	mount->passthrough = p;
	mount->answers_opens = true;
	sfs_tap_want(mount, SFS_FUSE_PASSTHROUGH);
	return 0;
}

void sfs_passthrough_free(struct sfs_passthrough *passthrough)
{
	if (!passthrough)
		return;
	for (int i = 0; i < CHAINS; i++)
		for (struct opened *o = passthrough->chains[i], *next; o;
		     o = next) {
			next = o->next;
			free(o);
		}
	pthread_mutex_destroy(&passthrough->lock);
	free(passthrough);
}

/* Where the node's entry is linked, or would be. Locked. */
static struct opened **find(struct sfs_passthrough *p,
			    const struct sfs_node *node)
{
	uint64_t h = (uintptr_t)node / sizeof(*node) * 0x9e3779b97f4a7c15u;
	struct opened **at = &p->chains[(h >> 32) % CHAINS];

	while (*at && (*at)->node != node)
		at = &(*at)->next;
	return at;
}

/* The kernel's number for the node's object; 0: bytes go through the daemon. */
static int open_backing(fuse_req_t req, struct sfs_node *node)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	SFS_FD reader = SFS_FD_NONE;
	int id;

	if (!sfs_tap_has(mount, SFS_FUSE_PASSTHROUGH) ||
	    !sfs_view_object_stays(mount->view, node) ||
	    sfs_fd_read(mount->view, node, &reader))
		return 0;
	id = sfs_features_back(req, reader.fd);
	atomic_store(id > 0 ? &mount->passthrough->passed
			    : &mount->passthrough->refused,
		     true);
	return id;
}

/* Takes over the backing and the entry, or leaves what is not wanted.  The backing
 * that counts. */
static int count_open(struct sfs_passthrough *p, struct sfs_node *node,
		      struct opened **fresh, int *backing)
{
	struct opened **at;
	int counts = 0;

	pthread_mutex_lock(&p->lock);
	at = find(p, node);
	if (!*at && *fresh) {
		**fresh = (struct opened){ .node = node, .backing = *backing };
		*at = *fresh;
		*fresh = NULL;
		*backing = 0;
	}
	if (*at) {
		(*at)->opens++;
		counts = (*at)->backing;
	}
	pthread_mutex_unlock(&p->lock);
	return counts;
}

void sfs_passthrough_open(fuse_req_t req, struct sfs_node *node,
			  struct fuse_file_info *fi)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	struct opened *fresh;
	int backing;

	if (!mount->passthrough)
		return;
	/* Made outside the table's lock; of two first opens one is thrown away. */
	fresh = calloc(1, sizeof(*fresh));
	/* Who exchanges the object asks sfs_passthrough_holds() with this lock. */
	pthread_rwlock_rdlock(sfs_node_lock(mount->view, node));
	backing = fresh ? open_backing(req, node) : 0;
	sfs_features_pass(fi, count_open(mount->passthrough, node, &fresh,
					 &backing));
	pthread_rwlock_unlock(sfs_node_lock(mount->view, node));
	free(fresh);
	sfs_features_unback(mount, backing);
}

void sfs_passthrough_release(struct sfs_mount *mount, struct sfs_node *node)
{
	struct sfs_passthrough *p = mount->passthrough;
	struct opened **at, *gone = NULL;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	at = find(p, node);
	if (*at && !--(*at)->opens) {
		gone = *at;
		*at = gone->next;
	}
	pthread_mutex_unlock(&p->lock);
	if (gone)
		sfs_features_unback(mount, gone->backing);
	free(gone);
}

bool sfs_passthrough_holds(struct sfs_mount *mount, struct sfs_node *node)
{
	struct sfs_passthrough *p = mount->passthrough;
	struct opened *o;
	bool holds;

	if (!p)
		return false;
	pthread_mutex_lock(&p->lock);
	o = *find(p, node);
	holds = o && o->backing > 0;
	pthread_mutex_unlock(&p->lock);
	return holds;
}

bool sfs_passthrough_works(const struct sfs_mount *mount)
{
	const struct sfs_passthrough *p = mount->passthrough;

	return sfs_tap_has(mount, SFS_FUSE_PASSTHROUGH) &&
	       (atomic_load(&p->passed) || !atomic_load(&p->refused));
}
