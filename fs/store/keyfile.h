/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_STORE_KEYFILE_H
#define SCRATCHFS_STORE_KEYFILE_H

/*
 * Small files of "key=value" lines, replaced as a whole.  Keys may repeat;
 * order is kept.  Control characters and '%' are written as %XX, in keys '='
 * too, so any byte string can be kept.  A zeroed struct is an empty file.
 */
#include <stddef.h>
#include <stdint.h>

struct sfs_keyfile_pair {
	char *key, *value;
};

struct sfs_keyfile {
	struct sfs_keyfile_pair *pairs;
	size_t count;
};

#define SFS_KEYFILE_MAX (1U << 20)

/* -ENOENT, -EFBIG over SFS_KEYFILE_MAX, -EBADMSG for anything else in it. */
int sfs_keyfile_read(int dir_fd, const char *name, struct sfs_keyfile *ret);

/* Atomic and durable: readers see the old file or the new one. */
int sfs_keyfile_write(const struct sfs_keyfile *file, int dir_fd,
		      const char *name);

/* A NULL value is left out. */
int sfs_keyfile_add(struct sfs_keyfile *file, const char *key,
		    const char *value);
int sfs_keyfile_add_number(struct sfs_keyfile *file, const char *key,
			   uint64_t value);

/* The first value, borrowed, or NULL.  The number is 0 if there is none. */
const char *sfs_keyfile_get(const struct sfs_keyfile *file, const char *key);
uint64_t sfs_keyfile_get_number(const struct sfs_keyfile *file,
				const char *key);

void sfs_keyfile_done(struct sfs_keyfile *file);

#define SFS_KEYFILE __attribute__((cleanup(sfs_keyfile_done)))

#endif
