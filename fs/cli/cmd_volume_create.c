/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/size.h"
#include "volume.h"

#define OPTION_SIZE   256
#define OPTION_IGNORE 257

/* Without a name podman makes one up as well. */
static char *random_name(void)
{
	unsigned char bytes[16];
	char *name = malloc(2 * sizeof(bytes) + 1);

	if (!name ||
	    getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		free(name);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(name + 2 * i, 3, "%02x", bytes[i]);
	return name;
}

static int set_label(struct sfs_volume *spec, const char *text)
{
	SFS_FREE char *key = strdup(text);
	char *value = key ? strchr(key, '=') : NULL;

	if (!key)
		return -ENOMEM;
	if (value)
		*value++ = '\0';
	if (strcmp(key, "source") != 0)
		return sfs_volume_add_label(spec, key, value ? value : "");
	free(spec->source);
	spec->source = realpath(value ? value : "", NULL);
	if (spec->source)
		return 0;
	sfs_msg_errno(errno, "--label %s", text);
	return -EINVAL;
}

static int set_size(struct sfs_volume *spec, const char *text)
{
	int r = sfs_size_parse(text, &spec->size_bytes);

	if (r < 0)
		sfs_msg("'%s' is not a size; write it as 500M or 2G", text);
	return r;
}

/* podman writes it as "--opt o=size=1G". */
static int set_option(struct sfs_volume *spec, const char *text)
{
	const char *value = text;

	if (strncmp(value, "o=", 2) == 0)
		value += 2;
	if (strncmp(value, "size=", 5) == 0)
		return set_size(spec, value + 5);
	sfs_msg("--opt %s: the only option is size=SIZE", text);
	return -EINVAL;
}

static int set_driver(const char *text)
{
	if (strcmp(text, "local") == 0)
		return 0;
	sfs_msg("--driver %s: the only driver is local", text);
	return -EINVAL;
}

static const struct option options[] = {
	{ "label", required_argument, NULL, 'l' },
	{ "opt", required_argument, NULL, 'o' },
	{ "driver", required_argument, NULL, 'd' },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "ignore", no_argument, NULL, OPTION_IGNORE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct sfs_volume *spec, int option, bool *ignore)
{
	switch (option) {
	case 'l':
		return set_label(spec, optarg);
	case 'o':
		return set_option(spec, optarg);
	case 'd':
		return set_driver(optarg);
	case OPTION_SIZE:
		return set_size(spec, optarg);
	case OPTION_IGNORE:
		*ignore = true;
		return 0;
	default:
		return 1;
	}
}

static int create(struct sfs_volume *spec, bool ignore)
{
	int r;

	if (!spec->name)
		return sfs_volume_failed("", -ENOMEM);
	r = sfs_volume_create(spec);
	if (r < 0 && !(r == -EEXIST && ignore))
		return sfs_volume_failed(spec->name, r);
	return puts(spec->name) == EOF || fflush(stdout) ? SFS_VOLUME_EXIT_ERROR
							 : SFS_EXIT_OK;
}

static int parse(const struct sfs_volume_verb *verb, int argc, char **argv,
		 struct sfs_volume *spec)
{
	bool ignore = false;
	int option;

	while ((option = getopt_long(argc, argv, ":l:o:d:h", options, NULL)) !=
	       -1) {
		int r = take_option(spec, option, &ignore);

		if (r > 0)
			return sfs_volume_bad_option(verb, options, option,
						     argv);
		if (r < 0)
			return SFS_VOLUME_EXIT_ERROR;
	}
	if (argc - optind > 1)
		return sfs_volume_bad_usage(verb, "one name at most");
	spec->name = argc > optind ? strdup(argv[optind]) : random_name();
	return create(spec, ignore);
}

int sfs_cmd_volume_create(const struct sfs_volume_verb *verb, int argc,
			  char **argv)
{
	struct sfs_volume *spec = calloc(1, sizeof(*spec));
	int status;

	if (!spec)
		return sfs_volume_failed("", -ENOMEM);
	status = parse(verb, argc, argv, spec);
	sfs_volume_free(spec);
	return status;
}
