/* SPDX-License-Identifier: MIT */
#include <scratchfs/rule_index.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* A run inside a name is filed under its first bytes only. */
#define MAX_RUN 8u

enum {
	PREFIX,
	SUFFIX,
	RUN,
	EXACT
};

/* FNV-1a, one byte at a time in either direction; the kind is its start. */
static uint32_t hash_start(unsigned int kind)
{
	return 2166136261u + kind;
}

static uint32_t hash_byte(uint32_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * 16777619u;
}

static uint32_t bucket_of(const struct sfs_rule_index *index, uint32_t hash)
{
	return (hash ^ hash >> 15) & index->mask;
}

static bool has_length(const struct sfs_rule_index *index, unsigned int kind,
		       size_t len)
{
	return index->lengths[kind][len / 64 & 3] >> (len % 64) & 1;
}

int sfs_rule_index_init(struct sfs_rule_index *ret, uint32_t room)
{
	struct sfs_rule_index index = { 0 };
	uint32_t buckets = 1;

	if (room) {
		while (buckets < room)
			buckets *= 2;
		index.mask = buckets - 1;
		index.entries = calloc(room, sizeof(*index.entries));
		index.buckets = calloc(buckets, sizeof(*index.buckets));
		if (!index.entries || !index.buckets) {
			sfs_rule_index_done(&index);
			return -ENOMEM;
		}
	}
	*ret = index;
	return 0;
}

void sfs_rule_index_done(struct sfs_rule_index *index)
{
	free(index->entries);
	free(index->buckets);
	*index = (struct sfs_rule_index){ 0 };
}

static uint32_t hash_key(const char *key, size_t len, unsigned int kind)
{
	uint32_t hash = hash_start(kind);

	for (size_t i = 0; i < len; i++)
		hash = hash_byte(hash, key[kind == SUFFIX ? len - 1 - i : i]);
	return hash;
}

static unsigned int kind_of(const struct sfs_glob *glob)
{
	switch (glob->key_kind) {
	case SFS_GLOB_KEY_EXACT:
		return EXACT;
	case SFS_GLOB_KEY_PREFIX:
		return PREFIX;
	case SFS_GLOB_KEY_SUFFIX:
		return SUFFIX;
	default:
		return RUN;
	}
}

void sfs_rule_index_put(struct sfs_rule_index *index,
			const struct sfs_glob *glob, uint32_t item)
{
	unsigned int kind = kind_of(glob);
	size_t len = glob->key_len;
	struct sfs_rule_index_entry *entry;
	uint32_t *head = &index->unkeyed;

	if (len > NAME_MAX)
		return; /* no name is that long */
	entry = &index->entries[index->count++];
	entry->item = item;
	if (glob->key_kind != SFS_GLOB_KEY_NONE) {
		if (kind == RUN && len > MAX_RUN)
			len = MAX_RUN;
		if (kind != EXACT)
			index->lengths[kind][len / 64] |= UINT64_C(1)
							  << (len % 64);
		entry->hash = hash_key(glob->key, len, kind);
		head = &index->buckets[bucket_of(index, entry->hash)];
	}
	entry->next = *head;
	*head = index->count;
}

static void visit_hash(const struct sfs_rule_index *index, uint32_t hash,
		       sfs_rule_index_visit *visit, void *context)
{
	const struct sfs_rule_index_entry *entry;

	for (uint32_t i = index->buckets[bucket_of(index, hash)]; i;
	     i = entry->next) {
		entry = &index->entries[i - 1];
		if (entry->hash == hash)
			visit(context, entry->item);
	}
}

static bool has_runs(const struct sfs_rule_index *index)
{
	return index->lengths[RUN][0] != 0;
}

static void visit_runs(const struct sfs_rule_index *index, const char *name,
		       size_t len, sfs_rule_index_visit *visit, void *context)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t hash = hash_start(RUN);

		for (size_t n = 1; n <= MAX_RUN && i + n <= len; n++) {
			hash = hash_byte(hash, name[i + n - 1]);
			if (has_length(index, RUN, n))
				visit_hash(index, hash, visit, context);
		}
	}
}

void sfs_rule_index_candidates(const struct sfs_rule_index *index,
			       const char *name, size_t len,
			       sfs_rule_index_visit *visit, void *context)
{
	uint32_t exact = hash_start(EXACT), prefix = hash_start(PREFIX),
		 suffix = hash_start(SUFFIX);

	if (!index->count || len > NAME_MAX)
		return;
	for (size_t i = 0; i < len; i++) {
		exact = hash_byte(exact, name[i]);
		prefix = hash_byte(prefix, name[i]);
		suffix = hash_byte(suffix, name[len - 1 - i]);
		if (has_length(index, PREFIX, i + 1))
			visit_hash(index, prefix, visit, context);
		if (has_length(index, SUFFIX, i + 1))
			visit_hash(index, suffix, visit, context);
	}
	visit_hash(index, exact, visit, context);
	if (has_runs(index))
		visit_runs(index, name, len, visit, context);
	for (uint32_t i = index->unkeyed; i; i = index->entries[i - 1].next)
		visit(context, index->entries[i - 1].item);
}
