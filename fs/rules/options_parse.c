/* SPDX-License-Identifier: MIT */
#include "scratchfs/options.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 96

struct parser {
	struct sfs_config *config;
	int argc;
	char **argv;
	unsigned flags;
	const struct sfs_extra_option *extra;
	int next;     /* the word to read */
	int operands; /* moved to argv[1..operands] */
	bool ended;   /* no more options */
};

/* What a word of the command line turned out to be. */
struct found {
	const struct sfs_option *option;
	const struct sfs_extra_option *extra;
};

/* Whether the length bytes at text are the name; '-' and '_' are the same. */
static bool same_name(const char *name, const char *text, size_t length)
{
	size_t i = 0;

	for (; i < length && name[i]; i++) {
		char a = name[i] == '_' ? '-' : name[i];
		char b = text[i] == '_' ? '-' : text[i];

		if (a != b)
			return false;
	}
	return i == length && name[i] == '\0';
}

static bool allowed(const struct parser *p, const struct sfs_option *option)
{
	return !(p->flags & SFS_OPTIONS_EXTRA_ONLY) || option->letter == 'h';
}

static struct found find_long(const struct parser *p, const char *text,
			      size_t length)
{
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	for (const struct sfs_extra_option *e = p->extra; e && e->name; e++)
		if (same_name(e->name, text, length))
			return (struct found){ .extra = e };
	for (size_t i = 0; i < count; i++)
		if ((table[i].where & SFS_OPTION_IN_LONG) &&
		    allowed(p, &table[i]) &&
		    same_name(table[i].name, text, length))
			return (struct found){ .option = &table[i] };
	return (struct found){ 0 };
}

static struct found find_short(const struct parser *p, char letter)
{
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	for (const struct sfs_extra_option *e = p->extra; e && e->name; e++)
		if (e->letter && e->letter == letter)
			return (struct found){ .extra = e };
	for (size_t i = 0; i < count; i++)
		if (table[i].letter && table[i].letter == letter &&
		    allowed(p, &table[i]))
			return (struct found){ .option = &table[i] };
	return (struct found){ 0 };
}

static bool takes_argument(struct found found)
{
	if (found.extra)
		return found.extra->ret_value != NULL;
	return found.option->kind != SFS_OPTION_FLAG &&
	       found.option->kind != SFS_OPTION_UNFLAG &&
	       found.option->kind != SFS_OPTION_IGNORE;
}

/* One line about a word that no option has; shown is how it was written. */
static int complain_unknown(const struct parser *p, const char *shown,
			    const char *name, const char *dashes,
			    unsigned where)
{
	const char *candidates[CANDIDATES_MAX];
	size_t count, n = 0;
	const struct sfs_option *table = sfs_options_table(&count);
	const char *near;

	for (const struct sfs_extra_option *e = p->extra;
	     *dashes && e && e->name && n < CANDIDATES_MAX - 1; e++)
		candidates[n++] = e->name;
	for (size_t i = 0; i < count && n < CANDIDATES_MAX - 1; i++)
		if ((table[i].where & where) && allowed(p, &table[i]))
			candidates[n++] = table[i].name;
	candidates[n] = NULL;
	near = sfs_suggest(name, candidates);
	if (near) {
		char as_typed[64];

		snprintf(as_typed, sizeof(as_typed), "%s", near);
		for (char *c = as_typed; *dashes && *c; c++)
			*c = *c == '_' ? '-' : *c;
		sfs_msg("unknown option '%s'; did you mean '%s%s'?", shown,
			dashes, as_typed);
	} else {
		sfs_msg("unknown option '%s'; --help lists them", shown);
	}
	return -EINVAL;
}

static int complain_value(const struct sfs_option *option, const char *shown,
			  const char *value, const char *why)
{
	char known[64] = "";
	const char *near = NULL;

	if (!value) {
		sfs_msg("'%s': %s", shown, why);
		return -EINVAL;
	}
	if (option->kind != SFS_OPTION_CHOICE) {
		sfs_msg("'%s' of '%s': %s", value, shown, why);
		return -EINVAL;
	}
	for (size_t i = 0, n = 0; option->choices[i] && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", option->choices[i]);
	near = sfs_suggest(value, option->choices);
	sfs_msg("'%s' is no value of '%s'; it can be %s%s%s%s", value, shown,
		known, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
	return -EINVAL;
}

static int parse_list(const struct parser *p, const char *list);

static int apply(const struct parser *p, struct found found, const char *shown,
		 const char *value)
{
	size_t count;
	const char *why = "";
	int r;

	if (found.extra) {
		if (found.extra->ret_flag)
			*found.extra->ret_flag = true;
		if (found.extra->ret_value)
			*found.extra->ret_value = value;
		return 0;
	}
	if (found.option->kind == SFS_OPTION_MOUNT)
		return parse_list(p, value);
	r = sfs_options_set(p->config, found.option, value, &why);
	if (r < 0 && r != -ENOMEM)
		return complain_value(found.option, shown, value, why);
	p->config->given |= 1ull << (found.option - sfs_options_table(&count));
	return r;
}

/* ---- -o ---- */

/* Words of others: fstab's comments for systemd and mount(8). */
static bool is_foreign(const char *word)
{
	return strncasecmp(word, "x-", 2) == 0 ||
	       strncmp(word, "comment=", 8) == 0;
}

static int parse_mount_word(const struct parser *p, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : NULL;
	SFS_FREE char *name = strndup(word, length);
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	if (!name)
		return -ENOMEM;
	if (*word == '\0' || is_foreign(word))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct found found = { .option = &table[i] };

		if (!(table[i].where & SFS_OPTION_IN_O) ||
		    !same_name(table[i].name, word, length))
			continue;
		if (takes_argument(found) == (value != NULL))
			return apply(p, found, name, value);
		sfs_msg("-o %s %s", name,
			value ? "takes no value" : "needs a value");
		return -EINVAL;
	}
	return complain_unknown(p, name, name, "", SFS_OPTION_IN_O);
}

/* Splits at commas; "\," is one inside a word. */
static int parse_list(const struct parser *p, const char *list)
{
	SFS_FREE char *word = malloc(strlen(list) + 1);
	size_t n = 0;
	int r = 0;

	if (!word)
		return -ENOMEM;
	for (const char *c = list; r == 0; c++) {
		if (*c == '\\' && c[1] == ',') {
			word[n++] = *++c;
		} else if (*c && *c != ',') {
			word[n++] = *c;
		} else {
			word[n] = '\0';
			n = 0;
			r = parse_mount_word(p, word);
			if (*c == '\0')
				break;
		}
	}
	return r;
}

/*
 * mount.fuse3(8) calls SOURCE MOUNTPOINT -o LIST with LIST from mount(8), which
 * begins with rw or ro, and appends "dev" and "suid" whatever was asked for.
 * Nobody asked for these: the view stays nodev,nosuid.
 */
static void drop_mount_additions(int argc, char **argv)
{
	static const char *const added[] = { ",suid", ",dev" };

	if (argc != 5 || argv[1][0] == '-' || argv[2][0] == '-' ||
	    strcmp(argv[3], "-o") != 0 ||
	    (strncmp(argv[4], "rw,", 3) != 0 &&
	     strncmp(argv[4], "ro,", 3) != 0))
		return;
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(argv[4]);
		size_t tail = strlen(added[i]);

		if (length >= tail &&
		    strcmp(argv[4] + length - tail, added[i]) == 0)
			argv[4][length - tail] = '\0';
	}
}

/* ---- words ---- */

/* The argument: attached, or the next word. */
static int take_argument(struct parser *p, const char *shown,
			 const char *attached, const char **ret_value)
{
	if (!attached && p->next == p->argc) {
		sfs_msg("option '%s' needs an argument", shown);
		return -EINVAL;
	}
	*ret_value = attached ? attached : p->argv[p->next++];
	return 0;
}

static int parse_long(struct parser *p, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : NULL;
	struct found found = find_long(p, word + 2, length - 2);
	SFS_FREE char *shown = strndup(word, length);
	int r;

	if (!shown)
		return -ENOMEM;
	if (!found.option && !found.extra)
		return complain_unknown(p, shown, shown + 2, "--",
					SFS_OPTION_IN_LONG);
	if (takes_argument(found)) {
		r = take_argument(p, shown, value, &value);
		if (r < 0)
			return r;
	} else if (value) {
		sfs_msg("option '%s' takes no value", shown);
		return -EINVAL;
	}
	return apply(p, found, shown, value);
}

/* "-fsX" is -f -s X. */
static int parse_short(struct parser *p, const char *word)
{
	int r = 0;

	for (const char *c = word + 1; *c && r == 0; c++) {
		const char shown[] = { '-', *c, '\0' };
		struct found found = find_short(p, *c);
		const char *value = NULL;

		if (!found.option && !found.extra) {
			sfs_msg("unknown option '%s'; --help lists them",
				shown);
			return -EINVAL;
		}
		if (!takes_argument(found)) {
			r = apply(p, found, shown, NULL);
			continue;
		}
		r = take_argument(p, shown, c[1] ? c + 1 : NULL, &value);
		return r < 0 ? r : apply(p, found, shown, value);
	}
	return r;
}

static int parse_word(struct parser *p)
{
	char *word = p->argv[p->next++];

	if (p->ended || word[0] != '-' || word[1] == '\0') {
		p->argv[++p->operands] = word;
		if ((p->flags & SFS_OPTIONS_STOP) && p->operands == 1) {
			p->ended = true;
			if (p->next < p->argc &&
			    strcmp(p->argv[p->next], "--") == 0)
				p->next++;
		}
		return 0;
	}
	if (strcmp(word, "--") == 0) {
		p->ended = true;
		return 0;
	}
	return word[1] == '-' ? parse_long(p, word) : parse_short(p, word);
}

/* ---- what must not stand together ---- */

static bool given(const struct sfs_config *config, const char *name)
{
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return config->given & 1ull << i;
	return false;
}

static int check_conflicts(const struct sfs_config *config)
{
	if (config->config_path && config->no_config) {
		sfs_msg("--config and --no-config exclude each other");
		return -EINVAL;
	}
	if (given(config, "volume") && given(config, "store")) {
		sfs_msg("--volume and --store exclude each other: a volume "
			"has its own place");
		return -EINVAL;
	}
	return 0;
}

static int take_operands(const struct parser *p)
{
	if (p->operands != 2) {
		sfs_msg("%s; usage: scratchfs [OPTIONS] SOURCE MOUNTPOINT",
			p->operands == 0   ? "SOURCE and MOUNTPOINT are missing"
			: p->operands == 1 ? "MOUNTPOINT is missing"
					   : "too many operands");
		return -EINVAL;
	}
	free(p->config->source);
	free(p->config->mountpoint);
	p->config->source = strdup(p->argv[1]);
	p->config->mountpoint = strdup(p->argv[2]);
	return p->config->source && p->config->mountpoint ? 0 : -ENOMEM;
}

int sfs_options_parse(struct sfs_config *config, int argc, char **argv,
		      unsigned flags, const struct sfs_extra_option *extra,
		      int *ret_operands)
{
	struct parser p = {
		.config = config,
		.argc = argc,
		.argv = argv,
		.flags = flags,
		.extra = extra,
		.next = 1,
	};
	int r = 0;

	if (flags & SFS_OPTIONS_MOUNT)
		drop_mount_additions(argc, argv);
	while (r == 0 && p.next < argc && !config->help && !config->version)
		r = parse_word(&p);
	if (r == 0 && !config->help && !config->version) {
		r = check_conflicts(config);
		if (r == 0 && (flags & SFS_OPTIONS_MOUNT))
			r = take_operands(&p);
	}
	if (r < 0)
		return r;
	config->foreground |= config->debug;
	*ret_operands = p.operands;
	return 0;
}
