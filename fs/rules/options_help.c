/* SPDX-License-Identifier: MIT */
#include "scratchfs/options.h"

#include <string.h>

#define WIDTH	    79
#define HELP_COLUMN 34

/* "  -s, --scratch GLOB" into text; returns its length. */
static int left_half(char *text, size_t size, const struct sfs_option *option)
{
	char name[64];
	int n;

	snprintf(name, sizeof(name), "%s", option->name);
	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	if (option->kind == SFS_OPTION_MOUNT)
		return snprintf(text, size, "  -o %s", option->argument);
	if (option->letter)
		n = snprintf(text, size, "  -%c, --%s", option->letter, name);
	else
		n = snprintf(text, size, "      --%s", name);
	if (option->argument)
		n += snprintf(text + n, size - (size_t)n, " %s",
			      option->argument);
	for (size_t i = 0; option->choices && option->choices[i]; i++)
		n += snprintf(text + n, size - (size_t)n, "%c%s", i ? '|' : ' ',
			      option->choices[i]);
	return n;
}

/* Prints words with spaces between, wrapped; column is where it stands. */
static void print_wrapped(FILE *out, int *column, const char *word)
{
	int length = (int)strlen(word);

	if (*column + 1 + length > WIDTH) {
		fputs("\n   ", out);
		*column = 3;
	}
	*column += fprintf(out, " %s", word);
}

static void print_mount_options(FILE *out)
{
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);
	int column = 3;

	fputs("   ", out);
	for (size_t i = 0; i < count; i++)
		if (!(table[i].where & SFS_OPTION_IN_LONG) &&
		    (table[i].where & SFS_OPTION_IN_O) &&
		    table[i].kind != SFS_OPTION_IGNORE)
			print_wrapped(out, &column, table[i].name);
	fputc('\n', out);
}

void sfs_options_print_help(FILE *out, const char *const *commands)
{
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);
	int column = 3;

	fputs("usage: scratchfs [OPTIONS] SOURCE MOUNTPOINT\n"
	      "       scratchfs COMMAND [ARG...], COMMAND being\n   ",
	      out);
	for (size_t i = 0; commands && commands[i]; i++)
		print_wrapped(out, &column, commands[i]);
	fputc('\n', out);
	for (size_t i = 0; i < count; i++) {
		char left[80];

		if (!table[i].help)
			continue;
		left_half(left, sizeof(left), &table[i]);
		fprintf(out, "%-*s %s\n", HELP_COLUMN, left, table[i].help);
	}
	print_mount_options(out);
	fputs("  -h, --help  this text     -V, --version\n", out);
}
