/* SPDX-License-Identifier: MIT */
/*
 * libarchive reads twice: what is compressed becomes plain bytes, and these, which
 * pass through our hands, become members.  For from 3.7.5 on a member that has an
 * ACL is without the mode of its header (all of it, or the set-ID and sticky bits),
 * and so the header is looked at again.
 */
#ifdef SFS_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "tar_source.h"

#define BLOCK	   512
#define READ_BYTES 65536
#define MOST_KEPT  ((size_t)16 << 20) /* a header is seldom that long */

/* Where POSIX pax (and all older formats) have them in a header's block. */
enum {
	MODE_AT = 100,
	MODE_LEN = 8,
	SIZE_AT = 124,
	SIZE_LEN = 12,
	TYPE_AT = 156
};

struct sfs_tar_source {
	struct archive *packed;	 /* gives bytes */
	struct archive *members; /* made of these bytes */
	bool ended;		 /* packed has no more */
	bool in_member;
	/* The bytes [at, at + length): the block that was read last, and while a
	 * header is read all that belongs to it. */
	bool keeps;
	char *kept;
	size_t length, room;
	la_int64_t at;
};

static int keep(struct sfs_tar_source *source, const void *bytes, size_t size)
{
	char *kept;

	if (!source->keeps || source->length > MOST_KEPT) {
		source->at += (la_int64_t)source->length;
		source->length = 0;
	}
	if (source->room - source->length < size) {
		kept = realloc(source->kept, source->length + size);
		if (!kept)
			return -ENOMEM;
		source->kept = kept;
		source->room = source->length + size;
	}
	memcpy(source->kept + source->length, bytes, size);
	source->length += size;
	return 0;
}

static la_ssize_t read_part(struct archive *members, void *context,
			    const void **ret)
{
	struct sfs_tar_source *source = context;
	const void *bytes;
	size_t size;
	la_int64_t offset;
	int r = source->ended ? ARCHIVE_EOF
			      : archive_read_data_block(source->packed, &bytes,
							&size, &offset);

	if (r == ARCHIVE_EOF) {
		source->ended = true;
		return 0;
	}
	if (r < ARCHIVE_WARN) {
		archive_set_error(members, archive_errno(source->packed), "%s",
				  archive_error_string(source->packed));
		return -1;
	}
	if (keep(source, bytes, size)) {
		archive_set_error(members, ENOMEM, "no memory");
		return -1;
	}
	*ret = source->kept + source->length - size;
	return (la_ssize_t)size;
}

static int open_packed(struct sfs_tar_source *source, int fd)
{
	struct archive_entry *entry;
	int r;

	archive_read_support_filter_all(source->packed);
	archive_read_support_format_raw(source->packed);
	archive_read_support_format_empty(source->packed);
	r = archive_read_open_fd(source->packed, fd, READ_BYTES);
	if (r == ARCHIVE_OK)
		r = archive_read_next_header(source->packed, &entry);
	source->ended = r == ARCHIVE_EOF;
	if (r >= ARCHIVE_WARN)
		return ARCHIVE_OK;
	archive_set_error(source->members, archive_errno(source->packed), "%s",
			  archive_error_string(source->packed));
	return r;
}

int sfs_tar_source_new(int fd, struct sfs_tar_source **ret,
		       struct archive **ret_members)
{
	struct sfs_tar_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->packed = archive_read_new();
	source->members = archive_read_new();
	if (!source->packed || !source->members) {
		sfs_tar_source_free(source);
		return -ENOMEM;
	}
	*ret = source;
	*ret_members = source->members;
	archive_read_support_format_tar(source->members);
	if (open_packed(source, fd) < ARCHIVE_WARN)
		return -EIO;
	return archive_read_open(source->members, source, NULL, read_part,
				 NULL) < ARCHIVE_WARN
		       ? -EIO
		       : 0;
}

void sfs_tar_source_free(struct sfs_tar_source *source)
{
	if (!source)
		return;
	if (source->members)
		archive_read_free(source->members);
	if (source->packed)
		archive_read_free(source->packed);
	free(source->kept);
	free(source);
}

/* A number of octal digits, or -1. */
static la_int64_t read_octal(const char *field, size_t len)
{
	la_int64_t number = 0;
	size_t i = 0;

	while (i < len && field[i] == ' ')
		i++;
	if (i == len || field[i] < '0' || field[i] > '7')
		return -1;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		number = number * 8 + (field[i] - '0');
	return number;
}

/* The member's own header, behind those that say more about it; or NULL. */
static const char *find_header(const struct sfs_tar_source *source)
{
	la_int64_t at =
		archive_read_header_position(source->members) - source->at;

	while (at >= 0 && at + BLOCK <= (la_int64_t)source->length) {
		const char *header = source->kept + at;
		la_int64_t size;

		if (!header[TYPE_AT] || !strchr("xXgLKVA", header[TYPE_AT]))
			return header;
		size = read_octal(header + SIZE_AT, SIZE_LEN);
		if (size < 0)
			return NULL;
		at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return NULL;
}

/* An ACL knows better who may read, write and execute: the header may have its
 * mask where the group's bits are. */
static void mend_mode(const struct sfs_tar_source *source,
		      struct archive_entry *entry)
{
	const char *header = find_header(source);
	la_int64_t mode = header ? read_octal(header + MODE_AT, MODE_LEN) : -1;
	la_int64_t by_acl = 0;

	if (mode < 0)
		return;
	if (archive_entry_acl_types(entry) & ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		by_acl = 0777;
	archive_entry_set_perm(entry,
			       (mode_t)((archive_entry_perm(entry) & by_acl) |
					(mode & 07777 & ~by_acl)));
}

int sfs_tar_source_next(struct sfs_tar_source *source,
			struct archive_entry **ret)
{
	int r = ARCHIVE_OK;

	/* Here, so that what is left of a member is not kept. */
	if (source->in_member)
		r = archive_read_data_skip(source->members);
	source->in_member = false;
	if (r < ARCHIVE_WARN)
		return r;
	source->keeps = true;
	r = archive_read_next_header(source->members, ret);
	source->keeps = false;
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN) {
		source->in_member = true;
		mend_mode(source, *ret);
	}
	return r;
}

uint64_t sfs_tar_source_bytes(const struct sfs_tar_source *source)
{
	return (uint64_t)archive_filter_bytes(source->packed, -1);
}
#else
typedef int sfs_tar_source_unused;
#endif
