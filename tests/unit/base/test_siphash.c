/* SPDX-License-Identifier: MIT */
#include "scratchfs/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* From the authors' vectors: key 00..0f, input 00, 01, 02, ... of that length. */
static void matches_the_published_vectors(void **state)
{
	const uint64_t key[2] = { UINT64_C(0x0706050403020100),
				  UINT64_C(0x0f0e0d0c0b0a0908) };
	unsigned char input[16];

	(void)state;
	for (unsigned char i = 0; i < sizeof(input); i++)
		input[i] = i;
	assert_true(sfs_siphash(key, input, 0) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(sfs_siphash(key, input, 1) == UINT64_C(0x74f839c593dc67fd));
	assert_true(sfs_siphash(key, input, 8) == UINT64_C(0x93f5f5799a932462));
	assert_true(sfs_siphash(key, input, 15) ==
		    UINT64_C(0xa129ca6149be45e5));
}

static void depends_on_the_key(void **state)
{
	const uint64_t a[2] = { 1, 2 }, b[2] = { 1, 3 };

	(void)state;
	assert_true(sfs_siphash(a, "name", 4) != sfs_siphash(b, "name", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_published_vectors),
		cmocka_unit_test(depends_on_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
