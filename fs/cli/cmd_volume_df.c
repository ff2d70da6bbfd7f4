/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/config.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/rules.h"
#include "scratchfs/size.h"
#include "volume.h"

/* What a rule, or everything no rule of today explains, has in a volume. */
struct share {
	uint64_t files, apparent_bytes, allocated_bytes;
};

struct measured {
	struct sfs_volume *volume;
	struct sfs_store_usage usage;
	unsigned int users;
	struct sfs_config config; /* of the volume's source */
	struct share *shares;	  /* one per rule, then the rest; or NULL */
	size_t rule_count;
};

struct df {
	bool verbose, json, noheading;
	struct measured *list;
	size_t count;
};

/* ---- per rule ---- */

struct attribute {
	struct measured *measured;
	sfs_rules_state *states; /* of the folders above */
	size_t depth, size;
	size_t decided_depth; /* folders below it belong to `rule`; 0: none */
	int rule;
};

static void charge(struct attribute *at, int rule, const struct stat *st)
{
	struct measured *measured = at->measured;
	struct share *share = &measured->shares[rule < 0 ? measured->rule_count
							 : (size_t)rule];

	share->files++;
	share->apparent_bytes += (uint64_t)st->st_size;
	share->allocated_bytes += (uint64_t)st->st_blocks * 512;
}

static int decide(const struct attribute *at,
		  const struct sfs_backing_walk_entry *entry)
{
	if (at->decided_depth)
		return at->rule;
	return sfs_rules_match(at->measured->config.scratch,
			       at->states[at->depth - 1], entry->name,
			       S_ISDIR(entry->stat.st_mode));
}

static int push(struct attribute *at, const char *name, int rule)
{
	if (at->depth == at->size) {
		size_t size = at->size * 2;
		sfs_rules_state *states =
			reallocarray(at->states, size, sizeof(*states));

		if (!states)
			return -ENOMEM;
		at->states = states;
		at->size = size;
	}
	at->depth++;
	if (rule >= 0 && !at->decided_depth) {
		at->decided_depth = at->depth;
		at->rule = rule;
	}
	at->states[at->depth - 1] = SFS_RULES_ROOT;
	if (at->decided_depth)
		return 0;
	return sfs_rules_enter(at->measured->config.scratch,
			       at->states[at->depth - 2], name,
			       &at->states[at->depth - 1]);
}

static int attribute_visit(void *context,
			   const struct sfs_backing_walk_entry *entry)
{
	struct attribute *at = context;

	switch (entry->event) {
	case SFS_WALK_ENTER:
		return push(at, entry->name, decide(at, entry));
	case SFS_WALK_LEAVE:
		if (at->decided_depth == at->depth)
			at->decided_depth = 0;
		at->depth--;
		return 0;
	case SFS_WALK_OBJECT:
	default:
		charge(at, decide(at, entry), &entry->stat);
		return 0;
	}
}

/* The rules are those that a mount of the source would have now. */
static int attribute(struct measured *measured)
{
	struct attribute at = { .measured = measured, .depth = 1, .size = 64 };
	SFS_CLOSE int source = -1;
	SFS_CLOSE int root = -1;
	SFS_CLOSE int tree = -1;
	int r;

	if (!measured->volume->source)
		return 0;
	source = open(measured->volume->source,
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (source < 0)
		return 0;
	if (sfs_config_load(&measured->config, source) < 0)
		return -EINVAL;
	root = open(measured->volume->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = root < 0 ? -1
			: sfs_backing_open(root, "tree", O_PATH | O_DIRECTORY,
					   0);
	if (tree < 0)
		return -ENOENT;
	measured->rule_count =
		(size_t)sfs_rules_count(measured->config.scratch);
	measured->shares =
		calloc(measured->rule_count + 1, sizeof(*measured->shares));
	at.states = calloc(at.size, sizeof(*at.states));
	r = measured->shares && at.states
		    ? sfs_backing_walk(tree, 0, attribute_visit, &at)
		    : -ENOMEM;
	free(at.states);
	return r;
}

static const char *rule_name(const struct measured *measured, size_t i)
{
	if (i == measured->rule_count)
		return "(no rule)";
	return sfs_rules_get(measured->config.scratch, (int)i)->glob;
}

/* ---- output ---- */

static void json_share(struct sfs_json *json, const char *pattern,
		       const struct share *share)
{
	sfs_json_begin_object(json);
	sfs_json_member_string(json, "pattern", pattern);
	sfs_json_member_uint(json, "files", share->files);
	sfs_json_member_uint(json, "apparent_bytes", share->apparent_bytes);
	sfs_json_member_uint(json, "allocated_bytes", share->allocated_bytes);
	sfs_json_end_object(json);
}

static void json_rules(struct sfs_json *json, const struct measured *measured)
{
	sfs_json_key(json, "rules");
	sfs_json_begin_array(json);
	for (size_t i = 0; measured->shares && i <= measured->rule_count; i++) {
		if (measured->shares[i].files)
			json_share(json,
				   i < measured->rule_count
					   ? rule_name(measured, i)
					   : NULL,
				   &measured->shares[i]);
	}
	sfs_json_end_array(json);
}

static void json_measured(struct sfs_json *json, const struct measured *m)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "links", m->users },
		{ "files", m->usage.files },
		{ "folders", m->usage.folders },
		{ "hidden", m->usage.hidden },
		{ "apparent_bytes", m->usage.apparent_bytes },
		{ "allocated_bytes", m->usage.allocated_bytes },
		{ "charged_bytes", m->usage.charged_bytes },
	};

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "name", m->volume->name);
	sfs_json_member_string(json, "source", m->volume->source);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sfs_json_member_uint(json, numbers[i].key, numbers[i].value);
	}
	sfs_json_key(json, "limit");
	if (m->volume->size_bytes)
		sfs_json_uint(json, m->volume->size_bytes);
	else
		sfs_json_null(json);
	json_rules(json, m);
	sfs_json_end_object(json);
}

static void print_row(FILE *out, const struct measured *m)
{
	char size[16], allocated[16], limit[16];

	fprintf(out, "%s\t%u\t%llu\t%s\t%s\t%s\n", m->volume->name, m->users,
		(unsigned long long)m->usage.files,
		sfs_size_format(m->usage.apparent_bytes, size),
		sfs_size_format(m->usage.allocated_bytes, allocated),
		m->volume->size_bytes
			? sfs_size_format(m->volume->size_bytes, limit)
			: "none");
	for (size_t i = 0; m->shares && i <= m->rule_count; i++) {
		const struct share *share = &m->shares[i];

		if (share->files)
			fprintf(out, "  %s\t\t%llu\t%s\t%s\t\n",
				rule_name(m, i),
				(unsigned long long)share->files,
				sfs_size_format(share->apparent_bytes, size),
				sfs_size_format(share->allocated_bytes,
						allocated));
	}
}

static int print_table(const struct df *df)
{
	SFS_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	if (!df->noheading)
		fputs("VOLUME NAME\tLINKS\tFILES\tSIZE\tALLOCATED\tLIMIT\n",
		      out);
	for (size_t i = 0; i < df->count; i++)
		print_row(out, &df->list[i]);
	if (fclose(out))
		return -ENOMEM;
	sfs_volume_print_columns(stdout, text);
	return fflush(stdout) ? -EIO : 0;
}

static int print(const struct df *df)
{
	struct sfs_json json;

	if (!df->json)
		return print_table(df);
	sfs_json_init(&json, stdout);
	sfs_json_begin_array(&json);
	for (size_t i = 0; i < df->count; i++)
		json_measured(&json, &df->list[i]);
	sfs_json_end_array(&json);
	return sfs_json_finish(&json);
}

/* ---- running ---- */

static int measure(const struct df *df, struct measured *m)
{
	int r = sfs_volume_usage(m->volume->name, &m->usage);

	m->users = sfs_volume_count_users(m->volume->name);
	if (r == 0 && (df->verbose || df->json))
		r = attribute(m);
	/* What is wrong with a configuration was said. */
	return r == -EINVAL ? 0 : r;
}

static bool is_named(const struct sfs_volume *volume, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], volume->name) == 0)
			return true;
	}
	return optind >= argc;
}

static int run(struct df *df, struct sfs_volume **volumes, size_t count,
	       int argc, char **argv)
{
	int status = SFS_EXIT_OK;

	df->list = calloc(count ? count : 1, sizeof(*df->list));
	if (!df->list)
		return sfs_volume_failed("", -ENOMEM);
	for (size_t i = 0; i < count; i++) {
		struct measured *m = &df->list[df->count];
		int r;

		if (!is_named(volumes[i], argc, argv))
			continue;
		m->volume = volumes[i];
		sfs_config_init(&m->config);
		df->count++;
		r = measure(df, m);
		if (r < 0)
			status = sfs_volume_failed(m->volume->name, r);
	}
	return print(df) < 0 ? SFS_VOLUME_EXIT_ERROR : status;
}

static int check_names(int argc, char **argv)
{
	int status = SFS_EXIT_OK;

	for (int i = optind; i < argc; i++) {
		struct sfs_volume *volume = NULL;
		int r = sfs_volume_load(argv[i], &volume);

		sfs_volume_free(volume);
		if (r < 0)
			status = sfs_volume_failed(argv[i], r);
	}
	return status;
}

static int df_named(struct df *df, int argc, char **argv)
{
	struct sfs_volume **volumes = NULL;
	size_t count = 0;
	int missing = check_names(argc, argv);
	int status, r = sfs_volume_list(&volumes, &count);

	if (r < 0) {
		sfs_msg_errno(-r, "listing the volumes");
		return SFS_VOLUME_EXIT_ERROR;
	}
	status = run(df, volumes, count, argc, argv);
	for (size_t i = 0; i < df->count; i++) {
		sfs_config_done(&df->list[i].config);
		free(df->list[i].shares);
	}
	free(df->list);
	sfs_volume_list_free(volumes, count);
	return missing ? missing : status;
}

int sfs_cmd_volume_df(const struct sfs_volume_verb *verb, int argc, char **argv)
{
	static const struct option options[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "noheading", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct df df = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, ":vh", options, NULL)) != -1) {
		if (option == 'v')
			df.verbose = true;
		else if (option == 'j')
			df.json = true;
		else if (option == 'n')
			df.noheading = true;
		else
			return sfs_volume_bad_option(verb, options, option,
						     argv);
	}
	return df_named(&df, argc, argv);
}
