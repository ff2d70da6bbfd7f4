/* SPDX-License-Identifier: MIT */
#include "views.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"

#include <string.h>

/* On a busy machine, too, a daemon says in this time that it is there. */
#define ALIVE_MS 5000

const char *sfs_views_state_name(enum sfs_views_state state)
{
	switch (state) {
	case SFS_VIEWS_SILENT:
		return "silent";
	case SFS_VIEWS_DEAD:
		return "dead";
	case SFS_VIEWS_PRIVATE:
		return "private";
	case SFS_VIEWS_LIVE:
		break;
	}
	return "live";
}

struct walk {
	const char *wanted; /* mount point, or NULL */
	sfs_views_visit *visit;
	void *context;
};

static bool is_wanted(const struct walk *walk, const char *mountpoint)
{
	return !walk->wanted || strcmp(walk->wanted, mountpoint) == 0;
}

/* A daemon of another user's may be asked by nobody else: then it is alive. */
static enum sfs_views_state state_of(const char *at,
				     enum sfs_views_state if_alive)
{
	SFS_FREE char *nothing = NULL;

	switch (sfs_views_ask(at, "alive", ALIVE_MS, &nothing, NULL)) {
	case -ENOTCONN:
		return SFS_VIEWS_DEAD;
	case -ETIMEDOUT:
		return SFS_VIEWS_SILENT;
	default:
		return if_alive;
	}
}

static int visit_mount(void *context, const struct sfs_mountinfo *mount)
{
	const struct walk *walk = context;
	struct sfs_registry_entry *entry = NULL;

	if (!sfs_mountinfo_is_view(mount) || !is_wanted(walk, mount->path))
		return 0;
	int err = sfs_registry_find_by_mountpoint(mount->path, &entry);
	if (err < 0 || strcmp(entry->source, mount->source) != 0 ||
	    entry->private_ns) {
		if (err == 0)
			sfs_registry_entry_free(entry);
		entry = NULL;
	}
	const struct sfs_views_one view = {
		.mountpoint = mount->path,
		.source = mount->source,
		.at = mount->path,
		.state = state_of(mount->path, SFS_VIEWS_LIVE),
		.entry = entry,
	};
	int result = walk->visit(walk->context, &view);
	if (entry)
		sfs_registry_entry_free(entry);
	return result;
}

/* We are in its namespace: then it is among the mounts. */
static bool is_mounted_here(const struct sfs_registry_entry *entry)
{
	struct sfs_mountinfo mount = { .id = -1 };
	bool here = sfs_mountinfo_find(entry->mountpoint, &mount) == 0 &&
		    mount.device == entry->device;

	sfs_mountinfo_done(&mount);
	return here;
}

static int visit_entry(void *context, const struct sfs_registry_entry *entry)
{
	const struct walk *walk = context;
	SFS_FREE char *at = NULL;
	struct sfs_views_one view = {
		.mountpoint = entry->mountpoint,
		.source = entry->source,
		.state = SFS_VIEWS_PRIVATE,
		.entry = entry,
	};

	if (!entry->private_ns || !is_wanted(walk, entry->mountpoint) ||
	    !sfs_registry_is_alive(entry) || is_mounted_here(entry))
		return 0;
	view.inside = sfs_mountinfo_process(entry->device);
	if (asprintf(&at, "/proc/%d/root%s", (int)view.inside,
		     view.mountpoint) < 0) {
		at = NULL;
		return -ENOMEM;
	}
	view.at = at;
	if (view.inside)
		view.state = state_of(at, SFS_VIEWS_PRIVATE);
	return walk->visit(walk->context, &view);
}

int sfs_views_each(const char *mountpoint, sfs_views_visit *visit,
		   void *context)
{
	struct walk walk = { mountpoint, visit, context };
	int result = sfs_mountinfo_each(NULL, visit_mount, &walk);

	if (result == 0)
		result = sfs_registry_each(visit_entry, &walk);
	return result;
}

struct search {
	const char *path;
	struct sfs_mountinfo *found;
	size_t length; /* of its mount point */
};

/* The longest mount point wins, of equal ones the one mounted last. */
static int match_mount(void *context, const struct sfs_mountinfo *mount)
{
	struct search *search = context;
	size_t length = strlen(mount->path);

	if (!sfs_path_below(mount->path, search->path) ||
	    length < search->length)
		return 0;
	sfs_mountinfo_done(search->found);
	search->length = length;
	search->found->device = mount->device;
	search->found->path = strdup(mount->path);
	search->found->type = strdup(mount->type);
	search->found->source = strdup(mount->source);
	return search->found->path && search->found->type &&
			       search->found->source
		       ? 0
		       : -ENOMEM;
}

int sfs_views_find(const char *path, struct sfs_mountinfo *ret)
{
	struct sfs_mountinfo found = { .id = -1 };
	struct search search = { .path = path, .found = &found };
	int err = sfs_mountinfo_each(NULL, match_mount, &search);

	if (err == 0 && (!found.type || !sfs_mountinfo_is_view(&found)))
		err = -ENOENT;
	if (err == 0)
		*ret = found;
	else
		sfs_mountinfo_done(&found);
	return err;
}

int sfs_views_ask(const char *folder, const char *question, int limit_ms,
		  char **ret_text, size_t *ret_length)
{
	SFS_FREE char *name = NULL;

	if (asprintf(&name, "user.scratchfs.%s", question) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	int err = sfs_ask(folder, name, limit_ms, ret_text, ret_length);
	return err == -ECONNABORTED ? -ENOTCONN : err;
}

void sfs_views_say_silent(const char *mountpoint,
			  const struct sfs_registry_entry *entry)
{
	if (entry)
		sfs_msg("the daemon of %s, process %d, does not answer",
			mountpoint, (int)entry->pid);
	else
		sfs_msg("the daemon of %s does not answer", mountpoint);
}
