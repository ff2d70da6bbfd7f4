/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_JSON_H
#define SCRATCHFS_JSON_H

/*
 * Writes one JSON value (RFC 8259) to a stream, as it comes: no tree is built.
 *
 *	struct sfs_json json;
 *
 *	sfs_json_init(&json, stdout);
 *	sfs_json_begin_array(&json);
 *	sfs_json_begin_object(&json);
 *	sfs_json_key(&json, "path");
 *	sfs_json_string(&json, path);
 *	sfs_json_end_object(&json);
 *	sfs_json_end_array(&json);
 *	return sfs_json_finish(&json);
 *
 * Commas, line breaks and indentation are the writer's.  Values and keys must
 * alternate inside an object; that is the caller's duty and asserted.
 *
 * Strings are UTF-8.  File names need not be: every byte that is not part of a
 * valid sequence becomes the code point U+DC00 + byte, written as "\udcXX".
 * That is what Python calls surrogateescape: os.fsencode(json.loads(...)) is
 * the name again.
 *
 * Errors are the stream's (ferror); sfs_json_finish() reports them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define SFS_JSON_DEPTH 16

struct sfs_json {
	FILE *file;
	unsigned depth;
	bool after_key;
	bool has_members[SFS_JSON_DEPTH];
};

void sfs_json_init(struct sfs_json *json, FILE *file);

/* At most SFS_JSON_DEPTH - 1 open at a time (asserted). */
void sfs_json_begin_array(struct sfs_json *json);
void sfs_json_end_array(struct sfs_json *json);
void sfs_json_begin_object(struct sfs_json *json);
void sfs_json_end_object(struct sfs_json *json);

void sfs_json_key(struct sfs_json *json, const char *key);

/* NULL is written as null. */
void sfs_json_string(struct sfs_json *json, const char *value);
void sfs_json_uint(struct sfs_json *json, uint64_t value);
void sfs_json_bool(struct sfs_json *json, bool value);
void sfs_json_null(struct sfs_json *json);

/* A key and its value. */
void sfs_json_member_string(struct sfs_json *json, const char *key,
			    const char *value);
void sfs_json_member_uint(struct sfs_json *json, const char *key,
			  uint64_t value);
void sfs_json_member_bool(struct sfs_json *json, const char *key, bool value);

/*
 * RFC 3339, in UTC: "2026-01-31T12:34:56.000000789Z"; null for a year that has
 * more than four digits.
 */
void sfs_json_time(struct sfs_json *json, struct timespec value);

/*
 * Ends the line and flushes.  Returns 0, or -EIO when something could not be
 * written (a full disk, a closed pipe).  The stream stays open.
 */
int sfs_json_finish(struct sfs_json *json);

#endif
