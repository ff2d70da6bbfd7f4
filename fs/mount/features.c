/* SPDX-License-Identifier: MIT */
#include "features.h"

#include "tap.h"

#include "scratchfs/session.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

/* All of them have bits in `want`, which every libfuse knows. */
static const struct {
	uint64_t feature;
	uint32_t capability;
} named[] = {
#ifdef SFS_HAVE_FUSE_KILLPRIV_V2
	{ SFS_FUSE_HANDLE_KILLPRIV_V2, FUSE_CAP_HANDLE_KILLPRIV_V2 },
#endif
#ifdef SFS_HAVE_FUSE_PASSTHROUGH
	{ SFS_FUSE_PASSTHROUGH, FUSE_CAP_PASSTHROUGH },
#endif
#ifdef SFS_HAVE_FUSE_URING
	{ SFS_FUSE_OVER_IO_URING, FUSE_CAP_OVER_IO_URING },
#endif
	{ 0, 0 },
};

#ifdef SFS_FUSE_TELLS_KILLS
#define TELLS_KILLS	true
#define FI_TELLS_IT(fi) ((fi)->kill_suidgid)
#else
#define TELLS_KILLS	false
#define FI_TELLS_IT(fi) ((void)(fi), false)
#endif

static _Thread_local bool trying;

bool sfs_features_are_tried(void)
{
	return trying;
}

void sfs_features_begin(struct sfs_mount *mount)
{
	trying = true;
	(void)sfs_tap_install(mount);
	trying = false;
	/* libfuse 3.14 knows of this one, but does not tell the kernel: look-ups
	 * in one folder would wait for each other. */
	if (mount->tapped)
		sfs_tap_want(mount, SFS_FUSE_PARALLEL_DIROPS);
	if (mount->tapped || TELLS_KILLS)
		sfs_tap_want(mount, SFS_FUSE_HANDLE_KILLPRIV_V2);
}

bool sfs_features_kill(const struct fuse_file_info *fi)
{
	return FI_TELLS_IT(fi) || sfs_tap_kills_set_ids();
}

bool sfs_features_allow_rings(const struct sfs_mount *mount)
{
	return mount->tapped || sfs_features_named() & SFS_FUSE_OVER_IO_URING;
}

static void say_nothing(enum fuse_log_level level, const char *format,
			va_list args)
{
	(void)level;
	(void)format;
	(void)args;
}

/* A session that is not mounted has no descriptor to tap; if libfuse minds that,
 * it does not mind the tap. */
bool sfs_session_allows_rings(void)
{
	struct sfs_mount mount = { 0 };
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	bool allows = sfs_features_allow_rings(&mount);

	fuse_set_log_func(say_nothing);
	if (!allows && fuse_opt_add_arg(&args, "scratchfs") == 0)
		mount.session = fuse_session_new(&args, &sfs_ops,
						 sizeof(sfs_ops), &mount);
	if (mount.session) {
		allows = sfs_tap_install(&mount) != -ENOTSUP;
		fuse_session_destroy(mount.session);
	}
	fuse_opt_free_args(&args);
	fuse_set_log_func(NULL);
	return allows;
}

const char *sfs_session_libfuse(void)
{
	return fuse_pkgversion();
}

uint64_t sfs_features_named(void)
{
	uint64_t all = 0;

	for (size_t i = 0; named[i].feature; i++)
		all |= named[i].feature;
	return all;
}

/* libfuse wants io_uring by itself. */
void sfs_features_ask(struct sfs_mount *mount, struct fuse_conn_info *conn)
{
	for (size_t i = 0; named[i].feature; i++) {
		uint32_t offered = conn->capable & named[i].capability;

		if (offered && mount->wanted & named[i].feature) {
			conn->want |= offered;
			mount->agreed |= named[i].feature;
		} else {
			conn->want &= ~named[i].capability;
		}
	}
}

/* linux/fuse.h of 6.9 */
struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define BACKING_OPEN  _IOW(229, 1, struct backing_map)
#define BACKING_CLOSE _IOW(229, 2, uint32_t)

/* libfuse's call wants a request, and the one that was interrupted is gone. */
void sfs_features_unback(struct sfs_mount *mount, int backing)
{
	uint32_t id = (uint32_t)backing;

	if (backing > 0)
		(void)ioctl(fuse_session_fd(mount->session), BACKING_CLOSE,
			    &id);
}

#ifdef SFS_HAVE_FUSE_PASSTHROUGH

int sfs_features_back(fuse_req_t req, int fd)
{
	int id;

	trying = true;
	id = fuse_passthrough_open(req, fd);
	trying = false;
	return id;
}

/* The kernel takes no other flag beside this one. */
void sfs_features_pass(struct fuse_file_info *fi, int backing)
{
	if (backing <= 0)
		return;
	fi->backing_id = backing;
	fi->keep_cache = 0;
	fi->noflush = 0;
}

#else

int sfs_features_back(fuse_req_t req, int fd)
{
	struct backing_map map = { .fd = fd };
	int id = ioctl(fuse_session_fd(sfs_op_mount(req)->session),
		       BACKING_OPEN, &map);

	return id > 0 ? id : 0;
}

void sfs_features_pass(struct fuse_file_info *fi, int backing)
{
	(void)fi;
	sfs_tap_pass(backing);
}

#endif
