/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_SIPHASH_H
#define SCRATCHFS_SIPHASH_H

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short inputs.
 * Who does not know the key cannot choose inputs that collide.
 */
#include <stddef.h>
#include <stdint.h>

uint64_t sfs_siphash(const uint64_t key[2], const void *bytes, size_t length);

#endif
