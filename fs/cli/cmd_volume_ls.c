/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "volume.h"

#define OPTION_FORMAT 256
#define OPTION_JSON   257

struct ls {
	struct sfs_volume_filters filters;
	const char *format;
	bool json, quiet, noheading;
};

/* Keeps what the filters let through. */
static size_t filter(const struct sfs_volume_filters *filters,
		     struct sfs_volume **volumes, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (sfs_volume_filter_match(filters, volumes[i]))
			volumes[kept++] = volumes[i];
		else
			sfs_volume_free(volumes[i]);
	}
	return kept;
}

static void json_labels(struct sfs_json *json, const struct sfs_volume *volume)
{
	sfs_json_key(json, "labels");
	sfs_json_begin_object(json);
	for (size_t i = 0; i < volume->label_count; i++) {
		sfs_json_member_string(json, volume->labels[i].key,
				       volume->labels[i].value);
	}
	sfs_json_end_object(json);
}

static int print_json(struct sfs_volume *const *volumes, size_t count)
{
	struct sfs_json json;

	sfs_json_init(&json, stdout);
	sfs_json_begin_array(&json);
	for (size_t i = 0; i < count; i++) {
		const struct timespec created = { (time_t)volumes[i]->created_s,
						  0 };

		sfs_json_begin_object(&json);
		sfs_json_member_string(&json, "name", volumes[i]->name);
		sfs_json_member_string(&json, "path", volumes[i]->path);
		sfs_json_member_string(&json, "source", volumes[i]->source);
		sfs_json_key(&json, "created_at");
		sfs_json_time(&json, created);
		sfs_json_key(&json, "limit");
		if (volumes[i]->size_bytes)
			sfs_json_uint(&json, volumes[i]->size_bytes);
		else
			sfs_json_null(&json);
		sfs_json_member_bool(&json, "in_use",
				     sfs_volume_in_use(volumes[i]->name) == 1);
		json_labels(&json, volumes[i]);
		sfs_json_end_object(&json);
	}
	sfs_json_end_array(&json);
	return sfs_json_finish(&json);
}

static int print_rows(FILE *out, const struct ls *ls,
		      struct sfs_volume *const *volumes, size_t count)
{
	const char *row = ls->format;
	bool table = !row || strncmp(row, "table ", 6) == 0;

	if (!row)
		row = ls->quiet ? "{{.Name}}" : "{{.Driver}}\t{{.Name}}";
	else if (table)
		row += 6;
	if (table && !ls->quiet && !ls->noheading && (count || ls->format)) {
		sfs_volume_format_heading(out, row);
		putc('\n', out);
	}
	for (size_t i = 0; i < count; i++) {
		int r = sfs_volume_format(out, row, volumes[i]);

		if (r < 0)
			return r;
		putc('\n', out);
	}
	return 0;
}

static int print(const struct ls *ls, struct sfs_volume *const *volumes,
		 size_t count)
{
	SFS_FREE char *text = NULL;
	size_t size;
	FILE *out;
	int r;

	if (ls->json)
		return print_json(volumes, count);
	if (ls->format && strcmp(ls->format, "json") == 0)
		return sfs_volume_print_json(stdout, volumes, count);
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	r = print_rows(out, ls, volumes, count);
	if (fclose(out) || r < 0)
		return r < 0 ? r : -ENOMEM;
	if (ls->format && strncmp(ls->format, "table ", 6) != 0)
		fputs(text, stdout);
	else
		sfs_volume_print_columns(stdout, text);
	return fflush(stdout) ? -EIO : 0;
}

static int list(const struct ls *ls)
{
	struct sfs_volume **volumes = NULL;
	size_t count = 0;
	int r = sfs_volume_list(&volumes, &count);

	if (r < 0) {
		sfs_msg_errno(-r, "listing the volumes");
		return SFS_VOLUME_EXIT_ERROR;
	}
	count = filter(&ls->filters, volumes, count);
	r = print(ls, volumes, count);
	sfs_volume_list_free(volumes, count);
	return r < 0 ? SFS_VOLUME_EXIT_ERROR : SFS_EXIT_OK;
}

static const struct option options[] = {
	{ "filter", required_argument, NULL, 'f' },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "noheading", no_argument, NULL, 'n' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse(const struct sfs_volume_verb *verb, int argc, char **argv,
		 struct ls *ls)
{
	int option;

	while ((option = getopt_long(argc, argv, ":f:nqh", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'f':
			if (sfs_volume_filter_add(&ls->filters, optarg) < 0)
				return SFS_VOLUME_EXIT_ERROR;
			break;
		case 'n':
			ls->noheading = true;
			break;
		case 'q':
			ls->quiet = true;
			break;
		case OPTION_FORMAT:
			ls->format = optarg;
			break;
		case OPTION_JSON:
			ls->json = true;
			break;
		default:
			return sfs_volume_bad_option(verb, options, option,
						     argv);
		}
	}
	if (argc > optind)
		return sfs_volume_bad_usage(verb, "takes no names");
	return list(ls);
}

int sfs_cmd_volume_ls(const struct sfs_volume_verb *verb, int argc, char **argv)
{
	struct ls ls = { 0 };
	int status = parse(verb, argc, argv, &ls);

	sfs_volume_filters_done(&ls.filters);
	return status;
}
