/* SPDX-License-Identifier: MIT */
#ifndef SFS_RULES_CONFIG_READER_H
#define SFS_RULES_CONFIG_READER_H

/*
 * What the parts of reading a configuration share.
 */
#include "config_yaml.h"
#include "diagnostic.h"
#include "scratchfs/config.h"
#include "scratchfs/rules.h"

#include <sys/stat.h>

struct sfs_config_reader {
	struct sfs_config *config;
	struct sfs_document document;
	const char *from_name; /* of the file, in a rule's `from` */
	bool trusted;
	int source_fd;
};

/*
 * Points at a node.  A macro, so that the compiler checks the format.
 */
#define sfs_config_complain(reader, node, ...)                          \
	sfs_complain(&(reader)->document, (node)->line, (node)->column, \
		     __VA_ARGS__)

#define SFS_FIELDS_MAX 16

/*
 * A map with known keys: their names, terminated by NULL, and for each the node
 * of the key, or NULL.  A section is the configuration itself or a profile.
 */
struct sfs_fields {
	const char *const *names;
	bool section;
	const struct sfs_yaml_node *keys[SFS_FIELDS_MAX];
};

/* Finds the keys of map: no unknown one, none twice.  0, -EINVAL (said). */
int sfs_fields_read(const struct sfs_config_reader *reader,
		    const struct sfs_yaml_node *map, struct sfs_fields *fields);

/* The value of one of the names, or NULL. */
const struct sfs_yaml_node *sfs_fields_get(const struct sfs_fields *fields,
					   const char *name);

/* The value of the key `name` must be of that kind.  0, -EINVAL (said). */
int sfs_config_expect(const struct sfs_config_reader *reader,
		      const struct sfs_yaml_node *value,
		      enum sfs_yaml_kind kind, const char *name);

/* *ret: which of the choices the value is.  0, -EINVAL (said). */
int sfs_config_choose(const struct sfs_config_reader *reader,
		      const struct sfs_yaml_node *value, const char *name,
		      const char *const *choices, int *ret);

/* "this is a list" */
const char *sfs_yaml_kind_text(const struct sfs_yaml_node *value);

/* Reads the document's keys into the config.  0, -EINVAL (said), -ENOMEM. */
int sfs_config_read(struct sfs_config_reader *reader);

/*
 * Takes over the patterns of one entry of scratch_from, nested files too.
 * 0, -EINVAL (said), -ENOMEM.
 */
int sfs_config_take_over(struct sfs_config_reader *reader,
			 const struct sfs_yaml_node *entry);

/* Checks an entry of scratch_from without reading anything. */
int sfs_config_check_from(const struct sfs_config_reader *reader,
			  const struct sfs_yaml_node *entry);

/* Adds the built-in patterns.  0, -ENOMEM. */
int sfs_config_add_builtin(struct sfs_config *config);

/* Remembers a file that rules came from.  0, -ENOMEM. */
int sfs_config_add_file(struct sfs_config *config, const char *path,
			bool in_source, const struct stat *st);

/*
 * Finds or adds a volume; from may be NULL.  The pointer is good until the
 * next one is added.  0, -ENOMEM.
 */
int sfs_config_add_volume(struct sfs_config *config, const char *name,
			  const char *from, struct sfs_volume_spec **ret);

/* Patterns in both lists. */
size_t sfs_config_patterns(const struct sfs_config *config);

#endif
