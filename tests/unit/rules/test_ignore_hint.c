/* SPDX-License-Identifier: MIT */
#include "scratchfs/ignore_hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void becomes(const char *glob, const char *expected)
{
	char *sample = sfs_ignore_hint_sample(glob);

	if (expected)
		assert_string_equal(sample, expected);
	else
		assert_null(sample);
	free(sample);
}

static void a_sample_is_what_the_pattern_matches(void **state)
{
	(void)state;
	becomes(".tmp*", ".tmpx");
	becomes("logs/", "logs");
	becomes("/build/**/out", "build/x/out");
	becomes("a?c", "axc");
}

static void what_needs_thought_has_none(void **state)
{
	(void)state;
	becomes("[ab]c", NULL);
	becomes("a\\*", NULL);
	becomes("!kept", NULL);
	becomes("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_what_the_pattern_matches),
		cmocka_unit_test(what_needs_thought_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
