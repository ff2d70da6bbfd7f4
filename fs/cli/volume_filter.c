/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "volume.h"

/* Go's durations: "90s", "1h30m", fractions, down to "ms". */
static int parse_duration(const char *text, double *ret_seconds)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "ms", 0.001 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } };
	double total = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		char *end;
		double number = strtod(text, &end);
		size_t i;

		if (end == text || number < 0)
			return -EINVAL;
		for (i = 0; i < 4; i++) {
			if (strncmp(end, units[i].unit,
				    strlen(units[i].unit)) == 0)
				break;
		}
		if (i == 4)
			return -EINVAL;
		total += number * units[i].seconds;
		text = end + strlen(units[i].unit);
	}
	*ret_seconds = total;
	return 0;
}

/* RFC 3339 and its beginnings (local time without a zone), seconds since the
 * epoch, or a duration before now. */
static int parse_until(const char *text, int64_t *ret_s)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S%z",
					     "%Y-%m-%dT%H:%M:%S",
					     "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	double seconds;
	char *end;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *rest = strptime(text, forms[i], &tm);
		long zone = tm.tm_gmtoff;

		if (!rest || *rest)
			continue;
		*ret_s = i == 0 ? timegm(&tm) - zone : mktime(&tm);
		return 0;
	}
	*ret_s = strtoll(text, &end, 10);
	if (*text && !*end)
		return 0;
	if (parse_duration(text, &seconds) < 0)
		return -EINVAL;
	*ret_s = time(NULL) - (int64_t)seconds;
	return 0;
}

static int check_value(const char *key, const char *value)
{
	regex_t regex;
	int64_t until;

	if (strcmp(key, "dangling") == 0)
		return strcmp(value, "true") == 0 || strcmp(value, "1") == 0 ||
				       strcmp(value, "false") == 0 ||
				       strcmp(value, "0") == 0
			       ? 0
			       : -EINVAL;
	if (strcmp(key, "until") == 0)
		return parse_until(value, &until);
	if (strcmp(key, "name") == 0) {
		if (regcomp(&regex, value, REG_EXTENDED | REG_NOSUB))
			return -EINVAL;
		regfree(&regex);
	}
	return 0;
}

int sfs_volume_filter_add(struct sfs_volume_filters *filters, const char *text)
{
	static const char *const keys[] = { "dangling", "driver", "label",
					    "label!",	"name",	  "scope",
					    "until",	NULL };
	SFS_FREE char *key = strdup(text);
	char *equals = key ? strchr(key, '=') : NULL;
	struct sfs_volume_label *list;
	size_t i = 0;

	if (!key)
		return -ENOMEM;
	if (!equals) {
		sfs_msg("filter '%s' is not KEY=VALUE", text);
		return -EINVAL;
	}
	/* "label!=x" is the key "label!". */
	*equals = '\0';
	while (keys[i] && strcmp(keys[i], key) != 0)
		i++;
	if (!keys[i] || check_value(key, equals + 1) < 0) {
		sfs_msg("\"%s\" is an invalid volume filter", text);
		return -EINVAL;
	}
	list = reallocarray(filters->list, filters->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	filters->list = list;
	list[filters->count].key = strdup(keys[i]);
	list[filters->count].value = strdup(equals + 1);
	filters->count++;
	return list[filters->count - 1].key && list[filters->count - 1].value
		       ? 0
		       : -ENOMEM;
}

void sfs_volume_filters_done(struct sfs_volume_filters *filters)
{
	for (size_t i = 0; i < filters->count; i++) {
		free(filters->list[i].key);
		free(filters->list[i].value);
	}
	free(filters->list);
}

static bool has_label(const struct sfs_volume *volume, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	size_t len = equals ? (size_t)(equals - wanted) : strlen(wanted);

	if (volume->source && strncmp(wanted, "source", len) == 0 && len == 6)
		return !equals || strcmp(volume->source, equals + 1) == 0;
	for (size_t i = 0; i < volume->label_count; i++) {
		const struct sfs_volume_label *label = &volume->labels[i];

		if (strlen(label->key) == len &&
		    strncmp(label->key, wanted, len) == 0)
			return !equals || strcmp(label->value, equals + 1) == 0;
	}
	return false;
}

static bool name_matches(const char *pattern, const char *name)
{
	regex_t regex;
	bool matches;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	matches = regexec(&regex, name, 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

static bool filter_holds(const struct sfs_volume_label *filter,
			 const struct sfs_volume *volume)
{
	const char *key = filter->key, *value = filter->value;
	int64_t until = 0;

	if (strcmp(key, "dangling") == 0) {
		bool wanted = *value == 't' || *value == '1';

		return (sfs_volume_in_use(volume->name) == 0) == wanted;
	}
	if (strcmp(key, "label") == 0)
		return has_label(volume, value);
	if (strcmp(key, "label!") == 0)
		return !has_label(volume, value);
	if (strcmp(key, "name") == 0)
		return name_matches(value, volume->name);
	if (strcmp(key, "until") == 0)
		return parse_until(value, &until) == 0 &&
		       volume->created_s < until;
	return strcmp(value, "local") == 0; /* driver, scope */
}

bool sfs_volume_filter_match(const struct sfs_volume_filters *filters,
			     const struct sfs_volume *volume)
{
	bool names = false, named = false;

	for (size_t i = 0; i < filters->count; i++) {
		bool holds = filter_holds(&filters->list[i], volume);

		if (strcmp(filters->list[i].key, "name") == 0) {
			names = true;
			named = named || holds;
		} else if (!holds) {
			return false;
		}
	}
	return !names || named;
}
