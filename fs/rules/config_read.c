/* SPDX-License-Identifier: MIT */
#include "config_reader.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/options.h"
#include "scratchfs/size.h"
#include "scratchfs/suggest.h"

#include <string.h>

#define NAMED_MAX 256 /* volumes, profiles */

typedef const struct sfs_yaml_node node;

static const char *const profile_names[] = { "scratch", "scratch_from",
					     "readonly", "volumes", NULL };
static const char *const rule_names[] = { "glob", "volume", "existing",
					  "tracked", NULL };
static const char *const volume_names[] = { "size", NULL };

/* ---- rules ---- */

static int read_volume_name(const struct sfs_config_reader *reader, node *value)
{
	if (sfs_config_volume_name_ok(value->text))
		return 0;
	return sfs_config_complain(reader, value,
				   "bad volume name '%s'; it must be "
				   "[a-z0-9][a-z0-9._-]*, at most 63 letters; "
				   "choose another",
				   value->text);
}

/* The map form of a rule: {glob: ..., volume: ..., existing: ..., ...}. */
static int read_rule_map(const struct sfs_config_reader *reader, node *item,
			 struct sfs_rule *rule, node **ret_glob)
{
	static const char *const existing[] = { "show", "hide", "core", NULL };
	static const char *const tracked[] = { "core", "ignore", NULL };
	struct sfs_fields fields = { .names = rule_names };
	int choice = 0;
	int r = sfs_fields_read(reader, item, &fields);
	node *value;

	if (r < 0)
		return r;
	*ret_glob = sfs_fields_get(&fields, "glob");
	if (!*ret_glob)
		return sfs_config_complain(reader, item,
					   "a rule without a pattern; 'glob' "
					   "is missing; write {glob: NAME}");
	r = sfs_config_expect(reader, *ret_glob, SFS_YAML_SCALAR, "glob");
	value = sfs_fields_get(&fields, "volume");
	if (r == 0 && value) {
		r = sfs_config_expect(reader, value, SFS_YAML_SCALAR, "volume");
		if (r == 0)
			r = read_volume_name(reader, value);
		rule->volume = value->text;
	}
	value = sfs_fields_get(&fields, "existing");
	if (r == 0 && value) {
		r = sfs_config_choose(reader, value, "existing", existing,
				      &choice);
		rule->existing = (enum sfs_existing)choice;
	}
	value = sfs_fields_get(&fields, "tracked");
	choice = 0;
	if (r == 0 && value)
		r = sfs_config_choose(reader, value, "tracked", tracked,
				      &choice);
	rule->tracked_ignore = choice == 1;
	if (r == 0 && rule->tracked_ignore && !rule->volume && !reader->trusted)
		r = sfs_config_complain(
			reader, value,
			"'tracked: ignore' without a volume; the source's own "
			"configuration may not have changes to tracked files "
			"thrown away; add 'volume: NAME'");
	return r;
}

static int add_rule(struct sfs_config_reader *reader, node *glob,
		    const struct sfs_rule *rule, struct sfs_rules *rules)
{
	size_t length = strlen(rule->glob);
	const char *why = "it spans several lines";
	int r = -EINVAL;

	if ((size_t)sfs_rules_count(rules) >= SFS_CONFIG_PATTERNS_MAX ||
	    sfs_config_patterns(reader->config) >= SFS_CONFIG_PATTERNS_MAX)
		return sfs_config_complain(reader, glob,
					   "too many patterns; %u are allowed; "
					   "use fewer",
					   SFS_CONFIG_PATTERNS_MAX);
	if (length > SFS_CONFIG_PATTERN_LEN_MAX)
		return sfs_config_complain(reader, glob,
					   "a pattern of %zu bytes; %u are "
					   "allowed; use a shorter one",
					   length, SFS_CONFIG_PATTERN_LEN_MAX);
	if (!strpbrk(rule->glob, "\r\n"))
		r = sfs_rules_add(rules, rule, &why);
	if (r == 0 || r == -ENOMEM)
		return r;
	return sfs_config_complain(reader, glob,
				   "bad pattern '%s'; %s; patterns are those "
				   "of gitignore(5)",
				   rule->glob,
				   r == 1 ? "it is empty or a comment" : why);
}

static int read_rule(struct sfs_config_reader *reader, node *item,
		     bool plain_only, struct sfs_rules *rules)
{
	SFS_FREE char *from = NULL;
	struct sfs_rule rule = { .existing = SFS_EXISTING_SHOW };
	node *glob = item;
	int r = 0;

	if (item->kind == SFS_YAML_MAP && !plain_only)
		r = read_rule_map(reader, item, &rule, &glob);
	else if (item->kind != SFS_YAML_SCALAR)
		return sfs_config_complain(reader, item,
					   "a pattern must be a word; %s; put "
					   "a pattern with [ or { in quotes",
					   sfs_yaml_kind_text(item));
	if (r < 0)
		return r;
	if (asprintf(&from, "%s:%zu", reader->from_name, item->line) < 0)
		return -ENOMEM;
	rule.glob = glob->text;
	rule.from = from;
	return add_rule(reader, glob, &rule, rules);
}

static int read_rules(struct sfs_config_reader *reader,
		      const struct sfs_fields *section, const char *name,
		      struct sfs_rules *rules)
{
	node *list = sfs_fields_get(section, name);
	int r = list ? sfs_config_expect(reader, list, SFS_YAML_LIST, name) : 0;

	for (node *item = list ? list->first : NULL; item && r == 0;
	     item = item->next)
		r = read_rule(reader, item, strcmp(name, "readonly") == 0,
			      rules);
	return r;
}

/* ---- volumes ---- */

/*
 * The keys of the map `name`, which the user chooses: all different, not too
 * many.  NULL for none.
 */
static int check_named(const struct sfs_config_reader *reader,
		       const struct sfs_fields *section, const char *name,
		       node **ret_map)
{
	node *map = sfs_fields_get(section, name);
	int r = map ? sfs_config_expect(reader, map, SFS_YAML_MAP, name) : 0;
	size_t count = 0;

	for (node *key = map ? map->first : NULL; key && r == 0;
	     key = key->next) {
		if (++count > NAMED_MAX)
			return sfs_config_complain(reader, key,
						   "too many %s; %d are "
						   "allowed; use fewer",
						   name, NAMED_MAX);
		for (node *other = map->first; other != key;
		     other = other->next)
			if (strcmp(other->text, key->text) == 0)
				return sfs_config_complain(
					reader, key,
					"duplicate key '%s'; line %zu has it "
					"already; keep one of them",
					key->text, other->line);
	}
	*ret_map = map;
	return r;
}

static int read_volume(struct sfs_config_reader *reader, node *key,
		       bool selected)
{
	struct sfs_fields fields = { .names = volume_names };
	struct sfs_volume_spec *volume;
	SFS_FREE char *from = NULL;
	uint64_t bytes = 0;
	int r = read_volume_name(reader, key);

	if (r == 0 && !key->value->empty)
		r = sfs_config_expect(reader, key->value, SFS_YAML_MAP,
				      key->text);
	if (r == 0)
		r = sfs_fields_read(reader, key->value, &fields);
	if (r < 0)
		return r;

	node *size = sfs_fields_get(&fields, "size");

	r = size ? sfs_config_expect(reader, size, SFS_YAML_SCALAR, "size") : 0;
	if (r < 0)
		return r;
	if (size && (sfs_size_parse(size->text, &bytes) < 0 || bytes == 0))
		return sfs_config_complain(reader, size,
					   "bad size '%s'; a size is more than "
					   "0 and fits 63 bits; write it as "
					   "64M or 2G",
					   size->text);
	if (!selected)
		return 0;
	if (asprintf(&from, "%s:%zu", reader->from_name, key->line) < 0)
		return -ENOMEM;
	r = sfs_config_add_volume(reader->config, key->text, from, &volume);
	if (r == 0 && size) {
		volume->has_size = true;
		volume->size_bytes = bytes;
	}
	return r;
}

/* ---- sections ---- */

/*
 * The configuration itself or one of its profiles.  Everything is checked; what
 * was not selected goes to a list that is thrown away.
 */
static int read_section(struct sfs_config_reader *reader,
			const struct sfs_fields *section, bool selected,
			struct sfs_rules *discard)
{
	struct sfs_config *config = reader->config;
	struct sfs_rules *scratch = selected ? config->scratch : discard;
	node *from = sfs_fields_get(section, "scratch_from");
	node *volumes = NULL;
	int r = check_named(reader, section, "volumes", &volumes);

	for (node *key = volumes ? volumes->first : NULL; key && r == 0;
	     key = key->next)
		r = read_volume(reader, key, selected);
	if (r == 0 && from)
		r = sfs_config_expect(reader, from, SFS_YAML_LIST,
				      "scratch_from");
	for (node *entry = from ? from->first : NULL; entry && r == 0;
	     entry = entry->next)
		r = selected ? sfs_config_take_over(reader, entry)
			     : sfs_config_check_from(reader, entry);
	if (r == 0)
		r = read_rules(reader, section, "scratch", scratch);
	if (r == 0)
		r = read_rules(reader, section, "readonly",
			       selected ? config->readonly : discard);
	return r;
}

static int complain_profile(const struct sfs_config_reader *reader,
			    node *profiles, const char *wanted)
{
	const char *names[NAMED_MAX + 1] = { NULL };
	static const struct sfs_yaml_node top = { .line = 1, .column = 1 };
	const char *near;
	size_t count = 0;

	for (node *key = profiles ? profiles->first : NULL; key;
	     key = key->next)
		names[count++] = key->text;
	near = sfs_suggest(wanted, names);
	return sfs_config_complain(reader, profiles ? profiles : &top,
				   "no profile '%s'; --profile asks for it; "
				   "%s%s%s",
				   wanted,
				   near ? "did you mean '" : "add it here",
				   near ? near : "", near ? "'?" : "");
}

static int read_profile(struct sfs_config_reader *reader, node *key,
			struct sfs_rules *discard, bool selected)
{
	struct sfs_fields fields = { .names = profile_names, .section = true };
	int r = sfs_config_expect(reader, key->value, SFS_YAML_MAP, key->text);

	if (r == 0)
		r = sfs_fields_read(reader, key->value, &fields);
	if (r == 0)
		r = read_section(reader, &fields, selected, discard);
	return r;
}

/* Whether it is among the first `count` profiles that were asked for. */
static bool is_wanted(const struct sfs_config *config, const char *name,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(config->profiles.items[i], name) == 0)
			return true;
	return false;
}

static int check_other_profiles(struct sfs_config_reader *reader,
				node *profiles, struct sfs_rules *discard)
{
	const struct sfs_config *config = reader->config;
	int r = 0;

	for (node *key = profiles ? profiles->first : NULL; key && r == 0;
	     key = key->next)
		if (!is_wanted(config, key->text, config->profiles.count))
			r = read_profile(reader, key, discard, false);
	return r;
}

/* In the order of the command line, each once. */
static int lay_profiles(struct sfs_config_reader *reader, node *profiles,
			struct sfs_rules *discard)
{
	const struct sfs_config *config = reader->config;
	int r = 0;

	for (size_t i = 0; i < config->profiles.count && r == 0; i++) {
		const char *wanted = config->profiles.items[i];
		node *key = profiles ? profiles->first : NULL;

		if (is_wanted(config, wanted, i))
			continue;
		while (key && strcmp(key->text, wanted) != 0)
			key = key->next;
		r = key ? read_profile(reader, key, discard, true)
			: complain_profile(reader, profiles, wanted);
	}
	return r;
}

/* A key that is also an option: its value, unless the command line gave one. */
static int read_value(const struct sfs_config_reader *reader, node *key)
{
	size_t count;
	const struct sfs_option *option = sfs_options_find(key->text);
	size_t index = (size_t)(option - sfs_options_table(&count));
	const char *why;
	int r;

	if (option->kind == SFS_OPTION_BLOCK ||
	    option->kind == SFS_OPTION_LIST ||
	    (reader->config->given & 1ull << index))
		return 0;
	r = sfs_config_expect(reader, key->value, SFS_YAML_SCALAR, key->text);
	if (r < 0)
		return r;
	r = sfs_options_set(reader->config, option, key->value->text, &why);
	if (r == 0 || r == -ENOMEM)
		return r;
	return sfs_config_complain(reader, key->value,
				   "bad value '%s' of '%s'; %s; see "
				   "scratchfs.yaml(5)",
				   key->value->text, key->text, why);
}

/* The keys that this configuration may have, terminated by NULL. */
static void list_keys(bool trusted, const char *names[SFS_FIELDS_MAX + 1])
{
	unsigned needed =
		SFS_OPTION_IN_YAML | (trusted ? 0 : SFS_OPTION_UNTRUSTED_OK);
	size_t count, n = 0;
	const struct sfs_option *table = sfs_options_table(&count);

	for (size_t i = 0; i < count && n < SFS_FIELDS_MAX; i++)
		if ((table[i].where & needed) == needed)
			names[n++] = table[i].name;
	names[n] = NULL;
}

static int read_root(struct sfs_config_reader *reader, node *root,
		     struct sfs_rules *discard)
{
	static const struct sfs_yaml_node nothing = { .kind = SFS_YAML_MAP };
	const char *names[SFS_FIELDS_MAX + 1];
	struct sfs_fields fields = { .names = names, .section = true };
	node *profiles = NULL;
	int r = 0;

	list_keys(reader->trusted, names);
	if (!root || root->empty)
		root = &nothing;
	if (root->kind != SFS_YAML_MAP)
		return sfs_config_complain(reader, root,
					   "a configuration must be a map; %s; "
					   "write 'scratch: [NAME]'",
					   sfs_yaml_kind_text(root));
	r = sfs_fields_read(reader, root, &fields);
	for (node *key = root->first; key && r == 0; key = key->next)
		r = read_value(reader, key);
	if (r == 0 && !sfs_fields_get(&fields, "scratch"))
		r = sfs_config_add_builtin(reader->config);
	if (r == 0)
		r = check_named(reader, &fields, "profiles", &profiles);
	if (r == 0)
		r = check_other_profiles(reader, profiles, discard);
	if (r == 0)
		r = read_section(reader, &fields, true, discard);
	if (r == 0)
		r = lay_profiles(reader, profiles, discard);
	return r;
}

int sfs_config_read(struct sfs_config_reader *reader)
{
	struct sfs_yaml_node *root;
	struct sfs_rules *discard;
	int r = sfs_yaml_parse(&reader->document, &root);

	if (r < 0)
		return r;
	r = sfs_rules_new(&discard);
	if (r == 0) {
		r = read_root(reader, root, discard);
		sfs_rules_free(discard);
	}
	sfs_yaml_free(root);
	return r;
}
