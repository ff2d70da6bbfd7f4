/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"
#include "scratchfs/session.h"

#include "placing.h"
#include "usage.h"
#include "views.h"

#include <limits.h>
#include <string.h>

struct explain {
	struct sfs_config *config;
	const char *given_source; /* --source, or NULL */
	struct sfs_unmounted *unmounted;
	char *source; /* its, canonical */
	bool as_json;
	struct sfs_json json;
};

static void put(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?'
								     : *text);
}

static void put_field(const char *text)
{
	if (!text)
		return;
	fputs(", ", stdout);
	put(text);
}

static void print_text(const char *path, const struct sfs_placing *placing)
{
	put(path);
	fputs(": ", stdout);
	put(placing->place);
	if (placing->readonly)
		fputs(" (read-only)", stdout);
	put_field(placing->real_path);
	put_field(placing->pattern);
	put_field(placing->from);
	putchar('\n');
}

static void print_json(struct sfs_json *json, const char *path,
		       const struct sfs_placing *placing)
{
	const struct {
		const char *key, *value;
	} fields[] = {
		{ "real_path", placing->real_path },
		{ "pattern", placing->pattern },
		{ "from", placing->from },
		{ "volume", placing->volume },
	};

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "path", path);
	sfs_json_member_string(json, "place", placing->place);
	sfs_json_member_bool(json, "readonly", placing->readonly);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		sfs_json_member_string(json, fields[i].key, fields[i].value);
	}
	sfs_json_end_object(json);
}

/* --- which source an unmounted path belongs to --- */

static bool has(const char *folder, const char *name)
{
	SFS_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return false;
	}
	return access(path, F_OK) == 0;
}

/* The nearest folder above path that has an entry `name`, or NULL. */
static char *folder_with(const char *path, const char *name)
{
	char *folder = strdup(path);
	char *slash;

	while (folder && (slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (has(*folder ? folder : "/", name))
			return *folder ? folder : strcpy(folder, "/");
	}
	free(folder);
	return NULL;
}

/* The folder of a configuration, else of a repository, else where we are. */
static int guess_source(const char *path, char **ret)
{
	*ret = folder_with(path, SFS_CONFIG_FILE_NAME);
	if (!*ret)
		*ret = folder_with(path, ".git");
	if (!*ret)
		*ret = realpath(".", NULL);
	return *ret ? 0 : -errno;
}

static int open_source(struct explain *explain, const char *path)
{
	int err;

	if (explain->given_source)
		err = sfs_path_canonical(explain->given_source,
					 &explain->source);
	else
		err = guess_source(path, &explain->source);
	if (err < 0) {
		sfs_msg_errno(-err, "cannot find the source of %s", path);
		return err;
	}
	return sfs_unmounted_new(explain->config, explain->source,
				 &explain->unmounted);
}

static int place_unmounted(struct explain *explain, const char *path,
			   struct sfs_placing *ret)
{
	int err = explain->unmounted ? 0 : open_source(explain, path);

	if (err < 0)
		return err; /* said */
	const char *below = sfs_path_below(explain->source, path);
	if (!below) {
		sfs_msg("%s is not in %s; --source names another folder", path,
			explain->source);
		return -EXDEV;
	}
	err = sfs_unmounted_place(explain->unmounted, below, ret);
	if (err < 0)
		sfs_msg_errno(-err, "%s", path);
	return err == -EINVAL ? -EIO : err;
}

/* --- which view shows it --- */

struct search {
	const char *path; /* on the host */
	char *mountpoint; /* of the view whose source holds it */
	size_t length;	  /* of that source */
};

static int match_source(void *context, const struct sfs_views_one *view)
{
	struct search *search = context;
	size_t length = strlen(view->source);

	if (view->state != SFS_VIEWS_LIVE || length < search->length ||
	    !sfs_path_below(view->source, search->path))
		return 0;
	free(search->mountpoint);
	search->mountpoint = strdup(view->mountpoint);
	search->length = length;
	return search->mountpoint ? 0 : -ENOMEM;
}

/* The mount point of a view to ask, and the path in it: where the path is shown,
 * or the view of the source that it is in.  -ENOENT: there is none. */
static int find_view(const char *path, char **ret_mountpoint,
		     const char **ret_below)
{
	struct search search = { .path = path };
	struct sfs_mountinfo mount;
	int err = sfs_views_find(path, &mount);

	if (err == 0) {
		*ret_mountpoint = sfs_steal_ptr(&mount.path);
		*ret_below = sfs_path_below(*ret_mountpoint, path);
		sfs_mountinfo_done(&mount);
		return 0;
	}
	err = sfs_views_each(NULL, match_source, &search);
	if (err < 0 || !search.mountpoint) {
		free(search.mountpoint);
		return err < 0 ? err : -ENOENT;
	}
	*ret_mountpoint = search.mountpoint;
	*ret_below = path + search.length + (path[search.length] == '/');
	return 0;
}

static int place(struct explain *explain, const char *path,
		 struct sfs_placing *ret)
{
	SFS_FREE char *mountpoint = NULL;
	const char *below;
	int err = explain->given_source ? -ENOENT
					: find_view(path, &mountpoint, &below);

	if (err == -ENOENT)
		return place_unmounted(explain, path, ret);
	if (err == 0)
		err = sfs_placing_ask(mountpoint, below, ret);
	if (err < 0)
		sfs_msg_errno(-err, "%s", path);
	return err == -EINVAL ? -EIO : err;
}

static int explain_one(struct explain *explain, const char *path)
{
	SFS_FREE char *absolute = NULL;
	struct sfs_placing placing;
	int err = sfs_path_absolute(path, &absolute);

	if (err < 0) {
		sfs_msg_errno(-err, "%s", path);
		return -EIO;
	}
	err = place(explain, absolute, &placing);
	if (err < 0)
		return err;
	if (explain->as_json)
		print_json(&explain->json, path, &placing);
	else
		print_text(path, &placing);
	sfs_placing_done(&placing);
	return 0;
}

/* Goes on after a path that fails; a wrong configuration ends it. */
static int explain_all(struct explain *explain, char **paths, int count)
{
	int worst = 0;

	if (explain->as_json) {
		sfs_json_init(&explain->json, stdout);
		sfs_json_begin_array(&explain->json);
	}
	for (int i = 0; i < count && worst != -EINVAL; i++) {
		int err = explain_one(explain, paths[i]);

		if (err < 0)
			worst = err;
	}
	if (explain->as_json) {
		sfs_json_end_array(&explain->json);
		if (sfs_json_finish(&explain->json) < 0 && worst == 0)
			worst = -EIO;
	} else if (fflush(stdout) != 0 && worst == 0) {
		worst = -EIO;
	}
	sfs_unmounted_free(explain->unmounted);
	free(explain->source);
	return worst;
}

static const struct sfs_usage usage = {
	.command = "explain",
	.help = "Usage: scratchfs explain [OPTIONS] PATH...\n"
		"\n"
		"Says for each path where it lives (host, scratch or lower, which is the host's\n"
		"while nothing changes it), its real path, and the rule that decided with the\n"
		"line that it is written in. Works mounted or not.\n"
		"\n"
		"      --json        an array of objects\n"
		"      --source DIR  of paths that are in no view: the source they belong to\n"
		"\n"
		"Other OPTIONS are those of a mount (scratchfs --help), for paths in no view.\n",
	.least = 1,
	.most = INT_MAX,
	.refusal = "PATH is missing",
};

int sfs_cmd_explain(int argc, char **argv)
{
	struct sfs_config config;
	struct explain explain = { .config = &config };
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &explain.as_json, NULL },
		{ "source", 0, NULL, &explain.given_source },
		{ NULL, 0, NULL, NULL },
	};
	int status, operands = sfs_usage_read(&usage, extra, argc, argv,
					      &config, &status);

	if (operands >= 0)
		status = sfs_session_exit_status(
			explain_all(&explain, argv + 1, operands));
	sfs_config_done(&config);
	return status;
}
