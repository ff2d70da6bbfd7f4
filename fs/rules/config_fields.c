/* SPDX-License-Identifier: MIT */
#include "config_reader.h"

#include "scratchfs/options.h"
#include "scratchfs/suggest.h"

#include <string.h>

typedef const struct sfs_yaml_node node;

const char *sfs_yaml_kind_text(node *value)
{
	if (value->kind == SFS_YAML_LIST)
		return "this is a list";
	if (value->kind == SFS_YAML_MAP)
		return "this is a map";
	return value->empty ? "this is empty" : "this is a single word";
}

const struct sfs_yaml_node *sfs_fields_get(const struct sfs_fields *fields,
					   const char *name)
{
	for (size_t i = 0; fields->names[i]; i++)
		if (strcmp(fields->names[i], name) == 0)
			return fields->keys[i] ? fields->keys[i]->value : NULL;
	return NULL;
}

static int complain_unknown(const struct sfs_config_reader *reader, node *key,
			    const char *const *names, bool section)
{
	const char *near = sfs_suggest(key->text, names);
	const struct sfs_option *option = sfs_options_find(key->text);
	char known[256] = "";

	for (size_t i = 0, n = 0; names[i] && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", names[i]);
	if (option && (option->where & SFS_OPTION_IN_O) && section)
		return sfs_config_complain(
			reader, key,
			"'%s' is not allowed here; the source's own "
			"configuration, and a profile, only make rules; "
			"use -o %s",
			key->text, key->text);
	if (near)
		return sfs_config_complain(reader, key,
					   "unknown key '%s'; known here: %s; "
					   "did you mean '%s'?",
					   key->text, known, near);
	return sfs_config_complain(reader, key,
				   "unknown key '%s'; known here: %s; remove "
				   "it",
				   key->text, known);
}

int sfs_fields_read(const struct sfs_config_reader *reader, node *map,
		    struct sfs_fields *fields)
{
	for (node *key = map->first; key; key = key->next) {
		size_t i = 0;

		while (fields->names[i] &&
		       strcmp(fields->names[i], key->text) != 0)
			i++;
		if (!fields->names[i])
			return complain_unknown(reader, key, fields->names,
						fields->section);
		if (fields->keys[i])
			return sfs_config_complain(
				reader, key,
				"duplicate key '%s'; line %zu has it already; "
				"keep one of them",
				key->text, fields->keys[i]->line);
		fields->keys[i] = key;
	}
	return 0;
}

int sfs_config_expect(const struct sfs_config_reader *reader, node *value,
		      enum sfs_yaml_kind kind, const char *name)
{
	static const char *const what[] = {
		[SFS_YAML_SCALAR] = "a single word; give one value",
		[SFS_YAML_LIST] = "a list; write [A, B]",
		[SFS_YAML_MAP] = "a map; write {KEY: VALUE}",
	};
	const char *advice = strchr(what[kind], ';');

	if (value->kind == kind && !value->empty)
		return 0;
	return sfs_config_complain(reader, value, "'%s' must be %.*s; %s%s",
				   name, (int)(advice - what[kind]), what[kind],
				   sfs_yaml_kind_text(value), advice);
}

int sfs_config_choose(const struct sfs_config_reader *reader, node *value,
		      const char *name, const char *const *choices, int *ret)
{
	int r = sfs_config_expect(reader, value, SFS_YAML_SCALAR, name);
	char known[64] = "";

	if (r < 0)
		return r;
	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], value->text) == 0) {
			*ret = i;
			return 0;
		}
		if (i)
			strcat(known, ", ");
		strcat(known, choices[i]);
	}
	const char *near = sfs_suggest(value->text, choices);

	return sfs_config_complain(reader, value,
				   "'%s' is no value of '%s'; it can be %s; "
				   "%s%s%s",
				   value->text, name, known,
				   near ? "did you mean '" : "choose one",
				   near ? near : "", near ? "'?" : "");
}
