/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "daemonize.h"
#include "events.h"
#include "features.h"
#include "locks.h"
#include "loop.h"
#include "notify.h"
#include "passthrough.h"
#include "uring.h"

#include "scratchfs/command.h"
#include "scratchfs/ignore_hint.h"
#include "scratchfs/mountinfo.h"
#include "scratchfs/msg.h"
#include "scratchfs/rules.h"
#include "scratchfs/store.h"
#include "scratchfs/tracked.h"
#include "scratchfs/unmount.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

int sfs_session_exit_status(int err)
{
	if (err == 0 || err == -EINTR)
		return SFS_EXIT_OK;
	return err == -EINVAL ? SFS_EXIT_USAGE : SFS_EXIT_FAILED;
}

/* Descriptors are a cache: as many as there may be. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * One arena, grown in large steps: nodes come and go by the thousand, and
 * buffers for reads of 1 MiB are not to be mapped anew for each.  The view
 * gives memory back itself, which malloc_trim(3) does of all but the end of
 * another arena than the first.
 */
static void tune_allocator(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_TOP_PAD, 1 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 8 << 20);
}

static int find_tracked(struct sfs_session *session)
{
	int err = sfs_tracked_new(session->source_fd, session->source,
				  &session->tracked);

	if (err == 0)
		err = sfs_tracked_set_mountpoint(session->tracked,
						 sfs_session_shown_at(session));
	return err;
}

static int make_view(struct sfs_session *session)
{
	struct sfs_config *config = session->config;
	struct sfs_view_params params = {
		.source_fd = fcntl(session->source_fd, F_DUPFD_CLOEXEC, 0),
		.source_path = session->source,
		.scratch = config->scratch,
		.readonly = config->readonly,
		.tracked = session->tracked,
		.stores = session->stores,
		.n_stores = session->n_stores,
		.copy_limit_bytes = config->border_copy_bytes,
		.strict = config->cache == SFS_CACHE_STRICT,
		.as_caller = geteuid() == 0,
		.covered_fd = session->covered_fd,
		.covered_path = session->covered_path,
	};

	if (params.source_fd < 0)
		return -errno;
	if (config->readonly && sfs_rules_count(config->readonly) == 0)
		params.readonly = NULL;
	int err = sfs_view_new(&params, &session->mount.view);
	if (err < 0) {
		close(params.source_fd);
		sfs_msg_errno(-err, "cannot make a view of %s",
			      session->source);
		return err;
	}
	session->covered_fd = -1;
	/* A page that a refused write has left in the cache would be seen by
	 * every reader: an open for writing has to be refused itself. */
	session->mount.answers_opens =
		params.readonly != NULL || config->locks == SFS_LOCKS_SHARED;
	return 0;
}

/*
 * The dead mount is taken away as late as possible: from then on nothing but
 * this process keeps its scratch from being collected.
 */
static int prepare(struct sfs_session *session)
{
	int err = sfs_session_find_paths(session);
	bool in_place = err == 0 && sfs_session_is_in_place(session);

	if (err == 0 && in_place)
		err = sfs_session_mend(session);
	if (err == 0)
		err = sfs_session_open_source(session);
	if (err == 0)
		err = sfs_config_load(session->config, session->source_fd);
	if (err == 0)
		err = find_tracked(session);
	if (err == 0 && !in_place)
		err = sfs_session_mend(session);
	if (err == 0)
		err = sfs_session_open_mountpoint(session);
	if (err == 0)
		err = sfs_session_open_stores(session);
	if (err < 0)
		return err;
	/* Now: a mount of ours on this mount point would pass for that of a
	 * dead view that somebody took away from it. */
	sfs_registry_collect(false, NULL, NULL, NULL);
	for (unsigned int i = 0; i < session->n_stores; i++)
		sfs_store_clean_pending(session->stores[i], session->source_fd);
	return make_view(session);
}

int sfs_session_new(struct sfs_config *config, struct sfs_session **ret)
{
	struct sfs_session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	raise_descriptor_limit();
	tune_allocator();
	sfs_pages_init(&session->pages);
	session->config = config;
	session->source_fd = session->covered_fd = -1;
	int err = prepare(session);
	if (err == -ENOMEM)
		sfs_msg("there is not enough memory");
	if (err < 0) {
		sfs_session_free(session);
		return err;
	}
	sfs_config_announce(config);
	sfs_ignore_hint(session->source_fd, config->scratch);
	*ret = session;
	return 0;
}

#ifndef STATX_MNT_ID_UNIQUE /* since Linux 6.8 */
#define STATX_MNT_ID_UNIQUE 0x4000u
#endif

/* What is mounted there, as a number.  Asks no daemon.  0: it is not known. */
static uint64_t mount_id_of(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_MNT_ID_UNIQUE, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return st.stx_mnt_id;
}

/*
 * Requests travel over io_uring wherever the kernel offers it.  But there a
 * signal that comes before its request has reached us is never told (Linux
 * 6.18): who waits for a lock could not be interrupted.
 */
static bool may_use_rings(const struct sfs_config *config)
{
	return config->transport != SFS_TRANSPORT_DEV &&
	       config->locks != SFS_LOCKS_SHARED;
}

/* The options of libfuse, which passes on those of the kernel. */
static int fuse_arguments(const struct sfs_session *session,
			  struct fuse_args *args)
{
	SFS_FREE char *mount_options =
		sfs_config_mount_options(session->config);
	SFS_FREE char *name = NULL;
	const char *rings =
		may_use_rings(session->config) ? sfs_uring_options() : NULL;
	char *options = NULL; /* freed by free(), as libfuse's own */

	if (!mount_options ||
	    asprintf(&name, "fsname=%s", session->source) < 0 ||
	    fuse_opt_add_opt(&options, "default_permissions") < 0 ||
	    fuse_opt_add_opt(&options, "subtype=scratchfs") < 0 ||
	    fuse_opt_add_opt_escaped(&options, name) < 0 ||
	    (*mount_options && fuse_opt_add_opt(&options, mount_options) < 0) ||
	    (rings && fuse_opt_add_opt(&options, rings) < 0) ||
	    fuse_opt_add_arg(args, "scratchfs") < 0 ||
	    fuse_opt_add_arg(args, "-o") < 0 ||
	    fuse_opt_add_arg(args, options) < 0 ||
	    (session->config->debug && fuse_opt_add_arg(args, "-d") < 0)) {
		free(options);
		return -ENOMEM;
	}
	free(options);
	return 0;
}

/* What libfuse has to say goes where our own messages go. */
__attribute__((format(printf, 2, 0))) static void
pass_on(enum fuse_log_level level, const char *format, va_list args)
{
	char line[1024];

	(void)level;
	if (sfs_features_are_tried())
		return;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	sfs_msg("%s", line);
}

int sfs_session_mount(struct sfs_session *session)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int err = fuse_arguments(session, &args);

	if (err == 0)
		err = sfs_loop_block_signals();
	if (!session->config->debug)
		fuse_set_log_func(pass_on);
	if (err == 0)
		session->mount.session = fuse_session_new(
			&args, &sfs_ops, sizeof(sfs_ops), &session->mount);
	fuse_opt_free_args(&args);
	if (!session->mount.session) {
		sfs_msg("libfuse cannot make a session");
		return err ? err : -EIO;
	}
	if (fuse_session_mount(session->mount.session, session->mountpoint) <
	    0) {
		sfs_msg("cannot mount on %s", session->mountpoint);
		return -EIO;
	}
	session->mounted = true;
	session->mount_id = mount_id_of(session->mountpoint);
	sfs_features_begin(&session->mount);
	if (session->config->io == SFS_IO_PASSTHROUGH)
		err = sfs_passthrough_new(&session->mount);
	if (err < 0)
		return err;
	struct sfs_mountinfo mount;
	if (sfs_mountinfo_find(session->mountpoint, &mount) == 0) {
		session->device = mount.device;
		sfs_mountinfo_done(&mount);
	}
	session->mount.answer = sfs_session_answer;
	session->mount.order = sfs_session_order;
	session->mount.ctx = session;
	return 0;
}

/* The connection ends with the mount; or is aborted, and the mount stays. */
static bool is_connected(const struct sfs_session *session)
{
	struct pollfd fd = { .fd = fuse_session_fd(session->mount.session) };

	return poll(&fd, 1, 0) == 0;
}

/*
 * Is the mount that this session made still there?  When it is gone another view
 * may have been mounted at once, and a device number is given out again.
 */
static bool stands(const struct sfs_session *session)
{
	struct sfs_mountinfo mount;
	bool ours;

	if (session->mount_id)
		return mount_id_of(session->mountpoint) == session->mount_id;
	if (!is_connected(session) ||
	    sfs_mountinfo_find(session->mountpoint, &mount) < 0)
		return false;
	ours = sfs_mountinfo_is_view(&mount) && mount.device == session->device;
	sfs_mountinfo_done(&mount);
	return ours;
}

static void unmount(void *ctx)
{
	struct sfs_session *session = ctx;
	int err = stands(session) ? sfs_unmount(session->mountpoint, true) : 0;

	if (err < 0)
		sfs_msg_errno(-err, "cannot unmount %s", session->mountpoint);
}

static void make_uring(struct sfs_session *session)
{
	int err = -ENOSYS;

	if (!may_use_rings(session->config))
		return;
	if (sfs_features_allow_rings(&session->mount))
		err = sfs_uring_new(&session->mount, &session->uring);
	if (err && (err != -ENOSYS ||
		    session->config->transport == SFS_TRANSPORT_URING))
		sfs_msg_errno(-err, "requests travel over /dev/fuse, io_uring "
				    "is not to be had here (scratchfs doctor "
				    "says what is lacking)");
}

/* Where writes pass through, the view's own would be taken for the host's; what
 * is always asked for is not watched. */
static int make_events(struct sfs_session *session)
{
	const struct sfs_config *config = session->config;
	const struct sfs_events_place place = {
		.path = sfs_session_shown_at(session),
		.of_watcher = config->passes_through,
		.device = session->device,
		.foreign_watchers = config->allow_other && geteuid() != 0,
	};

	if (config->events == SFS_EVENTS_OFF ||
	    config->cache == SFS_CACHE_STRICT ||
	    config->io == SFS_IO_PASSTHROUGH)
		return 0;
	return sfs_events_new(&session->mount, &place, &session->mount.events);
}

/* Threads may answer requests from INIT on: all that they look at is there
 * before. */
static int start(struct sfs_session *session)
{
	struct sfs_notify notify;
	int err = make_events(session);

	sfs_notify_init(&notify, &session->mount);
	sfs_view_set_notify(session->mount.view, &notify);
	if (err == 0)
		err = sfs_session_register(session);
	if (err == 0)
		err = sfs_view_start(session->mount.view);
	if (err < 0)
		return err;
	if (session->config->locks == SFS_LOCKS_SHARED)
		err = sfs_locks_new(&session->mount, &session->mount.locks);
	make_uring(session);
	if (err == 0)
		err = sfs_loop_init(&session->mount);
	if (err == 0 && session->uring)
		sfs_uring_start(session->uring);
	if (err == 0)
		return 0;
	sfs_msg_errno(-err, "the kernel does not answer");
	sfs_view_stop(session->mount.view);
	return err;
}

static void started(void *ctx)
{
	struct sfs_session *session = ctx;
	struct stat st;

	(void)stat(session->mountpoint, &st);
	sfs_notify_root_known(&session->mount);
	session->served = true;
	session->ready(session->ready_ctx);
}

int sfs_session_serve(struct sfs_session *session, void (*ready)(void *ctx),
		      void *ctx)
{
	const struct sfs_loop loop = {
		.mount = &session->mount,
		.started = started,
		.unmount = unmount,
		.ctx = session,
	};
	int err = start(session);

	if (err < 0)
		return err;
	session->ready = ready;
	session->ready_ctx = ctx;
	err = sfs_loop_run(&loop);
	if (err == -EINTR)
		return err;
	sfs_session_set_aside(session);
	sfs_uring_free(session->uring);
	session->uring = NULL;
	sfs_locks_free(sfs_steal_ptr(&session->mount.locks));
	sfs_view_stop(session->mount.view);
	sfs_events_free(sfs_steal_ptr(&session->mount.events));
	return err;
}

void sfs_session_abandon(struct sfs_session *session)
{
	unmount(session);
	sfs_session_end_stores(session);
}

void sfs_session_free(struct sfs_session *session)
{
	if (session->mounted)
		unmount(session);
	sfs_uring_free(session->uring);
	sfs_locks_free(session->mount.locks);
	sfs_events_free(session->mount.events);
	if (session->mount.session) {
		fuse_session_unmount(session->mount.session);
		fuse_session_destroy(session->mount.session);
	}
	sfs_passthrough_free(session->mount.passthrough);
	if (session->mount.view)
		sfs_view_free(session->mount.view);
	sfs_session_end_stores(session);
	sfs_session_close_stores(session);
	if (session->tracked)
		sfs_tracked_free(session->tracked);
	if (session->source_fd >= 0)
		close(session->source_fd);
	if (session->covered_fd >= 0)
		close(session->covered_fd);
	sfs_pages_done(&session->pages);
	free(session->source);
	free(session->mountpoint);
	free(session->covered_path);
	free(session);
}

static void tell_parent(void *ctx)
{
	const int *ready_fd = ctx;

	if (*ready_fd >= 0)
		sfs_daemonize_ready(*ready_fd);
}

static int serve_to_the_end(struct sfs_session *session, int ready_fd)
{
	int err = sfs_session_serve(session, tell_parent, &ready_fd);

	if (err == -EINTR) {
		sfs_session_abandon(session);
		_exit(SFS_EXIT_OK);
	}
	sfs_session_free(session);
	return sfs_session_exit_status(err);
}

int sfs_session_run_here(struct sfs_config *config, int ready_fd)
{
	struct sfs_session *session = NULL;
	int err = sfs_session_new(config, &session);

	if (err == 0)
		err = sfs_session_mount(session);
	if (err == 0)
		return serve_to_the_end(session, ready_fd);
	if (session)
		sfs_session_free(session);
	return sfs_session_exit_status(err);
}

int sfs_session_run(struct sfs_config *config)
{
	struct sfs_session *session = NULL;
	int ready_fd = -1;
	int err = sfs_daemonize_reserve_stdio();

	if (err == 0)
		err = sfs_session_new(config, &session);
	if (err < 0)
		return sfs_session_exit_status(err);
	err = sfs_session_mount(session);
	if (err == 0 && !config->foreground && !config->debug)
		err = sfs_daemonize_begin(&ready_fd);
	if (err == 0)
		return serve_to_the_end(session, ready_fd);
	sfs_session_free(session);
	return sfs_session_exit_status(err);
}
