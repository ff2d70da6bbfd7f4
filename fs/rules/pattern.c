/* SPDX-License-Identifier: MIT */
/*
 * A line is read into tokens, the tokens are cut at slashes into segments.
 *
 * An oddity of git that people's ignore files may rest upon: before it matches
 * an anchored pattern it takes off the literal bytes at its start, and then
 * takes a "**" that is left in front for one that followed a slash.  So
 * "foo**" + "/bar" (documented as foo* and bar in it) also matches foobar and
 * foo/x/y/bar.  Such a pattern becomes two sequences, see split_glued().
 */
#include <scratchfs/pattern.h>

#include <scratchfs/cleanup.h>

#include <string.h>

#include "bracket.h"

enum token_kind {
	TOKEN_BYTE,
	TOKEN_SLASH,
	TOKEN_ONE,
	TOKEN_STAR,
	TOKEN_STARS, /* two or more */
	TOKEN_SET,
};

struct token {
	enum token_kind kind;
	bool escaped;
	unsigned char byte;
	unsigned int set;
};

struct lexer {
	struct token *tokens;
	struct sfs_byte_set *sets;
	size_t count;
	unsigned int nsets;
	const char **ret_why;
};

static void lexer_done(struct lexer *lexer)
{
	free(lexer->tokens);
	free(lexer->sets);
}

static const char *lex_set(struct lexer *lexer, struct token *token,
			   const char *text)
{
	token->kind = TOKEN_SET;
	token->set = lexer->nsets;
	return sfs_bracket_parse(text, &lexer->sets[lexer->nsets++],
				 lexer->ret_why);
}

/* One token at text.  Returns its end, NULL when it is malformed. */
static const char *lex_token(struct lexer *lexer, const char *text)
{
	struct token *token = &lexer->tokens[lexer->count++];

	*token = (struct token){ .kind = TOKEN_BYTE };
	switch (*text) {
	case '?':
		token->kind = TOKEN_ONE;
		return text + 1;
	case '*':
		token->kind = text[1] == '*' ? TOKEN_STARS : TOKEN_STAR;
		return text + strspn(text, "*");
	case '[':
		return lex_set(lexer, token, text + 1);
	case '\\':
		token->escaped = true;
		text++;
		break;
	default:
		break;
	}
	if (!*text) {
		*lexer->ret_why =
			"it ends in a backslash with nothing behind it";
		return NULL;
	}
	if (*text == '/')
		token->kind = TOKEN_SLASH;
	token->byte = (unsigned char)*text;
	return text + 1;
}

static int lex(struct lexer *lexer, const char *text)
{
	size_t len = strlen(text), nsets = 0;

	for (const char *p = text; (p = strchr(p, '[')); p++)
		nsets++;
	/* Room for what split_glued() adds. */
	lexer->tokens = calloc(len + 4, sizeof(*lexer->tokens));
	lexer->sets = calloc(nsets + 1, sizeof(*lexer->sets));
	if (!lexer->tokens || !lexer->sets)
		return -ENOMEM;
	while (*text) {
		text = lex_token(lexer, text);
		if (!text)
			return -EINVAL;
	}
	return 0;
}

static struct sfs_segment *append_segment(struct sfs_pattern *pattern,
					  bool deep)
{
	struct sfs_segment *segments = realloc(
		pattern->segments, (pattern->count + 1) * sizeof(*segments));

	if (!segments)
		return NULL;
	pattern->segments = segments;
	segments += pattern->count++;
	sfs_glob_init(&segments->glob);
	segments->deep = deep;
	segments->last = false;
	return segments;
}

static int put_token(struct sfs_glob *glob, const struct token *token,
		     const struct lexer *lexer)
{
	switch (token->kind) {
	case TOKEN_ONE:
		return sfs_glob_put(glob, SFS_GLOB_ONE);
	case TOKEN_STAR:
	case TOKEN_STARS:
		return sfs_glob_put(glob, SFS_GLOB_STAR);
	case TOKEN_SET:
		return sfs_glob_put_set(glob, &lexer->sets[token->set]);
	default:
		return sfs_glob_put(glob, token->byte);
	}
}

/* A segment from tokens [start, end) of lexer. */
static int add_segment(struct sfs_pattern *pattern, const struct lexer *lexer,
		       size_t start, size_t end, bool deep)
{
	struct sfs_segment *segment = append_segment(pattern, deep);
	struct sfs_glob *glob = &segment->glob;

	if (!segment)
		return -ENOMEM;
	for (size_t i = start; i < end; i++)
		if (put_token(glob, &lexer->tokens[i], lexer) < 0)
			return -ENOMEM;
	if (sfs_glob_finish(glob) < 0)
		return -ENOMEM;
	if (start == end) {
		*lexer->ret_why = "a folder name in it is empty";
		return -EINVAL;
	}
	if (glob->key_kind == SFS_GLOB_KEY_EXACT &&
	    (!strcmp(glob->key, ".") || !strcmp(glob->key, ".."))) {
		*lexer->ret_why = "\".\" and \"..\" never match; begin with "
				  "\"/\" to anchor it";
		return -EINVAL;
	}
	return 0;
}

/* The end of the segment that begins at token start. */
static size_t segment_end(const struct lexer *lexer, size_t start)
{
	size_t end = start;

	while (end < lexer->count && lexer->tokens[end].kind != TOKEN_SLASH)
		end++;
	return end;
}

/* Segments for all of lexer's tokens, cut at slashes. */
static int add_segments(struct sfs_pattern *pattern, const struct lexer *lexer)
{
	bool deep = false;
	size_t start = 0, end;
	int r;

	do {
		end = segment_end(lexer, start);
		if (end - start != 1 ||
		    lexer->tokens[start].kind != TOKEN_STARS) {
			r = add_segment(pattern, lexer, start, end, deep);
			deep = false;
		} else if (end == lexer->count) {
			/* All that is below, but not the folder itself. */
			r = add_segment(pattern, lexer, start, end, true);
		} else if (lexer->tokens[end].escaped) {
			/* Not to git: before "\/" it wants a folder. */
			r = add_segment(pattern, lexer, start, end, deep);
			deep = true;
		} else {
			r = 0;
			deep = true;
		}
		start = end + 1;
	} while (!r && end < lexer->count);
	if (!r)
		pattern->segments[pattern->count - 1].last = true;
	return r;
}

static void drop_segments(struct sfs_pattern *pattern, size_t count)
{
	while (pattern->count > count)
		sfs_glob_done(&pattern->segments[--pattern->count].glob);
}

/* add_segments(), where a sequence that can not match is left out. */
static int add_sequence(struct sfs_pattern *pattern, const struct lexer *lexer)
{
	size_t before = pattern->count;
	int r = add_segments(pattern, lexer);

	if (r == -EINVAL) {
		drop_segments(pattern, before);
		return 0;
	}
	return r;
}

static bool is_slash(const struct lexer *lexer, size_t i)
{
	return i < lexer->count && lexer->tokens[i].kind == TOKEN_SLASH;
}

/*
 * Where a "**", followed by a slash or nothing, is glued to literal bytes at
 * the pattern's start; 0 = nowhere.
 */
static size_t find_glued(const struct lexer *lexer)
{
	size_t i = 0;

	while (i < lexer->count && !lexer->tokens[i].escaped &&
	       lexer->tokens[i].kind <= TOKEN_SLASH)
		i++;
	if (!i || i == lexer->count || lexer->tokens[i].kind != TOKEN_STARS ||
	    lexer->tokens[i - 1].kind == TOKEN_SLASH)
		return 0;
	return i + 1 == lexer->count || is_slash(lexer, i + 1) ? i : 0;
}

/* Replaces `removed` tokens at `at` by room for `added` ones. */
static void splice(struct lexer *lexer, size_t at, size_t removed, size_t added)
{
	memmove(lexer->tokens + at + added, lexer->tokens + at + removed,
		(lexer->count - at - removed) * sizeof(*lexer->tokens));
	lexer->count += added;
	lexer->count -= removed;
}

/*
 * lit**: a folder or file that begins with lit, or anything below such a
 * folder.  lit** /rest: rest in or anywhere below such a folder, or lit and
 * rest in one piece, unless the slash is escaped.
 */
static int split_glued(struct sfs_pattern *pattern, struct lexer *lexer,
		       size_t at)
{
	static const struct token star = { .kind = TOKEN_STAR };
	static const struct token slash = { .kind = TOKEN_SLASH, .byte = '/' };
	struct token *tokens = lexer->tokens;
	bool whole, escaped;
	int r;

	/* Several in a row say the same as the last of them. */
	while (is_slash(lexer, at + 1) && !tokens[at + 1].escaped &&
	       at + 2 < lexer->count && tokens[at + 2].kind == TOKEN_STARS &&
	       (at + 3 == lexer->count || is_slash(lexer, at + 3)))
		splice(lexer, at, 2, 0);
	whole = at + 1 == lexer->count;
	escaped = !whole && tokens[at + 1].escaped;

	splice(lexer, at, 0, 2);
	tokens[at] = star;
	tokens[at + 1] = slash;
	if (!whole)
		tokens[at + 3] = slash;
	r = add_sequence(pattern, lexer);
	if (r < 0 || escaped)
		return r;
	if (whole)
		lexer->count = at + 1;
	else
		splice(lexer, at, 4, 0);
	return add_sequence(pattern, lexer);
}

/* git's trim_trailing_spaces(): not tabs, and not a space behind a backslash. */
static void trim_spaces(char *line)
{
	char *end = line;

	for (char *p = line; *p; p++) {
		if (*p == ' ')
			continue;
		if (*p == '\\' && p[1])
			p++;
		end = p + 1;
	}
	*end = '\0';
}

/* text: the pattern, without what the flags in pattern say. */
static int parse_text(const char *text, bool anchored,
		      struct sfs_pattern *pattern, const char **ret_why)
{
	__attribute__((cleanup(lexer_done))) struct lexer lexer = {
		.ret_why = ret_why,
	};
	size_t glued;
	int r = lex(&lexer, text);

	if (r < 0)
		return r;
	if (!lexer.count) {
		*ret_why = "it is empty";
		return -EINVAL;
	}
	glued = anchored ? find_glued(&lexer) : 0;
	r = glued ? split_glued(pattern, &lexer, glued)
		  : add_sequence(pattern, &lexer);
	if (!r && !pattern->count)
		return -EINVAL;
	if (!r && !anchored)
		pattern->segments[0].deep = true;
	return r;
}

int sfs_pattern_parse(const char *line, struct sfs_pattern *ret,
		      const char **ret_why)
{
	struct sfs_pattern pattern = { 0 };
	SFS_FREE char *copy = NULL;
	size_t len = strnlen(line, SFS_PATTERN_MAX + 1);
	bool anchored;
	char *text;
	int r;

	if (len > SFS_PATTERN_MAX) {
		*ret_why = "it is longer than 4096 bytes";
		return -E2BIG;
	}
	copy = text = strdup(line);
	if (!copy)
		return -ENOMEM;
	if (*text == '#')
		return 1;
	trim_spaces(text);
	if (!*text)
		return 1;
	pattern.negated = *text == '!';
	text += pattern.negated;
	len = strlen(text);
	pattern.dir_only = len && text[len - 1] == '/';
	if (pattern.dir_only)
		text[len - 1] = '\0';
	anchored = strchr(text, '/') != NULL;
	text += *text == '/';
	r = parse_text(text, anchored, &pattern, ret_why);
	if (r < 0) {
		sfs_pattern_done(&pattern);
		return r;
	}
	*ret = pattern;
	return 0;
}

void sfs_pattern_done(struct sfs_pattern *pattern)
{
	drop_segments(pattern, 0);
	free(pattern->segments);
	pattern->segments = NULL;
}
