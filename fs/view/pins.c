/* SPDX-License-Identifier: MIT */
#include "fdcache_internal.h"

#include <fcntl.h>

/*
 * Files that their owner may not open again
 *
 * The daemon of an ordinary user is not asked when a file is opened, and opens
 * it itself when bytes are read or written.  If the mode does not allow that any
 * more (git makes its objects 0444 and then writes them), the descriptor from
 * before is all there is: it is pinned.
 */
enum {
	MANY_PINS = 64,
	PROBES = 256, /* at a time */
};
#define PIN_AGE_NS 200000000u

static int pin_as(struct sfs_view *view, struct sfs_node *node,
		  unsigned int kind, int flags)
{
	struct sfs_fd_entry what = { .kind = kind, .pinned = true };
	SFS_FD object = SFS_FD_NONE;
	int r = sfs_fd_object(view, node, &object);

	if (r)
		return r;
	what.fd = sfs_backing_reopen(object.fd, flags);
	return what.fd < 0 ? what.fd
			   : sfs_fdcache_put(view, node, &what, true, NULL);
}

void sfs_fd_pin_before_mode(struct sfs_view *view, struct sfs_node *node,
			    mode_t mode)
{
	if (node->type != S_IFREG >> 12 || (mode & 0600) == 0600 ||
	    geteuid() == 0)
		return;
	if (!pin_as(view, node, SFS_FD_WRITE, O_RDWR))
		return;
	(void)pin_as(view, node, SFS_FD_READ, O_RDONLY);
	(void)pin_as(view, node, SFS_FD_WRITE, O_WRONLY);
}

static void probe(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_node *parent;
	char name[256];

	if (sfs_node_name(view, node, &parent, name))
		return;
	view->notify.inval_entry(view->notify.ctx, parent, name);
	sfs_node_put(view, parent);
}

bool sfs_fd_probe_pins(struct sfs_view *view)
{
	struct sfs_node *nodes[PROBES];
	unsigned int n;
	bool wanted;

	if (!view->notify.inval_entry)
		return false;
	n = sfs_fdcache_old_pins(view, MANY_PINS, PIN_AGE_NS, nodes, PROBES,
				 &wanted);
	for (unsigned int i = 0; i < n; i++) {
		probe(view, nodes[i]);
		sfs_node_put(view, nodes[i]);
	}
	return wanted;
}
