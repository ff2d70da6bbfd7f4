/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/options.h"
#include "scratchfs/suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order in which --help shows them. */
static const struct sfs_command commands[] = {
	{ "umount", "end a view and throw its scratch away", sfs_cmd_umount },
	{ "run", "run a command in a view of its own", sfs_cmd_run },
	{ "list", "show what is mounted where", sfs_cmd_list },
	{ "status", "show what a view holds", sfs_cmd_status },
	{ "diff", "list what unmounting would throw away", sfs_cmd_diff },
	{ "keep", "copy scratch files to their place on the host",
	  sfs_cmd_keep },
	{ "absorb", "move what the host has of scratch into a volume",
	  sfs_cmd_absorb },
	{ "audit", "list what the host has of scratch", sfs_cmd_audit },
	{ "explain", "say where a path lives, and why", sfs_cmd_explain },
	{ "doctor", "say what this machine lacks, and what mends it",
	  sfs_cmd_doctor },
	{ "prune", "collect the scratch of mounts that are gone",
	  sfs_cmd_prune },
	{ "volume", "create, list, measure, export and remove volumes",
	  sfs_cmd_volume },
	{ NULL, NULL, NULL },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

int sfs_cmd_help(void)
{
	const char *names[COMMAND_COUNT] = { NULL };

	for (size_t i = 0; i + 1 < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	sfs_options_print_help(stdout, names);
	return fflush(stdout) ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

/* Says so if the word, which names no file, looks like a command mistyped. */
static bool suggest_command(const char *word)
{
	const char *names[COMMAND_COUNT] = { NULL };
	const char *near;

	for (size_t i = 0; i + 1 < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	near = sfs_suggest(word, names);
	if (!near)
		return false;
	sfs_msg("'%s' is neither a command nor a folder; did you mean '%s'?",
		word, near);
	return true;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return sfs_cmd_help();
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return puts("scratchfs " SFS_VERSION) == EOF;
	for (const struct sfs_command *c = commands; c->name; c++)
		if (strcmp(word, c->name) == 0)
			return c->run(argc - 1, argv + 1);
	if (*word && *word != '-' && access(word, F_OK) != 0 &&
	    suggest_command(word))
		return SFS_EXIT_USAGE;
	return sfs_cmd_mount(argc, argv);
}
