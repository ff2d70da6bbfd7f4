/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_FDCACHE_H
#define SCRATCHFS_FDCACHE_H

/*
 * Descriptors of nodes, kept in an LRU that respects RLIMIT_NOFILE.  A node
 * can have one O_PATH descriptor for each tree, one for reading and one for
 * writing its bytes.  Opening goes through the parent's descriptor and a
 * single name, never following a symlink.
 *
 * A handle borrows the cache's descriptor: it stays open until sfs_fd_put().
 * SFS_FD handles leave with their scope.  All functions are thread safe and
 * take no lock but the table's and the cache's own, never during a system
 * call.
 */
#include "scratchfs/node.h"

struct sfs_fd_entry;
struct sfs_fd {
	int fd; /* -1: none */
	struct sfs_fd_entry *entry;
	struct sfs_view *view;
};
#define SFS_FD_NONE      \
	{                \
		.fd = -1 \
	}

/*
 * The node's object in `tree`, O_PATH or good for more.  -ENOENT when there is
 * none (a core folder without mirror, say); -ESTALE when the name now stands
 * for another object than the node's.
 */
int sfs_fd_path(struct sfs_view *view, struct sfs_node *node, unsigned int tree,
		struct sfs_fd *ret);

/*
 * The same for the tree that holds the node's attributes and bytes; or, as it
 * serves where only the object matters, the one for writing if there already is
 * one.
 */
int sfs_fd_object(struct sfs_view *view, struct sfs_node *node,
		  struct sfs_fd *ret);

/*
 * A descriptor to read (or write: O_WRONLY, or O_RDWR if the file allows it)
 * the node's bytes; for a folder O_RDONLY|O_DIRECTORY.  Call with the node's
 * lock held for reading.  errno of open(2).
 */
int sfs_fd_read(struct sfs_view *view, struct sfs_node *node,
		struct sfs_fd *ret);
int sfs_fd_write(struct sfs_view *view, struct sfs_node *node,
		 struct sfs_fd *ret);

/* The one for writing, if there is one, which is not a use of it: it will be
 * closed as soon as without. */
bool sfs_fd_open_writer(struct sfs_view *view, struct sfs_node *node,
			struct sfs_fd *ret);

void sfs_fd_put(struct sfs_fd *fd);
#define SFS_FD __attribute__((cleanup(sfs_fd_put))) struct sfs_fd

/*
 * Gives a descriptor into the cache's ownership as the node's: O_PATH for
 * `tree` (sfs_fd_adopt_path), or for writing with its mode O_RDWR or O_WRONLY
 * (sfs_fd_adopt_write; `mode` is the file's).  A pinned one stays until the node
 * goes: for objects that have lost their name, and for files that could not be
 * opened again.  Closes fd also on failure.
 */
int sfs_fd_adopt_path(struct sfs_view *view, struct sfs_node *node,
		      unsigned int tree, int fd, bool pin);
int sfs_fd_adopt_write(struct sfs_view *view, struct sfs_node *node, int fd,
		       mode_t mode, bool pin);

/* The file may be executed from now on: its writer, unless it is pinned, is
 * closed as soon as nobody uses it. */
void sfs_fd_make_brief(struct sfs_view *view, struct sfs_node *node);

/* The descriptor of this handle stays until the node goes.  False: it is not
 * the node's any more; another one has taken its place. */
bool sfs_fd_pin(const struct sfs_fd *fd);

/*
 * The mode of a file is about to change to one that may not let an ordinary
 * user's daemon open it again, while somebody still has it open: pins what can
 * be opened now.  Does nothing for root, for folders, and for modes that let
 * it.  Call with the node's lock held for reading.
 */
void sfs_fd_pin_before_mode(struct sfs_view *view, struct sfs_node *node,
			    mode_t mode);

/*
 * Nothing says when a pinned file was closed.  When there are many, or one that
 * could be executed on the host but for its writer: makes the kernel drop the
 * names of those that were not used lately, so that it forgets the ones that
 * nobody has open.  Returns whether there still are such.  Called by a thread of
 * the view, with no lock held.
 */
bool sfs_fd_probe_pins(struct sfs_view *view);

/* Drops what the cache has of a node: all, or of one tree, or the reading and
 * writing ones.  Handles in use stay valid until they are put. */
void sfs_fd_drop(struct sfs_view *view, struct sfs_node *node);
void sfs_fd_drop_tree(struct sfs_view *view, struct sfs_node *node,
		      unsigned int tree);
void sfs_fd_drop_io(struct sfs_view *view, struct sfs_node *node);

/*
 * Closes descriptors for writing whose last use is older than `age_ns`: an
 * open one makes execve(2) on the host fail with ETXTBSY and withholds
 * IN_CLOSE_WRITE.  Returns how many stay, so that the caller can sleep when
 * there is nothing to close.  Called by a thread of the view.
 */
unsigned int sfs_fd_close_idle_writers(struct sfs_view *view, uint64_t age_ns);

#endif
