/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_BACKING_H
#define SCRATCHFS_BACKING_H

/*
 * The system calls that touch a host folder or a store.
 *
 * A folder is always a held descriptor and a name a single component, so a
 * tree that changes underneath can not lead anywhere else.  Every descriptor
 * is O_CLOEXEC.  Everything returns 0 (or a descriptor) or -errno.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Opens `name` in `dir_fd`, never following a symlink (-ELOOP; with O_PATH
 * the symlink itself is opened).  -EINVAL for "", ".", ".." and anything with
 * a slash.  openat(2) does cross into what is mounted on `name`.
 */
int sfs_backing_open(int dir_fd, const char *name, int flags, mode_t mode);

/* The same, but -EXDEV if something is mounted on `name` (openat2(2)). */
int sfs_backing_open_noxdev(int dir_fd, const char *name, int flags,
			    mode_t mode);

/*
 * Opens a path of several components below `dir_fd` ("" or "." is the folder
 * itself): no symlinks, no "..", no mounts crossed.  For paths that come from
 * a person or from a journal, not for lookups.
 */
int sfs_backing_open_path(int dir_fd, const char *path, int flags, mode_t mode);

/* The same, crossing into what is mounted below: not for a tree that may hold
 * a view of itself. */
int sfs_backing_open_beneath(int dir_fd, const char *path, int flags);

/*
 * sfs_backing_open_path() for a folder, making what is missing (mode 0700).  -ENOTDIR where
 * something else is in the way.
 */
int sfs_backing_make_path(int dir_fd, const char *path);

/*
 * A new open file description for what `fd` (O_PATH too) refers to, through
 * /proc/self/fd.  Checks permissions again; -ELOOP for a symlink.
 */
int sfs_backing_reopen(int fd, int flags);

/* "/proc/self/fd/N", for calls that take a path but no O_PATH descriptor. */
#define SFS_BACKING_PROC_MAX 32
const char *sfs_backing_proc_path(int fd, char buf[SFS_BACKING_PROC_MAX]);

/* renameat2(2). */
int sfs_backing_rename(int old_fd, const char *old_name, int new_fd,
		       const char *new_name, unsigned int flags);

/* fstatat(2), symlinks not followed; name "" is the descriptor itself. */
int sfs_backing_stat(int dir_fd, const char *name, struct stat *ret);

/*
 * FICLONE: the whole of `src_fd` becomes the content of `dst_fd`, at once and
 * without bytes moved.  -EOPNOTSUPP or -EXDEV where that is not possible.
 */
int sfs_backing_clone(int src_fd, int dst_fd);

/*
 * Copies the bytes of a regular file into the empty file `dst_fd`: reflink,
 * else copy_file_range(2), else read and write; holes stay holes.  File
 * offsets are not used.  On failure dst_fd holds part of the content.
 */
int sfs_backing_copy_data(int src_fd, int dst_fd);

enum sfs_backing_copy_flags {
	/*
	 * Keep what can be kept: an owner, an attribute or an ACL that this
	 * process may not set, or that the destination cannot hold, is left
	 * out instead of failing with -EPERM or -EOPNOTSUPP.
	 */
	SFS_BACKING_LENIENT = 1,
	/* sfs_backing_copy_tree(): hard links instead of copies of files, where
	 * that is possible. */
	SFS_BACKING_LINK = 2,
};

/*
 * Copies owner, extended attributes, ACLs, mode and times of `src_fd` to
 * `dst_fd` (both may be O_PATH, of any type, symlinks too).  security.selinux
 * is left to the destination's policy.
 */
int sfs_backing_copy_meta(int src_fd, int dst_fd, unsigned int flags);

/*
 * Makes `dst_name` (must not exist: -EEXIST) in `dst_dir` a copy of one
 * object: regular file, symlink, device, fifo, socket, or a folder without
 * its content.  With metadata.  Nothing is left behind on failure.
 */
int sfs_backing_copy_object(int src_dir, const char *src_name, int dst_dir,
			    const char *dst_name, unsigned int flags);

/* ---- walking ---- */

enum sfs_backing_walk_event {
	SFS_WALK_OBJECT, /* anything that is not a folder */
	SFS_WALK_ENTER,	 /* a folder, before its content */
	SFS_WALK_LEAVE,	 /* a folder, after its content */
};

struct sfs_backing_walk_entry {
	enum sfs_backing_walk_event event;
	int dir_fd;	  /* the folder that holds `name`; borrowed */
	const char *name; /* single component */
	const char *path; /* relative to the walk's root; borrowed */
	struct stat stat; /* taken before ENTER */
};

enum sfs_backing_walk_flags {
	SFS_WALK_FORCE = 1,  /* make unreadable folders u+rwx, for good */
	SFS_WALK_BORROW = 2, /* the same, put back when the folder is left */
};

/* Return 0 to go on, SFS_WALK_SKIP on ENTER to leave a folder out (else LEAVE
 * follows every ENTER), -errno to end the walk with it. */
#define SFS_WALK_SKIP 1
typedef int sfs_backing_walk_visit(void *context,
				   const struct sfs_backing_walk_entry *entry);

/*
 * Visits everything below `root_fd` (not the root itself), never following a
 * symlink nor entering a mount.  Any depth with a fixed number of
 * descriptors.  What vanishes meanwhile is passed over; a folder that may not
 * be read is visited and its content left out.  -ESTALE if a folder being
 * walked was moved away.
 */
int sfs_backing_walk(int root_fd, unsigned int flags,
		     sfs_backing_walk_visit *visit, void *context);

/*
 * Copies everything below src_fd into the folder dst_fd, hard links among
 * them kept.  flags: enum sfs_backing_copy_flags.
 */
int sfs_backing_copy_tree(int src_fd, int dst_fd, unsigned int flags);

/*
 * Removes everything below `fd`, or `name` and everything below it.  Never
 * follows a symlink or enters a mount (-EXDEV or -EBUSY: what is left stays),
 * copes with folders its owner made unreadable.  A name that is gone is fine.
 */
int sfs_backing_empty(int fd);
int sfs_backing_remove(int dir_fd, const char *name);

#endif
