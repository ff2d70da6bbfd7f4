/* SPDX-License-Identifier: MIT */
#include "views.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/path.h"

#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

const char *sfs_views_state_name(enum sfs_views_state state)
{
	switch (state) {
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
	sfs_views_visit *visit;
	void *context;
};

/* A daemon of another user's may be asked by nobody else: then it is alive. */
static bool answers(const char *mountpoint)
{
	return getxattr(mountpoint, "user.scratchfs.status", NULL, 0) >= 0 ||
	       (errno != ENOTCONN && errno != ECONNABORTED);
}

static int visit_mount(void *context, const struct sfs_mountinfo *mount)
{
	const struct walk *walk = context;
	struct sfs_registry_entry *entry = NULL;

	if (!sfs_mountinfo_is_view(mount))
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
		.state = answers(mount->path) ? SFS_VIEWS_LIVE : SFS_VIEWS_DEAD,
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
	bool private = entry->private_ns && sfs_registry_is_alive(entry);
	const struct sfs_views_one view = {
		.mountpoint = entry->mountpoint,
		.source = entry->source,
		.state = SFS_VIEWS_PRIVATE,
		.inside = private ? sfs_mountinfo_process(entry->device) : 0,
		.entry = entry,
	};

	if (!private || is_mounted_here(entry))
		return 0;
	return walk->visit(walk->context, &view);
}

int sfs_views_each(sfs_views_visit *visit, void *context)
{
	struct walk walk = { visit, context };
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

int sfs_views_ask(const char *folder, const char *question, char **ret_text,
		  size_t *ret_length)
{
	SFS_FREE char *name = NULL;
	SFS_FREE char *text = malloc(XATTR_SIZE_MAX + 1);

	if (!text || asprintf(&name, "user.scratchfs.%s", question) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	ssize_t n = getxattr(folder, name, text, XATTR_SIZE_MAX);
	if (n < 0)
		return errno == ECONNABORTED ? -ENOTCONN : -errno;
	text[n] = '\0';
	*ret_text = sfs_steal_ptr(&text);
	if (ret_length)
		*ret_length = (size_t)n;
	return 0;
}
