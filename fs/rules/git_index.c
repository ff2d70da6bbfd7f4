/* SPDX-License-Identifier: MIT */
#include "scratchfs/git_index.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/digest.h"

/*
 * A split index is two files.  The shared one is an ordinary index and does
 * not change; the small one has a `link` extension with two bitmaps over the
 * shared entries' positions: those that are deleted, and those that are
 * replaced.  The replacing entries come first in the small index, in order
 * and without a name; its other entries are additions.
 */

enum {
	HEADER_BYTES = 12,
	STAT_BYTES = 40,
	MODE_OFFSET = 24,
	FLAG_EXTENDED = 0x4000,
	FLAG_LENGTH = 0x0fff,
	MARK_DELETED = 1,
	MARK_REPLACED = 2,
	WORD_BITS = 64,
};

struct link {
	const unsigned char *bytes; /* NULL: the index is whole */
	size_t size;
};

struct reader {
	const unsigned char *bytes;
	size_t at;
	size_t end; /* where the checksum begins */
	size_t hash_bytes;
	uint32_t version;
	uint32_t left; /* entries not read yet */
	const char *why;
	uint32_t mode;
	size_t length;
	char path[SFS_GIT_PATH_MAX + 1];
};

static uint32_t load_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint64_t load_be64(const unsigned char *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static int refuse(struct reader *reader, int error, const char *why)
{
	reader->why = why;
	return error;
}

static int damaged(struct reader *reader, const char *why)
{
	return refuse(reader, -EBADMSG, why);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static int check_sum(struct reader *reader)
{
	unsigned char digest[SFS_GIT_HASH_MAX];
	const unsigned char *sum = reader->bytes + reader->end;

	if (is_zero(sum, reader->hash_bytes))
		return 0;
	if (reader->hash_bytes == SFS_SHA1_BYTES)
		sfs_sha1(reader->bytes, reader->end, digest);
	else
		sfs_sha256(reader->bytes, reader->end, digest);
	if (memcmp(digest, sum, reader->hash_bytes) != 0)
		return damaged(reader, "its checksum is wrong");
	return 0;
}

static int reader_init(struct reader *reader, const struct sfs_git_index *index)
{
	size_t entry_min = STAT_BYTES + index->hash_bytes + 2;

	*reader = (struct reader){ .bytes = index->bytes,
				   .at = HEADER_BYTES,
				   .hash_bytes = index->hash_bytes };
	if (index->hash_bytes != SFS_SHA1_BYTES &&
	    index->hash_bytes != SFS_SHA256_BYTES)
		return refuse(reader, -ENOTSUP, "its hash is unknown");
	if (index->size > SFS_GIT_INDEX_BYTES_MAX)
		return refuse(reader, -EFBIG, "it is larger than 1 GiB");
	if (index->size < HEADER_BYTES + index->hash_bytes)
		return damaged(reader, "it is too short");
	reader->end = index->size - index->hash_bytes;
	if (memcmp(index->bytes, "DIRC", 4) != 0)
		return damaged(reader, "it is not an index");
	reader->version = load_be32(index->bytes + 4);
	reader->left = load_be32(index->bytes + 8);
	if (reader->version < 2 || reader->version > 4)
		return refuse(reader, -ENOTSUP, "its version is unknown");
	if (reader->left > (reader->end - HEADER_BYTES) / entry_min)
		return damaged(reader, "it has fewer entries than it says");
	return 0;
}

/*
 * Version 4: how many bytes of the previous path to drop, in git's offset
 * encoding (7 bits a byte, most significant first, a continuation adds one).
 */
static int read_strip(struct reader *reader, size_t *ret_strip)
{
	size_t value = 0;
	unsigned char byte = 0x80;

	for (int i = 0; byte & 0x80; i++) {
		if (reader->at >= reader->end || i == 4)
			return damaged(reader, "a path in it is damaged");
		byte = reader->bytes[reader->at++];
		value = ((i ? value + 1 : 0) << 7) | (byte & 0x7f);
	}
	*ret_strip = value;
	return 0;
}

/* Appends the NUL-terminated bytes at the cursor to the first `keep`. */
static int read_name(struct reader *reader, size_t keep)
{
	const unsigned char *name = reader->bytes + reader->at;
	const unsigned char *nul = memchr(name, '\0', reader->end - reader->at);
	size_t length;

	if (!nul)
		return damaged(reader, "a path in it does not end");
	length = (size_t)(nul - name);
	if (length > SFS_GIT_PATH_MAX - keep)
		return refuse(reader, -EFBIG, "a path in it is too long");
	memcpy(reader->path + keep, name, length + 1);
	reader->length = keep + length;
	reader->at += length + 1;
	return 0;
}

static int read_path(struct reader *reader, size_t start)
{
	size_t strip = 0, padded;
	int r;

	if (reader->version == 4) {
		r = read_strip(reader, &strip);
		if (r == 0 && strip > reader->length)
			r = damaged(reader, "a path in it is damaged");
		return r ? r : read_name(reader, reader->length - strip);
	}
	r = read_name(reader, 0);
	if (r < 0)
		return r;
	padded = (reader->at - start + 7) / 8 * 8;
	if (padded > reader->end - start)
		return damaged(reader, "it ends within its entries");
	reader->at = start + padded;
	return 0;
}

static int check_mode(struct reader *reader)
{
	switch (reader->mode & SFS_GIT_MODE_TYPE) {
	case 0100000:
	case 0120000:
	case SFS_GIT_MODE_SPARSE:
	case SFS_GIT_MODE_GITLINK:
		return 0;
	default:
		return damaged(reader, "it holds an entry of unknown type");
	}
}

/* The next entry: mode, path, length.  reader->left must not be 0. */
static int read_entry(struct reader *reader)
{
	size_t start = reader->at;
	size_t fixed = STAT_BYTES + reader->hash_bytes + 2;
	const unsigned char *entry = reader->bytes + start;
	unsigned int flags;
	int r;

	if (reader->end - start < fixed + 2)
		return damaged(reader, "it ends within its entries");
	reader->left--;
	reader->mode = load_be32(entry + MODE_OFFSET);
	flags = (unsigned int)entry[fixed - 2] << 8 | entry[fixed - 1];
	reader->at += fixed;
	if (flags & FLAG_EXTENDED) {
		if (reader->version < 3)
			return damaged(reader, "its flags are impossible");
		reader->at += 2;
	}
	r = read_path(reader, start);
	if (r < 0)
		return r;
	if ((flags & FLAG_LENGTH) < FLAG_LENGTH &&
	    (flags & FLAG_LENGTH) != reader->length)
		return damaged(reader, "a path in it has another length");
	return check_mode(reader);
}

/* From the end of the entries on. */
static int read_extensions(struct reader *reader, struct link *ret_link)
{
	*ret_link = (struct link){ 0 };
	while (reader->at < reader->end) {
		const unsigned char *extension = reader->bytes + reader->at;
		size_t room = reader->end - reader->at;
		uint32_t size = room < 8 ? 0 : load_be32(extension + 4);

		if (room < 8 || size > room - 8)
			return damaged(reader, "an extension is cut off");
		reader->at += 8 + (size_t)size;
		if (memcmp(extension, "link", 4) == 0)
			*ret_link = (struct link){ extension + 8, size };
		else if (memcmp(extension, "sdir", 4) != 0 &&
			 (extension[0] < 'A' || extension[0] > 'Z'))
			return refuse(reader, -ENOTSUP,
				      "it has an unknown required extension");
	}
	if (!ret_link->bytes)
		return 0;
	if (ret_link->size < reader->hash_bytes)
		return damaged(reader, "its link is cut off");
	if (is_zero(ret_link->bytes, reader->hash_bytes))
		*ret_link = (struct link){ 0 };
	return 0;
}

/* The extensions stand behind the entries, which have to be stepped over. */
static int find_link(const struct sfs_git_index *index, struct link *ret_link,
		     const char **ret_why)
{
	struct reader reader;
	int r = reader_init(&reader, index);

	while (r == 0 && reader.left)
		r = read_entry(&reader);
	if (r == 0)
		r = read_extensions(&reader, ret_link);
	if (r < 0)
		*ret_why = reader.why;
	return r;
}

int sfs_git_index_shared(const struct sfs_git_index *index,
			 char ret_name[SFS_GIT_SHARED_NAME_MAX],
			 const char **ret_why)
{
	static const char digits[] = "0123456789abcdef";
	struct link link;
	char *at = ret_name;
	int r = find_link(index, &link, ret_why);

	if (r < 0)
		return r;
	if (link.bytes) {
		at = stpcpy(at, "sharedindex.");
		for (size_t i = 0; i < index->hash_bytes; i++) {
			*at++ = digits[link.bytes[i] >> 4];
			*at++ = digits[link.bytes[i] & 15];
		}
	}
	*at = '\0';
	return 0;
}

/* Sets `mark` at positions [from, from + count), which must exist. */
static bool mark_run(unsigned char *marks, size_t marks_count, uint64_t from,
		     uint64_t count, unsigned char mark)
{
	if (from > marks_count || count > marks_count - from)
		return false;
	for (uint64_t i = from; i < from + count; i++)
		marks[i] |= mark;
	return true;
}

static bool mark_word(unsigned char *marks, size_t marks_count, uint64_t from,
		      uint64_t word, unsigned char mark)
{
	for (uint64_t bit = 0; bit < WORD_BITS; bit++)
		if (word >> bit & 1 &&
		    !mark_run(marks, marks_count, from + bit, 1, mark))
			return false;
	return true;
}

/*
 * One EWAH-compressed bitmap (gitformat-bitmap(5), appendix A): how many bits,
 * how many words, the words, and the position of the last marker word, which
 * only writers need.  A marker word: the running bit, 32 bits of how many
 * words repeat it, 31 bits of how many literal words follow.
 */
static bool read_bitmap(struct link *link, unsigned char *marks,
			size_t marks_count, unsigned char mark)
{
	const unsigned char *word = link->bytes + 8;
	uint64_t position = 0, words, bits;

	if (link->size < 12)
		return false;
	bits = load_be32(link->bytes);
	words = load_be32(link->bytes + 4);
	if (words > (link->size - 12) / 8 || bits > marks_count)
		return false;
	for (uint64_t i = 0; i < words;) {
		uint64_t marker = load_be64(word + 8 * i++);
		uint64_t run = (marker >> 1 & UINT32_MAX) * WORD_BITS;
		uint64_t literals = marker >> 33;
		uint64_t room = position < bits ? bits - position : 0;

		if (run > room || literals > words - i)
			return false;
		if (marker & 1 &&
		    !mark_run(marks, marks_count, position, run, mark))
			return false;
		position += run;
		for (; literals; literals--, position += WORD_BITS)
			if (!mark_word(marks, marks_count, position,
				       load_be64(word + 8 * i++), mark))
				return false;
	}
	link->bytes += 12 + 8 * words;
	link->size -= 12 + 8 * (size_t)words;
	return true;
}

static bool read_marks(struct link link, size_t hash_bytes,
		       unsigned char *marks, size_t marks_count)
{
	link.bytes += hash_bytes;
	link.size -= hash_bytes;
	return link.size == 0 ||
	       (read_bitmap(&link, marks, marks_count, MARK_DELETED) &&
		read_bitmap(&link, marks, marks_count, MARK_REPLACED));
}

static bool is_bad_component(const char *name, size_t length)
{
	return length == 0 || (length == 1 && name[0] == '.') ||
	       (length == 2 && name[0] == '.' && name[1] == '.') ||
	       (length == 4 && strncasecmp(name, ".git", 4) == 0);
}

static bool is_bad_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (is_bad_component(path, length))
			return true;
		if (path[length] == '\0')
			return false;
		path += length + 1;
	}
}

/* A sparse folder's slash is put back: version 4 builds on this path. */
static int pass_on(struct reader *reader, sfs_git_index_fn *fn, void *ctx)
{
	bool sparse = (reader->mode & SFS_GIT_MODE_TYPE) == SFS_GIT_MODE_SPARSE;
	size_t length = reader->length - (sparse && reader->length ? 1 : 0);
	char last = reader->path[length];
	int r;

	if (sparse && last != '/')
		return damaged(reader, "it holds an impossible path");
	reader->path[length] = '\0';
	if (is_bad_path(reader->path))
		r = damaged(reader, "it holds an impossible path");
	else
		r = fn(ctx, reader->path, length, reader->mode);
	reader->path[length] = last;
	return r;
}

static int pass_all(struct reader *reader, sfs_git_index_fn *fn, void *ctx)
{
	int r = 0;

	while (r == 0 && reader->left) {
		r = read_entry(reader);
		if (r == 0)
			r = pass_on(reader, fn, ctx);
	}
	return r;
}

/* The nameless entry that replaces a shared one differs in its mode only. */
static int take_replacement(struct reader *small, struct reader *shared)
{
	int r;

	if (!small->left)
		return damaged(small, "its link has too few entries");
	r = read_entry(small);
	if (r == 0 && small->length)
		return damaged(small, "its link has too few entries");
	shared->mode = small->mode;
	return r;
}

static int pass_shared(struct reader *small, struct reader *shared,
		       const unsigned char *marks, sfs_git_index_fn *fn,
		       void *ctx)
{
	int r = 0;

	for (size_t i = 0; r == 0 && shared->left; i++) {
		r = read_entry(shared);
		if (r < 0)
			return damaged(small, "its shared index is damaged");
		if (marks[i] & MARK_REPLACED)
			r = take_replacement(small, shared);
		if (r == 0 && !(marks[i] & MARK_DELETED))
			r = pass_on(shared, fn, ctx);
	}
	return r;
}

static int read_split(struct reader *small, struct link link,
		      const struct sfs_git_index *shared_index,
		      sfs_git_index_fn *fn, void *ctx)
{
	SFS_FREE unsigned char *marks = NULL;
	struct reader shared;
	struct link second;
	const char *why = NULL;
	int r;

	if (shared_index->hash_bytes != small->hash_bytes ||
	    find_link(shared_index, &second, &why) < 0 || second.bytes ||
	    reader_init(&shared, shared_index) < 0 || check_sum(&shared) < 0)
		return damaged(small, "its shared index is damaged");
	/* The link names the shared index by its checksum. */
	if (memcmp(link.bytes, shared.bytes + shared.end, shared.hash_bytes) !=
	    0)
		return damaged(small, "its shared index is another one");
	marks = calloc((size_t)shared.left + 1, 1);
	if (!marks)
		return refuse(small, -ENOMEM, "there is no memory");
	if (!read_marks(link, small->hash_bytes, marks, shared.left))
		return damaged(small, "its link is damaged");
	r = pass_shared(small, &shared, marks, fn, ctx);
	return r ? r : pass_all(small, fn, ctx);
}

int sfs_git_index_read(const struct sfs_git_index *index,
		       const struct sfs_git_index *shared, sfs_git_index_fn *fn,
		       void *ctx, const char **ret_why)
{
	struct reader reader;
	struct link link;
	int r;

	*ret_why = "it cannot be used";
	r = find_link(index, &link, ret_why);
	if (r < 0)
		return r;
	r = reader_init(&reader, index);
	if (r == 0)
		r = check_sum(&reader);
	if (r == 0 && link.bytes && !shared)
		r = damaged(&reader, "its shared index is missing");
	if (r == 0 && link.bytes)
		r = read_split(&reader, link, shared, fn, ctx);
	else if (r == 0)
		r = pass_all(&reader, fn, ctx);
	if (r < 0 && reader.why)
		*ret_why = reader.why;
	return r;
}
