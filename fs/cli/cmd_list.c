/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"

#include "usage.h"
#include "views.h"

#include <string.h>

/* What there is to say of a view, in the order of the columns. */
static void json_view(struct sfs_json *json, const struct sfs_views_one *view)
{
	const struct sfs_registry_entry *entry = view->entry;

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "mountpoint", view->mountpoint);
	sfs_json_key(json, "root");
	if (view->inside) {
		char root[32];

		snprintf(root, sizeof(root), "/proc/%d/root", view->inside);
		sfs_json_string(json, root);
	} else {
		sfs_json_null(json);
	}
	sfs_json_member_string(json, "source", view->source);
	sfs_json_member_string(json, "state",
			       sfs_views_state_name(view->state));
	sfs_json_key(json, "pid");
	if (entry && view->state != SFS_VIEWS_DEAD)
		sfs_json_uint(json, (uint64_t)entry->pid);
	else
		sfs_json_null(json);
	sfs_json_member_string(json, "store", entry ? entry->store : NULL);
	sfs_json_key(json, "volumes");
	sfs_json_begin_array(json);
	for (size_t i = 0; entry && i < entry->volume_count; i++)
		sfs_json_string(json, entry->volumes[i]);
	sfs_json_end_array(json);
	sfs_json_key(json, "mounted");
	if (entry)
		sfs_json_time(json,
			      (struct timespec){ .tv_sec = entry->mounted_s });
	else
		sfs_json_null(json);
	sfs_json_end_object(json);
}

static int visit_json(void *context, const struct sfs_views_one *view)
{
	json_view(context, view);
	return 0;
}

/* Control characters would spoil the columns, and more. */
static void put(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?'
								     : *text);
}

static void put_stores(const struct sfs_views_one *view)
{
	const struct sfs_registry_entry *entry = view->entry;

	if (!entry) {
		fputs("?", stdout);
		return;
	}
	put(entry->store ? entry->store : "tmpfs");
	for (size_t i = 0; i < entry->volume_count; i++) {
		fputs(" volume:", stdout);
		put(entry->volumes[i]);
	}
}

static int visit_text(void *context, const struct sfs_views_one *view)
{
	unsigned int *count = context;

	if ((*count)++ == 0)
		puts("STATE    MOUNTPOINT -> SOURCE -> STORES");
	printf("%-8s ", sfs_views_state_name(view->state));
	if (view->inside)
		printf("/proc/%d/root", (int)view->inside);
	put(view->mountpoint);
	fputs(" -> ", stdout);
	put(view->source);
	fputs(" -> ", stdout);
	put_stores(view);
	putchar('\n');
	return 0;
}

static int list(bool as_json)
{
	struct sfs_json json;
	unsigned int count = 0;
	int err, written = 0;

	if (as_json) {
		sfs_json_init(&json, stdout);
		sfs_json_begin_array(&json);
		err = sfs_views_each(NULL, visit_json, &json);
		sfs_json_end_array(&json);
		written = sfs_json_finish(&json);
	} else {
		err = sfs_views_each(NULL, visit_text, &count);
		written = fflush(stdout) ? -EIO : 0;
	}
	if (err == 0)
		err = written;
	if (err < 0)
		sfs_msg_errno(-err, "cannot list the views");
	return err < 0 ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

static const struct sfs_usage usage = {
	.command = "list",
	.help = "Usage: scratchfs list [OPTIONS]\n"
		"\n"
		"Lists the views: what is mounted where, and where the scratch is.\n"
		"  live     a daemon serves it\n"
		"  silent   its daemon does not answer: it is stopped, or waits for something\n"
		"  dead     its daemon was killed; mounting it again brings its scratch back\n"
		"  private  only a command sees it: scratchfs run\n"
		"\n"
		"      --json  an array of objects\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.refusal = "it takes no arguments",
};

int sfs_cmd_list(int argc, char **argv)
{
	bool as_json = false;
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = list(as_json);
	sfs_config_done(&config);
	return status;
}
