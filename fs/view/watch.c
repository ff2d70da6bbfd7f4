/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "follow.h"
#include "internal.h"
#include "retell.h"
#include "settle.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/statfs.h>
#include <time.h>

#include "scratchfs/msg.h"

/*
 * Events from the host.  A mark on each host folder that the view uses tells
 * what others do in it (fanotify(7), unprivileged since Linux 5.13).  Events
 * name the folder by file handle; a table leads from there to its node.  The
 * counter is raised before the kernel is told to drop what it knows, so that
 * an answer computed before a change, but given after it, can tell and asks
 * not to be kept.  What the daemon does itself comes with its own pid and is
 * skipped.
 */
enum {
	CHAINS = 8192,
	HANDLE_MAX = 128,
	EVENTS_BUFFER = 65536,
	OWN_REST_NS = 2000000,
	NAMES = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO,
	MASK = NAMES | FAN_MODIFY | FAN_ATTRIB | FAN_CLOSE_WRITE |
	       FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ONDIR | FAN_EVENT_ON_CHILD,
};

struct key {
	int fsid[2];
	int type;
	unsigned int length;
	unsigned char bytes[HANDLE_MAX];
};

struct sfs_watch_entry {
	struct sfs_watch_entry *next;
	struct sfs_node *node;
	struct key key;
};

struct sfs_watch {
	int fanotify; /* -1: there are no events */
	int stop;     /* eventfd */
	pid_t self;
	pthread_t thread;
	bool runs;
	atomic_uint_fast64_t events;
	atomic_bool exhausted; /* no more marks to be had for now */
	atomic_bool said;      /* that */
	pthread_mutex_t lock;  /* guards the chains; before view->table */
	struct sfs_watch_entry *chains[CHAINS];
};

static void say_unwatched(int error)
{
	sfs_msg("nothing tells of changes on the host, it is asked again after "
		"a second: %s%s",
		strerror(error),
		error == EMFILE ? "; raise "
				  "/proc/sys/fs/fanotify/max_user_groups"
				: "");
}

int sfs_watch_new(struct sfs_view *view)
{
	struct sfs_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	pthread_mutex_init(&watch->lock, NULL);
	watch->stop = eventfd(0, EFD_CLOEXEC);
	watch->fanotify =
		fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK |
				      FAN_REPORT_DFID_NAME,
			      O_RDONLY | O_CLOEXEC);
	if (watch->fanotify < 0 && !view->params.strict)
		say_unwatched(errno);
	view->watch = watch;
	return watch->stop < 0 ? -errno : 0;
}

void sfs_watch_free(struct sfs_view *view)
{
	struct sfs_watch *watch = view->watch;

	if (!watch)
		return;
	for (int i = 0; i < CHAINS; i++)
		for (struct sfs_watch_entry *e = watch->chains[i], *next; e;
		     e = next) {
			next = e->next;
			free(e);
		}
	if (watch->fanotify >= 0)
		close(watch->fanotify);
	if (watch->stop >= 0)
		close(watch->stop);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

uint64_t sfs_watch_events(struct sfs_view *view)
{
	return atomic_load(&view->watch->events);
}

const char *sfs_view_watching(struct sfs_view *view)
{
	if (view->params.strict)
		return "nothing";
	if (view->watch->fanotify < 0)
		return "timeouts";
	return atomic_load(&view->watch->exhausted) ? "fanotify, limit reached"
						    : "fanotify";
}

static struct sfs_watch_entry **chain_of(struct sfs_watch *watch,
					 const struct key *key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (unsigned int i = 0; i < key->length; i++)
		h = (h ^ key->bytes[i]) * 0x100000001b3u;
	return &watch->chains[(h ^ (h >> 32)) % CHAINS];
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->type == b->type && a->length == b->length &&
	       a->fsid[0] == b->fsid[0] && a->fsid[1] == b->fsid[1] &&
	       !memcmp(a->bytes, b->bytes, a->length);
}

/* An entry for the folder behind fd; NULL: it cannot be watched. */
static struct sfs_watch_entry *new_entry(int fd)
{
	struct {
		struct file_handle head;
		unsigned char bytes[HANDLE_MAX];
	} h = { .head.handle_bytes = HANDLE_MAX };
	struct statfs fs;
	struct sfs_watch_entry *e;
	int mount;

	if (fstatfs(fd, &fs) || sfs_watch_is_remote(fs.f_type) ||
	    name_to_handle_at(fd, "", &h.head, &mount, AT_EMPTY_PATH))
		return NULL;
	/* Only as much of bytes[] as there is. */
	e = malloc(offsetof(struct sfs_watch_entry, key.bytes) +
		   h.head.handle_bytes);
	if (!e)
		return NULL;
	memcpy(e->key.fsid, &fs.f_fsid, sizeof(e->key.fsid));
	e->key.type = h.head.handle_type;
	e->key.length = h.head.handle_bytes;
	memcpy(e->key.bytes, h.bytes, h.head.handle_bytes);
	return e;
}

static bool mark(struct sfs_watch *watch, unsigned int action, int fd)
{
	char proc[SFS_BACKING_PROC_MAX];
	int r = fanotify_mark(watch->fanotify, action | FAN_MARK_ONLYDIR, MASK,
			      AT_FDCWD, sfs_backing_proc_path(fd, proc));

	if (!r || errno != ENOSPC || action != FAN_MARK_ADD)
		return !r;
	atomic_store(&watch->exhausted, true);
	if (!atomic_exchange(&watch->said, true))
		sfs_msg("the limit of watched folders is reached: further ones "
			"are asked again after a second; raise "
			"/proc/sys/fs/fanotify/max_user_marks");
	return false;
}

/* False: another thread was faster. */
static bool add_entry(struct sfs_view *view, struct sfs_node *node,
		      struct sfs_watch_entry *e)
{
	struct sfs_watch *watch = view->watch;
	struct sfs_watch_entry **chain = chain_of(watch, &e->key);
	bool added = false;

	e->node = node;
	pthread_mutex_lock(&watch->lock);
	if (!atomic_load(&node->watch)) {
		e->next = *chain;
		*chain = e;
		atomic_store(&node->watch, e);
		added = true;
	}
	pthread_mutex_unlock(&watch->lock);
	return added;
}

bool sfs_watch_folder(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD host = SFS_FD_NONE;
	struct sfs_watch_entry *e;

	if (atomic_load(&node->watch))
		return true;
	if (view->watch->fanotify < 0 || atomic_load(&view->watch->exhausted) ||
	    sfs_fd_path(view, node, SFS_TREE_HOST, &host))
		return false;
	e = new_entry(host.fd);
	if (e && !mark(view->watch, FAN_MARK_ADD, host.fd)) {
		free(e);
		return false;
	}
	if (e && !add_entry(view, node, e))
		free(e);
	return e != NULL;
}

/* Another node (a core and a scratch one of one host folder) needs the mark. */
static bool is_shared(struct sfs_watch *watch, const struct sfs_watch_entry *e)
{
	const struct sfs_watch_entry *o = *chain_of(watch, &e->key);

	while (o && (o == e || !same_key(&o->key, &e->key)))
		o = o->next;
	return o != NULL;
}

/* Takes an entry out; true: it was the last one for its folder. */
static bool take_entry(struct sfs_watch *watch, struct sfs_watch_entry *e)
{
	struct sfs_watch_entry **at;
	bool shared;

	pthread_mutex_lock(&watch->lock);
	shared = is_shared(watch, e);
	for (at = chain_of(watch, &e->key); *at != e;)
		at = &(*at)->next;
	*at = e->next;
	pthread_mutex_unlock(&watch->lock);
	free(e);
	return !shared;
}

void sfs_watch_forget(struct sfs_view *view, struct sfs_node *node)
{
	struct sfs_watch_entry *e = atomic_exchange(&node->watch, NULL);
	SFS_FD host = SFS_FD_NONE;

	if (!e || !take_entry(view->watch, e))
		return;
	if (!sfs_fd_path(view, node, SFS_TREE_HOST, &host))
		(void)mark(view->watch, FAN_MARK_REMOVE, host.fd);
	atomic_store(&view->watch->exhausted, false);
}

void sfs_watch_renew(struct sfs_view *view, struct sfs_node *node)
{
	SFS_FD host = SFS_FD_NONE;
	struct sfs_watch_entry *e, *now;

	if (!atomic_load(&node->watch))
		return;
	now = sfs_fd_path(view, node, SFS_TREE_HOST, &host)
		      ? NULL
		      : new_entry(host.fd);
	e = atomic_load(&node->watch);
	/* A mark ends with its folder. */
	if (e && (!now || !same_key(&e->key, &now->key)) &&
	    atomic_compare_exchange_strong(&node->watch, &e, NULL))
		(void)take_entry(view->watch, e);
	free(now);
}

/* The nodes of a folder that an event is about, each with a reference. */
static unsigned int find_nodes(struct sfs_view *view, const struct key *key,
			       struct sfs_node *ret[2])
{
	struct sfs_watch *watch = view->watch;
	unsigned int n = 0;

	pthread_mutex_lock(&watch->lock);
	for (struct sfs_watch_entry *e = *chain_of(watch, key); e && n < 2;
	     e = e->next)
		if (same_key(&e->key, key) && sfs_node_get_live(view, e->node))
			ret[n++] = e->node;
	pthread_mutex_unlock(&watch->lock);
	return n;
}

static void drop_child(struct sfs_view *view, bool scratch,
		       const struct stat *st)
{
	struct sfs_node *child = sfs_node_find(view, scratch, st);

	if (!child)
		return;
	sfs_settle_outdate(child);
	view->notify.inval_inode(view->notify.ctx, child, true);
	sfs_node_put(view, child);
}

/* Something happened to `name` in the folder, or ("." ) to itself. */
static void handle(struct sfs_view *view, struct sfs_node *folder,
		   const char *name, uint64_t mask)
{
	const struct sfs_notify *notify = &view->notify;
	SFS_FD host = SFS_FD_NONE;
	struct stat st;
	bool there;

	/* A scratch folder may come to show another one through. */
	if (mask & (FAN_DELETE_SELF | FAN_MOVE_SELF) &&
	    folder->tree != SFS_TREE_HOST) {
		sfs_fd_drop_tree(view, folder, SFS_TREE_HOST);
		sfs_watch_renew(view, folder);
	}
	if (!strcmp(name, ".")) {
		notify->inval_inode(notify->ctx, folder, false);
		return;
	}
	sfs_follow_event(view, folder, name);
	if (mask & NAMES) {
		notify->inval_inode(notify->ctx, folder, true);
		notify->expire_entry(notify->ctx, folder, name);
	}
	there = !sfs_fd_path(view, folder, SFS_TREE_HOST, &host) &&
		!sfs_fd_stat_child(view, SFS_TREE_HOST, host.fd, name, &st);
	for (int i = 0; there && mask != FAN_CLOSE_WRITE && i < 2; i++)
		drop_child(view, i, &st);
	sfs_retell(view, folder, name, mask, there ? st.st_mode : 0);
}

static const struct fanotify_event_info_fid *
info_of(const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = (const void *)(event + 1);

	if (event->event_len < sizeof(*event) + sizeof(*info) ||
	    (info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME &&
	     info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID))
		return NULL;
	return info;
}

static void take(struct sfs_view *view,
		 const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = info_of(event);
	struct key key;
	struct sfs_node *nodes[2];
	const char *name = ".";
	struct file_handle head;
	unsigned int n;

	if (!info)
		return;
	memcpy(&head, info->handle, sizeof(head));
	if (head.handle_bytes > HANDLE_MAX)
		return;
	memcpy(key.fsid, &info->fsid, sizeof(key.fsid));
	key.type = head.handle_type;
	key.length = head.handle_bytes;
	memcpy(key.bytes, info->handle + sizeof(head), head.handle_bytes);
	if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
		name = (const char *)info->handle + sizeof(head) +
		       head.handle_bytes;
	n = find_nodes(view, &key, nodes);
	for (unsigned int i = 0; i < n; i++) {
		handle(view, nodes[i], name, event->mask);
		sfs_node_put(view, nodes[i]);
	}
}

/* Events were lost: nothing that the kernel knows of the host counts. */
static void drop_node(void *ctx, struct sfs_node *node)
{
	struct sfs_view *view = ctx;
	const struct sfs_notify *notify = &view->notify;
	struct sfs_node *parent;
	char name[256];

	if (node->tree != SFS_TREE_HOST)
		return;
	notify->inval_inode(notify->ctx, node, true);
	if (sfs_node_name(view, node, &parent, name))
		return;
	notify->expire_entry(notify->ctx, parent, name);
	sfs_node_put(view, parent);
}

/* The kernel packs events of any length one after the other: of their fields
 * only a copy is aligned.  The largest has a handle and a name. */
union aligned_event {
	struct fanotify_event_metadata metadata;
	char bytes[sizeof(struct fanotify_event_metadata) + 1024];
};

/* Copies the event at the front of n bytes.  Returns its length, 0 at the end. */
static size_t next_event(const char *at, size_t n, union aligned_event *ret)
{
	uint32_t len;

	if (n < sizeof(ret->metadata))
		return 0;
	memcpy(&ret->metadata, at, sizeof(ret->metadata));
	len = ret->metadata.event_len;
	if (len < sizeof(ret->metadata) || len > n || len > sizeof(*ret))
		return 0;
	memcpy(ret->bytes, at, len);
	return len;
}

/* True: there was something, and all of it was what the daemon did itself. */
static bool read_own_events(struct sfs_view *view, char *buffer)
{
	union aligned_event event;
	ssize_t n = read(view->watch->fanotify, buffer, EVENTS_BUFFER);
	const char *at = buffer;
	const char *end = buffer + (n > 0 ? n : 0);
	bool foreign = false;
	size_t len;

	while ((len = next_event(at, (size_t)(end - at), &event))) {
		bool lost = event.metadata.mask & FAN_Q_OVERFLOW;

		at += len;
		if (!lost && event.metadata.pid == view->watch->self)
			continue;
		if (!foreign)
			atomic_fetch_add(&view->watch->events, 1);
		foreign = true;
		if (lost)
			sfs_node_each(view, drop_node, view);
		else
			take(view, &event.metadata);
	}
	return n > 0 && !foreign;
}

/* A build in the view raises an event with each step: not one wake-up each, and
 * the processor is the build's. */
static void rest(void)
{
	const struct timespec time = { .tv_nsec = OWN_REST_NS };

	nanosleep(&time, NULL);
}

static void *watch_loop(void *arg)
{
	struct sfs_view *view = arg;
	SFS_FREE char *buffer = malloc(EVENTS_BUFFER);
	struct pollfd fds[] = {
		{ .fd = view->watch->stop, .events = POLLIN },
		{ .fd = view->watch->fanotify, .events = POLLIN },
	};

	while (buffer) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break;
		while (read_own_events(view, buffer))
			rest();
	}
	return NULL;
}

int sfs_watch_start(struct sfs_view *view)
{
	struct sfs_watch *watch = view->watch;
	int r;

	if (watch->fanotify < 0)
		return 0;
	watch->self = getpid();
	r = pthread_create(&watch->thread, NULL, watch_loop, view);
	watch->runs = !r;
	return -r;
}

void sfs_watch_stop(struct sfs_view *view)
{
	if (!view->watch->runs)
		return;
	(void)eventfd_write(view->watch->stop, 1);
	pthread_join(view->watch->thread, NULL);
	view->watch->runs = false;
}
