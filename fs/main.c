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
	{ "umount", sfs_cmd_umount },
	{ "run", sfs_cmd_run },
	{ "list", sfs_cmd_list },
	{ "status", sfs_cmd_status },
	{ "diff", sfs_cmd_diff },
	{ "keep", sfs_cmd_keep },
	{ "absorb", sfs_cmd_absorb },
	{ "audit", sfs_cmd_audit },
	{ "explain", sfs_cmd_explain },
	{ "doctor", sfs_cmd_doctor },
	{ "prune", sfs_cmd_prune },
	{ "volume", sfs_cmd_volume },
	{ NULL, NULL },
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
