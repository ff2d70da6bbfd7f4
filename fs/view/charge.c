/* SPDX-License-Identifier: MIT */
#include "charge.h"

#include <time.h>

struct sfs_quota *sfs_charge_quota(struct sfs_view *view,
				   const struct sfs_node *node)
{
	if (!sfs_node_is(node, SFS_NODE_SCRATCH) ||
	    node->tree == SFS_TREE_HOST || node->type != S_IFREG >> 12)
		return NULL;
	return sfs_view_store(view, node->store)->quota;
}

enum {
	MOST_AWAITING = 2, /* threads; others go on serving, also the FORGETs */
	AWAIT_TRIES = 100,
};
#define AWAIT_NS 1000000L

/* A file was deleted, and the kernel will soon say whether it is still open. */
static bool await_forgets(struct sfs_view *view, int attempt)
{
	const struct timespec ns = { .tv_nsec = AWAIT_NS };
	bool may;

	if (attempt >= AWAIT_TRIES || !atomic_load(&view->owing))
		return false;
	may = atomic_fetch_add(&view->awaiting, 1) < MOST_AWAITING;
	if (may)
		nanosleep(&ns, NULL);
	atomic_fetch_sub(&view->awaiting, 1);
	return may;
}

int sfs_charge_take(struct sfs_view *view, struct sfs_quota *quota,
		    int64_t delta_bytes)
{
	int r, attempt = 0;

	do
		r = sfs_quota_charge(quota, delta_bytes);
	while (r == -ENOSPC && await_forgets(view, attempt++));
	return r;
}

/* How long a piece from `offset` on there is room for just now. */
static size_t room_for(const struct sfs_charge *charge, uint64_t offset,
		       size_t length)
{
	uint64_t limit = sfs_quota_limit(charge->quota);
	uint64_t used = sfs_quota_used(charge->quota);
	uint64_t room = used < limit ? limit - used : 0;

	room &= ~(uint64_t)(SFS_QUOTA_PAGE - 1);
	room += sfs_quota_bytes(charge->old_size);
	if (room <= offset)
		return 0;
	return room - offset < length ? (size_t)(room - offset) : length;
}

/* Less, down to one byte, when that is allowed. */
static int reserve(struct sfs_view *view, struct sfs_charge *charge,
		   uint64_t offset, size_t length, size_t *ret_length)
{
	int64_t delta = sfs_quota_delta(charge->old_size, offset + length);
	int r = delta > 0 ? sfs_charge_take(view, charge->quota, delta) : 0;

	while (r == -ENOSPC && ret_length) {
		length = room_for(charge, offset, length);
		if (!length)
			return -ENOSPC;
		delta = sfs_quota_delta(charge->old_size, offset + length);
		r = delta > 0 ? sfs_quota_charge(charge->quota, delta) : 0;
	}
	if (r < 0)
		return r;
	charge->reserved_bytes = delta > 0 ? delta : 0;
	if (ret_length)
		*ret_length = length;
	return 0;
}

int sfs_charge_begin(struct sfs_view *view, const struct sfs_node *node, int fd,
		     off_t offset, size_t length, struct sfs_charge *ret,
		     size_t *ret_length)
{
	struct sfs_quota *quota = sfs_charge_quota(view, node);
	struct stat st;
	int r;

	if (ret_length)
		*ret_length = length;
	if (!quota)
		return 0;
	r = sfs_quota_lock(quota, node->ino);
	if (r < 0)
		return r;
	*ret = (struct sfs_charge){ .quota = quota,
				    .fd = fd,
				    .ino = node->ino };
	if (fstat(fd, &st)) {
		r = -errno;
	} else {
		ret->old_size = (uint64_t)st.st_size;
		r = reserve(view, ret,
			    offset < 0 ? ret->old_size : (uint64_t)offset,
			    length, ret_length);
	}
	if (r < 0) {
		sfs_quota_unlock(quota, node->ino);
		ret->quota = NULL;
	}
	return r;
}

void sfs_charge_end(struct sfs_charge *charge)
{
	int saved = errno;
	struct stat st;

	if (!charge->quota)
		return;
	if (fstat(charge->fd, &st) == 0)
		(void)sfs_quota_charge_always(
			charge->quota, sfs_quota_delta(charge->old_size,
						       (uint64_t)st.st_size) -
					       charge->reserved_bytes);
	sfs_quota_unlock(charge->quota, charge->ino);
	charge->quota = NULL;
	errno = saved;
}

void sfs_charge_owes(struct sfs_view *view, struct sfs_node *node)
{
	if (!sfs_charge_quota(view, node))
		return;
	pthread_mutex_lock(&view->table);
	if (!sfs_node_is(node, SFS_NODE_OWES))
		atomic_fetch_add(&view->owing, 1);
	node->flags |= SFS_NODE_OWES;
	pthread_mutex_unlock(&view->table);
}

void sfs_charge_named(struct sfs_view *view, struct sfs_node *node)
{
	pthread_mutex_lock(&view->table);
	if (sfs_node_is(node, SFS_NODE_OWES))
		atomic_fetch_sub(&view->owing, 1);
	node->flags &= (uint16_t)~SFS_NODE_OWES;
	pthread_mutex_unlock(&view->table);
}

void sfs_charge_unlinked(struct sfs_view *view, struct sfs_node *node,
			 const struct sfs_where *where)
{
	struct sfs_quota *quota;

	if (!where->scratch || where->tree == SFS_TREE_HOST ||
	    !S_ISREG(where->st.st_mode) || where->st.st_nlink > 1)
		return;
	quota = sfs_view_store(view, where->store)->quota;
	if (!quota)
		return;
	if (node && sfs_charge_quota(view, node) == quota)
		sfs_charge_owes(view, node);
	else
		(void)sfs_quota_charge(
			quota, sfs_quota_delta((uint64_t)where->st.st_size, 0));
}

void sfs_charge_forget(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD object = SFS_FD_NONE;
	struct stat st;

	if (!sfs_node_is(node, SFS_NODE_OWES))
		return;
	if (!sfs_fd_object(view, node, &object) && !fstat(object.fd, &st) &&
	    !st.st_nlink)
		(void)sfs_quota_charge(sfs_charge_quota(view, node),
				       sfs_quota_delta((uint64_t)st.st_size,
						       0));
	sfs_charge_named(view, node);
}
