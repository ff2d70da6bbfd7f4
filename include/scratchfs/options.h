/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_OPTIONS_H
#define SCRATCHFS_OPTIONS_H

/*
 * One table of options.  Long and short options, -o, the keys of the
 * configuration file, --help and the tests of the manual pages all read it.
 */
#include "scratchfs/config.h"

#include <stdio.h>

enum sfs_option_kind {
	SFS_OPTION_FLAG,   /* bool: set */
	SFS_OPTION_UNFLAG, /* bool: cleared ("rw" for ro) */
	SFS_OPTION_TEXT,   /* char *: replaced */
	SFS_OPTION_LIST,   /* struct sfs_strings: appended */
	SFS_OPTION_SIZE,   /* uint64_t, bytes */
	SFS_OPTION_CHOICE, /* an enum whose values count from 0 */
	SFS_OPTION_STORE,  /* --store's DIR|tmpfs[:SIZE] */
	SFS_OPTION_VOLUME, /* char *: the name of a volume */
	SFS_OPTION_MOUNT,  /* -o itself */
	SFS_OPTION_IGNORE, /* what mount(8) passes on and means nothing here */
	SFS_OPTION_BLOCK,  /* a key of the configuration with its own grammar */
};

/* Where an option may be written. */
enum {
	SFS_OPTION_IN_LONG = 1 << 0,	  /* --name */
	SFS_OPTION_IN_O = 1 << 1,	  /* -o name */
	SFS_OPTION_IN_YAML = 1 << 2,	  /* name: */
	SFS_OPTION_UNTRUSTED_OK = 1 << 3, /* also in the source's own file */
	SFS_OPTION_ROOT_ONLY = 1 << 4,
};

struct sfs_option {
	const char *name;
	char letter;		    /* 0: none */
	const char *argument;	    /* NULL: takes none */
	const char *const *choices; /* NULL-terminated, for CHOICE */
	enum sfs_option_kind kind;
	unsigned where;
	size_t offset;	  /* in struct sfs_config */
	const char *help; /* NULL: shares a line of --help with others */
};

/* The table; fewer than 64 entries. */
const struct sfs_option *sfs_options_table(size_t *ret_count);

/* The option of that name, as the table writes it, or NULL. */
const struct sfs_option *sfs_options_find(const char *name);

/* An option that only one command knows. */
struct sfs_extra_option {
	const char *name;	/* NULL ends the array */
	char letter;		/* 0: none */
	bool *ret_flag;		/* set when given, or NULL */
	const char **ret_value; /* points into argv; NULL: takes no argument */
};

enum {
	/* Operands SOURCE and MOUNTPOINT, stored in the config. */
	SFS_OPTIONS_MOUNT = 1 << 0,
	/* Options end at the first operand (run SOURCE COMMAND -x). */
	SFS_OPTIONS_STOP = 1 << 1,
	/* Nothing of the table but -h: only the extra options. */
	SFS_OPTIONS_EXTRA_ONLY = 1 << 2,
};

/*
 * Reads argv[1..argc-1] into the config.  Options may follow operands, "--"
 * ends them, an argument is attached ("-sX", "--scratch=X") or the next word.
 * The operands are moved to argv[1..*ret_operands], in their order.
 * `-o` takes a comma-separated list ("\," for a comma in a value) in which
 * every long option may stand without its dashes, "_" and "-" being the same.
 * extra may be NULL.
 *
 * Returns 0; config->help or ->version set: nothing else was checked.
 * -EINVAL after one line on stderr (exit status 2); -ENOMEM.
 */
int sfs_options_parse(struct sfs_config *config, int argc, char **argv,
		      unsigned flags, const struct sfs_extra_option *extra,
		      int *ret_operands);

/*
 * Sets one option from text, as the command line does: 0, or a negative errno
 * with *ret_why a sentence that needs no freeing (static).
 */
int sfs_options_set(struct sfs_config *config, const struct sfs_option *option,
		    const char *value, const char **ret_why);

/* The whole answer to --help, at most 24 lines of 80 columns. */
void sfs_options_print_help(FILE *out, const char *const *commands);

#endif
