/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "scratchfs/cleanup.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Another process asks: from a request that a daemon has taken up not even
 * SIGKILL calls it off, and then it is left to itself. */
enum {
	KILL_MS = 100
};

/* In memory that both have. */
struct answer {
	ssize_t length; /* or -errno */
	char text[XATTR_SIZE_MAX];
};

static void ask(const char *path, const char *attribute, struct answer *ret)
{
	ssize_t n = getxattr(path, attribute, ret->text, sizeof(ret->text));

	ret->length = n < 0 ? -errno : n;
}

/* Whoever reads what we print is not to wait for this process. */
static _Noreturn void ask_and_end(const char *path, const char *attribute,
				  unsigned int kept_fd, struct answer *ret)
{
	if (kept_fd > 0)
		(void)close_range(0, kept_fd - 1, 0);
	(void)close_range(kept_fd + 1, ~0U, 0);
	ask(path, attribute, ret);
	_exit(0);
}

/* The other end is closed when the process ends. */
static bool await_end(pid_t pid, int fd, int limit_ms)
{
	struct pollfd end = { .fd = fd };
	int r;

	do
		r = poll(&end, 1, limit_ms);
	while (r < 0 && errno == EINTR);
	if (r > 0)
		waitpid(pid, NULL, 0);
	return r > 0;
}

static int ask_apart(const char *path, const char *attribute, int limit_ms,
		     struct answer *ret)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		ask_and_end(path, attribute, (unsigned int)ends[1], ret);
	int err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (err == 0 && !await_end(pid, ends[0], limit_ms)) {
		err = -ETIMEDOUT;
		kill(pid, SIGKILL);
		(void)await_end(pid, ends[0], KILL_MS);
	}
	close(ends[0]);
	return err;
}

static int copy_of(const struct answer *answer, char **ret_text,
		   size_t *ret_length)
{
	size_t length = (size_t)answer->length;
	char *text = malloc(length + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, answer->text, length);
	text[length] = '\0';
	*ret_text = text;
	if (ret_length)
		*ret_length = length;
	return 0;
}

int sfs_ask(const char *path, const char *attribute, int limit_ms,
	    char **ret_text, size_t *ret_length)
{
	struct answer *answer =
		mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int err = 0;

	if (answer == MAP_FAILED)
		return -errno;
	answer->length = -EIO;
	if (limit_ms == SFS_ASK_PATIENTLY)
		ask(path, attribute, answer);
	else
		err = ask_apart(path, attribute, limit_ms, answer);
	if (err == 0 && answer->length < 0)
		err = (int)answer->length;
	if (err == 0)
		err = copy_of(answer, ret_text, ret_length);
	munmap(answer, sizeof(*answer));
	return err;
}
