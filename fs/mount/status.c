/* SPDX-License-Identifier: MIT */
/*
 * What the view says of itself.  The daemon knows the rules it was mounted
 * with, so it does the counting; a request is answered late for that, no other
 * one waits.  The kernel takes 64 KiB for a value: what may be long is bounded.
 */
#include "passthrough.h"
#include "session.h"
#include "tap.h"
#include "usage.h"

#include "scratchfs/json.h"
#include "scratchfs/rules.h"
#include "scratchfs/size.h"
#include "scratchfs/store.h"

#include <inttypes.h>
#include <string.h>

/* Names may be long, but then not many are shown. */
#define LISTS_BYTES_MAX 40000

struct report {
	struct sfs_session *session;
	struct sfs_usage *usage;
	FILE *out;
};

static const char *io_name(const struct sfs_session *session)
{
	return sfs_passthrough_works(&session->mount) ? "passthrough"
						      : "cached";
}

static const char *transport_name(const struct sfs_session *session)
{
	const struct sfs_mount *mount = &session->mount;
	bool rings = mount->tapped ? sfs_tap_has(mount, SFS_FUSE_OVER_IO_URING)
				   : atomic_load(&mount->rings_serve);

	return rings ? "uring" : "dev";
}

static const char *cache_name(const struct sfs_session *session)
{
	return session->config->cache == SFS_CACHE_STRICT ? "strict" : "auto";
}

/* A rule without a volume of its own goes where everything goes. */
static bool rule_is_of(const struct sfs_rule *rule, unsigned int store)
{
	return !rule->negated && rule->store == store;
}

static void json_store(struct sfs_json *json, const struct report *report,
		       unsigned int index)
{
	const struct sfs_store *store = report->session->stores[index];
	const struct sfs_rules *rules = report->session->config->scratch;

	sfs_json_begin_object(json);
	sfs_json_key(json, "destination");
	sfs_json_begin_array(json);
	for (int i = 0; i < sfs_rules_count(rules); i++)
		if (rule_is_of(sfs_rules_get(rules, i), index) &&
		    ftell(report->out) < LISTS_BYTES_MAX / 2)
			sfs_json_string(json, sfs_rules_get(rules, i)->glob);
	sfs_json_end_array(json);
	sfs_json_member_string(json, "source", store->path);
	sfs_json_member_string(json, "volume", store->volume);
	sfs_json_member_uint(json, "size", store->limit_bytes);
	sfs_json_end_object(json);
}

static void json_rule(struct sfs_json *json, const struct report *report,
		      int index)
{
	const struct sfs_rule *rule =
		sfs_rules_get(report->session->config->scratch, index);
	const struct sfs_usage_rule *usage = &report->usage->rules[index];

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "pattern", rule->glob);
	sfs_json_member_string(json, "from", rule->from);
	sfs_json_member_string(json, "volume", rule->volume);
	sfs_json_member_uint(json, "files", usage->files);
	sfs_json_member_uint(json, "bytes", usage->bytes);
	sfs_json_key(json, "biggest");
	sfs_json_begin_array(json);
	for (int i = 0; i < SFS_USAGE_BIGGEST && usage->biggest[i].path; i++) {
		sfs_json_begin_object(json);
		sfs_json_member_string(json, "path", usage->biggest[i].path);
		sfs_json_member_uint(json, "bytes", usage->biggest[i].bytes);
		sfs_json_end_object(json);
	}
	sfs_json_end_array(json);
	sfs_json_end_object(json);
}

/* Only rules that keep something off the host. */
static void json_rules(struct sfs_json *json, const struct report *report)
{
	sfs_json_key(json, "rules");
	sfs_json_begin_array(json);
	for (int i = 0; i < report->usage->n_rules; i++)
		if (report->usage->rules[i].files > 0 &&
		    ftell(report->out) < LISTS_BYTES_MAX)
			json_rule(json, report, i);
	sfs_json_end_array(json);
}

static void json_requests(struct sfs_json *json, struct sfs_counters *counters)
{
	sfs_json_key(json, "requests");
	sfs_json_begin_object(json);
	for (int i = 0; i < SFS_REQUEST_COUNT; i++) {
		uint64_t n = sfs_counters_get(counters, (enum sfs_request)i);

		if (n > 0)
			sfs_json_member_uint(
				json, sfs_counters_name((enum sfs_request)i),
				n);
	}
	sfs_json_end_object(json);
}

static void json_changed_files(struct sfs_json *json,
			       const struct sfs_session *session)
{
	const struct sfs_config *config = session->config;

	sfs_json_key(json, "changed_rule_files");
	sfs_json_begin_array(json);
	for (size_t i = 0; i < config->file_count; i++)
		if (sfs_config_file_changed(&config->files[i],
					    session->source_fd))
			sfs_json_string(json, config->files[i].path);
	sfs_json_end_array(json);
}

static void write_json(const struct report *report)
{
	struct sfs_session *session = report->session;
	struct sfs_json json;

	sfs_json_init(&json, report->out);
	sfs_json_begin_object(&json);
	sfs_json_member_string(&json, "source", session->source);
	sfs_json_member_string(&json, "mountpoint",
			       sfs_session_shown_at(session));
	sfs_json_member_uint(&json, "pid", (uint64_t)getpid());
	sfs_json_key(&json, "mounted");
	sfs_json_time(&json,
		      (struct timespec){ .tv_sec = session->entry->mounted_s });
	sfs_json_key(&json, "stores");
	sfs_json_begin_array(&json);
	for (unsigned int i = 0; i < session->n_stores; i++)
		json_store(&json, report, i);
	sfs_json_end_array(&json);
	sfs_json_member_string(&json, "io", io_name(session));
	sfs_json_member_string(&json, "transport", transport_name(session));
	sfs_json_member_string(&json, "cache", cache_name(session));
	sfs_json_member_string(&json, "watch",
			       sfs_view_watching(session->mount.view));
	sfs_json_member_uint(&json, "files", report->usage->files);
	sfs_json_member_uint(&json, "bytes", report->usage->bytes);
	sfs_json_member_uint(&json, "orphans", report->usage->orphans);
	json_changed_files(&json, session);
	json_requests(&json, &session->mount.counters);
	json_rules(&json, report);
	sfs_json_end_object(&json);
	sfs_json_finish(&json);
}

/* A name may hold terminal escapes, and line ends. */
static void put(const struct report *report, const char *name)
{
	for (; *name; name++)
		fputc((unsigned char)*name < 0x20 || *name == 0x7f ? '?'
								   : *name,
		      report->out);
}

static void text_stores(const struct report *report)
{
	const struct sfs_rules *rules = report->session->config->scratch;

	for (unsigned int s = 0; s < report->session->n_stores; s++) {
		const struct sfs_store *store = report->session->stores[s];

		fputs("  store     ", report->out);
		for (int i = 0; i < sfs_rules_count(rules); i++)
			if (rule_is_of(sfs_rules_get(rules, i), s) &&
			    ftell(report->out) < LISTS_BYTES_MAX / 2) {
				put(report, sfs_rules_get(rules, i)->glob);
				fputc(' ', report->out);
			}
		fprintf(report->out, "-> %s%s%s\n",
			store->volume ? "volume " : "",
			store->volume ? store->volume : "",
			store->volume ? ""
			: store->path ? store->path
				      : "tmpfs");
	}
}

static void text_rules(const struct report *report)
{
	const struct sfs_usage *usage = report->usage;
	char size[16];

	for (int i = 0; i < usage->n_rules; i++) {
		const struct sfs_usage_rule *rule = &usage->rules[i];
		const struct sfs_rule *about =
			sfs_rules_get(report->session->config->scratch, i);

		if (rule->files == 0 || ftell(report->out) > LISTS_BYTES_MAX)
			continue;
		fputs("  rule      ", report->out);
		put(report, about->glob);
		fputs(" (", report->out);
		put(report, about->from);
		fprintf(report->out,
			"): %" PRIu64 " file%s, %s; biggest:", rule->files,
			rule->files == 1 ? "" : "s",
			sfs_size_format(rule->bytes, size));
		for (int j = 0; j < SFS_USAGE_BIGGEST && rule->biggest[j].path;
		     j++) {
			fputc(' ', report->out);
			put(report, rule->biggest[j].path);
			fprintf(report->out, " (%s)",
				sfs_size_format(rule->biggest[j].bytes, size));
		}
		fputc('\n', report->out);
	}
}

static void text_requests(const struct report *report)
{
	struct sfs_counters *counters = &report->session->mount.counters;

	fputs("  requests ", report->out);
	for (int i = 0; i < SFS_REQUEST_COUNT; i++) {
		uint64_t n = sfs_counters_get(counters, (enum sfs_request)i);

		if (n > 0)
			fprintf(report->out, " %s %" PRIu64,
				sfs_counters_name((enum sfs_request)i), n);
	}
	fputc('\n', report->out);
}

static void write_text(const struct report *report)
{
	const struct sfs_session *session = report->session;
	const struct sfs_config *config = session->config;
	char size[16];

	put(report, session->source);
	fputs(" on ", report->out);
	put(report, sfs_session_shown_at(session));
	fputc('\n', report->out);
	text_stores(report);
	fprintf(report->out,
		"  scratch   %" PRIu64 " file%s, %s; %" PRIu64 " orphan%s\n",
		report->usage->files, report->usage->files == 1 ? "" : "s",
		sfs_size_format(report->usage->bytes, size),
		report->usage->orphans, report->usage->orphans == 1 ? "" : "s");
	text_rules(report);
	fprintf(report->out,
		"  io        %s; transport %s; cache %s; watch %s\n",
		io_name(session), transport_name(session), cache_name(session),
		sfs_view_watching(session->mount.view));
	for (size_t i = 0; i < config->file_count; i++)
		if (sfs_config_file_changed(&config->files[i],
					    session->source_fd))
			fprintf(report->out,
				"  changed   %s, after its rules were read\n",
				config->files[i].path);
	text_requests(report);
}

static void write_usage(const struct report *report)
{
	const struct sfs_usage *usage = report->usage;

	fprintf(report->out, "%" PRIu64 " %" PRIu64 " %" PRIu64 "%s",
		usage->files, usage->bytes, usage->changed,
		usage->more ? " more" : "");
	for (int i = 0; i < SFS_USAGE_CHANGED && usage->changed_paths[i]; i++) {
		fputc('\0', report->out);
		fputs(usage->changed_paths[i], report->out);
	}
}

struct answer {
	const char *name;
	void (*write)(const struct report *report);
	bool only_discarded;
};

static int write_report(struct sfs_session *session,
			const struct answer *answer, unsigned int limit_ms,
			FILE *out)
{
	unsigned int n_stores = session->n_stores;
	struct sfs_usage usage;
	struct report report = {
		.session = session,
		.usage = &usage,
		.out = out,
	};

	if (answer->only_discarded)
		n_stores = session->stores[0]->volume ? 0 : 1;
	int err = sfs_usage_count(session, n_stores, limit_ms, &usage);
	if (err == 0)
		answer->write(&report);
	sfs_usage_done(&usage);
	return err;
}

static const struct answer answers[] = {
	{ "status", write_json, false },
	{ "report", write_text, false },
	{ "usage", write_usage, true },
};

/* The one that is asked for, as "NAME" or "NAME/MILLISECONDS"; or NULL. */
static const struct answer *find_answer(const char *question,
					unsigned int *ret_limit_ms)
{
	size_t length = strcspn(question, "/");
	char left_over;

	*ret_limit_ms = SFS_USAGE_ALL;
	if (question[length] &&
	    sscanf(question + length, "/%u%c", ret_limit_ms, &left_over) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (strlen(answers[i].name) == length &&
		    strncmp(answers[i].name, question, length) == 0)
			return &answers[i];
	return NULL;
}

int sfs_session_report(struct sfs_session *session, const char *name,
		       char **ret_text, size_t *ret_length)
{
	unsigned int limit_ms;
	const struct answer *answer = find_answer(name, &limit_ms);

	if (!answer)
		return -ENODATA;
	FILE *out = open_memstream(ret_text, ret_length);
	if (!out)
		return -ENOMEM;
	int err = write_report(session, answer, limit_ms, out);
	if (fclose(out) != 0 && err == 0)
		err = -ENOMEM;
	if (err < 0)
		free(sfs_steal_ptr(ret_text));
	return err;
}
