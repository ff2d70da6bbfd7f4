/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"
#include "scratchfs/size.h"

#include "usage.h"

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
	sfs_json_member_string(&prune->json, "path", path);
	sfs_json_member_uint(&prune->json, "bytes", bytes);
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

static const struct sfs_usage usage = {
	.command = "prune",
	.help = "Usage: scratchfs prune [OPTIONS]\n"
		"\n"
		"Removes the stores of views that are gone: killed, and then unmounted.\n"
		"Every mount does that too.\n"
		"\n"
		"  -n, --dry-run  only list them\n"
		"      --json     an array of objects\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.refusal = "it takes no arguments",
};

int sfs_cmd_prune(int argc, char **argv)
{
	struct prune prune = { 0 };
	const struct sfs_extra_option extra[] = {
		{ "dry-run", 'n', &prune.dry_run, NULL },
		{ "json", 0, &prune.use_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = run(&prune);
	sfs_config_done(&config);
	return status;
}
