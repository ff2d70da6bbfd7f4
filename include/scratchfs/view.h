/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_VIEW_H
#define SCRATCHFS_VIEW_H

/*
 * The view: one tree over the source and the stores.  Every operation is a
 * function here: it takes nodes and names, returns 0 or -errno as the system
 * call of that name on a plain folder would, and knows nothing of FUSE.
 * Whoever calls holds a count (nlookup or refs) on the nodes it passes.
 * Names are single components, not "." or "..".  All are thread safe.
 */
#include "scratchfs/node.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"
#include "scratchfs/tracked.h"

#include <sys/statvfs.h>

struct sfs_view;

struct sfs_view_params {
	int source_fd;		     /* O_PATH folder; the view owns it */
	const char *source_path;     /* for messages and real paths; copied */
	struct sfs_rules *scratch;   /* borrowed, like all that follow */
	struct sfs_rules *readonly;  /* NULL: no read-only rules */
	struct sfs_tracked *tracked; /* NULL: no repository */
	struct sfs_store **stores;   /* [0]: the default one */
	unsigned int n_stores;
	uint64_t copy_limit_bytes; /* border renames that have to copy */
	bool strict;	/* never believe anything that the host has */
	bool as_caller; /* new files belong to the caller (root's mount) */
	int covered_fd; /* what the mount point covers, if it lies inside the
			   source; -1: it does not.  Owned. */
	const char *covered_path; /* relative to the source */
};

/* -ENOMEM, or errno of looking at the source. */
int sfs_view_new(const struct sfs_view_params *params, struct sfs_view **ret);
/* All threads have ended. Stores are not closed. */
void sfs_view_free(struct sfs_view *view);

/* Who asks.  pid 0: the kernel itself. */
struct sfs_caller {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	mode_t umask;
};

/* Each thread that calls operations calls this once, first (its umask becomes
 * its own).  errno of unshare(2). */
int sfs_view_thread_init(struct sfs_view *view);

/* How long an answer may be believed. */
enum sfs_trust {
	SFS_TRUST_NONE,	   /* ask again each time */
	SFS_TRUST_SHORT,   /* quiet, but nothing tells of changes */
	SFS_TRUST_LONG,	   /* quiet and watched: an event ends it */
	SFS_TRUST_FOREVER, /* only this view can change it */
};

struct sfs_entry {
	struct sfs_node *node; /* nlookup was raised by one; NULL: no such name,
				  and that may be remembered by trust */
	struct stat st;
	enum sfs_trust trust_entry, trust_attr;
};

/* --- names (namei.c, create.c, remove.c, move.c) ---
 * A successful sfs_view_lookup() with ret->node NULL means: there is no such
 * name (reply ENOENT, as a negative entry if trust allows). */
int sfs_view_lookup(struct sfs_view *view, struct sfs_node *parent,
		    const char *name, struct sfs_entry *ret);
int sfs_view_mknod(struct sfs_view *view, const struct sfs_caller *caller,
		   struct sfs_node *parent, const char *name, mode_t mode,
		   dev_t rdev, struct sfs_entry *ret);
int sfs_view_mkdir(struct sfs_view *view, const struct sfs_caller *caller,
		   struct sfs_node *parent, const char *name, mode_t mode,
		   struct sfs_entry *ret);
int sfs_view_symlink(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *parent, const char *name,
		     const char *target, struct sfs_entry *ret);
/* flags: of open(2), with O_CREAT. The node is ready to be read and written. */
int sfs_view_create(struct sfs_view *view, const struct sfs_caller *caller,
		    struct sfs_node *parent, const char *name, mode_t mode,
		    int flags, struct sfs_entry *ret);
/* O_TMPFILE in folder `parent`: a node without a name, to be linked. */
int sfs_view_tmpfile(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *parent, mode_t mode,
		     struct sfs_entry *ret);
int sfs_view_link(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_node *parent, const char *name,
		  struct sfs_entry *ret);
int sfs_view_unlink(struct sfs_view *view, struct sfs_node *parent,
		    const char *name);
int sfs_view_rmdir(struct sfs_view *view, struct sfs_node *parent,
		   const char *name);
/* flags: of renameat2(2). */
int sfs_view_rename(struct sfs_view *view, struct sfs_node *parent,
		    const char *name, struct sfs_node *new_parent,
		    const char *new_name, unsigned int flags);

/* --- attributes (attr.c, xattr.c) --- */
int sfs_view_getattr(struct sfs_view *view, struct sfs_node *node,
		     struct stat *ret_st, enum sfs_trust *ret_trust);
/* What to set: of FUSE_SET_ATTR_*'s meaning, in our words. */
enum sfs_setattr {
	SFS_SET_MODE = 1 << 0,
	SFS_SET_UID = 1 << 1,
	SFS_SET_GID = 1 << 2,
	SFS_SET_SIZE = 1 << 3,
	SFS_SET_ATIME = 1 << 4,
	SFS_SET_MTIME = 1 << 5,
	SFS_SET_ATIME_NOW = 1 << 6,
	SFS_SET_MTIME_NOW = 1 << 7,
	SFS_SET_KILL_SUIDGID = 1 << 8, /* truncate by somebody unprivileged */
};
int sfs_view_setattr(struct sfs_view *view, const struct sfs_caller *caller,
		     struct sfs_node *node, const struct stat *st,
		     unsigned int to_set, struct stat *ret_st,
		     enum sfs_trust *ret_trust);
/* The target, allocated. */
int sfs_view_readlink(struct sfs_view *view, struct sfs_node *node,
		      char **ret_target);
int sfs_view_statfs(struct sfs_view *view, struct sfs_node *node,
		    struct statvfs *ret);
/* As getxattr(2) and listxattr(2): size 0 asks for the size; the length or
 * -errno is returned.  user.scratchfs.* answer here and are never listed. */
ssize_t sfs_view_getxattr(struct sfs_view *view, struct sfs_node *node,
			  const char *name, void *value, size_t size);
ssize_t sfs_view_listxattr(struct sfs_view *view, struct sfs_node *node,
			   char *list, size_t size);
int sfs_view_setxattr(struct sfs_view *view, const struct sfs_caller *caller,
		      struct sfs_node *node, const char *name,
		      const void *value, size_t size, int flags);
int sfs_view_removexattr(struct sfs_view *view, struct sfs_node *node,
			 const char *name);

/* --- bytes (file.c); there are no open files, only nodes --- */
/* Checks what open(2) would refuse: read-only rules (EROFS), and copies up for
 * O_TRUNC and writing.  Only used by mounts that answer OPEN. */
int sfs_view_open(struct sfs_view *view, struct sfs_node *node, int flags);
/* A descriptor of the node's object, the caller's to close, for locks on it: for
 * writing too where it may be; for flock(2), which does not need that, not if it
 * is a program, which stays executable.  A scratch file is copied up for that, as
 * its object would change with the first write. */
int sfs_view_open_to_lock(struct sfs_view *view, struct sfs_node *node,
			  bool for_flock);
ssize_t sfs_view_read(struct sfs_view *view, struct sfs_node *node,
		      void *buffer, size_t size, off_t offset);
struct sfs_write {
	const struct iovec *iov;
	int n_iov;
	off_t offset;
	bool append; /* O_APPEND: at the end, atomically */
	/* Who writes, if that is somebody who may not keep set-ID bits. */
	const struct sfs_caller *killer;
};
ssize_t sfs_view_write(struct sfs_view *view, struct sfs_node *node,
		       const struct sfs_write *write);
int sfs_view_fsync(struct sfs_view *view, struct sfs_node *node,
		   bool data_only); /* files and folders */
/* What a change by somebody unprivileged does to set-ID bits, for the changes
 * below, which do not say who asks. */
int sfs_view_drop_set_ids(struct sfs_view *view, struct sfs_node *node,
			  const struct sfs_caller *killer);
int sfs_view_fallocate(struct sfs_view *view, struct sfs_node *node, int mode,
		       off_t offset, off_t length);
off_t sfs_view_lseek(struct sfs_view *view, struct sfs_node *node, off_t offset,
		     int whence);
ssize_t sfs_view_copy_range(struct sfs_view *view, struct sfs_node *from,
			    off_t from_offset, struct sfs_node *to,
			    off_t to_offset, size_t length);

/* --- listings (listing.c) ---
 * Stateless cookies: entries come in the order of a keyed 62-bit hash of the
 * name, so that a position stays good while others come and go.  Calls `emit`
 * for each entry after `cookie` (0: from the start) until it returns false;
 * "." and ".." are included.  With `plus`, child is filled (nlookup raised; emit
 * returning false must give it back: it was not taken) unless the kernel knows
 * it anyway; else child is NULL and only ino and type count. */
struct sfs_dirent {
	const char *name;
	uint64_t ino;	   /* as the view shows it, or 0 when not known */
	unsigned int type; /* DT_* */
	uint64_t cookie;   /* of the next one */
	const struct sfs_entry *child;
};
typedef bool sfs_emit_fn(void *ctx, const struct sfs_dirent *entry);
int sfs_view_list(struct sfs_view *view, struct sfs_node *node, uint64_t cookie,
		  bool plus, sfs_emit_fn *emit, void *ctx);

/* --- for status and explain --- */
/* What tells of changes on the host: "fanotify", "fanotify, limit reached" (some
 * folders are not watched, and asked again after a second), "timeouts", or
 * "nothing" (a strict view needs none). */
const char *sfs_view_watching(struct sfs_view *view);
struct sfs_explanation {
	bool scratch, lower, readonly;
	char *real_path; /* allocated, free it */
	int rule;	 /* of params.scratch, -1: none */
	int readonly_rule;
	unsigned int store;
};
int sfs_view_explain(struct sfs_view *view, struct sfs_node *node,
		     struct sfs_explanation *ret);
/*
 * The same for a path below a folder, where any of its names may be missing:
 * what would become of it?  A slash at its end asks for a folder.  -EINVAL for
 * "." and ".." in it; -ENOTDIR; -ENAMETOOLONG.
 */
int sfs_view_explain_path(struct sfs_view *view, struct sfs_node *folder,
			  const char *path, struct sfs_explanation *ret);

/* The node's object will not be exchanged for another by a change, nor is its
 * size limited. */
bool sfs_view_object_stays(struct sfs_view *view, struct sfs_node *node);

/*
 * Copies the scratch object of a node (child: of that name in this folder) to
 * its place on the host, durably and at once or not at all: a file of any type,
 * or a folder without what is in it.  Its folder must be there.  -EALREADY: the
 * host has it (a core name, one that shows through, a folder that is there);
 * -EEXIST: it has something else of this name, and overwrite was not set.
 */
int sfs_view_keep(struct sfs_view *view, struct sfs_node *node,
		  const char *child, bool overwrite);

/* Threads of the view (closing idle writers). Started after daemonizing;
 * stopped before sfs_view_free(). */
int sfs_view_start(struct sfs_view *view);
void sfs_view_stop(struct sfs_view *view);

/* What others did on the host to a name in a core folder; several at once when
 * they came close together. */
enum sfs_host_change {
	SFS_HOST_MADE = 1 << 0,
	SFS_HOST_MOVED_TO = 1 << 1,
	SFS_HOST_BYTES = 1 << 2,
	SFS_HOST_ATTRIBUTES = 1 << 3,
	SFS_HOST_CLOSED = 1 << 4, /* by somebody who could write */
	SFS_HOST_MOVED_FROM = 1 << 5,
	SFS_HOST_GONE = 1 << 6,
};

/*
 * How the view tells the kernel to drop what it knows: set once by the mount
 * before sfs_view_start(), called from threads of the view only, never inside
 * an operation, with no lock held.
 */
struct sfs_notify {
	void *ctx;
	void (*inval_inode)(void *ctx, struct sfs_node *node, bool pages);
	void (*inval_entry)(void *ctx, struct sfs_node *parent,
			    const char *name);
	void (*expire_entry)(void *ctx, struct sfs_node *parent,
			     const char *name);
	void (*deleted)(void *ctx, struct sfs_node *parent,
			struct sfs_node *child, const char *name);
	/* NULL, or told of each change (enum sfs_host_change), after the kernel
	 * was; mode: of what has the name now, 0: nothing has.  Must be
	 * quick. */
	void (*changed)(void *ctx, struct sfs_node *folder, const char *name,
			unsigned int change, mode_t mode);
	/* Does the kernel itself hold this node's object open?  (May be asked
	 * at any time, NULL: never.)  It cannot be exchanged then. */
	bool (*holds_object)(void *ctx, struct sfs_node *node);
	/* Is this thread the only one to answer some requests?  Then an operation
	 * may not wait in it for pages that are being read.  NULL: never. */
	bool (*is_alone)(void *ctx);
};
void sfs_view_set_notify(struct sfs_view *view,
			 const struct sfs_notify *notify);

#endif
