/* SPDX-License-Identifier: MIT */
/* The examples of FIPS 180-4, and every length around a block's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scratchfs/digest.h"

static void to_hex(const unsigned char *bytes, size_t size, char *ret_hex)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

static void assert_digests(const char *text, const char *sha1,
			   const char *sha256)
{
	unsigned char digest[SFS_SHA256_BYTES];
	char hex[2 * SFS_SHA256_BYTES + 1];

	sfs_sha1((const unsigned char *)text, strlen(text), digest);
	to_hex(digest, SFS_SHA1_BYTES, hex);
	assert_string_equal(hex, sha1);
	sfs_sha256((const unsigned char *)text, strlen(text), digest);
	to_hex(digest, SFS_SHA256_BYTES, hex);
	assert_string_equal(hex, sha256);
}

static void test_examples(void **state)
{
	(void)state;
	assert_digests("", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		       "e3b0c44298fc1c149afbf4c8996fb924"
		       "27ae41e4649b934ca495991b7852b855");
	assert_digests("abc", "a9993e364706816aba3e25717850c26c9cd0d89d",
		       "ba7816bf8f01cfea414140de5dae2223"
		       "b00361a396177a9cb410ff61f20015ad");
	assert_digests(
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"84983e441c3bd26ebaae4aa1f95129e5e54670f1",
		"248d6a61d20638b8e5c026930c3e6039"
		"a33ce45964ff2167f6ecedd419db06c1");
}

/* The digest of the digests of 0..199 bytes: each way to pad is among them. */
static void test_lengths(void **state)
{
	unsigned char text[200], sha1s[200 * SFS_SHA1_BYTES],
		sha256s[200 * SFS_SHA256_BYTES], digest[SFS_SHA256_BYTES];
	char hex[2 * SFS_SHA256_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (unsigned char)i;
		sfs_sha1(text, i, sha1s + i * SFS_SHA1_BYTES);
		sfs_sha256(text, i, sha256s + i * SFS_SHA256_BYTES);
	}
	sfs_sha1(sha1s, sizeof(sha1s), digest);
	to_hex(digest, SFS_SHA1_BYTES, hex);
	assert_string_equal(hex, "ab05664693b2d32b84dd4616c5284c285cc0684a");
	sfs_sha256(sha256s, sizeof(sha256s), digest);
	to_hex(digest, SFS_SHA256_BYTES, hex);
	assert_string_equal(hex, "ba7b0fcea7d10c06b855b43d2b4dce1e"
				 "3e842fff6be0acefb0faf4f2dd05bb47");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
