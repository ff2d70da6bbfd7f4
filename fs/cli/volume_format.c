/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/suggest.h"
#include "volume.h"

/* As Go prints a time. */
static void print_time(FILE *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S +0000 UTC", &tm);
	fputs(text, out);
}

static void print_mountpoint(FILE *out, const struct sfs_volume *volume)
{
	fprintf(out, "%s/tree", volume->path);
}

static void print_labels(FILE *out, const struct sfs_volume *volume)
{
	const char *space = "";

	fputs("map[", out);
	for (size_t i = 0; i < volume->label_count; i++) {
		fprintf(out, "%s%s:%s", space, volume->labels[i].key,
			volume->labels[i].value);
		space = " ";
	}
	if (volume->source)
		fprintf(out, "%ssource:%s", space, volume->source);
	putc(']', out);
}

static void print_options(FILE *out, const struct sfs_volume *volume)
{
	if (volume->size_bytes)
		fprintf(out, "map[size:%" PRIu64 "]", volume->size_bytes);
	else
		fputs("map[]", out);
}

/* ---- JSON ---- */

static void json_mountpoint(struct sfs_json *json,
			    const struct sfs_volume *volume)
{
	SFS_FREE char *path = NULL;

	if (asprintf(&path, "%s/tree", volume->path) < 0)
		path = NULL;
	sfs_json_string(json, path);
}

static void json_labels(struct sfs_json *json, const struct sfs_volume *volume)
{
	sfs_json_begin_object(json);
	for (size_t i = 0; i < volume->label_count; i++) {
		sfs_json_member_string(json, volume->labels[i].key,
				       volume->labels[i].value);
	}
	if (volume->source) {
		sfs_json_member_string(json, "source", volume->source);
	}
	sfs_json_end_object(json);
}

static void json_options(struct sfs_json *json, const struct sfs_volume *volume)
{
	char size[24];

	sfs_json_begin_object(json);
	if (volume->size_bytes) {
		snprintf(size, sizeof(size), "%" PRIu64, volume->size_bytes);
		sfs_json_member_string(json, "size", size);
	}
	sfs_json_end_object(json);
}

static void json_created(struct sfs_json *json, const struct sfs_volume *volume)
{
	const struct timespec created = { (time_t)volume->created_s, 0 };

	sfs_json_time(json, created);
}

static void json_users(struct sfs_json *json, const struct sfs_volume *volume)
{
	sfs_json_uint(json, sfs_volume_count_users(volume->name));
}

static void json_name(struct sfs_json *json, const struct sfs_volume *volume)
{
	sfs_json_string(json, volume->name);
}

static void json_local(struct sfs_json *json, const struct sfs_volume *volume)
{
	(void)volume;
	sfs_json_string(json, "local");
}

/* ---- the fields ---- */

static void print_name(FILE *out, const struct sfs_volume *volume)
{
	fputs(volume->name, out);
}

static void print_local(FILE *out, const struct sfs_volume *volume)
{
	(void)volume;
	fputs("local", out);
}

static void print_created(FILE *out, const struct sfs_volume *volume)
{
	print_time(out, volume->created_s);
}

static void print_users(FILE *out, const struct sfs_volume *volume)
{
	fprintf(out, "%u", sfs_volume_count_users(volume->name));
}

/* podman's keys, in podman's order. */
static const struct field {
	const char *name, *heading;
	void (*print)(FILE *out, const struct sfs_volume *volume);
	void (*json)(struct sfs_json *json, const struct sfs_volume *volume);
} fields[] = {
	{ "Name", "VOLUME NAME", print_name, json_name },
	{ "Driver", "DRIVER", print_local, json_local },
	{ "Mountpoint", "MOUNTPOINT", print_mountpoint, json_mountpoint },
	{ "CreatedAt", "CREATED AT", print_created, json_created },
	{ "Labels", "LABELS", print_labels, json_labels },
	{ "Scope", "SCOPE", print_local, json_local },
	{ "Options", "OPTIONS", print_options, json_options },
	{ "MountCount", "MOUNT COUNT", print_users, json_users },
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

static void json_volume(struct sfs_json *json, const struct sfs_volume *volume)
{
	sfs_json_begin_object(json);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		sfs_json_key(json, fields[i].name);
		fields[i].json(json, volume);
	}
	sfs_json_end_object(json);
}

int sfs_volume_print_json(FILE *out, struct sfs_volume *const *volumes,
			  size_t count)
{
	struct sfs_json json;

	sfs_json_init(&json, out);
	sfs_json_begin_array(&json);
	for (size_t i = 0; i < count; i++)
		json_volume(&json, volumes[i]);
	sfs_json_end_array(&json);
	return sfs_json_finish(&json);
}

/* ---- templates ---- */

static int unknown_field(const char *expression)
{
	const char *names[FIELD_COUNT + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		names[i] = fields[i].name;
	near = sfs_suggest(expression + (*expression == '.'), names);
	if (near)
		sfs_msg("--format: there is no '{{%s}}'; did you mean "
			"'{{.%s}}'?",
			expression, near);
	else
		sfs_msg("--format: '{{%s}}' is not understood", expression);
	return -EINVAL;
}

static void print_label(FILE *out, const struct sfs_volume *volume,
			const char *key)
{
	const char *value = strcmp(key, "source") == 0 ? volume->source : NULL;

	for (size_t i = 0; i < volume->label_count; i++) {
		if (strcmp(volume->labels[i].key, key) == 0)
			value = volume->labels[i].value;
	}
	fputs(value ? value : "", out);
}

static int print_as_json(FILE *out, const char *what,
			 const struct sfs_volume *volume)
{
	const struct field *field = find_field(what + 1);
	struct sfs_json json;

	if (*what != '.' || (what[1] && !field))
		return unknown_field(what);
	sfs_json_init(&json, out);
	if (field)
		field->json(&json, volume);
	else
		json_volume(&json, volume);
	return 0;
}

static void print_escaped(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\\' || i + 1 == len) {
			putc(text[i], out);
			continue;
		}
		i++;
		if (text[i] == 't')
			putc('\t', out);
		else if (text[i] == 'n')
			putc('\n', out);
		else
			putc(text[i], out);
	}
}

/* One {{action}}, trimmed. */
static int evaluate(FILE *out, char *action, const struct sfs_volume *volume)
{
	const struct field *field =
		*action == '.' ? find_field(action + 1) : NULL;
	size_t len = strlen(action);

	if (strncmp(action, "range", 5) == 0 || strcmp(action, "end") == 0)
		return 0;
	if (field) {
		field->print(out, volume);
		return 0;
	}
	if (strncmp(action, "json ", 5) == 0)
		return print_as_json(out, action + 5 + strspn(action + 5, " "),
				     volume);
	if (strncmp(action, ".Labels.", 8) == 0) {
		print_label(out, volume, action + 8);
		return 0;
	}
	if (strncmp(action, "index .Labels \"", 15) == 0 && len > 16 &&
	    action[len - 1] == '"') {
		action[len - 1] = '\0';
		print_label(out, volume, action + 15);
		return 0;
	}
	if (len >= 2 && action[0] == '"' && action[len - 1] == '"') {
		print_escaped(out, action + 1, len - 2);
		return 0;
	}
	return unknown_field(action);
}

/* The text of {{ ... }} without blanks and trim marks. */
static char *trimmed(const char *text, size_t len)
{
	while (len && strchr(" \t-", text[0])) {
		text++;
		len--;
	}
	while (len && strchr(" \t-", text[len - 1]))
		len--;
	return strndup(text, len);
}

int sfs_volume_format(FILE *out, const char *format,
		      const struct sfs_volume *volume)
{
	const char *open, *close;

	while ((open = strstr(format, "{{"))) {
		SFS_FREE char *action = NULL;
		int r;

		print_escaped(out, format, (size_t)(open - format));
		close = strstr(open, "}}");
		if (!close) {
			sfs_msg("--format: '{{' without '}}'");
			return -EINVAL;
		}
		action = trimmed(open + 2, (size_t)(close - open - 2));
		if (!action)
			return -ENOMEM;
		r = evaluate(out, action, volume);
		if (r < 0)
			return r;
		format = close + 2;
	}
	print_escaped(out, format, strlen(format));
	return 0;
}

void sfs_volume_format_heading(FILE *out, const char *format)
{
	const char *open, *close;

	while ((open = strstr(format, "{{")) && (close = strstr(open, "}}"))) {
		SFS_FREE char *action = NULL;
		const struct field *field = NULL;

		print_escaped(out, format, (size_t)(open - format));
		action = trimmed(open + 2, (size_t)(close - open - 2));
		if (action && *action == '.')
			field = find_field(action + 1);
		if (field)
			fputs(field->heading, out);
		format = close + 2;
	}
	print_escaped(out, format, strlen(format));
}

/* ---- columns, as Go's tabwriter with podman's settings makes them ---- */

#define COLUMN_MAX 16
#define WIDTH_MIN  12
#define WIDTH_PAD  2

static void measure(const char *text, size_t widths[COLUMN_MAX])
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, "\t\n");
		size_t want = len + WIDTH_PAD;

		if (want < WIDTH_MIN)
			want = WIDTH_MIN;
		if (column < COLUMN_MAX && text[len] == '\t' &&
		    widths[column] < want)
			widths[column] = want;
		column = text[len] == '\t' ? column + 1 : 0;
		text += len + (text[len] != '\0');
	}
}

void sfs_volume_print_columns(FILE *out, const char *text)
{
	size_t widths[COLUMN_MAX] = { 0 };
	size_t column = 0;

	measure(text, widths);
	while (*text) {
		size_t len = strcspn(text, "\t\n");
		bool last = text[len] != '\t' || column >= COLUMN_MAX;

		fprintf(out, "%-*.*s", last ? 0 : (int)widths[column], (int)len,
			text);
		if (text[len] == '\n')
			putc('\n', out);
		column = last ? 0 : column + 1;
		text += len + (text[len] != '\0');
	}
}
