/* SPDX-License-Identifier: MIT */
#include "scratchfs/quota.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

/* One page; of a volume, the first of STORE/ledger. */
struct ledger {
	_Atomic int64_t used_bytes;
};

/* Processes share it, so the operations must not need a lock of our own. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics need no lock");

/* Files whose numbers meet in a slot only wait for each other. */
#define LOCK_SLOTS 64U

struct sfs_quota {
	struct ledger *ledger;
	uint64_t limit_bytes;
	int ledger_fd; /* shared: its bytes are the locks between daemons */
	pthread_mutex_t locks[LOCK_SLOTS];
};

/*
 * The page is written out in full, so that storing into the mapping never meets
 * a full disk.  An existing file keeps its inode: others have it mapped.
 */
static int open_ledger(int root_fd)
{
	static const char zeros[SFS_QUOTA_PAGE];
	SFS_CLOSE int fd =
		sfs_backing_open(root_fd, "ledger", O_RDWR | O_CREAT, 0600);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size < (off_t)sizeof(zeros)) {
		ssize_t n = pwrite(fd, zeros, sizeof(zeros), 0);

		if (n != (ssize_t)sizeof(zeros))
			return n < 0 ? -errno : -ENOSPC;
	}
	return sfs_steal_fd(&fd);
}

static int map_ledger(struct sfs_quota *quota, int root_fd, int shared)
{
	void *page;

	if (shared) {
		quota->ledger_fd = open_ledger(root_fd);
		if (quota->ledger_fd < 0)
			return quota->ledger_fd;
	}
	page = mmap(NULL, SFS_QUOTA_PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | (shared ? 0 : MAP_ANONYMOUS), quota->ledger_fd,
		    0);
	if (page == MAP_FAILED)
		return -errno;
	quota->ledger = page;
	return 0;
}

int sfs_quota_new(int root_fd, uint64_t limit_bytes, int shared, int recount,
		  struct sfs_quota **ret)
{
	struct sfs_store_usage usage = { 0 };
	struct sfs_quota *quota;
	int r = 0;

	if (recount)
		r = sfs_store_count(root_fd, SFS_WALK_BORROW, &usage);
	if (r < 0)
		return r;
	quota = malloc(sizeof(*quota));
	if (!quota)
		return -ENOMEM;
	*quota = (struct sfs_quota){ .limit_bytes = limit_bytes,
				     .ledger_fd = -1 };
	for (unsigned int i = 0; i < LOCK_SLOTS; i++)
		pthread_mutex_init(&quota->locks[i], NULL);
	r = map_ledger(quota, root_fd, shared);
	if (r < 0) {
		sfs_quota_free(quota);
		return r;
	}
	if (recount)
		atomic_store(&quota->ledger->used_bytes,
			     (int64_t)usage.charged_bytes);
	*ret = quota;
	return 0;
}

void sfs_quota_free(struct sfs_quota *quota)
{
	if (!quota)
		return;
	if (quota->ledger)
		munmap(quota->ledger, SFS_QUOTA_PAGE);
	if (quota->ledger_fd >= 0)
		close(quota->ledger_fd);
	for (unsigned int i = 0; i < LOCK_SLOTS; i++)
		pthread_mutex_destroy(&quota->locks[i]);
	free(quota);
}

int sfs_quota_charge(struct sfs_quota *quota, int64_t delta_bytes)
{
	int64_t used;

	if (!quota || delta_bytes == 0)
		return 0;
	if (delta_bytes < 0) {
		atomic_fetch_add(&quota->ledger->used_bytes, delta_bytes);
		return 0;
	}
	used = atomic_load(&quota->ledger->used_bytes);
	do {
		/* No sum that could overflow; a limit is an off_t. */
		if (used > (int64_t)quota->limit_bytes ||
		    delta_bytes > (int64_t)quota->limit_bytes - used)
			return -ENOSPC;
	} while (!atomic_compare_exchange_weak(&quota->ledger->used_bytes,
					       &used, used + delta_bytes));
	return 0;
}

int sfs_quota_charge_always(struct sfs_quota *quota, int64_t delta_bytes)
{
	if (quota && delta_bytes)
		atomic_fetch_add(&quota->ledger->used_bytes, delta_bytes);
	return 0;
}

/* Open file description locks: those of the process would not keep two daemons'
 * threads apart from each other, and end when any descriptor is closed. */
static int lock_slot(const struct sfs_quota *quota, unsigned int slot,
		     short type)
{
	struct flock lock = { .l_type = type,
			      .l_whence = SEEK_SET,
			      .l_start = (off_t)slot,
			      .l_len = 1 };

	while (fcntl(quota->ledger_fd, F_OFD_SETLKW, &lock)) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int sfs_quota_lock(struct sfs_quota *quota, uint64_t ino)
{
	unsigned int slot = (unsigned int)(ino % LOCK_SLOTS);
	int r = 0;

	pthread_mutex_lock(&quota->locks[slot]);
	if (quota->ledger_fd >= 0)
		r = lock_slot(quota, slot, F_WRLCK);
	if (r < 0)
		pthread_mutex_unlock(&quota->locks[slot]);
	return r;
}

void sfs_quota_unlock(struct sfs_quota *quota, uint64_t ino)
{
	unsigned int slot = (unsigned int)(ino % LOCK_SLOTS);

	if (quota->ledger_fd >= 0)
		(void)lock_slot(quota, slot, F_UNLCK);
	pthread_mutex_unlock(&quota->locks[slot]);
}

uint64_t sfs_quota_used(const struct sfs_quota *quota)
{
	int64_t used;

	if (!quota)
		return 0;
	used = atomic_load(&quota->ledger->used_bytes);
	return used > 0 ? (uint64_t)used : 0;
}

uint64_t sfs_quota_limit(const struct sfs_quota *quota)
{
	return quota ? quota->limit_bytes : 0;
}
