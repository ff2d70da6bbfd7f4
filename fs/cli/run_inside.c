/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static int write_file(const char *path, const char *text)
{
	SFS_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* user_namespaces(7): an ordinary user may map only itself and its group. */
static int map_ids(uid_t uid, gid_t gid)
{
	char map[64];
	int err = write_file("/proc/self/setgroups", "deny");

	if (err == 0 || err == -ENOENT) {
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		err = write_file("/proc/self/uid_map", map);
	}
	if (err == 0) {
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		err = write_file("/proc/self/gid_map", map);
	}
	return err;
}

/* Mounts of others go on appearing here, ours do not appear there. */
static int enter_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int err;

	if (unshare(CLONE_NEWNS) == 0) {
		if (mount("none", "/", NULL, MS_SLAVE | MS_REC, NULL) == 0)
			return 0;
		err = -errno;
		sfs_msg_errno(-err, "cannot have mounts of its own here (is "
				    "this a chroot?)");
		return err;
	}
	err = errno == EPERM && uid != 0 ? 0 : -errno;
	if (err == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		err = -errno;
	if (err == 0)
		err = map_ids(uid, gid);
	if (err < 0)
		sfs_msg_errno(-err, "cannot make a mount namespace (scratchfs "
				    "doctor says what would allow it)");
	return err;
}

static int bind_view(const struct sfs_run *run)
{
	if (mount(run->hideout, run->source, NULL, MS_BIND, NULL) == 0)
		return 0;
	int err = -errno;
	sfs_msg_errno(-err, "cannot mount the view over %s", run->source);
	return err;
}

/* The working folder stays the same one, now in the view if it is in the source. */
static int enter(const struct sfs_run *run)
{
	SFS_FREE char *here = getcwd(NULL, 0);
	int err = enter_namespace();

	if (err == 0)
		err = bind_view(run);
	if (err == 0 && here && sfs_path_below(run->source, here) &&
	    chdir(here) < 0) {
		err = -errno;
		sfs_msg_errno(-err, "the working folder %s is not in the view",
			      here);
	}
	return err;
}

static bool wait_for_go(const struct sfs_run *run)
{
	char byte = 0;
	ssize_t n;

	if (write(run->bound_fd, &byte, 1) != 1)
		return false;
	do {
		n = read(run->go_fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

_Noreturn void sfs_run_inside(const struct sfs_run *run)
{
	/* After the namespace: changing credentials takes this back. */
	if (enter(run) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    getppid() != run->self || !wait_for_go(run))
		_exit(SFS_RUN_FAILED);
	signal(SIGCHLD, run->inherited_chld);
	sigprocmask(SIG_SETMASK, &run->inherited, NULL);
	execvp(run->command[0], run->command);
	int err = errno;
	sfs_msg_errno(err, "%s", run->command[0]);
	_exit(err == ENOENT ? SFS_RUN_NO_SUCH : SFS_RUN_CANNOT);
}
