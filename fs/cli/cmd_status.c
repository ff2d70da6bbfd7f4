/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"

#include "usage.h"
#include "views.h"

struct status {
	bool as_json;
	char *wanted; /* only the view that shows this path, or NULL */
	unsigned int shown;
	bool failed;
};

/* The daemon's own words; of a view without one there is nothing to say that
 * `list` does not. */
static int show(void *context, const struct sfs_views_one *view)
{
	struct status *status = context;
	SFS_FREE char *text = NULL;

	int err = view->state == SFS_VIEWS_SILENT
			  ? -ETIMEDOUT
			  : sfs_views_ask(view->at,
					  status->as_json ? "status" : "report",
					  SFS_VIEWS_COUNT_MS, &text, NULL);
	/* Somebody else's, and nobody asked about it. */
	if (err < 0 && err != -ETIMEDOUT && !status->wanted && !view->entry)
		return 0;
	if (err == -ENOTCONN)
		sfs_msg("the daemon of %s is dead; mounting %s there again "
			"brings its scratch back, unmounting discards it",
			view->mountpoint, view->source);
	else if (err == -ETIMEDOUT)
		sfs_views_say_silent(view->mountpoint, view->entry);
	else if (err < 0)
		sfs_msg_errno(-err, "%s does not answer", view->mountpoint);
	status->failed |= err < 0;
	if (err < 0)
		return 0;
	if (status->shown++ > 0)
		fputs(status->as_json ? ",\n" : "\n", stdout);
	fputs(text, stdout);
	return 0;
}

static int show_all(struct status *status)
{
	if (status->as_json)
		fputs("[\n", stdout);
	int err = sfs_views_each(status->wanted, show, status);
	if (status->as_json)
		fputs("]\n", stdout);
	if (err == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		err = -EIO;
	if (err < 0)
		sfs_msg_errno(-err, "cannot show the views");
	return err < 0 || status->failed ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

/* Any path in a view will do. */
static int show_one(struct status *status, const char *path)
{
	SFS_FREE char *canonical = NULL;
	struct sfs_mountinfo mount = { .id = -1 };
	int err = sfs_path_canonical(path, &canonical);

	if (err == 0)
		err = sfs_views_find(canonical, &mount);
	else
		sfs_msg_errno(-err, "%s", path);
	if (canonical && err == -ENOENT)
		sfs_msg("%s is in no view; scratchfs list shows them", path);
	if (err < 0)
		return SFS_EXIT_FAILED;
	status->wanted = mount.path;
	int exit_status = show_all(status);
	sfs_mountinfo_done(&mount);
	return exit_status;
}

static const struct sfs_usage usage = {
	.command = "status",
	.help = "Usage: scratchfs status [OPTIONS] [MOUNTPOINT]\n"
		"\n"
		"Says of one view (any path in it will do) or of all: where its scratch is; for\n"
		"each rule the files and bytes that it keeps off the host, and the largest ones;\n"
		"how bytes and requests travel; scratch whose folder is gone from the host\n"
		"(orphans); files that rules came from and that have changed since.\n"
		"\n"
		"      --json  an array of objects\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.most = 1,
	.refusal = "one MOUNTPOINT at most",
};

int sfs_cmd_status(int argc, char **argv)
{
	struct status status = { 0 };
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &status.as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int exit_status, operands = sfs_usage_read(&usage, extra, argc, argv,
						   &config, &exit_status);

	if (operands == 1)
		exit_status = show_one(&status, argv[1]);
	else if (operands == 0)
		exit_status = show_all(&status);
	sfs_config_done(&config);
	return exit_status;
}
