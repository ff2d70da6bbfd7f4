/* SPDX-License-Identifier: MIT */
#include "scratchfs/git_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *at;
	const char *end;
};

enum {
	NAME_MAX_BYTES = 64
};

void sfs_git_config_init(struct sfs_git_config *config)
{
	*config = (struct sfs_git_config){ .hash_bytes = 20 };
}

static int peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? (unsigned char)*cursor->at : -1;
}

static int take(struct cursor *cursor)
{
	int c = peek(cursor);

	if (c >= 0)
		cursor->at++;
	return c;
}

static void skip_blanks(struct cursor *cursor)
{
	while (peek(cursor) == ' ' || peek(cursor) == '\t' ||
	       peek(cursor) == '\r')
		cursor->at++;
}

static void skip_line(struct cursor *cursor)
{
	int c;

	do
		c = take(cursor);
	while (c >= 0 && c != '\n');
}

/* A name too long to be one of ours is cut, and so is none of ours. */
static void take_name(struct cursor *cursor, char name[NAME_MAX_BYTES])
{
	size_t length = 0;

	while (isalnum(peek(cursor)) || peek(cursor) == '-' ||
	       peek(cursor) == '.') {
		int c = take(cursor);

		if (length < NAME_MAX_BYTES - 1)
			name[length++] = (char)tolower(c);
	}
	name[length] = '\0';
}

/* "[section]" or "[section "subsection"]", which leaves `section` empty. */
static int take_section(struct cursor *cursor, char section[NAME_MAX_BYTES])
{
	cursor->at++;
	take_name(cursor, section);
	skip_blanks(cursor);
	if (peek(cursor) == '"') {
		section[0] = '\0';
		take(cursor);
		while (peek(cursor) >= 0 && peek(cursor) != '"' &&
		       peek(cursor) != '\n')
			if (take(cursor) == '\\')
				take(cursor);
		if (take(cursor) != '"')
			return -EBADMSG;
	}
	return take(cursor) == ']' ? 0 : -EBADMSG;
}

/* What a backslash stands for: a byte, 0 for a continued line, or -1. */
static int take_escape(struct cursor *cursor)
{
	int c = take(cursor);

	if (c == '\r' && peek(cursor) == '\n')
		c = take(cursor);
	switch (c) {
	case '\n':
		return 0;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case '"':
	case '\\':
		return c;
	default:
		return -1;
	}
}

/* Up to the line's end or a comment; blanks at the end are not part of it. */
static int take_value(struct cursor *cursor, char value[PATH_MAX])
{
	size_t length = 0, kept = 0;
	bool quoted = false;

	skip_blanks(cursor);
	for (int c; c = take(cursor), c >= 0 && c != '\n';) {
		bool blank = !quoted && (c == ' ' || c == '\t' || c == '\r');

		if (!quoted && (c == '#' || c == ';')) {
			skip_line(cursor);
			break;
		}
		if (c == '"') {
			quoted = !quoted;
			kept = length;
			continue;
		}
		if (c == '\\')
			c = take_escape(cursor);
		if (c < 0 || length == PATH_MAX - 1)
			return -EBADMSG;
		if (c == 0)
			continue;
		value[length++] = (char)c;
		if (!blank)
			kept = length;
	}
	value[kept] = '\0';
	return quoted ? -EBADMSG : 0;
}

static bool is_true(const char *value)
{
	return strcasecmp(value, "true") == 0 ||
	       strcasecmp(value, "yes") == 0 || strcasecmp(value, "on") == 0 ||
	       strtol(value, NULL, 10) != 0;
}

static int set_core(struct sfs_git_config *config, const char *name,
		    const char *value)
{
	if (strcmp(name, "worktree") == 0)
		strcpy(config->worktree, value);
	else if (strcmp(name, "bare") == 0)
		config->bare = is_true(value);
	else if (strcmp(name, "ignorecase") == 0)
		config->ignore_case = is_true(value);
	else if (strcmp(name, "repositoryformatversion") == 0 &&
		 strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return -ENOTSUP;
	return 0;
}

static int set_extension(struct sfs_git_config *config, const char *name,
			 const char *value)
{
	if (strcmp(name, "worktreeconfig") == 0) {
		config->worktree_config = is_true(value);
	} else if (strcmp(name, "objectformat") == 0) {
		if (strcasecmp(value, "sha256") == 0)
			config->hash_bytes = 32;
		else if (strcasecmp(value, "sha1") == 0)
			config->hash_bytes = 20;
		else
			return -ENOTSUP;
	}
	return 0;
}

/* "name = value", or "name" alone, which means true. */
static int take_variable(struct cursor *cursor, struct sfs_git_config *config,
			 const char *section)
{
	char name[NAME_MAX_BYTES], value[PATH_MAX] = "true";
	int r = 0;

	take_name(cursor, name);
	if (name[0] == '\0')
		return -EBADMSG;
	skip_blanks(cursor);
	if (peek(cursor) == '=') {
		take(cursor);
		r = take_value(cursor, value);
	} else if (peek(cursor) == '#' || peek(cursor) == ';') {
		skip_line(cursor);
	} else if (peek(cursor) >= 0 && take(cursor) != '\n') {
		return -EBADMSG;
	}
	if (r == 0 && strcmp(section, "core") == 0)
		r = set_core(config, name, value);
	else if (r == 0 && strcmp(section, "extensions") == 0)
		r = set_extension(config, name, value);
	return r;
}

int sfs_git_config_read(struct sfs_git_config *config, const char *text,
			size_t length)
{
	struct cursor cursor = { text, text + length };
	char section[NAME_MAX_BYTES] = "";
	int r = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		cursor.at += 3;
	while (r == 0) {
		skip_blanks(&cursor);
		switch (peek(&cursor)) {
		case -1:
			return 0;
		case '\n':
			take(&cursor);
			break;
		case '#':
		case ';':
			skip_line(&cursor);
			break;
		case '[':
			r = take_section(&cursor, section);
			break;
		default:
			r = take_variable(&cursor, config, section);
		}
	}
	return r;
}
