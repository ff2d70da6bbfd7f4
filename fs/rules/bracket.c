/* SPDX-License-Identifier: MIT */
/*
 * Bracket expressions, with the corners of git's wildmatch.c: a ']' in first
 * place is itself, a '-' at an end or behind a class is itself, a range may end
 * in an escaped byte, and a "[:" that no ":]" follows is two plain bytes.
 */
#include "bracket.h"

#include <string.h>

/* Pairs of first and last byte; git's own ctype, the same in every locale. */
static const struct {
	const char *name;
	const char *ranges;
} classes[] = {
	{ "alnum", "09AZaz" },	 { "alpha", "AZaz" },
	{ "blank", "  \t\t" },	 { "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },	 { "graph", "!~" },
	{ "lower", "az" },	 { "print", " ~" },
	{ "punct", "!/:@[`{~" }, { "space", "  \t\n\r\r" },
	{ "upper", "AZ" },	 { "xdigit", "09AFaf" },
};

static void add_range(struct sfs_byte_set *set, unsigned char first,
		      unsigned char last)
{
	for (unsigned int byte = first; byte <= last; byte++)
		sfs_byte_set_add(set, (unsigned char)byte);
}

static bool add_class(struct sfs_byte_set *set, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i].name) != len ||
		    memcmp(classes[i].name, name, len) != 0)
			continue;
		for (const char *r = classes[i].ranges; *r; r += 2)
			add_range(set, (unsigned char)r[0],
				  (unsigned char)r[1]);
		return true;
	}
	return false;
}

/*
 * A class at text ("[:name:]").  Returns its last byte, text itself when it is
 * no class after all, NULL when it is a malformed one.
 */
static const char *parse_class(const char *text, struct sfs_byte_set *set,
			       const char **ret_why)
{
	const char *name = text + 2, *end = strchr(name, ']');

	if (!end) {
		*ret_why = "the [ is never closed";
		return NULL;
	}
	if (end == name || end[-1] != ':')
		return text;
	if (!add_class(set, name, (size_t)(end - name) - 1)) {
		*ret_why = "there is no such [:class:]";
		return NULL;
	}
	return end;
}

/*
 * One element at text.  *prev: the byte that a range could begin with, 0 =
 * none.  Returns the element's last byte, or NULL.
 */
static const char *parse_element(const char *text, struct sfs_byte_set *set,
				 unsigned char *prev, const char **ret_why)
{
	bool range = *text == '-' && *prev && text[1] && text[1] != ']';

	if (text[0] == '[' && text[1] == ':') {
		const char *end = parse_class(text, set, ret_why);

		*prev = 0;
		if (end != text)
			return end;
	}
	text += range;
	text += *text == '\\';
	if (!*text) {
		*ret_why = "the [ is never closed";
		return NULL;
	}
	add_range(set, range ? *prev : (unsigned char)*text,
		  (unsigned char)*text);
	*prev = range ? 0 : (unsigned char)*text;
	return text;
}

const char *sfs_bracket_parse(const char *text, struct sfs_byte_set *ret,
			      const char **ret_why)
{
	bool negated = *text == '!' || *text == '^';
	unsigned char prev = 0;

	*ret = (struct sfs_byte_set){ { 0 } };
	text += negated;
	do {
		text = parse_element(text, ret, &prev, ret_why);
		if (!text)
			return NULL;
	} while (*++text != ']');
	for (size_t i = 0; negated && i < 4; i++)
		ret->words[i] = ~ret->words[i];
	return text + 1;
}
