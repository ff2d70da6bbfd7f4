/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_GLOB_H
#define SCRATCHFS_GLOB_H

/*
 * One path component's pattern: literal bytes, '?', '*' and bracket
 * expressions, as git's wildmatch.c reads them.  Bytes, not characters; a name
 * never contains '/' or NUL.
 *
 * Built token by token (sfs_glob_put), then finished once (sfs_glob_finish),
 * then only read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bracket expression: the set of bytes it accepts. */
struct sfs_byte_set {
	uint64_t words[4];
};

/* A token: a literal byte (0..255), or one of these. */
enum {
	SFS_GLOB_ONE = 256,  /* '?' */
	SFS_GLOB_STAR = 257, /* '*' */
	SFS_GLOB_SET = 258,  /* + index into sets */
};

/*
 * The bytes that every matching name has, and where: what an index can look
 * patterns up by.
 */
enum sfs_glob_key {
	SFS_GLOB_KEY_EXACT,  /* the key is the name */
	SFS_GLOB_KEY_PREFIX, /* the name begins with it */
	SFS_GLOB_KEY_SUFFIX, /* the name ends with it */
	SFS_GLOB_KEY_INNER,  /* the name contains it */
	SFS_GLOB_KEY_NONE,   /* no literal byte at all */
};

struct sfs_glob {
	uint16_t *tokens;
	struct sfs_byte_set *sets;
	char *key; /* key_len bytes, then NUL */
	unsigned int count, capacity, nsets, key_len;
	enum sfs_glob_key key_kind;
	bool key_decides; /* what the key says is all there is to check */
};

/* Empty: matches nothing until it is finished. */
void sfs_glob_init(struct sfs_glob *glob);
void sfs_glob_done(struct sfs_glob *glob);

/* Appends a token: 0..255, SFS_GLOB_ONE or _STAR.  0, -ENOMEM. */
int sfs_glob_put(struct sfs_glob *glob, unsigned int token);

/* Appends a bracket expression.  0, -ENOMEM. */
int sfs_glob_put_set(struct sfs_glob *glob, const struct sfs_byte_set *set);

/* To be called once, after the last _put.  0, -ENOMEM. */
int sfs_glob_finish(struct sfs_glob *glob);

/*
 * Whether the glob matches all of name[0..len).  Takes at most about
 * len * count steps, whatever the pattern.
 */
bool sfs_glob_match(const struct sfs_glob *glob, const char *name, size_t len);

static inline void sfs_byte_set_add(struct sfs_byte_set *set,
				    unsigned char byte)
{
	set->words[byte / 64] |= UINT64_C(1) << (byte % 64);
}

static inline bool sfs_byte_set_has(const struct sfs_byte_set *set,
				    unsigned char byte)
{
	return set->words[byte / 64] >> (byte % 64) & 1;
}

#endif
