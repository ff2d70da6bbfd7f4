/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/sysmacros.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/mountinfo.h"

static const char sample[] =
	"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
	"this is not a mount\n"
	"40 22 0:35 / /mnt/a\\040b\\134c rw,nosuid shared:2 master:1 - "
	"fuse.scratchfs /home/u/pro\\040ject rw,user_id=0\n"
	"41 22 0:36 / /short rw -\n"
	"42 22 0:37 / /last rw - tmpfs none rw\n";

struct seen {
	int count;
	struct sfs_mountinfo *kept;
	int stop_at;
};

static int look(void *context, const struct sfs_mountinfo *mount)
{
	struct seen *seen = context;

	seen->count++;
	if (mount->id == 40) {
		assert_string_equal(mount->path, "/mnt/a b\\c");
		assert_string_equal(mount->source, "/home/u/pro ject");
		assert_int_equal(major(mount->device), 0);
		assert_int_equal(minor(mount->device), 35);
		assert_true(sfs_mountinfo_is_view(mount));
	} else {
		assert_false(sfs_mountinfo_is_view(mount));
	}
	return mount->id == seen->stop_at ? 7 : 0;
}

static void with_sample(struct seen *seen, int expected)
{
	char path[] = "/tmp/test_mountinfo.XXXXXX";
	SFS_CLOSE int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, sample, sizeof(sample) - 1),
			 sizeof(sample) - 1);
	int result = sfs_mountinfo_each(path, look, seen);
	unlink(path);
	assert_int_equal(result, expected);
}

static void lines_are_read(void **state)
{
	struct seen seen = { .stop_at = -1 };

	(void)state;
	with_sample(&seen, 0);
	assert_int_equal(seen.count, 3);
}

static void the_visitor_ends_the_walk(void **state)
{
	struct seen seen = { .stop_at = 40 };

	(void)state;
	with_sample(&seen, 7);
	assert_int_equal(seen.count, 2);
}

static void the_root_is_found(void **state)
{
	struct sfs_mountinfo mount;

	(void)state;
	assert_int_equal(sfs_mountinfo_find("/proc", &mount), 0);
	assert_string_equal(mount.type, "proc");
	sfs_mountinfo_done(&mount);
	assert_int_equal(sfs_mountinfo_find("/no such place", &mount), -ENOENT);
}

static void a_missing_file_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(sfs_mountinfo_each("/no/such/file", look, NULL),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(the_visitor_ends_the_walk),
		cmocka_unit_test(the_root_is_found),
		cmocka_unit_test(a_missing_file_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
