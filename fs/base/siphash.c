/* SPDX-License-Identifier: MIT */
#include "scratchfs/siphash.h"

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* Up to 8 bytes, the first one lowest. */
static uint64_t word(const unsigned char *bytes, size_t length)
{
	uint64_t w = 0;

	for (size_t i = 0; i < length; i++)
		w |= (uint64_t)bytes[i] << (8 * i);
	return w;
}

static void mix(uint64_t v[4], uint64_t w)
{
	v[3] ^= w;
	rounds(v, 2);
	v[0] ^= w;
}

uint64_t sfs_siphash(const uint64_t key[2], const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t left;

	for (left = length; left >= 8; left -= 8, at += 8)
		mix(v, word(at, 8));
	mix(v, (uint64_t)length << 56 | word(at, left));
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
