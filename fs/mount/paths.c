/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "scratchfs/machine.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

static int complain(int err, const char *what, const char *path)
{
	if (err == -ENOENT)
		sfs_msg("the %s %s does not exist; mkdir -p '%s' makes it",
			what, path, path);
	else
		sfs_msg_errno(-err, "the %s %s", what, path);
	return err == -ENOMEM ? err : -EINVAL;
}

int sfs_session_find_paths(struct sfs_session *session)
{
	const struct sfs_config *config = session->config;
	int err = sfs_path_canonical(config->source, &session->source);

	if (err < 0)
		return complain(err, "source", config->source);
	err = sfs_path_canonical(config->mountpoint, &session->mountpoint);
	if (err < 0)
		return complain(err, "mount point", config->mountpoint);
	const char *path = sfs_path_below(session->source, session->mountpoint);
	if (!path || !*path)
		return 0;
	session->covered_path = strdup(path);
	return session->covered_path ? 0 : -ENOMEM;
}

static int open_folder(const char *what, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOTDIR) {
		sfs_msg("the %s %s is not a folder", what, path);
		return -EINVAL;
	}
	return complain(-errno, what, path);
}

int sfs_session_open_source(struct sfs_session *session)
{
	session->source_fd = open_folder("source", session->source);
	return session->source_fd < 0 ? session->source_fd : 0;
}

bool sfs_session_is_in_place(const struct sfs_session *session)
{
	return sfs_path_below(session->mountpoint, session->source) != NULL;
}

static int check_user(const struct sfs_session *session)
{
	const char *path = session->mountpoint;
	struct stat st;

	if (!sfs_machine_program("fusermount3", NULL)) {
		sfs_msg("fusermount3 is not installed, and only root can do "
			"without it; on Debian: sudo apt install fuse3");
		return -ENOENT;
	}
	if (session->config->allow_other && !sfs_machine_allows_other()) {
		sfs_msg("allow_other is not allowed here; echo "
			"user_allow_other | sudo tee -a /etc/fuse.conf allows "
			"it");
		return -EPERM;
	}
	if (stat(path, &st) == 0 && st.st_uid != geteuid() &&
	    (access(path, W_OK) < 0 || (st.st_mode & S_ISVTX))) {
		sfs_msg("%s is not yours to mount on; sudo chown %u '%s' makes "
			"it so, or choose a folder of your own",
			path, geteuid(), path);
		return -EPERM;
	}
	return 0;
}

static int check_fuse(void)
{
	SFS_CLOSE int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		sfs_msg("/dev/fuse may not be opened; sudo chmod 666 /dev/fuse "
			"lets everybody mount");
		return -EACCES;
	}
	if (fd < 0) {
		sfs_msg_errno(errno, "the kernel's FUSE is missing (sudo "
				     "modprobe fuse): /dev/fuse");
		return -ENODEV;
	}
	return 0;
}

int sfs_session_open_mountpoint(struct sfs_session *session)
{
	SFS_CLOSE int fd = open_folder("mount point", session->mountpoint);
	int err = fd < 0 ? fd : check_fuse();

	if (err == 0 && geteuid() != 0)
		err = check_user(session);
	if (err == 0 && session->covered_path)
		session->covered_fd = sfs_steal_fd(&fd);
	return err;
}
