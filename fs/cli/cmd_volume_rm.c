/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/registry.h"
#include "volume.h"

/* podman's: 1 no such volume, 2 in use, 125 anything else. */
static int remove_one(const char *name, bool force)
{
	int r = sfs_volume_remove(name);

	if (r == 0) {
		puts(name);
		return SFS_EXIT_OK;
	}
	if (r == -ENOENT && force)
		return SFS_EXIT_OK;
	if (r == -EBUSY) {
		sfs_msg("volume %s is in use; unmount its views first", name);
		sfs_volume_say_users(name);
		return 2;
	}
	(void)sfs_volume_failed(name, r);
	return r == -ENOENT ? 1 : SFS_VOLUME_EXIT_ERROR;
}

static int remove_all(void)
{
	struct sfs_volume **volumes = NULL;
	int status = SFS_EXIT_OK;
	size_t count = 0;
	int r = sfs_volume_list(&volumes, &count);

	if (r < 0) {
		sfs_msg_errno(-r, "listing the volumes");
		return SFS_VOLUME_EXIT_ERROR;
	}
	for (size_t i = 0; i < count; i++) {
		int one = remove_one(volumes[i]->name, true);

		status = one ? one : status;
	}
	sfs_volume_list_free(volumes, count);
	return status;
}

int sfs_cmd_volume_rm(const struct sfs_volume_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "force", no_argument, NULL, 'f' },
		{ "time", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool all = false, force = false;
	int option, status = SFS_EXIT_OK;

	while ((option = getopt_long(argc, argv, ":aft:h", options, NULL)) !=
	       -1) {
		if (option == 'a')
			all = true;
		else if (option == 'f')
			force = true;
		else if (option != 't') /* nothing is stopped, so no wait */
			return sfs_volume_bad_option(verb, options, option,
						     argv);
	}
	if (all == (argc > optind))
		return sfs_volume_bad_usage(verb, "either names or --all");
	if (all)
		return remove_all();
	for (int i = optind; i < argc; i++) {
		int one = remove_one(argv[i], force);

		status = one ? one : status;
	}
	return status;
}

/* ---- prune ---- */

struct prune {
	struct sfs_volume_filters filters;
	bool force, dry_run;
};

static int visit_awaiting(void *context, const struct sfs_registry_entry *entry)
{
	const char *name = context;

	for (size_t i = 0; i < entry->volume_count; i++) {
		if (strcmp(entry->volumes[i], name) != 0 ||
		    !sfs_registry_is_mounted(entry))
			continue;
		sfs_msg("volume %s is kept for the view at %s, whose daemon "
			"was killed: mount it again, or unmount it",
			name, entry->mountpoint);
		return 1;
	}
	return 0;
}

/* A killed daemon holds no lock, but a mount that still stands can be mended,
 * and whoever does that wants its files back.  (rm names what it removes.) */
static bool is_unused(const struct prune *prune,
		      const struct sfs_volume *volume)
{
	return sfs_volume_in_use(volume->name) == 0 &&
	       sfs_volume_filter_match(&prune->filters, volume) &&
	       sfs_registry_each(visit_awaiting, volume->name) == 0;
}

/* Keeps those to be removed. */
static size_t choose(const struct prune *prune, struct sfs_volume **volumes,
		     size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_unused(prune, volumes[i]))
			volumes[kept++] = volumes[i];
		else
			sfs_volume_free(volumes[i]);
	}
	return kept;
}

static bool ask(struct sfs_volume *const *volumes, size_t count)
{
	fprintf(stderr, "WARNING! This will remove all volumes not used by at "
			"least one mount. The following volumes will be "
			"removed:\n");
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s\n", volumes[i]->name);
	return sfs_volume_confirm();
}

static int prune_chosen(const struct prune *prune,
			struct sfs_volume *const *volumes, size_t count)
{
	int status = SFS_EXIT_OK;

	if (count && !prune->force && !prune->dry_run && !ask(volumes, count))
		return SFS_EXIT_OK;
	for (size_t i = 0; i < count; i++) {
		int one = 0;

		if (prune->dry_run)
			puts(volumes[i]->name);
		else
			one = remove_one(volumes[i]->name, true);
		/* Taken into use since we looked: then it is not unused. */
		status = one && one != 2 ? one : status;
	}
	return status;
}

static int prune_run(const struct prune *prune)
{
	struct sfs_volume **volumes = NULL;
	size_t count = 0;
	int status, r = sfs_volume_list(&volumes, &count);

	if (r < 0) {
		sfs_msg_errno(-r, "listing the volumes");
		return SFS_VOLUME_EXIT_ERROR;
	}
	count = choose(prune, volumes, count);
	status = prune_chosen(prune, volumes, count);
	sfs_volume_list_free(volumes, count);
	return status;
}

static int prune_parse(const struct sfs_volume_verb *verb, int argc,
		       char **argv, struct prune *prune)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "filter", required_argument, NULL, 'F' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, ":fh", options, NULL)) != -1) {
		if (option == 'f')
			prune->force = true;
		else if (option == 'n')
			prune->dry_run = true;
		else if (option != 'F')
			return sfs_volume_bad_option(verb, options, option,
						     argv);
		else if (sfs_volume_filter_add(&prune->filters, optarg) < 0)
			return SFS_VOLUME_EXIT_ERROR;
	}
	if (argc > optind)
		return sfs_volume_bad_usage(verb, "takes no names");
	return prune_run(prune);
}

int sfs_cmd_volume_prune(const struct sfs_volume_verb *verb, int argc,
			 char **argv)
{
	struct prune prune = { 0 };
	int status = prune_parse(verb, argc, argv, &prune);

	sfs_volume_filters_done(&prune.filters);
	return status;
}
