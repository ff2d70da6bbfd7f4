/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_SIZE_H
#define SCRATCHFS_SIZE_H

/*
 * Sizes as people write and read them.
 */
#include <stdint.h>

/*
 * Reads a whole string such as "4096", "64K", "1G", "1.5g", "2MiB": a decimal
 * number, then nothing or one of B, K, M, G, T, P (powers of 1024, either case,
 * also followed by "B" or "iB").  Of a fraction nine digits count; the
 * result is rounded down to whole bytes.
 *
 * Returns 0, -EINVAL (not a size, also a negative one), or -ERANGE (does not
 * fit 63 bits, so it can always be an off_t).
 */
int sfs_size_parse(const char *text, uint64_t *ret_bytes);

/*
 * Writes bytes for people: "0 B", "999 B", "4.0 kB", "38 MB", "1.2 GB".  Powers
 * of 1000, two digits when the number is below ten.  Returns buffer.
 */
const char *sfs_size_format(uint64_t bytes, char buffer[16]);

#endif
