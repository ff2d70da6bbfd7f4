/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/size.h"

#include "leftovers.h"
#include "print.h"
#include "usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum exit_status {
	NOTHING_FOUND = 0,
	SOMETHING_FOUND = 1,
	TROUBLE = 2,
};

static void print_json(struct sfs_json *json, const struct sfs_leftover *one)
{
	sfs_json_begin_object(json);
	sfs_json_member_string(json, "path", one->path);
	sfs_json_member_bool(json, "folder", one->is_folder);
	sfs_json_member_uint(json, "files", one->files);
	sfs_json_member_uint(json, "bytes", one->bytes);
	sfs_json_member_string(json, "pattern", one->rule->glob);
	sfs_json_member_string(json, "from", one->rule->from);
	sfs_json_member_string(json, "volume", one->rule->volume);
	sfs_json_end_object(json);
}

static void print_text(const struct sfs_leftover *one)
{
	char size[16];

	printf("%8s  ", sfs_size_format(one->bytes, size));
	sfs_print_name(one->path);
	fputs(one->is_folder ? "/  (" : "  (", stdout);
	sfs_print_name(one->rule->glob);
	fputs(", ", stdout);
	sfs_print_name(one->rule->from);
	fputs(")\n", stdout);
}

static int print_all(const struct sfs_leftovers *leftovers, bool as_json)
{
	struct sfs_json json;

	if (as_json) {
		sfs_json_init(&json, stdout);
		sfs_json_begin_array(&json);
	}
	for (size_t i = 0; i < leftovers->count; i++) {
		if (as_json)
			print_json(&json, &leftovers->list[i]);
		else
			print_text(&leftovers->list[i]);
	}
	if (!as_json)
		return fflush(stdout) ? -EIO : 0;
	sfs_json_end_array(&json);
	return sfs_json_finish(&json);
}

static int audit(struct sfs_config *config, const char *source, bool as_json)
{
	struct sfs_leftovers leftovers;
	int status = TROUBLE;
	char size[16];

	if (sfs_leftovers_find(config, source, &leftovers) == 0 &&
	    print_all(&leftovers, as_json) == 0)
		status = leftovers.count > 0 ? SOMETHING_FOUND : NOTHING_FOUND;
	if (status != TROUBLE && isatty(STDERR_FILENO))
		sfs_msg("%" PRIu64 " files of scratch on the host, %s",
			leftovers.files,
			sfs_size_format(leftovers.bytes, size));
	sfs_leftovers_done(&leftovers);
	return status;
}

static const struct sfs_usage usage = {
	.command = "audit",
	.help = "Usage: scratchfs audit [OPTIONS] SOURCE\n"
		"\n"
		"Lists what the host has under scratch patterns, with sizes: what a view would\n"
		"not have let it become. Nothing that git tracks is among it.\n"
		"\n"
		"      --json  an array of objects\n"
		"\n"
		"Other OPTIONS are those of a mount (scratchfs --help).\n"
		"Exit status: 0 nothing is there, 1 something is, 2 trouble.\n",
	.least = 1,
	.most = 1,
	.refusal = "it takes one SOURCE",
};

int sfs_cmd_audit(int argc, char **argv)
{
	bool as_json = false;
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = audit(&config, argv[1], as_json);
	sfs_config_done(&config);
	return status;
}
