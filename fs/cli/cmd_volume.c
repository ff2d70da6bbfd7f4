/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"
#include "scratchfs/suggest.h"
#include "volume.h"

static const struct sfs_volume_verb verbs[] = {
	{ "create", NULL, "[NAME]", "Create a new volume",
	  "  -l, --label KEY[=VALUE]  set a label (source=PATH: made for it)\n"
	  "      --size SIZE          limit what it may hold\n"
	  "  -o, --opt size=SIZE      the same\n"
	  "  -d, --driver local       accepted; there is no other\n"
	  "      --ignore             do not fail if the volume exists\n",
	  sfs_cmd_volume_create },
	{ "ls", "list", "", "List volumes",
	  "  -f, --filter KEY=VALUE   dangling, driver, label, label!, name, "
	  "scope, until\n"
	  "      --format FORMAT      Go template, \"table TEMPLATE\" or json\n"
	  "      --json               an array of objects\n"
	  "  -n, --noheading          without the headings\n"
	  "  -q, --quiet              names only\n",
	  sfs_cmd_volume_ls },
	{ "inspect", NULL, "VOLUME [VOLUME...]",
	  "Display detailed information on volumes",
	  "  -a, --all                all volumes\n"
	  "  -f, --format FORMAT      Go template or json\n"
	  "      --json               podman's object (the default)\n",
	  sfs_cmd_volume_inspect },
	{ "exists", NULL, "VOLUME", "Exit with 0 if the volume exists, else 1",
	  "", sfs_cmd_volume_exists },
	{ "df", NULL, "[VOLUME...]", "Show what volumes hold",
	  "  -v, --verbose            also per rule that puts files there\n"
	  "      --json               an array of objects\n"
	  "      --noheading          without the headings\n",
	  sfs_cmd_volume_df },
	{ "export", NULL, "VOLUME", "Write a volume's content as a tar archive",
	  "  -o, --output FILE        instead of stdout\n"
	  "      --at PATH            only what is in this folder of the view, "
	  "in podman's\n"
	  "                           form\n",
	  sfs_cmd_volume_export },
	{ "import", NULL, "VOLUME [FILE|-]", "Add a tar archive's content",
	  "      --at PATH            a podman archive: its content belongs in "
	  "this folder\n"
	  "                           of the view\n",
	  sfs_cmd_volume_import },
	{ "rm", "remove", "VOLUME [VOLUME...]", "Remove volumes",
	  "  -a, --all                all volumes\n"
	  "  -f, --force              do not mind if one does not exist\n"
	  "  -t, --time SECONDS       accepted; nothing is stopped\n",
	  sfs_cmd_volume_rm },
	{ "prune", NULL, "", "Remove all unused volumes",
	  "  -f, --force              do not ask\n"
	  "      --filter KEY=VALUE   as for ls\n"
	  "      --dry-run            only print what would be removed\n",
	  sfs_cmd_volume_prune },
};

/* More than any verb has. */
#define OPTIONS_MAX 15

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	fprintf(out, "Usage: scratchfs volume VERB [OPTIONS] [ARG...]\n\n"
		     "Volumes are scratch that stays.\n\nVerbs:\n");
	for (size_t i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(out, "\nscratchfs volume VERB --help says more.\n");
}

int sfs_volume_bad_usage(const struct sfs_volume_verb *verb, const char *why)
{
	sfs_msg("volume %s: %s (usage: scratchfs volume %s [OPTIONS]%s%s)",
		verb->name, why, verb->name, *verb->arguments ? " " : "",
		verb->arguments);
	return SFS_VOLUME_EXIT_ERROR;
}

static int print_verb_help(const struct sfs_volume_verb *verb)
{
	printf("%s.\n\nUsage: scratchfs volume %s [OPTIONS]%s%s\n",
	       verb->summary, verb->name, *verb->arguments ? " " : "",
	       verb->arguments);
	if (*verb->options)
		printf("\nOptions:\n%s", verb->options);
	return fflush(stdout) ? SFS_VOLUME_EXIT_ERROR : SFS_EXIT_OK;
}

/*
 * The option that getopt_long() does not know, as it was written.  A letter may
 * stand in a word with others, which is not done with then.
 */
static void bad_word(const struct option *options, char *const *argv,
		     char ret_word[64])
{
	const char *last = argv[optind - 1];
	bool letter = optopt > 0 && optopt < 128;

	for (size_t i = 0; options[i].name; i++)
		letter &= options[i].val != optopt;
	if (letter)
		snprintf(ret_word, 64, "-%c", optopt);
	else
		snprintf(ret_word, 64, "%.*s", (int)strcspn(last, "="), last);
}

/* The name of the option that looks like the word, or NULL. */
static const char *nearest(const struct option *options, const char *word)
{
	const char *names[OPTIONS_MAX + 1] = { NULL };

	for (size_t i = 0; i < OPTIONS_MAX && options[i].name; i++)
		names[i] = options[i].name;
	return strncmp(word, "--", 2) == 0 ? sfs_suggest(word + 2, names)
					   : NULL;
}

int sfs_volume_bad_option(const struct sfs_volume_verb *verb,
			  const struct option *options, int option, char **argv)
{
	char word[64];
	const char *near;

	if (option == 'h')
		return print_verb_help(verb);
	bad_word(options, argv, word);
	near = nearest(options, word);
	if (option == ':')
		sfs_msg("volume %s: %s needs a value", verb->name,
			argv[optind - 1]);
	else if (near && strcmp(near, word + 2) == 0)
		sfs_msg("volume %s: %s takes no value", verb->name, word);
	else if (near)
		sfs_msg("volume %s: there is no option '%s'; did you mean "
			"'--%s'?",
			verb->name, word, near);
	else
		sfs_msg("volume %s: there is no option '%s'; see scratchfs "
			"volume %s --help",
			verb->name, word, verb->name);
	return SFS_VOLUME_EXIT_ERROR;
}

int sfs_volume_failed(const char *name, int error)
{
	if (error == -ENOENT)
		sfs_msg("no such volume: %s", name);
	else if (error == -EINVAL)
		sfs_msg("'%s' is not a volume's name: 1 to 63 of a-z 0-9 . _ "
			"-, the first one a letter or a digit",
			name);
	else if (error == -EEXIST)
		sfs_msg("volume with name %s already exists", name);
	else if (error != -EPROTONOSUPPORT)
		sfs_msg_errno(-error, "volume %s", name);
	return SFS_VOLUME_EXIT_ERROR;
}

bool sfs_volume_confirm(void)
{
	SFS_FREE char *line = NULL;
	size_t size = 0;

	fprintf(stderr, "Are you sure you want to continue? [y/N] ");
	if (getline(&line, &size, stdin) <= 0) {
		putc('\n', stderr);
		return false;
	}
	line[strcspn(line, "\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

struct users {
	const char *name;
	bool say;
	unsigned int count;
};

static int user_visit(void *context, const struct sfs_registry_entry *entry)
{
	struct users *users = context;

	if (!sfs_registry_is_alive(entry))
		return 0;
	for (size_t i = 0; i < entry->volume_count; i++) {
		if (strcmp(entry->volumes[i], users->name) != 0)
			continue;
		users->count++;
		if (users->say)
			sfs_msg("volume %s is used by the view of %s at %s "
				"(process %d)",
				users->name, entry->source, entry->mountpoint,
				(int)entry->pid);
		break;
	}
	return 0;
}

void sfs_volume_say_users(const char *name)
{
	struct users users = { name, true, 0 };

	(void)sfs_registry_each(user_visit, &users);
}

unsigned int sfs_volume_count_users(const char *name)
{
	struct users users = { name, false, 0 };

	(void)sfs_registry_each(user_visit, &users);
	return users.count;
}

static int unknown_verb(const char *word)
{
	const char *names[VERB_COUNT + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < VERB_COUNT; i++)
		names[i] = verbs[i].name;
	near = sfs_suggest(word, names);
	if (near)
		sfs_msg("volume: there is no verb '%s'; did you mean '%s'?",
			word, near);
	else
		sfs_msg("volume: there is no verb '%s'; see scratchfs volume "
			"--help",
			word);
	return SFS_VOLUME_EXIT_ERROR;
}

int sfs_cmd_volume(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word) {
		help(stderr);
		return SFS_VOLUME_EXIT_ERROR;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		help(stdout);
		return SFS_EXIT_OK;
	}
	opterr = 0;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(word, verbs[i].name) == 0 ||
		    (verbs[i].alias && strcmp(word, verbs[i].alias) == 0))
			return verbs[i].run(&verbs[i], argc - 1, argv + 1);
	}
	return unknown_verb(word);
}
