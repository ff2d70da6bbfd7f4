/* SPDX-License-Identifier: MIT */
/*
 * A fork of a process that has threads: nothing here may allocate, or take any
 * other lock that one of them may have held.
 */
#include "performer.h"

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

struct order {
	const struct sfs_performer_order *head;
	const char *root, *folder, *old_folder, *name, *old_name;
};

/* Never out of the view, nor into what somebody has mounted in it. */
static int open_below(int dir_fd, const char *path, int flags)
{
	const struct open_how how = {
		.flags =
			(unsigned int)(O_PATH | O_CLOEXEC | O_NOFOLLOW | flags),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV |
			   RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir_fd, *path ? path : ".", &how,
			    sizeof(how));
}

/* Is this our view, and is it us whom it recognizes? */
static bool is_ours(int root_fd, const unsigned char *secret)
{
	unsigned char said[SFS_PERFORMER_SECRET_BYTES];
	char proc[SFS_BACKING_PROC_MAX];

	return getxattr(sfs_backing_proc_path(root_fd, proc),
			SFS_PERFORMER_XATTR, said,
			sizeof(said)) == (ssize_t)sizeof(said) &&
	       !memcmp(said, secret, sizeof(said));
}

static void make(int dir_fd, const char *name, mode_t mode)
{
	if (S_ISDIR(mode))
		(void)mkdirat(dir_fd, name, 0700);
	else if (S_ISLNK(mode))
		(void)symlinkat("-", dir_fd, name);
	else if (S_ISREG(mode) || S_ISFIFO(mode) || S_ISSOCK(mode))
		(void)mknodat(dir_fd, name, (mode & S_IFMT) | 0600, 0);
}

static void touch(int dir_fd, const char *name, bool bytes)
{
	const struct timespec times[] = {
		{ .tv_nsec = bytes ? UTIME_OMIT : UTIME_NOW },
		{ .tv_nsec = UTIME_NOW },
	};
	SFS_CLOSE int fd = open_below(dir_fd, name, 0);

	if (fd >= 0)
		(void)utimensat(fd, "", times, AT_EMPTY_PATH);
}

/* What may be executed is not opened: meanwhile nobody could (ETXTBSY). */
static void open_and_close(int dir_fd, const char *name)
{
	SFS_CLOSE int fd = open_below(dir_fd, name, 0);
	SFS_CLOSE int opened = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & 0111))
		return;
	opened = sfs_backing_reopen(fd, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}

static void act_in(int root_fd, const struct order *order)
{
	SFS_CLOSE int dir = open_below(root_fd, order->folder, O_DIRECTORY);
	SFS_CLOSE int old_dir = -1;

	if (dir < 0)
		return;
	switch (order->head->act) {
	case SFS_PERFORM_MAKE:
		make(dir, order->name, order->head->mode);
		break;
	case SFS_PERFORM_RENAME:
		old_dir = open_below(root_fd, order->old_folder, O_DIRECTORY);
		if (old_dir >= 0)
			(void)renameat(old_dir, order->old_name, dir,
				       order->name);
		break;
	case SFS_PERFORM_REMOVE:
		(void)unlinkat(dir, order->name,
			       S_ISDIR(order->head->mode) ? AT_REMOVEDIR : 0);
		break;
	case SFS_PERFORM_CLOSE_WRITE:
		open_and_close(dir, order->name);
		break;
	case SFS_PERFORM_MODIFY:
	case SFS_PERFORM_ATTRIB:
		touch(dir, order->name, order->head->act == SFS_PERFORM_MODIFY);
		break;
	}
}

static void carry_out(const struct order *order, const unsigned char *secret)
{
	SFS_CLOSE int root =
		open(order->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0 && is_ours(root, secret))
		act_in(root, order);
}

/* The strings lie one after the other; `text` ends with a zero byte. */
static void read_order(const char *text, struct order *ret)
{
	const char **strings[SFS_PERFORMER_STRINGS] = {
		&ret->root, &ret->folder, &ret->old_folder, &ret->name,
		&ret->old_name
	};

	for (int i = 0; i < SFS_PERFORMER_STRINGS; i++) {
		*strings[i] = text;
		text += strlen(text) + 1;
	}
}

static _Noreturn void perform(int socket, const unsigned char *secret)
{
	union {
		struct sfs_performer_order head;
		char bytes[SFS_PERFORMER_ORDER_BYTES + SFS_PERFORMER_STRINGS];
	} message;

	for (;;) {
		struct order order = { .head = &message.head };
		ssize_t n;

		memset(&message, 0, sizeof(message));
		n = read(socket, &message, SFS_PERFORMER_ORDER_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < (ssize_t)sizeof(message.head))
			_exit(0);
		read_order(message.bytes + sizeof(message.head), &order);
		carry_out(&order, secret);
		if (write(socket, "", 1) != 1)
			_exit(0);
	}
}

/* The daemon's connection to the kernel, too, must end with the daemon. */
static _Noreturn void be_performer(int socket, pid_t parent,
				   const unsigned char *secret)
{
	const int kept = STDERR_FILENO + 1;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    chdir("/") < 0 ||
	    (socket != kept && dup3(socket, kept, O_CLOEXEC) != kept) ||
	    close_range((unsigned int)kept + 1, ~0U, 0) < 0)
		_exit(1);
	perform(kept, secret);
}

int sfs_performer_start(const unsigned char secret[SFS_PERFORMER_SECRET_BYTES],
			int *ret_socket, pid_t *ret_pid)
{
	int ends[2];
	pid_t parent = getpid(), child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	child = fork();
	if (child == 0)
		be_performer(ends[1], parent, secret);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	*ret_socket = ends[0];
	*ret_pid = child;
	return 0;
}
