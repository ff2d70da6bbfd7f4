/* SPDX-License-Identifier: MIT */
#include "scratchfs/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define MAX_LENGTH 63

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Damerau's distance, restricted to one change per letter ("optimal string
 * alignment"): rows of the usual table, of which three are needed at a time.
 */
static unsigned distance(const char *a, size_t a_length, const char *b,
			 size_t b_length)
{
	unsigned rows[3][MAX_LENGTH + 1];

	for (unsigned j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			bool same = same_letter(a[i - 1], b[j - 1]);

			row[j] = min(above[j - 1] + (same ? 0 : 1),
				     min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = min(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

/* The greatest distance at which the two still count as near. */
static unsigned tolerance(size_t a_length, size_t b_length)
{
	size_t longer = a_length > b_length ? a_length : b_length;

	return longer < 6 ? 1 : (unsigned)(longer / 3);
}

const char *sfs_suggest(const char *word, const char *const *candidates)
{
	size_t length = strlen(word);
	unsigned best = MAX_LENGTH + 1;
	const char *ret = NULL;

	if (length == 0 || length > MAX_LENGTH)
		return NULL;
	for (; *candidates; candidates++) {
		size_t candidate_length = strlen(*candidates);
		unsigned d;

		if (candidate_length > MAX_LENGTH)
			continue;
		d = distance(word, length, *candidates, candidate_length);
		if (d < best && d <= tolerance(length, candidate_length)) {
			best = d;
			ret = *candidates;
		}
	}
	return ret;
}
