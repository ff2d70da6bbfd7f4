/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_VOLUME_H
#define SCRATCHFS_CLI_VOLUME_H

/*
 * What the verbs of `scratchfs volume` share.  Options, columns, messages and
 * exit statuses are podman's where podman has them.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "scratchfs/volume.h"

/* podman's exit status for everything that is its own error. */
#define SFS_VOLUME_EXIT_ERROR 125

struct sfs_volume_verb {
	const char *name, *alias;
	const char *arguments; /* for the usage line */
	const char *summary;
	const char *options; /* lines of --help */
	int (*run)(const struct sfs_volume_verb *verb, int argc, char **argv);
};

int sfs_cmd_volume_create(const struct sfs_volume_verb *verb, int argc,
			  char **argv);
int sfs_cmd_volume_ls(const struct sfs_volume_verb *verb, int argc,
		      char **argv);
int sfs_cmd_volume_inspect(const struct sfs_volume_verb *verb, int argc,
			   char **argv);
int sfs_cmd_volume_exists(const struct sfs_volume_verb *verb, int argc,
			  char **argv);
int sfs_cmd_volume_df(const struct sfs_volume_verb *verb, int argc,
		      char **argv);
int sfs_cmd_volume_export(const struct sfs_volume_verb *verb, int argc,
			  char **argv);
int sfs_cmd_volume_import(const struct sfs_volume_verb *verb, int argc,
			  char **argv);
int sfs_cmd_volume_rm(const struct sfs_volume_verb *verb, int argc,
		      char **argv);
int sfs_cmd_volume_prune(const struct sfs_volume_verb *verb, int argc,
			 char **argv);

/*
 * getopt_long()'s default case: 'h' prints the help and returns 0, anything
 * else complains about the option and returns 125.
 */
int sfs_volume_bad_option(const struct sfs_volume_verb *verb,
			  const struct option *options, int option,
			  char **argv);
int sfs_volume_bad_usage(const struct sfs_volume_verb *verb, const char *why);

/* Says what errors of a single volume mean; returns 125. */
int sfs_volume_failed(const char *name, int error);

/* "Are you sure you want to continue? [y/N] ": asks, reads a line of stdin. */
bool sfs_volume_confirm(void);

/* Says which mounts use the volume. */
void sfs_volume_say_users(const char *name);
/* Number of live mounts that use it. */
unsigned int sfs_volume_count_users(const char *name);

/* ---- filters (volume_filter.c) ---- */

struct sfs_volume_filters {
	struct sfs_volume_label *list;
	size_t count;
};

/* "KEY=VALUE".  -EINVAL (said): unknown key or bad value. */
int sfs_volume_filter_add(struct sfs_volume_filters *filters, const char *text);
/* Names are alternatives, everything else must hold. */
bool sfs_volume_filter_match(const struct sfs_volume_filters *filters,
			     const struct sfs_volume *volume);
void sfs_volume_filters_done(struct sfs_volume_filters *filters);

/* ---- output (volume_format.c) ---- */

/*
 * The part of Go's templates that podman's examples use: {{.Field}},
 * {{.Labels.KEY}}, {{index .Labels "KEY"}}, {{json .}}, {{json .Field}},
 * {{"\t"}}, {{range .}} and {{end}} around it all.  -EINVAL, said.
 */
int sfs_volume_format(FILE *out, const char *format,
		      const struct sfs_volume *volume);
/* The headings of the fields of a "table" format. */
void sfs_volume_format_heading(FILE *out, const char *format);
/* Prints lines whose cells are separated by tabs as columns. */
void sfs_volume_print_columns(FILE *out, const char *text);
/* podman's object for `inspect`, several of them as an array. */
int sfs_volume_print_json(FILE *out, struct sfs_volume *const *volumes,
			  size_t count);

#endif
