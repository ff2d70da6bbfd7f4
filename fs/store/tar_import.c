/* SPDX-License-Identifier: MIT */
/*
 * An archive is unpacked beside the volume's tree, onto a copy of it whose files
 * are hard links; then the two are exchanged.  Unpacking replaces names and never
 * writes into a file that is there, so the old tree stays as it is until then.
 */
#ifdef SFS_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <string.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/quota.h"
#include "tar_internal.h"
#include "tar_source.h"

struct import {
	const struct sfs_volume_tar *tar;
	struct sfs_tar_source *source;
	struct archive *archive; /* read: the source's */
	struct archive *disk;	 /* written */
	char *prefix;		 /* tree/AT, or NULL: members carry it */
	int stage_fd;		 /* holds the new tree/ and hidden/ */
	uint64_t limit_bytes, charged_bytes;
	bool has_marks;
	bool said; /* why it failed */
};

static int said(struct import *import, struct archive *archive,
		const char *what)
{
	int error = archive_errno(archive);

	import->said = true;
	sfs_msg("%s: %s", what, archive_error_string(archive));
	return error > 0 ? -error : -EIO;
}

/* ---- one member ---- */

/* Where in the stage a member goes.  "": nowhere. */
static int place_member(struct import *import, const char *member, char **ret)
{
	SFS_FREE char *path = NULL;
	int r = sfs_tar_normalize(member, &path);

	if (r < 0) {
		import->said = true;
		sfs_msg("the archive holds the path '%s'", member);
		return r;
	}
	if (import->prefix) {
		if (asprintf(ret, "%s%s%s", import->prefix, *path ? "/" : "",
			     path) < 0)
			return -ENOMEM;
		return 0;
	}
	if (!*path || strcmp(path, "tree") == 0 || strcmp(path, "hidden") == 0)
		*path = '\0';
	else if (strncmp(path, "tree/", 5) != 0 &&
		 strncmp(path, "hidden/", 7) != 0) {
		import->said = true;
		sfs_msg("'%s': this is not the archive of a scratchfs volume "
			"(tree/, hidden/); for another one say where its "
			"content belongs (--at PATH)",
			member);
		return -EINVAL;
	}
	*ret = sfs_steal_ptr(&path);
	return 0;
}

static int check_mark(struct import *import, struct archive_entry *entry,
		      const char *path)
{
	if (strncmp(path, "hidden/", 7) != 0)
		return 0;
	import->has_marks = true;
	if (archive_entry_filetype(entry) == AE_IFDIR ||
	    (archive_entry_filetype(entry) == AE_IFREG &&
	     !archive_entry_hardlink(entry) && archive_entry_size(entry) == 0))
		return 0;
	import->said = true;
	sfs_msg("'%s' is not a mark: an empty file or a folder", path);
	return -EINVAL;
}

/* A folder in the way of something else; unlike files libarchive keeps it. */
static int clear_way(const struct import *import, struct archive_entry *entry,
		     const char *path)
{
	SFS_CLOSE int parent = -1;
	SFS_FREE char *folder = strdup(path);
	char *name = folder ? strrchr(folder, '/') : NULL;
	struct stat st;

	if (!folder)
		return -ENOMEM;
	if (!name || (archive_entry_filetype(entry) == AE_IFDIR &&
		      !archive_entry_hardlink(entry)))
		return 0;
	*name++ = '\0';
	parent = sfs_backing_open_path(import->stage_fd, folder,
				       O_PATH | O_DIRECTORY, 0);
	if (parent < 0 || sfs_backing_stat(parent, name, &st) ||
	    !S_ISDIR(st.st_mode))
		return 0;
	return sfs_backing_remove(parent, name);
}

static int copy_content(struct import *import, const char *path)
{
	const void *block;
	size_t size;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(import->archive, &block, &size,
					    &offset)) == ARCHIVE_OK) {
		if (archive_write_data_block(import->disk, block, size,
					     offset) < ARCHIVE_OK)
			return said(import, import->disk, path);
		if (import->tar->progress)
			import->tar->progress(
				import->tar->context,
				sfs_tar_source_bytes(import->source));
	}
	return r == ARCHIVE_EOF ? 0 : said(import, import->archive, path);
}

/* Also ends a flood early; what counts is counted at the end. */
static int charge(struct import *import, struct archive_entry *entry)
{
	if (!import->limit_bytes || archive_entry_filetype(entry) != AE_IFREG ||
	    archive_entry_hardlink(entry) || archive_entry_size(entry) < 0)
		return 0;
	import->charged_bytes +=
		sfs_quota_bytes((uint64_t)archive_entry_size(entry));
	return import->charged_bytes > import->limit_bytes ? -ENOSPC : 0;
}

static int write_member(struct import *import, struct archive_entry *entry,
			const char *path)
{
	int r = archive_write_header(import->disk, entry);

	if (r < ARCHIVE_WARN)
		return said(import, import->disk, path);
	if (r == ARCHIVE_WARN)
		(void)said(import, import->disk, path);
	if (!archive_entry_hardlink(entry) || archive_entry_size(entry) > 0) {
		r = copy_content(import, path);
		if (r < 0)
			return r;
	}
	r = archive_write_finish_entry(import->disk);
	if (r < ARCHIVE_WARN)
		return said(import, import->disk, path);
	/* An owner or attribute that a user may not set. */
	if (r == ARCHIVE_WARN)
		(void)said(import, import->disk, path);
	return 0;
}

static int import_member(struct import *import, struct archive_entry *entry)
{
	SFS_FREE char *path = NULL;
	SFS_FREE char *link = NULL;
	const char *member = archive_entry_pathname(entry);
	const char *target = archive_entry_hardlink(entry);
	int r;

	if (!member)
		return -EBADMSG;
	r = place_member(import, member, &path);
	if (r == 0 && target)
		r = place_member(import, target, &link);
	if (r < 0 || !*path)
		return r;
	r = check_mark(import, entry, path);
	if (r == 0)
		r = charge(import, entry);
	if (r == 0)
		r = clear_way(import, entry, path);
	if (r < 0)
		return r;
	archive_entry_copy_pathname(entry, path);
	if (link)
		archive_entry_copy_hardlink(entry, link);
	return write_member(import, entry, path);
}

static int import_members(struct import *import)
{
	struct archive_entry *entry;
	int r;

	while ((r = sfs_tar_source_next(import->source, &entry)) ==
		       ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		r = import_member(import, entry);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return said(import, import->archive, "the archive");
	/* Modes and times of folders are set only now. */
	return archive_write_close(import->disk) < ARCHIVE_WARN
		       ? said(import, import->disk, "the archive")
		       : 0;
}

/* libarchive's paths are relative to the working folder. */
static int unpack(struct import *import)
{
	SFS_CLOSE int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (before < 0)
		return -errno;
	if (fchdir(import->stage_fd))
		return -errno;
	r = import_members(import);
	if (fchdir(before) && r == 0)
		r = -errno;
	return r;
}

static int set_up(struct import *import)
{
	int flags = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM |
		    ARCHIVE_EXTRACT_ACL | ARCHIVE_EXTRACT_XATTR |
		    ARCHIVE_EXTRACT_UNLINK | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
		    ARCHIVE_EXTRACT_SECURE_NODOTDOT |
		    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

	int r;

	if (geteuid() == 0)
		flags |= ARCHIVE_EXTRACT_OWNER;
	import->disk = archive_write_disk_new();
	if (!import->disk)
		return -ENOMEM;
	archive_write_disk_set_options(import->disk, flags);
	r = sfs_tar_source_new(import->tar->fd, &import->source,
			       &import->archive);
	return r == -EIO ? said(import, import->archive, "the archive") : r;
}

/* ---- the stage ---- */

static int make_stage(struct import *import, int root_fd, int work_fd,
		      const char *name)
{
	static const char *const parts[] = { "tree", "hidden" };
	int r = 0;

	if (mkdirat(work_fd, name, 0700))
		return -errno;
	import->stage_fd =
		sfs_backing_open(work_fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (import->stage_fd < 0)
		return import->stage_fd;
	for (size_t i = 0; r == 0 && i < 2; i++) {
		SFS_CLOSE int src = sfs_backing_open(root_fd, parts[i],
						     O_RDONLY | O_DIRECTORY, 0);
		SFS_CLOSE int dst =
			sfs_backing_make_path(import->stage_fd, parts[i]);

		if (src < 0 || dst < 0)
			return src < 0 ? src : dst;
		r = sfs_backing_copy_tree(src, dst, SFS_BACKING_LINK);
	}
	return r;
}

/*
 * Folders on the way to --at are mirrors of the host's.  The last one is the
 * content's own: what most archives say nothing about is as mkdir(1) makes it.
 */
static int make_prefix(struct import *import)
{
	SFS_FREE char *at = NULL;
	SFS_CLOSE int fd = -1;
	char proc[SFS_BACKING_PROC_MAX];
	int r;

	if (!import->tar->at)
		return 0;
	r = sfs_tar_normalize(import->tar->at, &at);
	if (r < 0)
		return r;
	if (asprintf(&import->prefix, "tree%s%s", *at ? "/" : "", at) < 0) {
		import->prefix = NULL;
		return -ENOMEM;
	}
	fd = sfs_backing_open_path(import->stage_fd, import->prefix,
				   O_PATH | O_DIRECTORY, 0);
	if (fd >= 0 || fd != -ENOENT)
		return fd < 0 ? fd : 0;
	fd = sfs_backing_make_path(import->stage_fd, import->prefix);
	if (fd < 0)
		return fd;
	return chmod(sfs_backing_proc_path(fd, proc), 0755) ? -errno : 0;
}

static int check_limit(const struct import *import)
{
	struct sfs_store_usage usage;
	int r;

	if (!import->limit_bytes)
		return 0;
	r = sfs_store_count(import->stage_fd, SFS_WALK_BORROW, &usage);
	if (r == 0 && usage.charged_bytes > import->limit_bytes)
		r = -ENOSPC;
	return r;
}

static int exchange(const struct import *import, int root_fd)
{
	int r;

	if (syncfs(root_fd))
		return -errno;
	r = sfs_backing_rename(import->stage_fd, "tree", root_fd, "tree",
			       RENAME_EXCHANGE);
	if (r == 0 && import->has_marks)
		r = sfs_backing_rename(import->stage_fd, "hidden", root_fd,
				       "hidden", RENAME_EXCHANGE);
	return r;
}

static int import_into(struct import *import, int root_fd)
{
	SFS_CLOSE int work =
		sfs_backing_open(root_fd, "work", O_RDONLY | O_DIRECTORY, 0);
	char stage[sizeof("import-") + SFS_HEX_MAX] = "import-";
	int r;

	if (work < 0)
		return work;
	/* What an earlier import that was killed left behind. */
	r = sfs_store_clean_work(work);
	if (r == 0)
		r = sfs_store_random_hex(stage + strlen(stage));
	if (r == 0)
		r = make_stage(import, root_fd, work, stage);
	if (r == 0)
		r = make_prefix(import);
	if (r == 0)
		r = set_up(import);
	if (r == 0)
		r = unpack(import);
	if (r == 0)
		r = check_limit(import);
	if (r == 0)
		r = exchange(import, root_fd);
	(void)sfs_backing_remove(work, stage);
	return r;
}

static void done(struct import *import)
{
	sfs_tar_source_free(import->source);
	if (import->disk)
		archive_write_free(import->disk);
	if (import->stage_fd >= 0)
		close(import->stage_fd);
	free(import->prefix);
}

int sfs_volume_import(const char *name, const struct sfs_volume_tar *tar)
{
	struct import import = { .tar = tar, .stage_fd = -1 };
	struct sfs_volume *volume = NULL;
	SFS_CLOSE int root = -1;
	SFS_CLOSE int lock = -1;
	int r = sfs_volume_load(name, &volume);

	if (r == 0)
		r = sfs_volume_lock(name, &root, &lock);
	if (r == 0) {
		import.limit_bytes = volume->size_bytes;
		r = import_into(&import, root);
		done(&import);
	}
	sfs_volume_free(volume);
	if (r == -EBUSY)
		sfs_msg("volume %s is in use; unmount it first", name);
	else if (r == -ENOSPC && import.limit_bytes)
		sfs_msg("the archive does not fit into volume %s (its limit is "
			"%llu bytes); it is as it was",
			name, (unsigned long long)import.limit_bytes);
	else if (import.said && r < 0)
		sfs_msg("nothing was imported; volume %s is as it was", name);
	else if (r < 0)
		sfs_msg_errno(-r, "importing into volume %s (it is as it was)",
			      name);
	return r;
}
#else
typedef int sfs_tar_import_unused;
#endif
