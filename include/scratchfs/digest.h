/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_DIGEST_H
#define SCRATCHFS_DIGEST_H

/*
 * SHA-1 and SHA-256 (FIPS 180-4) of bytes in memory: to notice damage to a
 * git index, not for security.
 */
#include <stddef.h>

#define SFS_SHA1_BYTES	 20
#define SFS_SHA256_BYTES 32

void sfs_sha1(const unsigned char *bytes, size_t size,
	      unsigned char ret[SFS_SHA1_BYTES]);
void sfs_sha256(const unsigned char *bytes, size_t size,
		unsigned char ret[SFS_SHA256_BYTES]);

#endif
