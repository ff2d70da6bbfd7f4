/* SPDX-License-Identifier: MIT */
#include "scratchfs/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

void sfs_json_init(struct sfs_json *json, FILE *file)
{
	*json = (struct sfs_json){ .file = file };
}

static void new_line(struct sfs_json *json)
{
	fprintf(json->file, "\n%*s", (int)json->depth * 2, "");
}

/* What goes between the previous thing and a value or key. */
static void separate(struct sfs_json *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->depth == 0)
		return;
	if (json->has_members[json->depth])
		fputc(',', json->file);
	json->has_members[json->depth] = true;
	new_line(json);
}

static void begin(struct sfs_json *json, char bracket)
{
	separate(json);
	fputc(bracket, json->file);
	assert(json->depth + 1 < SFS_JSON_DEPTH);
	json->has_members[++json->depth] = false;
}

static void end(struct sfs_json *json, char bracket)
{
	assert(json->depth > 0 && !json->after_key);
	if (json->has_members[json->depth--])
		new_line(json);
	fputc(bracket, json->file);
}

void sfs_json_begin_array(struct sfs_json *json)
{
	begin(json, '[');
}

void sfs_json_end_array(struct sfs_json *json)
{
	end(json, ']');
}

void sfs_json_begin_object(struct sfs_json *json)
{
	begin(json, '{');
}

void sfs_json_end_object(struct sfs_json *json)
{
	end(json, '}');
}

/*
 * The length of the valid sequence at s, 0 if there is none.  Table 3-7 of the
 * Unicode standard: neither overlong forms, nor surrogates, nor above U+10FFFF.
 */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t length;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return length;
}

static void write_ascii(FILE *file, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(file, "\\%c", c);
	else if (c == '\n')
		fputs("\\n", file);
	else if (c == '\t')
		fputs("\\t", file);
	else if (c < 0x20 || c == 0x7f)
		fprintf(file, "\\u%04x", c);
	else
		fputc(c, file);
}

static void write_string(FILE *file, const char *string)
{
	const unsigned char *s = (const unsigned char *)string;

	fputc('"', file);
	while (*s) {
		size_t length = utf8_length(s);

		if (length == 0)
			fprintf(file, "\\udc%02x", *s++);
		else if (length == 1)
			write_ascii(file, *s++);
		else
			for (; length > 0; length--)
				fputc(*s++, file);
	}
	fputc('"', file);
}

void sfs_json_key(struct sfs_json *json, const char *key)
{
	assert(json->depth > 0 && !json->after_key);
	separate(json);
	write_string(json->file, key);
	fputs(": ", json->file);
	json->after_key = true;
}

void sfs_json_string(struct sfs_json *json, const char *value)
{
	separate(json);
	if (value)
		write_string(json->file, value);
	else
		fputs("null", json->file);
}

void sfs_json_uint(struct sfs_json *json, uint64_t value)
{
	separate(json);
	fprintf(json->file, "%" PRIu64, value);
}

void sfs_json_bool(struct sfs_json *json, bool value)
{
	separate(json);
	fputs(value ? "true" : "false", json->file);
}

void sfs_json_null(struct sfs_json *json)
{
	sfs_json_string(json, NULL);
}

void sfs_json_member_string(struct sfs_json *json, const char *key,
			    const char *value)
{
	sfs_json_key(json, key);
	sfs_json_string(json, value);
}

void sfs_json_member_uint(struct sfs_json *json, const char *key,
			  uint64_t value)
{
	sfs_json_key(json, key);
	sfs_json_uint(json, value);
}

void sfs_json_member_bool(struct sfs_json *json, const char *key, bool value)
{
	sfs_json_key(json, key);
	sfs_json_bool(json, value);
}

void sfs_json_time(struct sfs_json *json, struct timespec value)
{
	struct tm tm;
	char date[40];

	/* Years beyond 9999 have no form in RFC 3339. */
	if (!gmtime_r(&value.tv_sec, &tm) || tm.tm_year + 1900 > 9999 ||
	    tm.tm_year + 1900 < 0) {
		sfs_json_null(json);
		return;
	}
	separate(json);
	strftime(date, sizeof(date), "%FT%T", &tm);
	fprintf(json->file, "\"%s.%09ldZ\"", date, value.tv_nsec);
}

int sfs_json_finish(struct sfs_json *json)
{
	assert(json->depth == 0);
	fputc('\n', json->file);
	return fflush(json->file) || ferror(json->file) ? -EIO : 0;
}
