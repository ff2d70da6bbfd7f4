/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"
#include "scratchfs/size.h"
#include "scratchfs/unmount.h"
#include "scratchfs/volume.h"

#include "holders.h"
#include "usage.h"
#include "views.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>

#define HOLDERS_MAX 10
/* Unmounting does not take longer for what there is to count. */
#define COUNT_MS "150"
/* Nor for a daemon that does not answer. */
#define ANSWER_MS 8000
/* Most often all is deleted by then. */
#define AT_ONCE_MS   50
#define END_WAIT_MS  1000
#define END_TICK_MS  10
#define KEEP_WAIT_MS 600000
#define DEAD_WAIT_MS 5000
#define DEAD_TICK_MS 10

/* What becomes of the scratch; see fs/mount/talk.c. */
#define ORDER "user.scratchfs.volume"

struct options {
	bool lazy, dry_run;
	const char *volume;
};

/* What the daemon says it would discard. */
struct usage {
	uint64_t files, bytes, changed;
	bool more;  /* these are not all */
	char *text; /* what came, for the names in it */
	size_t length;
};

static int ask_usage(const char *mountpoint, bool all, struct usage *ret)
{
	int err = sfs_views_ask(mountpoint, all ? "usage" : "usage/" COUNT_MS,
				all ? SFS_VIEWS_COUNT_MS : ANSWER_MS,
				&ret->text, &ret->length);
	char more = '\0';

	if (err < 0)
		return err;
	if (sscanf(ret->text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %c",
		   &ret->files, &ret->bytes, &ret->changed, &more) < 3)
		return -EPROTO;
	ret->more = more != '\0';
	return 0;
}

static void print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?'
								     : *name);
}

static void print_changed(const struct usage *usage)
{
	const char *end = usage->text + usage->length;
	uint64_t shown = 0;

	if (usage->changed == 0)
		return;
	printf("among them %" PRIu64 " changed %s of the host:\n",
	       usage->changed,
	       usage->changed == 1 ? "copy of a file" : "copies of files");
	for (const char *name = usage->text + strlen(usage->text) + 1;
	     name < end; name += strlen(name) + 1) {
		fputs("  ", stdout);
		print_name(name);
		putchar('\n');
		shown++;
	}
	if (shown < usage->changed)
		printf("  and %" PRIu64 " more\n", usage->changed - shown);
}

static void print_summary(const struct usage *usage, const char *did)
{
	char size[16];

	if (!usage->text) /* nobody told us */
		return;
	if (usage->files == 0) {
		puts("nothing to discard");
		return;
	}
	printf("%s %s%" PRIu64 " file%s, %s\n", did,
	       usage->more ? "more than " : "", usage->files,
	       usage->files == 1 ? "" : "s",
	       sfs_size_format(usage->bytes, size));
	print_changed(usage);
}

static int say_holders(const struct sfs_mountinfo *mount)
{
	sfs_msg("%s is in use; --lazy unmounts it as soon as it is not:",
		mount->path);
	unsigned int n = sfs_holders_print(stderr, mount->device, HOLDERS_MAX);
	if (n > HOLDERS_MAX)
		fprintf(stderr, "  and %u more\n", n - HOLDERS_MAX);
	if (n == 0)
		fprintf(stderr, "  by whom is not to be seen from here: "
				"another user, or a mount below it\n");
	return SFS_EXIT_FAILED;
}

static bool is_gone(const struct sfs_mountinfo *mount)
{
	struct sfs_mountinfo now = { .id = -1 };
	bool gone = sfs_mountinfo_find(mount->path, &now) < 0 ||
		    now.device != mount->device;

	sfs_mountinfo_done(&now);
	return gone;
}

static int say_failure(int err, const struct sfs_mountinfo *mount)
{
	if (err == -EBUSY)
		return say_holders(mount);
	if (err == -EPERM)
		sfs_msg("%s is not yours to unmount; sudo umount '%s' does it",
			mount->path, mount->path);
	else if (err == -ENOENT)
		sfs_msg("fusermount3 is not installed; on Debian: sudo apt "
			"install fuse3");
	else if (err == -EINVAL && is_gone(mount))
		sfs_msg("somebody else has unmounted %s", mount->path);
	else
		sfs_msg_errno(-err, "cannot unmount %s", mount->path);
	return SFS_EXIT_FAILED;
}

/* Waits until the process has ended: true. */
static bool await_end(int pid_fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = pid_fd, .events = POLLIN };

	return pid_fd < 0 || poll(&poll_fd, 1, timeout_ms) == 1;
}

/* store: where its scratch is, or NULL. */
static int open_daemon(const char *mountpoint, char **ret_store)
{
	struct sfs_registry_entry *entry = NULL;
	int fd = -1;

	*ret_store = NULL;
	if (sfs_registry_find_by_mountpoint(mountpoint, &entry) < 0)
		return -1;
	if (sfs_registry_is_alive(entry))
		fd = (int)syscall(SYS_pidfd_open, entry->pid, 0);
	*ret_store = sfs_steal_ptr(&entry->store);
	sfs_registry_entry_free(entry);
	return fd;
}

/* What has been renamed aside is as good as gone; deleting it takes its time and
 * goes on without us. */
static bool await_discard(int pid_fd, const char *store)
{
	bool gone = await_end(pid_fd, AT_ONCE_MS);

	for (int ms = AT_ONCE_MS; !gone && ms < END_WAIT_MS; ms += END_TICK_MS)
		gone = (store && access(store, F_OK) < 0) ||
		       await_end(pid_fd, END_TICK_MS);
	return gone;
}

static int order_keep(const char *mountpoint, const char *volume)
{
	if (setxattr(mountpoint, ORDER, volume, strlen(volume), 0) == 0)
		return 0;
	int err = -errno;
	if (err == -EEXIST)
		sfs_msg("there is already a volume %s", volume);
	else if (err == -EALREADY)
		sfs_msg("the scratch of %s is in a volume anyway", mountpoint);
	else if (err == -EINPROGRESS)
		sfs_msg("the scratch of %s is about to be kept as another "
			"volume",
			mountpoint);
	else
		sfs_msg_errno(-err, "the view does not take the name %s",
			      volume);
	return err;
}

static void drop_order(const char *mountpoint, const char *volume)
{
	SFS_FREE char *value = NULL;

	if (asprintf(&value, "-%s", volume) < 0)
		value = NULL;
	else
		(void)setxattr(mountpoint, ORDER, value, strlen(value), 0);
}

static int check_kept(const char *name, int pid_fd, const char *store)
{
	struct sfs_volume *volume = NULL;
	bool ended = await_end(pid_fd, KEEP_WAIT_MS);
	int err = ended ? sfs_volume_load(name, &volume) : -ETIMEDOUT;

	sfs_volume_free(volume);
	if (err == 0)
		return SFS_EXIT_OK;
	if (store && access(store, F_OK) == 0)
		sfs_msg("the volume %s has not come about, the system log says "
			"why; until the next mount or prune the scratch is in "
			"%s",
			name, store);
	else
		sfs_msg_errno(
			-err,
			"the volume %s has not come about; the system log "
			"says more",
			name);
	return SFS_EXIT_FAILED;
}

/* A killed process ends its connection a moment before its lock on the store:
 * until then the store is not collected. */
static int collect_dead(const char *store,
			struct sfs_registry_collected *collected)
{
	const struct timespec tick = { .tv_nsec = DEAD_TICK_MS * 1000000 };
	int err = 0;

	for (int ms = 0; err == 0 && ms < DEAD_WAIT_MS; ms += DEAD_TICK_MS) {
		if (ms > 0)
			nanosleep(&tick, NULL);
		err = sfs_registry_collect(false, collected, NULL, NULL);
		if (!store || access(store, F_OK) < 0)
			break;
	}
	return err;
}

/* A dead view has nobody to ask, and nobody who discards. */
static int unmount_dead(const struct sfs_mountinfo *mount,
			const struct options *options)
{
	struct sfs_registry_collected collected = { 0 };
	struct sfs_registry_entry *entry = NULL;
	char size[16];

	if (options->volume || options->dry_run) {
		sfs_msg("the daemon of %s is dead; mount it again first",
			mount->path);
		return SFS_EXIT_FAILED;
	}
	sfs_registry_find_by_mountpoint(mount->path, &entry);
	int err = sfs_unmount(mount->path, true);
	if (err < 0) {
		sfs_registry_entry_free(entry);
		return say_failure(err, mount);
	}
	err = collect_dead(entry ? entry->store : NULL, &collected);
	sfs_registry_entry_free(entry);
	if (err < 0) {
		sfs_msg_errno(-err, "cannot collect the scratch of %s",
			      mount->path);
		return SFS_EXIT_FAILED;
	}
	printf("discarded %s of a dead view\n",
	       sfs_size_format(collected.bytes, size));
	return SFS_EXIT_OK;
}

/* A daemon that was killed meanwhile has discarded nothing, or not all. */
static void collect_killed(const char *mountpoint, int pid_fd)
{
	struct sfs_registry_entry *entry = NULL;

	if (pid_fd < 0 || !await_end(pid_fd, 0) ||
	    sfs_registry_find_by_mountpoint(mountpoint, &entry) < 0)
		return;
	sfs_registry_entry_free(entry);
	(void)sfs_registry_collect(false, NULL, NULL, NULL);
}

static int unmount_live(const struct sfs_mountinfo *mount,
			const struct options *options,
			const struct usage *usage)
{
	SFS_FREE char *store = NULL;
	SFS_CLOSE int pid_fd = open_daemon(mount->path, &store);
	int err;

	if (options->volume && order_keep(mount->path, options->volume) < 0)
		return SFS_EXIT_FAILED;
	err = sfs_unmount(mount->path, options->lazy);
	if (err < 0) {
		if (options->volume)
			drop_order(mount->path, options->volume);
		return say_failure(err, mount);
	}
	if (options->volume) {
		int status = check_kept(options->volume, pid_fd, store);

		if (status == SFS_EXIT_OK)
			print_summary(usage, "kept");
		return status;
	}
	/* A container may have taken the view along to where we cannot see. */
	bool ended = await_discard(pid_fd, store);
	collect_killed(mount->path, pid_fd);
	if (!ended)
		printf("still in use, as by a container, or still being "
		       "discarded\n");
	print_summary(usage, ended ? "discarded" : "to be discarded:");
	return SFS_EXIT_OK;
}

static int find_view(const char *path, struct sfs_mountinfo *ret)
{
	SFS_FREE char *canonical = NULL;
	int err = sfs_path_canonical(path, &canonical);

	if (err < 0) {
		sfs_msg_errno(-err, "%s", path);
		return err;
	}
	err = sfs_mountinfo_find(canonical, ret);
	if (err == 0 && !sfs_mountinfo_is_view(ret)) {
		sfs_mountinfo_done(ret);
		err = -ENOENT;
	}
	if (err == -ENOENT)
		sfs_msg("no view is mounted on %s; scratchfs list shows them",
			canonical);
	else if (err < 0)
		sfs_msg_errno(-err, "cannot read what is mounted");
	return err;
}

static void say_silent(const char *mountpoint)
{
	struct sfs_registry_entry *entry = NULL;

	(void)sfs_registry_find_by_mountpoint(mountpoint, &entry);
	sfs_views_say_silent(mountpoint, entry);
	if (entry)
		sfs_registry_entry_free(entry);
}

static int unmount_view(const char *path, const struct options *options)
{
	struct sfs_mountinfo mount;
	struct usage usage = { 0 };
	int status = SFS_EXIT_OK;

	if (options->volume && !sfs_volume_name_valid(options->volume)) {
		sfs_msg("'%s' cannot be the name of a volume: "
			"[a-z0-9][a-z0-9._-]{0,62}",
			options->volume);
		return SFS_EXIT_USAGE;
	}
	if (find_view(path, &mount) < 0)
		return SFS_EXIT_FAILED;
	int err = ask_usage(mount.path, options->dry_run, &usage);
	if (err == -ETIMEDOUT)
		say_silent(mount.path);
	if (err == -ENOTCONN) {
		status = unmount_dead(&mount, options);
	} else if (err == -ETIMEDOUT && options->volume) {
		status = SFS_EXIT_FAILED;
	} else if (err < 0 && options->dry_run) {
		sfs_msg_errno(-err, "%s does not answer", mount.path);
		status = SFS_EXIT_FAILED;
	} else if (options->dry_run) {
		print_summary(&usage, "would discard");
	} else {
		status = unmount_live(&mount, options, &usage);
	}
	free(usage.text);
	sfs_mountinfo_done(&mount);
	return status;
}

static const struct sfs_usage usage = {
	.command = "umount",
	.help = "Usage: scratchfs umount [OPTIONS] MOUNTPOINT\n"
		"\n"
		"Unmounts the view and throws its scratch away. While processes use it, it\n"
		"stays, and they are named.\n"
		"\n"
		"      --volume NAME  keep the scratch, as a new volume\n"
		"  -l, --lazy         detach it now; it goes when the last process leaves it\n"
		"  -n, --dry-run      only say what would be thrown away\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.least = 1,
	.most = 1,
	.refusal = "it takes one MOUNTPOINT",
};

int sfs_cmd_umount(int argc, char **argv)
{
	struct options options = { 0 };
	const struct sfs_extra_option extra[] = {
		{ "lazy", 'l', &options.lazy, NULL },
		{ "dry-run", 'n', &options.dry_run, NULL },
		{ "volume", 0, NULL, &options.volume },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = unmount_view(argv[1], &options);
	sfs_config_done(&config);
	return status;
}
