/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratchfs/suggest.h"

static const char *const commands[] = {
	"umount", "run", "list", "status", "diff", "explain", "volume", NULL,
};

static void finds_a_near_word(void **state)
{
	(void)state;
	assert_string_equal(sfs_suggest("unmount", commands), "umount");
	assert_string_equal(sfs_suggest("sttaus", commands), "status");
	assert_string_equal(sfs_suggest("Explian", commands), "explain");
	assert_string_equal(sfs_suggest("volumes", commands), "volume");
	assert_string_equal(sfs_suggest("lst", commands), "list");
	assert_string_equal(sfs_suggest("diff", commands), "diff");
}

static void a_swap_of_neighbours_is_one_change(void **state)
{
	static const char *const one[] = { "run", NULL };

	(void)state;
	assert_string_equal(sfs_suggest("rnu", one), "run");
	assert_null(sfs_suggest("nur", one));
}

static void leaves_far_words_alone(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	assert_null(sfs_suggest("~/projects/one", commands));
	assert_null(sfs_suggest("xyz", commands));
	assert_null(sfs_suggest("", commands));
	assert_null(sfs_suggest("list", none));
}

static void the_first_of_equals_wins(void **state)
{
	static const char *const twins[] = { "bat", "cat", NULL };

	(void)state;
	assert_string_equal(sfs_suggest("rat", twins), "bat");
	assert_string_equal(sfs_suggest("cat", twins), "cat");
}

static void long_words_are_near_to_nothing(void **state)
{
#define A8  "aaaaaaaa"
#define A63 A8 A8 A8 A8 A8 A8 A8 "aaaaaaa"
	static const char *const longest[] = { A63, A63 "a", NULL };

	(void)state;
	assert_ptr_equal(sfs_suggest(A63, longest), longest[0]);
	assert_null(sfs_suggest(A63 "a", longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_near_word),
		cmocka_unit_test(a_swap_of_neighbours_is_one_change),
		cmocka_unit_test(leaves_far_words_alone),
		cmocka_unit_test(the_first_of_equals_wins),
		cmocka_unit_test(long_words_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
