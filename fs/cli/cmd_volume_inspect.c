/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "volume.h"

static int print(const char *format, struct sfs_volume *const *volumes,
		 size_t count)
{
	if (!format || strcmp(format, "json") == 0)
		return sfs_volume_print_json(stdout, volumes, count);
	for (size_t i = 0; i < count; i++) {
		int r = sfs_volume_format(stdout, format, volumes[i]);

		if (r < 0)
			return r;
		putchar('\n');
	}
	return fflush(stdout) ? -EIO : 0;
}

/* Those that exist are shown even if others do not. */
static int inspect_named(const char *format, int count, char *const *names)
{
	struct sfs_volume **volumes = calloc((size_t)count, sizeof(*volumes));
	int status = SFS_EXIT_OK;
	size_t found = 0;

	if (!volumes)
		return sfs_volume_failed("", -ENOMEM);
	for (int i = 0; i < count; i++) {
		int r = sfs_volume_load(names[i], &volumes[found]);

		if (r < 0)
			status = sfs_volume_failed(names[i], r);
		else
			found++;
	}
	if (print(format, volumes, found) < 0)
		status = SFS_VOLUME_EXIT_ERROR;
	sfs_volume_list_free(volumes, found);
	return status;
}

static int inspect_all(const char *format)
{
	struct sfs_volume **volumes = NULL;
	size_t count = 0;
	int r = sfs_volume_list(&volumes, &count);

	if (r < 0)
		sfs_msg_errno(-r, "listing the volumes");
	else
		r = print(format, volumes, count);
	sfs_volume_list_free(volumes, count);
	return r < 0 ? SFS_VOLUME_EXIT_ERROR : SFS_EXIT_OK;
}

int sfs_cmd_volume_inspect(const struct sfs_volume_verb *verb, int argc,
			   char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "format", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *format = NULL;
	bool all = false;
	int option;

	while ((option = getopt_long(argc, argv, ":af:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'a':
			all = true;
			break;
		case 'f':
			format = optarg;
			break;
		case 'j':
			format = NULL;
			break;
		default:
			return sfs_volume_bad_option(verb, options, option,
						     argv);
		}
	}
	if (all == (argc > optind))
		return sfs_volume_bad_usage(verb, "either names or --all");
	return all ? inspect_all(format)
		   : inspect_named(format, argc - optind, argv + optind);
}

int sfs_cmd_volume_exists(const struct sfs_volume_verb *verb, int argc,
			  char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sfs_volume *volume = NULL;
	int option = getopt_long(argc, argv, ":h", options, NULL);
	int r;

	if (option != -1)
		return sfs_volume_bad_option(verb, options, option, argv);
	if (argc - optind != 1)
		return sfs_volume_bad_usage(verb, "one name");
	r = sfs_volume_load(argv[optind], &volume);
	sfs_volume_free(volume);
	if (r == -ENOENT || r == -EINVAL)
		return 1;
	return r < 0 ? sfs_volume_failed(argv[optind], r) : SFS_EXIT_OK;
}
