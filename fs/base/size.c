/* SPDX-License-Identifier: MIT */
#include "scratchfs/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Reads the unit at the end; its power of 1024 as a shift, or -EINVAL. */
static int parse_unit(const char *text)
{
	static const char units[] = "BKMGTP";
	const char *unit;

	if (!*text)
		return 0;
	unit = strchr(units, toupper((unsigned char)*text));
	if (!unit)
		return -EINVAL;
	text++;
	if (*text && unit == units)
		return -EINVAL;
	if (*text && strcasecmp(text, "B") != 0 && strcasecmp(text, "iB") != 0)
		return -EINVAL;
	return (int)(unit - units) * 10;
}

/*
 * The digits after the point in units of 10^-9.  Further digits do not count.
 */
static uint64_t parse_fraction(const char **text)
{
	uint64_t fraction = 0;
	unsigned weight = 100000000;

	for (; isdigit((unsigned char)**text); (*text)++) {
		fraction += (uint64_t)(**text - '0') * weight;
		weight /= 10;
	}
	return fraction;
}

/* fraction * 2^shift / 10^9, in two steps: both fit 64 bits. */
static uint64_t scale(uint64_t fraction, unsigned shift)
{
	unsigned first = shift < 30 ? shift : 30;
	unsigned second = shift - first;
	uint64_t scaled = fraction << first;

	return (scaled / 1000000000 << second) +
	       ((scaled % 1000000000) << second) / 1000000000;
}

static int parse_whole(const char **text, uint64_t *ret_whole)
{
	uint64_t whole = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (whole > (uint64_t)INT64_MAX / 10)
			return -ERANGE;
		whole = whole * 10 + (uint64_t)(**text - '0');
	}
	*ret_whole = whole;
	return 0;
}

int sfs_size_parse(const char *text, uint64_t *ret_bytes)
{
	uint64_t whole;
	uint64_t fraction = 0;
	int shift;
	int err = parse_whole(&text, &whole);

	if (err == -EINVAL)
		return err;
	if (err == -ERANGE) {
		/* Still tell nonsense from a number that is too large. */
		text += strspn(text, "0123456789");
		whole = (uint64_t)INT64_MAX + 1;
	}
	if (*text == '.') {
		text++;
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		fraction = parse_fraction(&text);
	}
	shift = parse_unit(text);
	if (shift < 0)
		return shift;
	if (whole > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	*ret_bytes = (whole << shift) + scale(fraction, (unsigned)shift);
	return 0;
}

const char *sfs_size_format(uint64_t bytes, char buffer[16])
{
	static const char *const units[] = { "B",  "kB", "MB", "GB",
					     "TB", "PB", "EB" };
	uint64_t divisor = 1;
	size_t unit = 0;

	/* 999,500 is shown as 1.0 MB: move on before rounding gives "1000". */
	while (bytes / divisor >= 1000 || (unit > 0 && bytes / divisor == 999 &&
					   bytes % divisor >= divisor / 2)) {
		divisor *= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(buffer, 16, "%u B", (unsigned)bytes);
	else if ((double)bytes / (double)divisor < 9.95)
		snprintf(buffer, 16, "%.1f %s", (double)bytes / (double)divisor,
			 units[unit]);
	else
		snprintf(buffer, 16, "%.0f %s", (double)bytes / (double)divisor,
			 units[unit]);
	return buffer;
}
