/* SPDX-License-Identifier: MIT */
#include "scratchfs/unmount.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* fusermount3 has one exit status for everything: its words must do.  It does
 * not translate them. */
static int errno_of(const char *words)
{
	if (strstr(words, "busy"))
		return -EBUSY;
	if (strstr(words, "not found in"))
		return -EINVAL;
	return -EPERM;
}

/* Its stderr becomes `words_fd`. */
static int spawn(char *const *argv, int words_fd, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, words_fd, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	int err = posix_spawnp(ret, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -err;
}

static void read_words(int fd, char *words, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used + 1 < size &&
	       (n = read(fd, words + used, size - used - 1)) != 0) {
		if (n > 0)
			used += (size_t)n;
		else if (errno != EINTR)
			break;
	}
	words[used] = '\0';
}

static int run_fusermount(const char *path, bool lazy)
{
	char *argv[] = {
		(char[]){ "fusermount3" },
		(char[]){ "-u" },
		lazy ? (char[]){ "-z" } : (char[]){ "--" },
		lazy ? (char[]){ "--" } : NULL,
		NULL,
		NULL,
	};
	SFS_FREE char *copy = strdup(path);
	char words[512];
	int ends[2], status = 0;
	pid_t pid = 0;

	if (!copy)
		return -ENOMEM;
	argv[lazy ? 4 : 3] = copy;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int err = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (err == 0)
		read_words(ends[0], words, sizeof(words));
	close(ends[0]);
	if (err < 0)
		return err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return status == 0 ? 0 : errno_of(words);
}

int sfs_unmount(const char *path, bool lazy)
{
	int flags = UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0);

	if (umount2(path, flags) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	return run_fusermount(path, lazy);
}
