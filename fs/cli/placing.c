/* SPDX-License-Identifier: MIT */
#include "placing.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"
#include "scratchfs/tracked.h"
#include "scratchfs/view.h"
#include "scratchfs/volume.h"

#include "views.h"

#include <fcntl.h>
#include <string.h>

/* "user.scratchfs.explain/" and this fit into the name of an attribute. */
#define QUESTION_PATH_MAX 230

void sfs_placing_done(struct sfs_placing *placing)
{
	free(placing->place);
	free(placing->real_path);
	free(placing->pattern);
	free(placing->from);
	free(placing->volume);
	*placing = (struct sfs_placing){ 0 };
}

/* --- of a mounted view --- */

/* The next field of an answer, "" when there is none any more. */
static const char *next_field(const char **at, const char *end)
{
	const char *field = *at;

	if (field >= end)
		return "";
	*at += strlen(field) + 1;
	return field;
}

static int copy_field(const char *field, char **ret)
{
	*ret = *field ? strdup(field) : NULL;
	return *field && !*ret ? -ENOMEM : 0;
}

static int read_answer(const char *at, size_t length, struct sfs_placing *ret)
{
	const char *end = at + length;
	int err = copy_field(next_field(&at, end), &ret->place);

	ret->readonly = strcmp(next_field(&at, end), "ro") == 0;
	err |= copy_field(next_field(&at, end), &ret->real_path);
	err |= copy_field(next_field(&at, end), &ret->pattern);
	err |= copy_field(next_field(&at, end), &ret->from);
	err |= copy_field(next_field(&at, end), &ret->volume);
	if (err == 0 && !ret->place)
		return -EPROTO;
	return err ? -ENOMEM : 0;
}

int sfs_placing_ask(const char *mountpoint, const char *path,
		    struct sfs_placing *ret)
{
	const char *rest = path;
	SFS_FREE char *folder = NULL;
	SFS_FREE char *question = NULL;
	SFS_FREE char *answer = NULL;
	size_t length;

	*ret = (struct sfs_placing){ 0 };
	/* A long path is asked of a folder further down. */
	while (strlen(rest) > QUESTION_PATH_MAX && strchr(rest, '/'))
		rest = strchr(rest, '/') + 1;
	if (asprintf(&folder, "%s/%.*s", mountpoint, (int)(rest - path), path) <
		    0 ||
	    asprintf(&question, "explain/%s", rest) < 0)
		return -ENOMEM;
	int err = sfs_views_ask(folder, question, SFS_ASK_PATIENTLY, &answer,
				&length);
	if (err == 0)
		err = read_answer(answer, length, ret);
	if (err < 0)
		sfs_placing_done(ret);
	return err;
}

/* --- without one --- */

struct sfs_unmounted {
	const struct sfs_config *config;
	int source_fd;
	struct sfs_tracked *tracked;
	struct sfs_store *store;
	struct sfs_view *view;
};

void sfs_unmounted_free(struct sfs_unmounted *unmounted)
{
	if (!unmounted)
		return;
	if (unmounted->view)
		sfs_view_free(unmounted->view);
	if (unmounted->tracked)
		sfs_tracked_free(unmounted->tracked);
	if (unmounted->store) {
		if (sfs_store_discard(unmounted->store) == 0)
			sfs_discard_run(unmounted->store);
		sfs_store_close(unmounted->store);
	}
	if (unmounted->source_fd >= 0)
		close(unmounted->source_fd);
	free(unmounted);
}

static int make_view(struct sfs_unmounted *unmounted, const char *source)
{
	const struct sfs_config *config = unmounted->config;
	struct sfs_view_params params = {
		.source_fd = fcntl(unmounted->source_fd, F_DUPFD_CLOEXEC, 0),
		.source_path = source,
		.scratch = config->scratch,
		.readonly = config->readonly,
		.tracked = unmounted->tracked,
		.stores = &unmounted->store,
		.n_stores = 1,
		.covered_fd = -1,
	};

	if (params.source_fd < 0)
		return -errno;
	int err = sfs_view_new(&params, &unmounted->view);
	if (err < 0)
		close(params.source_fd);
	return err;
}

static int open_all(struct sfs_unmounted *unmounted, struct sfs_config *config,
		    const char *source)
{
	int err = sfs_config_load(config, unmounted->source_fd);

	if (err < 0)
		return err; /* said */
	err = sfs_tracked_new(unmounted->source_fd, source,
			      &unmounted->tracked);
	/* An empty store, whatever volumes the rules name: nothing is put
	 * into it.  Memory is never inside the source, as the default place is
	 * if that is a home folder. */
	if (err == 0)
		err = sfs_store_new_ephemeral("tmpfs", source, 0,
					      &unmounted->store);
	if (err == 0)
		err = make_view(unmounted, source);
	if (err < 0)
		sfs_msg_errno(-err, "cannot look at %s", source);
	return err == -EINVAL ? -EIO : err;
}

int sfs_unmounted_new(struct sfs_config *config, const char *source,
		      struct sfs_unmounted **ret)
{
	struct sfs_unmounted *unmounted = calloc(1, sizeof(*unmounted));
	int err;

	if (!unmounted)
		return -ENOMEM;
	unmounted->config = config;
	unmounted->source_fd = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (unmounted->source_fd < 0) {
		err = -errno;
		sfs_msg_errno(-err, "the source %s", source);
	} else {
		err = open_all(unmounted, config, source);
	}
	if (err < 0)
		sfs_unmounted_free(unmounted);
	else
		*ret = unmounted;
	return err;
}

struct sfs_view *sfs_unmounted_view(struct sfs_unmounted *unmounted)
{
	return unmounted->view;
}

int sfs_unmounted_source_fd(const struct sfs_unmounted *unmounted)
{
	return unmounted->source_fd;
}

/* Where it will be: known for volumes only, an ephemeral store is made by the
 * mount. */
static int future_path(const char *volume, const char *path, char **ret)
{
	SFS_FREE char *folder = NULL;
	int err;

	*ret = NULL;
	if (!volume)
		return 0;
	err = sfs_volume_dir(false, &folder);
	if (err == 0 &&
	    asprintf(ret, "%s/%s/tree/%s", folder, volume, path) < 0) {
		*ret = NULL;
		err = -ENOMEM;
	}
	return err;
}

static int copy(const char *text, char **ret)
{
	return copy_field(text ? text : "", ret);
}

static int place_scratch(const struct sfs_unmounted *unmounted,
			 const struct sfs_explanation *why, const char *path,
			 struct sfs_placing *ret)
{
	const struct sfs_rule *rule =
		sfs_rules_get(unmounted->config->scratch, why->rule);
	const char *volume =
		rule->volume ? rule->volume : unmounted->config->volume;
	int err = copy(why->lower ? "lower" : "scratch", &ret->place);

	err |= copy(rule->glob, &ret->pattern);
	err |= copy(rule->from, &ret->from);
	err |= copy(volume, &ret->volume);
	if (why->lower)
		err |= copy(why->real_path, &ret->real_path);
	else
		err |= future_path(volume, path, &ret->real_path);
	return err;
}

static int place_host(const struct sfs_unmounted *unmounted,
		      const struct sfs_explanation *why,
		      struct sfs_placing *ret)
{
	const struct sfs_rule *rule = NULL;
	int err = copy("host", &ret->place);

	if (why->readonly_rule >= 0)
		rule = sfs_rules_get(unmounted->config->readonly,
				     why->readonly_rule);
	err |= copy(why->real_path, &ret->real_path);
	err |= copy(rule ? rule->glob : NULL, &ret->pattern);
	err |= copy(rule ? rule->from : NULL, &ret->from);
	return err;
}

int sfs_unmounted_place(struct sfs_unmounted *unmounted, const char *path,
			struct sfs_placing *ret)
{
	struct sfs_explanation why = { .rule = -1 };
	int err = sfs_view_explain_path(
		unmounted->view, sfs_node_root(unmounted->view), path, &why);

	*ret = (struct sfs_placing){ .readonly = why.readonly };
	if (err < 0)
		return err;
	if (why.scratch)
		err = place_scratch(unmounted, &why, path, ret);
	else
		err = place_host(unmounted, &why, ret);
	free(why.real_path);
	if (err == 0)
		return 0;
	sfs_placing_done(ret);
	return -ENOMEM;
}
