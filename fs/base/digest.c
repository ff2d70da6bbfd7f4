/* SPDX-License-Identifier: MIT */
#include "scratchfs/digest.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64

typedef void block_fn(uint32_t *state, const unsigned char *block);

static uint32_t rotate_left(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t rotate_right(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void store_be32(unsigned char *p, uint32_t x)
{
	p[0] = (unsigned char)(x >> 24);
	p[1] = (unsigned char)(x >> 16);
	p[2] = (unsigned char)(x >> 8);
	p[3] = (unsigned char)x;
}

static void sha1_block(uint32_t *state, const unsigned char *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3],
		 e = state[4], w[80];

	for (int i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (int i = 16; i < 80; i++)
		w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16],
				   1);
	for (int i = 0; i < 80; i++) {
		uint32_t t = rotate_left(a, 5) + e + w[i];

		if (i < 20)
			t += ((b & c) | (~b & d)) + 0x5a827999;
		else if (i < 40)
			t += (b ^ c ^ d) + 0x6ed9eba1;
		else if (i < 60)
			t += ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
		else
			t += (b ^ c ^ d) + 0xca62c1d6;
		e = d;
		d = c;
		c = rotate_left(b, 30);
		b = a;
		a = t;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha256_block(uint32_t *state, const unsigned char *block)
{
	uint32_t s[8], w[64];

	for (int i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3) +
		       (rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10);
	}
	memcpy(s, state, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t a = s[0], e = s[4];
		uint32_t t1 = s[7] + ((e & s[5]) ^ (~e & s[6])) + sha256_k[i] +
			      w[i] +
			      (rotate_right(e, 6) ^ rotate_right(e, 11) ^
			       rotate_right(e, 25));
		uint32_t t2 = ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2])) +
			      (rotate_right(a, 2) ^ rotate_right(a, 13) ^
			       rotate_right(a, 22));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[0] = t1 + t2;
		s[4] += t1;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

/* Both functions pad alike: 0x80, zeros, the length in bits. */
static void digest(block_fn *block, uint32_t *state, const unsigned char *bytes,
		   size_t size)
{
	unsigned char tail[2 * BLOCK] = { 0 };
	size_t whole = size - size % BLOCK;
	size_t rest = size - whole;
	size_t tail_size = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at < whole; at += BLOCK)
		block(state, bytes + at);
	if (rest)
		memcpy(tail, bytes + whole, rest);
	tail[rest] = 0x80;
	store_be32(tail + tail_size - 8, (uint32_t)((uint64_t)size >> 29));
	store_be32(tail + tail_size - 4, (uint32_t)((uint64_t)size << 3));
	for (size_t at = 0; at < tail_size; at += BLOCK)
		block(state, tail + at);
}

void sfs_sha1(const unsigned char *bytes, size_t size,
	      unsigned char ret[SFS_SHA1_BYTES])
{
	uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			      0xc3d2e1f0 };

	digest(sha1_block, state, bytes, size);
	for (int i = 0; i < 5; i++)
		store_be32(ret + 4 * i, state[i]);
}

void sfs_sha256(const unsigned char *bytes, size_t size,
		unsigned char ret[SFS_SHA256_BYTES])
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	digest(sha256_block, state, bytes, size);
	for (int i = 0; i < 8; i++)
		store_be32(ret + 4 * i, state[i]);
}
