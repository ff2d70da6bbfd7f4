/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_STORE_TAR_SOURCE_H
#define SCRATCHFS_STORE_TAR_SOURCE_H

/*
 * The members of a tar archive, compressed or not, as libarchive reads them, but
 * with the mode of each as it is in the archive whatever ACL it has.
 * No locking: one thread uses it.
 */
#include <stdbool.h>
#include <stdint.h>

struct archive;
struct archive_entry;
struct sfs_tar_source;

/*
 * Reads fd (borrowed) from where it is.  *ret_members, to read what is in a member
 * and to hear of errors, is the source's.  Returns 0; -ENOMEM; -EIO: *ret_members
 * knows why, and *ret is to be freed as well.
 */
int sfs_tar_source_new(int fd, struct sfs_tar_source **ret,
		       struct archive **ret_members);
void sfs_tar_source_free(struct sfs_tar_source *source);

/* As archive_read_next_header(3). */
int sfs_tar_source_next(struct sfs_tar_source *source,
			struct archive_entry **ret);

/* How many bytes of fd have been read. */
uint64_t sfs_tar_source_bytes(const struct sfs_tar_source *source);

#endif
