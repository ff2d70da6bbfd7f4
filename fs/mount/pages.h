/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_PAGES_H
#define SCRATCHFS_MOUNT_PAGES_H

/*
 * Answers that are longer than the value of an extended attribute may be: kept
 * for whoever asked, to be fetched page by page.  A text is dropped when its end
 * has been fetched, or when SFS_PAGES_TEXTS newer ones have come.
 *
 * Thread safe.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define SFS_PAGES_TEXTS 4
#define SFS_PAGES_BYTES 60000

struct sfs_pages_text {
	uint64_t id; /* 0: none */
	char *bytes;
	size_t length;
};

struct sfs_pages {
	pthread_mutex_t lock; /* a leaf */
	uint64_t last_id;
	struct sfs_pages_text texts[SFS_PAGES_TEXTS];
};

void sfs_pages_init(struct sfs_pages *pages);
void sfs_pages_done(struct sfs_pages *pages);

/* Takes a malloced text over; the number to fetch it by. */
uint64_t sfs_pages_add(struct sfs_pages *pages, char *bytes, size_t length);

/* A malloced page from offset on, empty at the end.  -ENODATA: it was dropped. */
int sfs_pages_get(struct sfs_pages *pages, uint64_t id, size_t offset,
		  char **ret_page, size_t *ret_length);

#endif
