/* SPDX-License-Identifier: MIT */
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"
#include "scratchfs/progress.h"
#include "scratchfs/size.h"

#include "usage.h"
#include "views.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/*
 * The daemon does it, object by object: it alone reaches the host's folder when
 * the view is mounted over it.
 */
struct keep {
	bool force;
	const char *path; /* as given */
	const char *root; /* the object it stands for, absolute */
	uint64_t files, bytes;
	bool failed;
	struct sfs_progress progress;
};

static int order(const char *path, const char *value)
{
	if (setxattr(path, "user.scratchfs.keep", value, strlen(value), 0) < 0)
		return -errno;
	return 0;
}

/* A name in its folder: for what an attribute cannot be asked of, and for a
 * file that the caller may not write to. */
static int keep_child(const struct keep *keep, const char *path)
{
	const char *slash = strrchr(path, '/');
	SFS_FREE char *folder = strndup(path, (size_t)(slash - path));
	SFS_FREE char *value = NULL;

	if (!folder ||
	    asprintf(&value, "%s%s", keep->force ? "force" : "", slash) < 0) {
		value = NULL;
		return -ENOMEM;
	}
	return order(*folder ? folder : "/", value);
}

static int keep_object(const struct keep *keep, const char *path,
		       const struct stat *st)
{
	int err = -EACCES;

	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		err = order(path, keep->force ? "force" : "");
	return err == -EACCES ? keep_child(keep, path) : err;
}

static void complain(struct keep *keep, const char *path, int err)
{
	sfs_progress_clear(&keep->progress);
	keep->failed = true;
	if (err == -EEXIST)
		sfs_msg("%s is on the host too; --force overwrites that", path);
	else if (err == -EISDIR || err == -ENOTDIR)
		sfs_msg("the host has %s at the place of %s; it is left alone",
			err == -EISDIR ? "a folder" : "a file", path);
	else
		sfs_msg_errno(-err, "cannot keep %s", path);
}

/* One object.  1: it was kept, 0: the host had it, -errno: said. */
static int keep_one(struct keep *keep, const char *path, const struct stat *st)
{
	sfs_progress_show(&keep->progress, keep->files, keep->bytes, path);
	int err = keep_object(keep, path, st);
	if (err == -EALREADY)
		return 0;
	if (err < 0) {
		complain(keep, path, err);
		return err;
	}
	if (!S_ISDIR(st->st_mode)) {
		keep->files++;
		keep->bytes += (uint64_t)st->st_size;
	}
	return 1;
}

static int visit(void *context, const struct sfs_backing_walk_entry *entry)
{
	struct keep *keep = context;
	SFS_FREE char *path = NULL;

	if (entry->event == SFS_WALK_LEAVE)
		return 0;
	if (asprintf(&path, "%s/%s", keep->root, entry->path) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	int err = keep_one(keep, path, &entry->stat);
	return err < 0 && entry->event == SFS_WALK_ENTER ? SFS_WALK_SKIP : 0;
}

/* The folders above the object, from the view's own down. */
static int keep_parents(struct keep *keep, const char *mountpoint,
			const char *path)
{
	SFS_FREE char *folder = strdup(path);
	struct stat st = { .st_mode = S_IFDIR };
	int err = 0;

	if (!folder)
		return -ENOMEM;
	for (char *slash = strchr(folder + strlen(mountpoint) + 1, '/');
	     slash && err >= 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = keep_one(keep, folder, &st);
		*slash = '/';
	}
	return err < 0 ? err : 0;
}

static int keep_tree(struct keep *keep, const char *path)
{
	SFS_CLOSE int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	uint64_t files = keep->files;
	int kept = keep_one(keep, path, &st);
	if (kept < 0)
		return 0; /* said */
	if (S_ISDIR(st.st_mode)) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int err =
			fd < 0 ? -errno : sfs_backing_walk(fd, 0, visit, keep);
		if (err < 0)
			return err;
	}
	if (kept == 0 && keep->files == files && !keep->failed)
		sfs_msg("%s is on the host already", keep->path);
	return 0;
}

static int keep_path(struct keep *keep, const char *given)
{
	struct sfs_mountinfo mount = { .id = -1 };
	SFS_FREE char *path = NULL;
	int err = sfs_path_absolute(given, &path);

	if (err == 0)
		err = sfs_views_find(path, &mount);
	if (err == -ENOENT && path) {
		sfs_msg("%s is in no view; scratchfs list shows them", given);
		return -EXDEV;
	}
	keep->path = given;
	keep->root = path;
	size_t length = path ? strlen(path) : 0;
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	if (err == 0)
		err = keep_parents(keep, mount.path, path);
	if (err == 0)
		err = keep_tree(keep, path);
	if (err < 0 && !keep->failed)
		complain(keep, given, err);
	sfs_mountinfo_done(&mount);
	return err;
}

static int keep_all(struct keep *keep, char **paths, int count)
{
	char size[16];

	sfs_progress_begin(&keep->progress, "keeping");
	for (int i = 0; i < count; i++)
		if (keep_path(keep, paths[i]) < 0)
			keep->failed = true;
	sfs_progress_end(&keep->progress);
	if (isatty(STDERR_FILENO))
		sfs_msg("kept %" PRIu64 " files, %s", keep->files,
			sfs_size_format(keep->bytes, size));
	return keep->failed ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

static const struct sfs_usage usage = {
	.command = "keep",
	.help = "Usage: scratchfs keep [OPTIONS] PATH...\n"
		"\n"
		"Copies scratch files of a view to their place on the host, folders with all\n"
		"that is in them. The view goes on showing its own copy.\n"
		"\n"
		"  -f, --force  overwrite what the host has already\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.least = 1,
	.most = INT_MAX,
	.refusal = "PATH is missing",
};

int sfs_cmd_keep(int argc, char **argv)
{
	struct keep keep = { 0 };
	const struct sfs_extra_option extra[] = {
		{ "force", 'f', &keep.force, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status, operands = sfs_usage_read(&usage, extra, argc, argv,
					      &config, &status);

	if (operands >= 0)
		status = keep_all(&keep, argv + 1, operands);
	sfs_config_done(&config);
	return status;
}
