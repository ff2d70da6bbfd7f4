/* SPDX-License-Identifier: MIT */
#include "scratchfs/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void test_program(void **state)
{
	char *path = NULL;

	(void)state;
	setenv("PATH", "/nowhere:/bin", 1);
	assert_true(sfs_machine_program("sh", &path));
	assert_string_equal(path, "/bin/sh");
	free(path);
	assert_true(sfs_machine_program("sh", NULL));
	assert_false(sfs_machine_program("no-such-program", &path));
}

static void test_kernel(void **state)
{
	(void)state;
	assert_true(sfs_machine_has_kernel(2, 99));
	assert_true(sfs_machine_has_kernel(3, 0));
	assert_false(sfs_machine_has_kernel(1000, 0));
}

static void expect_setting(const char *text, long expected)
{
	char path[] = "/tmp/scratchfs-setting.XXXXXX";
	int fd = mkstemp(path);
	long value = -1;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s\n", text) > 0);
	close(fd);
	assert_true(sfs_machine_setting(path, &value));
	assert_int_equal(value, expected);
	unlink(path);
	assert_false(sfs_machine_setting(path, &value));
}

static void test_setting(void **state)
{
	(void)state;
	expect_setting("Y", 1);
	expect_setting("N", 0);
	expect_setting("15000", 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
