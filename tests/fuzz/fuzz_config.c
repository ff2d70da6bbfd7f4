/* SPDX-License-Identifier: MIT */
/*
 * A configuration of the source; or, after a first line of "#!options", the
 * words of a command line, one a line.
 */
#include "../../fs/rules/config_reader.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/options.h"

#include <stdint.h>
#include <string.h>

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len);

static void check(bool right)
{
	if (!right)
		abort();
}

static void parse_options(char *text)
{
	char *argv[WORDS_MAX + 1] = { text };
	struct sfs_config config;
	int argc = 1;
	int operands = -1;
	int r;

	for (char *word = strtok(text, "\n"); word && argc < WORDS_MAX;
	     word = strtok(NULL, "\n"))
		argv[argc++] = word;
	sfs_config_init(&config);
	r = sfs_options_parse(&config, argc, argv, SFS_OPTIONS_MOUNT, NULL,
			      &operands);
	check(r == 0 || r == -EINVAL || r == -ENOMEM);
	check(r < 0 || (operands >= 0 && operands < argc));
	sfs_config_done(&config);
}

static void read_config(const uint8_t *input, size_t len)
{
	struct sfs_config config;
	struct sfs_config_reader reader = {
		.config = &config,
		.document = { "fuzz.yaml", (const char *)input, len },
		.from_name = "fuzz.yaml",
		.source_fd = -1,
	};
	int r;

	sfs_config_init(&config);
	check(sfs_strings_add(&config.profiles, "p") == 0);
	check(sfs_rules_new(&config.scratch) == 0);
	check(sfs_rules_new(&config.readonly) == 0);
	r = sfs_config_read(&reader);
	check(r == 0 || r == -EINVAL || r == -ENOMEM);
	check(sfs_config_patterns(&config) <= SFS_CONFIG_PATTERNS_MAX);
	check(!config.store_dir && !config.volume && !config.allow_other);
	for (int i = 0; i < sfs_rules_count(config.scratch); i++) {
		const struct sfs_rule *rule = sfs_rules_get(config.scratch, i);

		check(!rule->tracked_ignore || rule->volume);
	}
	sfs_config_done(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	static const char options[] = "#!options\n";
	const size_t skip = sizeof(options) - 1;

	if (len < skip || memcmp(input, options, skip) != 0) {
		read_config(input, len);
		return 0;
	}

	SFS_FREE char *text = malloc(len - skip + 1);

	check(text != NULL);
	memcpy(text, input + skip, len - skip);
	text[len - skip] = '\0';
	parse_options(text);
	return 0;
}
