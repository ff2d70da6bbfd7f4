/* SPDX-License-Identifier: MIT */
#ifdef SFS_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "internal.h"
#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "tar_internal.h"

#define EXPORT_CHUNK (128U * 1024)

struct export
{
	const struct sfs_volume_tar *tar;
	struct archive *archive; /* written */
	struct archive *disk;	 /* reads metadata */
	struct archive_entry_linkresolver *links;
	const char *prefix; /* of member names: "tree/", "hidden/" or "" */
	char *buffer;
};

static int said(struct archive *archive, const char *what)
{
	int error = archive_errno(archive);

	sfs_msg("%s: %s", what, archive_error_string(archive));
	return error > 0 ? -error : -EIO;
}

static struct archive_entry *new_entry(const struct export *export,
				       const char *path, const struct stat *st)
{
	struct archive_entry *entry = archive_entry_new();
	SFS_FREE char *member = NULL;

	if (!entry)
		return NULL;
	if (asprintf(&member, "%s%s", export->prefix, path) < 0) {
		archive_entry_free(entry);
		return NULL;
	}
	archive_entry_copy_pathname(entry, member);
	archive_entry_copy_stat(entry, st);
	return entry;
}

/* Bytes as of now; a file that shrinks meanwhile is filled up with zeros. */
static int write_content(struct export *export, int fd, const char *path)
{
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, export->buffer, EXPORT_CHUNK, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (archive_write_data(export->archive, export->buffer,
				       (size_t)n) < 0)
			return said(export->archive, path);
		at += n;
		if (export->tar->progress)
			export->tar->progress(export->tar->context,
					      (uint64_t)archive_filter_bytes(
						      export->archive, -1));
	}
	return 0;
}

static int write_entry(struct export *export, struct archive_entry *entry,
		       int fd)
{
	struct archive_entry *spare = NULL;
	const char *path = archive_entry_pathname(entry);

	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_linkify(export->links, &entry, &spare);
	if (archive_write_header(export->archive, entry) < ARCHIVE_WARN)
		return said(export->archive, path);
	if (fd >= 0 && archive_entry_filetype(entry) == AE_IFREG &&
	    archive_entry_size(entry) > 0)
		return write_content(export, fd, path);
	return 0;
}

/* What has a descriptor: ACLs, xattrs and holes are read through it. */
static int export_open(struct export *export, int fd, const char *path,
		       const struct stat *st)
{
	struct archive_entry *entry = new_entry(export, path, st);
	char proc[SFS_BACKING_PROC_MAX];
	int r;

	if (!entry)
		return -ENOMEM;
	/* Default ACLs can only be asked for by path (acl_get_file(3)). */
	archive_entry_copy_sourcepath(entry, sfs_backing_proc_path(fd, proc));
	if (archive_read_disk_entry_from_file(export->disk, entry, fd, st) <
	    ARCHIVE_WARN)
		r = said(export->disk, path);
	else
		r = write_entry(export, entry, fd);
	archive_entry_free(entry);
	return r;
}

static int export_other(struct export *export,
			const struct sfs_backing_walk_entry *object)
{
	struct archive_entry *entry;
	char target[PATH_MAX];
	ssize_t len;
	int r;

	if (S_ISSOCK(object->stat.st_mode)) {
		sfs_msg("%s: sockets are left out", object->path);
		return 0;
	}
	entry = new_entry(export, object->path, &object->stat);
	if (!entry)
		return -ENOMEM;
	if (S_ISLNK(object->stat.st_mode)) {
		len = readlinkat(object->dir_fd, object->name, target,
				 sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		archive_entry_copy_symlink(entry, target);
	}
	r = write_entry(export, entry, -1);
	archive_entry_free(entry);
	return r;
}

static int export_visit(void *context,
			const struct sfs_backing_walk_entry *object)
{
	struct export *export = context;
	SFS_CLOSE int fd = -1;
	struct stat st;

	if (object->event == SFS_WALK_LEAVE)
		return 0;
	if (!S_ISREG(object->stat.st_mode) && !S_ISDIR(object->stat.st_mode))
		return export_other(export, object);
	fd = sfs_backing_open(object->dir_fd, object->name,
			      O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT)
		return 0; /* in use, and gone meanwhile */
	if (fd < 0) {
		sfs_msg_errno(-fd, "%s", object->path);
		return fd;
	}
	if (fstat(fd, &st))
		return -errno;
	return export_open(export, fd, object->path, &st);
}

static int export_part(struct export *export, int root_fd, const char *part,
		       const char *prefix)
{
	SFS_CLOSE int fd =
		sfs_backing_open_path(root_fd, part, O_RDONLY | O_DIRECTORY, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	export->prefix = *prefix ? prefix : "./";
	r = export_open(export, fd, "", &st);
	export->prefix = prefix;
	return r < 0 ? r : sfs_backing_walk(fd, 0, export_visit, export);
}

static int export_parts(struct export *export, int root_fd)
{
	SFS_FREE char *at = NULL;
	SFS_FREE char *part = NULL;
	int r;

	if (!export->tar->at) {
		r = export_part(export, root_fd, "tree", "tree/");
		return r < 0 ? r
			     : export_part(export, root_fd, "hidden",
					   "hidden/");
	}
	r = sfs_tar_normalize(export->tar->at, &at);
	if (r < 0)
		return r;
	if (asprintf(&part, "tree/%s", at) < 0)
		return -ENOMEM;
	return export_part(export, root_fd, part, "");
}

static int set_up(struct export *export)
{
	export->archive = archive_write_new();
	export->disk = archive_read_disk_new();
	export->links = archive_entry_linkresolver_new();
	export->buffer = malloc(EXPORT_CHUNK);
	if (!export->archive || !export->disk || !export->links ||
	    !export->buffer)
		return -ENOMEM;
	archive_entry_linkresolver_set_strategy(
		export->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	if (archive_write_set_format_pax(export->archive) != ARCHIVE_OK ||
	    archive_write_open_fd(export->archive, export->tar->fd) !=
		    ARCHIVE_OK)
		return said(export->archive, "export");
	return 0;
}

static void done(struct export *export)
{
	if (export->links)
		archive_entry_linkresolver_free(export->links);
	if (export->disk)
		archive_read_free(export->disk);
	if (export->archive)
		archive_write_free(export->archive);
	free(export->buffer);
}

/* Not locked: a volume in use can be exported as it is at that moment. */
int sfs_volume_export(const char *name, const struct sfs_volume_tar *tar)
{
	struct export export = { .tar = tar, .prefix = "" };
	struct sfs_volume *volume = NULL;
	SFS_CLOSE int root = -1;
	int r = sfs_volume_load(name, &volume);

	if (r == 0) {
		root = open(volume->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = root < 0 ? -errno : set_up(&export);
	}
	if (r == 0)
		r = export_parts(&export, root);
	if (r == 0 && archive_write_close(export.archive) != ARCHIVE_OK)
		r = said(export.archive, "export");
	if (r < 0)
		sfs_msg_errno(-r, "exporting volume %s%s%s", name,
			      tar->at ? " at " : "", tar->at ? tar->at : "");
	done(&export);
	sfs_volume_free(volume);
	return r;
}
#else
typedef int sfs_tar_export_unused;
#endif
