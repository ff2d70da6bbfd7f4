/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"
#include "scratchfs/size.h"

struct prune {
	bool dry_run, use_json;
	struct sfs_json json;
};

static void print_store(void *context, const char *path, uint64_t bytes)
{
	struct prune *prune = context;
	char size[16];

	if (!prune->use_json) {
		printf("%s\t%s\n", path, sfs_size_format(bytes, size));
		return;
	}
	sfs_json_begin_object(&prune->json);
	sfs_json_key(&prune->json, "path");
	sfs_json_string(&prune->json, path);
	sfs_json_key(&prune->json, "size");
	sfs_json_uint(&prune->json, bytes);
	sfs_json_end_object(&prune->json);
}

static int run(struct prune *prune)
{
	struct sfs_registry_collected got = { 0 };
	char size[16];
	int r;

	if (prune->use_json) {
		sfs_json_init(&prune->json, stdout);
		sfs_json_begin_array(&prune->json);
	}
	r = sfs_registry_collect(prune->dry_run, &got, print_store, prune);
	if (prune->use_json) {
		sfs_json_end_array(&prune->json);
		if (sfs_json_finish(&prune->json) < 0)
			return SFS_EXIT_FAILED;
	} else if (fflush(stdout)) {
		return SFS_EXIT_FAILED;
	}
	if (r < 0) {
		sfs_msg_errno(-r, "collecting abandoned stores");
		return SFS_EXIT_FAILED;
	}
	if (isatty(STDERR_FILENO))
		sfs_msg("%s %zu abandoned stores, %s",
			prune->dry_run ? "would collect" : "collected",
			got.stores, sfs_size_format(got.bytes, size));
	return SFS_EXIT_OK;
}

int sfs_cmd_prune(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct prune prune = { 0 };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":nh", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			prune.dry_run = true;
			break;
		case 'j':
			prune.use_json = true;
			break;
		case 'h':
			puts("Usage: scratchfs prune [--dry-run] [--json]\n\n"
			     "Collects the stores of mounts that are gone: "
			     "killed, and then unmounted.");
			return SFS_EXIT_OK;
		default:
			sfs_msg("prune: there is no option '%s'; see scratchfs "
				"prune --help",
				argv[optind - 1]);
			return SFS_EXIT_USAGE;
		}
	}
	if (argc > optind) {
		sfs_msg("prune: takes no arguments (usage: scratchfs prune "
			"[--dry-run] [--json])");
		return SFS_EXIT_USAGE;
	}
	return run(&prune);
}
