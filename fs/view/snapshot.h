/* SPDX-License-Identifier: MIT */
#ifndef SFS_VIEW_SNAPSHOT_H
#define SFS_VIEW_SNAPSHOT_H

/*
 * The names of a folder at one moment, in the order of their cookies.
 *
 * There are no open folders in the view, so a cookie has to say by itself where
 * a listing goes on, also when entries have come and gone meanwhile.  It is a
 * keyed hash of the name: the upper 58 of 62 bits, and below them the rank, in
 * the order of bytes, among the names that share these.  Every name that stays
 * is met exactly once, whatever happens to the others (but for the neighbours
 * in rank of a name that comes or goes, which nobody without the key can
 * make).  Cookies 1 and 2 stand for "." and "..".
 *
 * Life: _new, _add for each name, _sort, then it is constant and may be read by
 * any thread; _put with the last reference frees it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SFS_COOKIE_DOT	  UINT64_C(1)
#define SFS_COOKIE_DOTDOT UINT64_C(2)

struct sfs_snapshot_entry {
	uint64_t cookie; /* until _sort: the hash */
	uint64_t ino;
	uint32_t name; /* offset in names */
	uint8_t type;  /* DT_* */
	bool known;    /* the kernel needs no attributes */
};

struct sfs_snapshot {
	atomic_uint refs;
	size_t n, room;
	struct sfs_snapshot_entry *entries;
	size_t names_size, names_room;
	char *names;
};

/* Empty, with one reference.  NULL: no memory. */
struct sfs_snapshot *sfs_snapshot_new(void);
struct sfs_snapshot *sfs_snapshot_get(struct sfs_snapshot *snapshot);
void sfs_snapshot_put(struct sfs_snapshot *snapshot); /* NULL is fine */

/* Of a name that is added twice the first one counts.  0, -ENOMEM. */
int sfs_snapshot_add(struct sfs_snapshot *snapshot, const char *name,
		     uint64_t hash, uint64_t ino, unsigned int type,
		     bool known);

void sfs_snapshot_sort(struct sfs_snapshot *snapshot);

/* Index of the first entry behind `cookie`; n if there is none. */
size_t sfs_snapshot_after(const struct sfs_snapshot *snapshot, uint64_t cookie);

static inline const char *sfs_snapshot_name(const struct sfs_snapshot *snapshot,
					    size_t index)
{
	return snapshot->names + snapshot->entries[index].name;
}

/* Bytes of memory it holds. */
static inline size_t sfs_snapshot_bytes(const struct sfs_snapshot *snapshot)
{
	return sizeof(*snapshot) + snapshot->names_room +
	       snapshot->room * sizeof(snapshot->entries[0]);
}

#endif
