/* SPDX-License-Identifier: MIT */
#include "scratchfs/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define QUIET_MS 300

/* What appears at the other end of stderr while fn runs. */
static void capture(int read_fd, int write_fd, void (*fn)(void), char *ret,
		    size_t size)
{
	int saved = dup(STDERR_FILENO);

	dup2(write_fd, STDERR_FILENO);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	struct pollfd ready = { .fd = read_fd, .events = POLLIN };
	size_t used = 0;
	/* A terminal hands over what it was given bit by bit. */
	while (used + 1 < size && poll(&ready, 1, QUIET_MS) == 1) {
		ssize_t n = read(read_fd, ret + used, size - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	ret[used] = '\0';
}

static void show_one(void)
{
	struct sfs_progress progress;

	sfs_progress_begin(&progress, "moving");
	sfs_progress_show(&progress, 1, 1, "too early");
	progress.next_ms = 0;
	sfs_progress_show(&progress, 3, 12, "a\033b");
	sfs_progress_show(&progress, 4, 12, "too soon after it");
	sfs_progress_end(&progress);
}

static void open_terminal(int ret[2])
{
	ret[0] = posix_openpt(O_RDWR | O_NOCTTY);
	if (ret[0] < 0 || grantpt(ret[0]) < 0 || unlockpt(ret[0]) < 0)
		skip();
	ret[1] = open(ptsname(ret[0]), O_RDWR | O_NOCTTY);
	if (ret[1] < 0)
		skip();
}

static void test_terminal(void **state)
{
	char text[256];
	int ends[2];

	(void)state;
	open_terminal(ends);
	capture(ends[0], ends[1], show_one, text, sizeof(text));
	assert_string_equal(text, "\rmoving: 3 files, 12 B  a?b\033[K\r\033[K");
	close(ends[0]);
	close(ends[1]);
}

static void test_no_terminal(void **state)
{
	char text[256];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	capture(ends[0], ends[1], show_one, text, sizeof(text));
	assert_string_equal(text, "");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
