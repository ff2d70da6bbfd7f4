/* SPDX-License-Identifier: MIT */
#include "diagnostic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A line is shown whole up to this many characters. */
#define WIDTH 100

/*
 * Decodes one character of text.  Returns its length in bytes; *ret_code is
 * UINT32_MAX for a byte that is not UTF-8.
 */
static size_t decode(const char *text, size_t size, uint32_t *ret_code)
{
	const unsigned char *t = (const unsigned char *)text;
	size_t length = t[0] < 0x80 ? 1 : t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : 4;
	uint32_t code = length == 1 ? t[0] : t[0] & (0x7fu >> length);

	*ret_code = UINT32_MAX;
	if (length > size || (length > 1 && (t[0] < 0xc2 || t[0] > 0xf4)))
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((t[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (t[i] & 0x3f);
	}
	*ret_code = code;
	return length;
}

/* Control characters, and those that reorder what is shown around them. */
static bool is_hostile(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       code == UINT32_MAX;
}

/* Prints the characters first to last (from 0) of text; a tab is a space. */
static void print_part(const char *text, size_t size, size_t first, size_t last)
{
	size_t number = 0;

	for (size_t i = 0; i < size && number <= last; number++) {
		uint32_t code;
		size_t length = decode(text + i, size - i, &code);

		if (number >= first) {
			if (code == '\t')
				fputc(' ', stderr);
			else if (is_hostile(code))
				fputc('?', stderr);
			else
				fwrite(text + i, 1, length, stderr);
		}
		i += length;
	}
}

/* The bytes of line number `line`, without its end. */
static const char *find_line(const struct sfs_document *document, size_t line,
			     size_t *ret_size)
{
	const char *text = document->text;
	const char *end = text + document->size;

	for (; line > 1 && text < end; line--) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		text = next ? next + 1 : end;
	}
	const char *stop =
		text < end ? memchr(text, '\n', (size_t)(end - text)) : NULL;

	*ret_size = (size_t)((stop ? stop : end) - text);
	if (*ret_size > 0 && text[*ret_size - 1] == '\r')
		--*ret_size;
	return text;
}

int sfs_complain(const struct sfs_document *document, size_t line,
		 size_t column, const char *format, ...)
{
	char message[2048];
	size_t size;
	const char *text = find_line(document, line, &size);
	size_t first = column > WIDTH - 20 ? column - WIDTH / 2 : 0;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);

	flockfile(stderr);
	print_part(document->name, strlen(document->name), 0, SIZE_MAX);
	fprintf(stderr, ":%zu:%zu: ", line, column);
	print_part(message, strlen(message), 0, SIZE_MAX);
	fputc('\n', stderr);
	print_part(text, size, first, first + WIDTH - 1);
	fprintf(stderr, "\n%*s^\n", (int)(column - first) - 1, "");
	funlockfile(stderr);
	return -EINVAL;
}

void sfs_document_locate(const struct sfs_document *document, size_t offset,
			 size_t *ret_line, size_t *ret_column)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < document->size && i < offset;) {
		uint32_t code;

		i += decode(document->text + i, document->size - i, &code);
		column = code == '\n' ? 1 : column + 1;
		line += code == '\n';
	}
	*ret_line = line;
	*ret_column = column;
}

const char *sfs_document_find(const struct sfs_document *document, size_t line,
			      size_t column)
{
	size_t size;
	const char *text = find_line(document, line, &size);
	const char *end = document->text + document->size;

	for (; column > 1 && text < end; column--) {
		uint32_t code;

		text += decode(text, (size_t)(end - text), &code);
	}
	return text < end ? text : NULL;
}
