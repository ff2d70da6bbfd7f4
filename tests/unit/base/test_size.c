/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratchfs/size.h"

static uint64_t parsed(const char *text)
{
	uint64_t bytes = 0;

	assert_int_equal(sfs_size_parse(text, &bytes), 0);
	return bytes;
}

static void reads_numbers_with_units(void **state)
{
	(void)state;
	assert_int_equal(parsed("0"), 0);
	assert_int_equal(parsed("4096"), 4096);
	assert_int_equal(parsed("4096B"), 4096);
	assert_int_equal(parsed("64K"), 65536);
	assert_int_equal(parsed("64k"), 65536);
	assert_int_equal(parsed("2MB"), 2 << 20);
	assert_int_equal(parsed("2mib"), 2 << 20);
	assert_int_equal(parsed("1G"), 1 << 30);
	assert_int_equal(parsed("3T"), 3ULL << 40);
	assert_int_equal(parsed("5P"), 5ULL << 50);
}

static void reads_fractions(void **state)
{
	(void)state;
	assert_int_equal(parsed("1.5K"), 1536);
	assert_int_equal(parsed("0.5G"), 512 << 20);
	assert_int_equal(parsed("1.25T"), 5ULL << 38);
	assert_int_equal(parsed("1.9"), 1);
	assert_int_equal(parsed("0.00000000000000000009K"), 0);
}

static void refuses_what_is_not_a_size(void **state)
{
	static const char *const bad[] = {
		"",
		"K",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 K",
		"1X",
		"1.",
		"1.K",
		"1..5",
		"1KK",
		"1KiBB",
		"1iB",
		"0x10",
		"1e3",
		"1BB",
		"1BiB",
		"99999999999999999999x",
	};
	uint64_t bytes = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sfs_size_parse(bad[i], &bytes), -EINVAL);
	assert_int_equal(bytes, 7);
}

static void refuses_what_does_not_fit(void **state)
{
	uint64_t bytes = 7;

	(void)state;
	assert_int_equal(parsed("9223372036854775807"), INT64_MAX);
	assert_int_equal(sfs_size_parse("9223372036854775808", &bytes),
			 -ERANGE);
	assert_int_equal(sfs_size_parse("18446744073709551617", &bytes),
			 -ERANGE);
	assert_int_equal(parsed("8191.999P"), 9223370910954868965);
	assert_int_equal(sfs_size_parse("8192P", &bytes), -ERANGE);
	assert_int_equal(bytes, 7);
}

static void assert_formats(uint64_t bytes, const char *expected)
{
	char buffer[16];

	assert_ptr_equal(sfs_size_format(bytes, buffer), buffer);
	assert_string_equal(buffer, expected);
}

static void formats_for_people(void **state)
{
	(void)state;
	assert_formats(0, "0 B");
	assert_formats(999, "999 B");
	assert_formats(1000, "1.0 kB");
	assert_formats(9949, "9.9 kB");
	assert_formats(9950, "10 kB");
	assert_formats(38000000, "38 MB");
	assert_formats(999499, "999 kB");
	assert_formats(999500, "1.0 MB");
	assert_formats(1234567890, "1.2 GB");
	assert_formats(UINT64_MAX, "18 EB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_with_units),
		cmocka_unit_test(reads_fractions),
		cmocka_unit_test(refuses_what_is_not_a_size),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(formats_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
