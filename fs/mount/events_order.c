/* SPDX-License-Identifier: MIT */
#include "events_order.h"

#include "scratchfs/cleanup.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>

/* --- giving orders --- */

static char *root_path(const struct sfs_events *e)
{
	char *path;
	int n;

	if (e->place.of_watcher)
		n = asprintf(&path, "/proc/%d/root%s", (int)e->watcher,
			     e->place.path);
	else
		n = asprintf(&path, "%s", e->place.path);
	return n < 0 ? NULL : path;
}

/* Its length; 0: it cannot be said. */
static size_t word(struct sfs_events *e, const struct sfs_events_item *item,
		   uint32_t act, char *message)
{
	const struct sfs_performer_order head = { act, (uint32_t)item->mode };
	const struct sfs_events_item *from = item->from ? item->from : item;
	struct sfs_view *view = e->mount->view;
	SFS_FREE char *root = root_path(e);
	SFS_FREE char *folder = NULL, *old_folder = NULL;
	size_t at = sizeof(head);

	if (!root || sfs_node_path(view, item->folder, NULL, &folder) ||
	    sfs_node_path(view, from->folder, NULL, &old_folder))
		return 0;
	const char *const strings[SFS_PERFORMER_STRINGS] = {
		root, folder, old_folder, item->name, from->name
	};

	memcpy(message, &head, sizeof(head));
	for (int i = 0; i < SFS_PERFORMER_STRINGS; i++) {
		size_t n = strlen(strings[i]) + 1;

		if (n > PATH_MAX || n > SFS_PERFORMER_ORDER_BYTES - at)
			return 0;
		memcpy(message + at, strings[i], n);
		at += n;
	}
	return at;
}

static void set_current(struct sfs_events *e,
			const struct sfs_events_item *item, uint32_t act)
{
	pthread_mutex_lock(&e->lock);
	e->current = item;
	e->act = act;
	pthread_mutex_unlock(&e->lock);
}

void sfs_events_order(struct sfs_events *e, const struct sfs_events_item *item,
		      uint32_t act)
{
	SFS_FREE char *message = malloc(SFS_PERFORMER_ORDER_BYTES);
	size_t n = message && !e->broken ? word(e, item, act, message) : 0;
	ssize_t r;
	char done;

	if (!n)
		return;
	set_current(e, item, act);
	r = send(e->socket, message, n, MSG_NOSIGNAL);
	while (r > 0 && (r = recv(e->socket, &done, 1, 0)) < 0 &&
	       errno == EINTR)
		r = 1;
	e->broken = r <= 0;
	set_current(e, NULL, SFS_PERFORM_NOTHING);
}

/* --- answering what comes of them --- */

/* A copy of what the request's performer is at. */
struct at {
	uint32_t act;
	struct sfs_node *folder;  /* counted, or NULL */
	struct sfs_node *removed; /* counted, or NULL */
	char name[256];
	bool former; /* it asks for the name that was */
	bool itself; /* it asks for the name that is */
};

static struct sfs_events *asked_by_performer(fuse_req_t req)
{
	struct sfs_mount *mount = sfs_op_mount(req);
	struct sfs_events *e = mount->events;

	if (!e || fuse_req_ctx(req)->pid != atomic_load(&e->performer))
		return NULL;
	return e;
}

static bool is_at(struct sfs_events *e, const struct sfs_events_item *item,
		  fuse_ino_t parent, const char *name)
{
	return item && item->folder == sfs_op_node(e->mount, parent) &&
	       !strcmp(item->name, name);
}

static struct at what_of(struct sfs_events *e, fuse_ino_t parent,
			 const char *name)
{
	struct at at = { 0 };

	pthread_mutex_lock(&e->lock);
	const struct sfs_events_item *item = e->current;
	at.act = e->act;
	if (item) {
		at.folder = sfs_node_get(e->mount->view, item->folder);
		if (item->removed)
			at.removed =
				sfs_node_get(e->mount->view, item->removed);
		memcpy(at.name, item->name, sizeof(at.name));
		at.itself = is_at(e, item, parent, name);
		at.former = is_at(e, item->from, parent, name);
	}
	pthread_mutex_unlock(&e->lock);
	return at;
}

/* Of the host, at a core name.  Else the order is out of date. */
static bool is_core(const struct sfs_node *node)
{
	return node && !sfs_node_is(node, SFS_NODE_SCRATCH) &&
	       node->tree == SFS_TREE_HOST;
}

/* With what has the name now. */
static void reply_with_it(fuse_req_t req, struct sfs_events *e,
			  const struct at *at)
{
	struct sfs_view *view = e->mount->view;
	struct sfs_entry entry = { 0 };
	int err = at->folder
			  ? sfs_view_lookup(view, at->folder, at->name, &entry)
			  : -EPERM;

	if (err == 0 && !is_core(entry.node)) {
		if (entry.node)
			sfs_node_forget(view, entry.node, 1);
		err = -ENOENT;
	}
	/* Under its former name it is to be found for now only. */
	if (at->former)
		entry.trust_entry = SFS_TRUST_NONE;
	sfs_reply_entry(req, err, &entry);
}

/*
 * With what had the name.  Its size and times are not known any more, and it may
 * be open or mapped: the kernel ignores attributes that were asked for before
 * those it has were said to be old.
 */
static void reply_with_removed(fuse_req_t req, struct sfs_events *e,
			       const struct at *at)
{
	struct sfs_node *node = at->removed;
	const struct sfs_entry entry = {
		.node = node,
		.st = {
			.st_ino = node->shown_ino,
			.st_mode = (mode_t)node->type << 12 | 0600,
			.st_nlink = 1,
		},
	};

	fuse_lowlevel_notify_inval_inode(e->mount->session,
					 sfs_op_nodeid(e->mount, node), -1, 0);
	sfs_node_tell(e->mount->view, node);
	sfs_reply_entry(req, 0, &entry);
}

static void done_with(struct sfs_events *e, struct at *at)
{
	if (at->folder)
		sfs_node_put(e->mount->view, at->folder);
	if (at->removed)
		sfs_node_put(e->mount->view, at->removed);
}

/* What is to come must not be there yet. */
bool sfs_events_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct sfs_events *e = asked_by_performer(req);
	struct at at = { 0 };
	bool mine = false;

	if (!e)
		return false;
	at = what_of(e, parent, name);
	if (at.itself &&
	    (at.act == SFS_PERFORM_MAKE || at.act == SFS_PERFORM_RENAME)) {
		mine = true;
		sfs_reply_status(req, -ENOENT);
	} else if (at.former && at.act == SFS_PERFORM_RENAME) {
		mine = true;
		reply_with_it(req, e, &at);
	} else if (at.itself && at.removed && at.act == SFS_PERFORM_REMOVE) {
		mine = true;
		reply_with_removed(req, e, &at);
	}
	done_with(e, &at);
	return mine;
}

bool sfs_events_make(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct sfs_events *e = asked_by_performer(req);
	struct at at;

	if (!e)
		return false;
	at = what_of(e, parent, name);
	if (at.itself && at.act == SFS_PERFORM_MAKE)
		reply_with_it(req, e, &at);
	else
		sfs_reply_status(req, -EPERM);
	done_with(e, &at);
	return true;
}

static uint32_t act_of(struct sfs_events *e)
{
	uint32_t act;

	pthread_mutex_lock(&e->lock);
	act = e->act;
	pthread_mutex_unlock(&e->lock);
	return act;
}

static bool answer(fuse_req_t req, uint32_t act)
{
	struct sfs_events *e = asked_by_performer(req);

	if (!e)
		return false;
	sfs_reply_status(req, act_of(e) == act ? 0 : -EPERM);
	return true;
}

bool sfs_events_rename(fuse_req_t req)
{
	return answer(req, SFS_PERFORM_RENAME);
}

bool sfs_events_remove(fuse_req_t req)
{
	return answer(req, SFS_PERFORM_REMOVE);
}

bool sfs_events_setattr(fuse_req_t req, fuse_ino_t ino)
{
	struct sfs_events *e = asked_by_performer(req);
	enum sfs_trust trust = SFS_TRUST_NONE;
	struct stat st;
	int err;

	if (!e)
		return false;
	err = sfs_view_getattr(e->mount->view, sfs_op_node(e->mount, ino), &st,
			       &trust);
	sfs_reply_attr(req, err, &st, trust);
	return true;
}

bool sfs_events_open(fuse_req_t req, struct fuse_file_info *fi)
{
	struct sfs_events *e = asked_by_performer(req);

	if (!e || !e->mount->answers_opens)
		return false;
	sfs_op_fill_open(e->mount, fi);
	fuse_reply_open(req, fi);
	return true;
}

bool sfs_events_getxattr(fuse_req_t req, const char *name, size_t size)
{
	struct sfs_events *e = asked_by_performer(req);

	if (!e || size < sizeof(e->secret) || strcmp(name, SFS_PERFORMER_XATTR))
		return false;
	fuse_reply_buf(req, (const char *)e->secret, sizeof(e->secret));
	return true;
}
