/* SPDX-License-Identifier: MIT */
#include "scratchfs/options.h"

#include "scratchfs/msg.h"
#include "scratchfs/size.h"
#include "scratchfs/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(member) offsetof(struct sfs_config, member)

/* Where: on the command line, in -o, in a configuration that is trusted. */
#define CLI	(SFS_OPTION_IN_LONG | SFS_OPTION_IN_O)
#define TRUSTED (CLI | SFS_OPTION_IN_YAML)
#define ANYONE	(TRUSTED | SFS_OPTION_UNTRUSTED_OK)
#define KEY	(SFS_OPTION_IN_YAML | SFS_OPTION_UNTRUSTED_OK)
#define O	SFS_OPTION_IN_O
#define ROOT	(SFS_OPTION_IN_O | SFS_OPTION_ROOT_ONLY)

static const char *const cache_choices[] = { "auto", "strict", NULL };
static const char *const io_choices[] = { "auto", "cached", "passthrough",
					  NULL };
static const char *const transport_choices[] = { "auto", "dev", "uring", NULL };
static const char *const locks_choices[] = { "local", "shared", NULL };
static const char *const events_choices[] = { "auto", "off", NULL };

/* clang-format off */
static const struct sfs_option table[] = {
	{ "scratch", 's', "GLOB", NULL, SFS_OPTION_LIST, ANYONE,
	  AT(cli_scratch), "keep names off the host (repeatable)" },
	{ "readonly", 'r', "GLOB", NULL, SFS_OPTION_LIST, ANYONE,
	  AT(cli_readonly), "make names read-only (repeatable)" },
	{ "scratch_from", 0, NULL, NULL, SFS_OPTION_BLOCK, KEY, 0, NULL },
	{ "volumes", 0, NULL, NULL, SFS_OPTION_BLOCK, KEY, 0, NULL },
	{ "profiles", 0, NULL, NULL, SFS_OPTION_BLOCK, KEY, 0, NULL },
	{ "config", 'c', "FILE", NULL, SFS_OPTION_TEXT, CLI,
	  AT(config_path), "read FILE, not SOURCE/.scratchfs.yaml" },
	{ "no_config", 0, NULL, NULL, SFS_OPTION_FLAG, CLI,
	  AT(no_config), "read no configuration file" },
	{ "profile", 'p', "NAME", NULL, SFS_OPTION_LIST, CLI,
	  AT(profiles), "add a profile of it (repeatable)" },
	{ "volume", 0, "NAME", NULL, SFS_OPTION_VOLUME, TRUSTED,
	  AT(volume), "keep the scratch in a volume" },
	{ "store", 0, "DIR|tmpfs[:SIZE]", NULL, SFS_OPTION_STORE, TRUSTED,
	  AT(store_dir), "where scratch lives until unmounting" },
	{ "size", 0, "SIZE", NULL, SFS_OPTION_SIZE, TRUSTED,
	  AT(size_bytes), "how much scratch there may be (64M, 2G)" },
	{ "fresh", 0, NULL, NULL, SFS_OPTION_FLAG, CLI,
	  AT(fresh), "discard the scratch that a dead mount left" },
	{ "cache", 0, NULL, cache_choices, SFS_OPTION_CHOICE, TRUSTED,
	  AT(cache), "strict: never trust what was read before" },
	{ "io", 0, NULL, io_choices, SFS_OPTION_CHOICE, TRUSTED,
	  AT(io), "how bytes travel" },
	{ "transport", 0, NULL, transport_choices, SFS_OPTION_CHOICE, TRUSTED,
	  AT(transport), "how requests travel" },
	{ "locks", 0, NULL, locks_choices, SFS_OPTION_CHOICE, TRUSTED,
	  AT(locks), "shared: locks also hold outside this view" },
	{ "events", 0, NULL, events_choices, SFS_OPTION_CHOICE, TRUSTED,
	  AT(events), "off: watchers in the view miss host edits" },
	{ "border_copy", 0, "SIZE", NULL, SFS_OPTION_SIZE, TRUSTED,
	  AT(border_copy_bytes), "largest file a rename may copy (64M)" },
	{ "foreground", 'f', NULL, NULL, SFS_OPTION_FLAG, CLI,
	  AT(foreground), "stay in the foreground" },
	{ "debug", 'd', NULL, NULL, SFS_OPTION_FLAG, CLI,
	  AT(debug), "print every request; implies -f" },
	{ "help", 'h', NULL, NULL, SFS_OPTION_FLAG, CLI, AT(help), NULL },
	{ "version", 'V', NULL, NULL, SFS_OPTION_FLAG, CLI, AT(version), NULL },
	{ "options", 'o', "OPT[,OPT...]", NULL, SFS_OPTION_MOUNT, 0, 0,
	  "all of these without dashes, and:" },

	{ "ro", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(ro), NULL },
	{ "rw", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(ro), NULL },
	{ "allow_other", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(allow_other),
	  NULL },
	{ "suid", 0, NULL, NULL, SFS_OPTION_FLAG, ROOT, AT(suid), NULL },
	{ "nosuid", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(suid), NULL },
	{ "dev", 0, NULL, NULL, SFS_OPTION_FLAG, ROOT, AT(dev), NULL },
	{ "nodev", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(dev), NULL },
	{ "exec", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(noexec), NULL },
	{ "noexec", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(noexec), NULL },
	{ "atime", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(noatime), NULL },
	{ "noatime", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(noatime), NULL },
	{ "diratime", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(nodiratime),
	  NULL },
	{ "nodiratime", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(nodiratime),
	  NULL },
	{ "async", 0, NULL, NULL, SFS_OPTION_UNFLAG, O, AT(sync), NULL },
	{ "sync", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(sync), NULL },
	{ "dirsync", 0, NULL, NULL, SFS_OPTION_FLAG, O, AT(dirsync), NULL },

	/* Words for mount(8), systemd and fstab. */
	{ "defaults", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "auto", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "noauto", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "nofail", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "_netdev", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "user", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "nouser", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "users", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "owner", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "group", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "relatime", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
	{ "default_permissions", 0, NULL, NULL, SFS_OPTION_IGNORE, O, 0, NULL },
};
/* clang-format on */

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))
_Static_assert(TABLE_COUNT < 64, "one bit each in sfs_config.given");

const struct sfs_option *sfs_options_table(size_t *ret_count)
{
	*ret_count = TABLE_COUNT;
	return table;
}

const struct sfs_option *sfs_options_find(const char *name)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int set_text(char **slot, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

static int set_size(uint64_t *slot, const char *value, bool zero_ok,
		    const char **ret_why)
{
	uint64_t bytes;
	int r = sfs_size_parse(value, &bytes);

	*ret_why = r == -ERANGE ? "this size is too large"
				: "this is not a size; write it as 64M or 2G";
	if (r < 0)
		return r;
	*ret_why = "a size of 0 leaves no room; write it as 64M or 2G";
	if (bytes == 0 && !zero_ok)
		return -EINVAL;
	*slot = bytes;
	return 0;
}

static int set_choice(int *slot, const struct sfs_option *option,
		      const char *value)
{
	for (int i = 0; option->choices[i]; i++)
		if (strcmp(option->choices[i], value) == 0) {
			*slot = i;
			return 0;
		}
	return -EINVAL;
}

static int set_store(struct sfs_config *config, const char *value,
		     const char **ret_why)
{
	bool tmpfs = strncmp(value, "tmpfs", 5) == 0 &&
		     (value[5] == '\0' || value[5] == ':');
	uint64_t bytes = 0;
	int r;

	*ret_why = "a folder or tmpfs[:SIZE] is expected";
	if (*value == '\0')
		return -EINVAL;
	if (!tmpfs) {
		config->store_tmpfs = false;
		return set_text(&config->store_dir, value);
	}
	if (value[5] == ':') {
		r = set_size(&bytes, value + 6, false, ret_why);
		if (r < 0)
			return r;
	}
	free(config->store_dir);
	config->store_dir = NULL;
	config->store_tmpfs = true;
	config->tmpfs_bytes = bytes;
	return 0;
}

int sfs_options_set(struct sfs_config *config, const struct sfs_option *option,
		    const char *value, const char **ret_why)
{
	void *slot = (char *)config + option->offset;

	*ret_why = "a value is missing";
	switch (option->kind) {
	case SFS_OPTION_FLAG:
	case SFS_OPTION_UNFLAG:
		*ret_why = "only root may ask for it";
		if ((option->where & SFS_OPTION_ROOT_ONLY) && geteuid() != 0)
			return -EINVAL;
		*(bool *)slot = option->kind == SFS_OPTION_FLAG;
		return 0;
	case SFS_OPTION_TEXT:
		return *value ? set_text(slot, value) : -EINVAL;
	case SFS_OPTION_LIST:
		return *value ? sfs_strings_add(slot, value) : -EINVAL;
	case SFS_OPTION_SIZE:
		return set_size(slot, value,
				option->offset == AT(border_copy_bytes),
				ret_why);
	case SFS_OPTION_CHOICE:
		*ret_why = "not one of its values";
		return set_choice(slot, option, value);
	case SFS_OPTION_STORE:
		return set_store(config, value, ret_why);
	case SFS_OPTION_VOLUME:
		*ret_why = "a volume's name is [a-z0-9][a-z0-9._-]*, "
			   "at most 63 letters";
		return sfs_config_volume_name_ok(value) ? set_text(slot, value)
							: -EINVAL;
	case SFS_OPTION_MOUNT:
	case SFS_OPTION_IGNORE:
	case SFS_OPTION_BLOCK:
		break;
	}
	return 0;
}
