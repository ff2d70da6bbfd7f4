/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	RANK_BITS = 4,
	RANK_MAX = (1 << RANK_BITS) - 1
};
#define HASH_MASK (((UINT64_C(1) << 62) - 1) & ~(uint64_t)RANK_MAX)

struct sfs_snapshot *sfs_snapshot_new(void)
{
	struct sfs_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot)
		atomic_init(&snapshot->refs, 1);
	return snapshot;
}

struct sfs_snapshot *sfs_snapshot_get(struct sfs_snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->refs, 1);
	return snapshot;
}

void sfs_snapshot_put(struct sfs_snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->refs, 1) > 1)
		return;
	free(snapshot->entries);
	free(snapshot->names);
	free(snapshot);
}

/* Room for one more entry, and for `length` more bytes of names. */
static int grow(struct sfs_snapshot *snapshot, size_t length)
{
	if (snapshot->n == snapshot->room) {
		size_t room = snapshot->room ? 2 * snapshot->room : 32;
		void *entries = reallocarray(snapshot->entries, room,
					     sizeof(snapshot->entries[0]));

		if (!entries)
			return -ENOMEM;
		snapshot->entries = entries;
		snapshot->room = room;
	}
	if (snapshot->names_room - snapshot->names_size < length) {
		size_t room = 2 * snapshot->names_room + length + 512;
		char *names;

		if (room > UINT32_MAX)
			return -ENOMEM;
		names = realloc(snapshot->names, room);
		if (!names)
			return -ENOMEM;
		snapshot->names = names;
		snapshot->names_room = room;
	}
	return 0;
}

int sfs_snapshot_add(struct sfs_snapshot *snapshot, const char *name,
		     uint64_t hash, uint64_t ino, unsigned int type, bool known)
{
	size_t length = strlen(name) + 1;
	uint64_t cookie = hash & HASH_MASK;
	int err = grow(snapshot, length);

	if (err)
		return err;
	snapshot->entries[snapshot->n++] = (struct sfs_snapshot_entry){
		.cookie = cookie ? cookie : RANK_MAX + 1,
		.ino = ino,
		.name = (uint32_t)snapshot->names_size,
		.type = (uint8_t)type,
		.known = known,
	};
	memcpy(snapshot->names + snapshot->names_size, name, length);
	snapshot->names_size += length;
	return 0;
}

/* By hash, then name, then which one was added first. */
static int compare(const void *left, const void *right, void *names)
{
	const struct sfs_snapshot_entry *a = left, *b = right;
	int order;

	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	order = strcmp((char *)names + a->name, (char *)names + b->name);
	if (order)
		return order;
	return a->name < b->name ? -1 : a->name > b->name;
}

void sfs_snapshot_sort(struct sfs_snapshot *snapshot)
{
	struct sfs_snapshot_entry *entries = snapshot->entries;
	uint64_t hash = 0, rank = 0;
	size_t n = 0;

	if (snapshot->n)
		qsort_r(entries, snapshot->n, sizeof(entries[0]), compare,
			snapshot->names);
	for (size_t i = 0; i < snapshot->n; i++) {
		if (n && entries[i].cookie == hash &&
		    !strcmp(sfs_snapshot_name(snapshot, i),
			    sfs_snapshot_name(snapshot, n - 1)))
			continue;
		rank = n && entries[i].cookie == hash ? rank + 1 : 0;
		hash = entries[i].cookie;
		entries[n] = entries[i];
		entries[n++].cookie =
			hash | (rank < RANK_MAX ? rank : RANK_MAX);
	}
	snapshot->n = n;
}

size_t sfs_snapshot_after(const struct sfs_snapshot *snapshot, uint64_t cookie)
{
	size_t low = 0, high = snapshot->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->entries[middle].cookie <= cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
