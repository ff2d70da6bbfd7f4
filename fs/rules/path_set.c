/* SPDX-License-Identifier: MIT */
#include "scratchfs/path_set.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	CAPACITY_MIN = 64,
	LENGTH_MAX = PATH_MAX - 1,
	DEPTH_MAX = PATH_MAX / 2,
};

struct slot {
	uint32_t hash;
	uint32_t offset; /* into the text */
	uint16_t length;
	uint16_t bits; /* 0: free */
};

struct sfs_path_set {
	uint32_t key;
	bool fold;
	bool sparse; /* some path in it is SPARSE */
	struct slot *slots;
	size_t capacity; /* a power of two */
	size_t used;
	char *text;
	size_t text_length;
	size_t text_capacity;
};

static unsigned char to_lower(unsigned char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/*
 * A polynomial over the integers modulo the prime 2^31 - 1 at a secret point:
 * two different paths collide with probability length / 2^31, whoever chose
 * them; and a folder's hash falls out on the way to that of a path in it.
 */
static uint32_t hash_byte(uint32_t hash, uint32_t key, char byte)
{
	uint64_t x = (uint64_t)hash * key + to_lower((unsigned char)byte) + 1;

	x = (x & INT32_MAX) + (x >> 31);
	x = (x & INT32_MAX) + (x >> 31);
	return (uint32_t)x;
}

static uint32_t hash_path(const struct sfs_path_set *set, const char *path,
			  size_t length)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < length; i++)
		hash = hash_byte(hash, set->key, path[i]);
	return hash;
}

static bool same(const struct sfs_path_set *set, const char *a, const char *b,
		 size_t length)
{
	if (!set->fold)
		return memcmp(a, b, length) == 0;
	for (size_t i = 0; i < length; i++)
		if (to_lower((unsigned char)a[i]) !=
		    to_lower((unsigned char)b[i]))
			return false;
	return true;
}

/* The slot that holds the path, or the free one where it belongs. */
static struct slot *find_slot(const struct sfs_path_set *set, uint32_t hash,
			      const char *path, size_t length)
{
	size_t mask = set->capacity - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *slot = &set->slots[i];

		if (!slot->bits ||
		    (slot->hash == hash && slot->length == length &&
		     same(set, set->text + slot->offset, path, length)))
			return slot;
	}
}

static int grow_slots(struct sfs_path_set *set)
{
	size_t capacity = set->capacity * 2, mask = capacity - 1;
	struct slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->capacity; i++) {
		size_t to = set->slots[i].hash & mask;

		if (!set->slots[i].bits)
			continue;
		while (slots[to].bits)
			to = (to + 1) & mask;
		slots[to] = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->capacity = capacity;
	return 0;
}

static int append_text(struct sfs_path_set *set, const char *path,
		       size_t length, uint32_t *ret_offset)
{
	size_t need = set->text_length + length + 1;

	if (need > UINT32_MAX)
		return -EFBIG;
	if (need > set->text_capacity) {
		size_t capacity = need + need / 2;
		char *text = realloc(set->text, capacity);

		if (!text)
			return -ENOMEM;
		set->text = text;
		set->text_capacity = capacity;
	}
	memcpy(set->text + set->text_length, path, length);
	set->text[need - 1] = '\0';
	*ret_offset = (uint32_t)set->text_length;
	set->text_length = need;
	return 0;
}

int sfs_path_set_new(bool fold, struct sfs_path_set **ret)
{
	struct sfs_path_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->fold = fold;
	set->capacity = CAPACITY_MIN;
	set->slots = calloc(CAPACITY_MIN, sizeof(*set->slots));
	if (!set->slots) {
		sfs_path_set_free(set);
		return -ENOMEM;
	}
	/* Without randomness at boot any key serves. */
	if (getrandom(&set->key, sizeof(set->key), GRND_NONBLOCK) < 0)
		set->key = (uint32_t)(uintptr_t)set;
	set->key = set->key % (INT32_MAX - 1024) + 512;
	*ret = set;
	return 0;
}

void sfs_path_set_free(struct sfs_path_set *set)
{
	if (!set)
		return;
	free(set->slots);
	free(set->text);
	free(set);
}

/*
 * The text of a new slot is that at `offset`.  Returns true if the slot was
 * there with all these bits.
 */
static bool mark(struct sfs_path_set *set, uint32_t hash, uint32_t offset,
		 size_t length, unsigned int bits)
{
	struct slot *slot = find_slot(set, hash, set->text + offset, length);

	if (!slot->bits) {
		*slot = (struct slot){ .hash = hash,
				       .offset = offset,
				       .length = (uint16_t)length };
		set->used++;
	}
	if ((slot->bits & bits) == bits)
		return true;
	slot->bits = (uint16_t)(slot->bits | bits);
	return false;
}

int sfs_path_set_add(struct sfs_path_set *set, const char *path, size_t length,
		     unsigned int bits)
{
	uint32_t hash = 0, offset, hashes[DEPTH_MAX];
	uint16_t lengths[DEPTH_MAX];
	size_t depth = 0;
	const char *name = path;
	unsigned int above;
	int r = 0;

	if (length > LENGTH_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < length; i++) {
		if (path[i] == '/') {
			if (depth == DEPTH_MAX)
				return -ENAMETOOLONG;
			hashes[depth] = hash;
			lengths[depth++] = (uint16_t)i;
			name = path + i + 1;
		}
		hash = hash_byte(hash, set->key, path[i]);
	}
	while (r == 0 && (set->used + depth + 2) * 4 > set->capacity * 3)
		r = grow_slots(set);
	if (r == 0)
		r = append_text(set, path, length, &offset);
	if (r < 0)
		return r;
	if (bits & SFS_PATH_SPARSE)
		set->sparse = true;
	mark(set, hash, offset, length, bits);
	above = SFS_PATH_ABOVE;
	if (!(bits & SFS_PATH_FILE) || name[0] != '.')
		above |= SFS_PATH_PLAIN;
	/* What a folder has, those above it have. */
	while (depth--)
		if (mark(set, hashes[depth], offset, lengths[depth], above))
			return 0;
	if (length)
		mark(set, 0, offset, 0, above);
	return 0;
}

unsigned int sfs_path_set_find(const struct sfs_path_set *set, const char *path,
			       size_t length)
{
	uint32_t hash = 0;

	if (length > LENGTH_MAX || !set->used)
		return 0;
	if (!set->sparse)
		return find_slot(set, hash_path(set, path, length), path,
				 length)
			->bits;
	if (length && find_slot(set, 0, path, 0)->bits & SFS_PATH_SPARSE)
		return SFS_PATH_SPARSE;
	for (size_t i = 0; i < length; i++) {
		if (path[i] == '/' &&
		    find_slot(set, hash, path, i)->bits & SFS_PATH_SPARSE)
			return SFS_PATH_SPARSE;
		hash = hash_byte(hash, set->key, path[i]);
	}
	return find_slot(set, hash, path, length)->bits;
}

int sfs_path_set_minus(const struct sfs_path_set *set,
		       const struct sfs_path_set *other, sfs_path_set_fn *fn,
		       void *ctx)
{
	for (size_t i = 0; i < set->capacity; i++) {
		const struct slot *slot = &set->slots[i];
		const char *path;
		int r;

		if (!(slot->bits & SFS_PATH_FILE))
			continue;
		path = set->text + slot->offset;
		if (other && sfs_path_set_find(other, path, slot->length) &
				     SFS_PATH_FILE)
			continue;
		r = fn(ctx, path, slot->length);
		if (r)
			return r;
	}
	return 0;
}
