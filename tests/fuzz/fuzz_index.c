/* SPDX-License-Identifier: MIT */
/*
 * A git index, and the shared one it may build on.  Input: a byte (1: SHA-1,
 * 2: SHA-256), the size of the index as two bytes, the index, the shared one.
 * The checksums are put right first, or no mutation would get behind them.
 */
#include <scratchfs/digest.h>
#include <scratchfs/git_index.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len);

/* What every caller relies on. */
static int check(void *ctx, const char *path, size_t length, uint32_t mode)
{
	(void)ctx;
	(void)mode;
	if (length == 0 || length != strlen(path) || path[0] == '/' ||
	    path[length - 1] == '/' || strstr(path, "//") ||
	    strncmp(path, "../", 3) == 0 || strstr(path, "/../"))
		abort();
	return 0;
}

static void put_sum(uint8_t *bytes, size_t size, size_t hash_bytes)
{
	if (size < hash_bytes)
		return;
	if (hash_bytes == SFS_SHA1_BYTES)
		sfs_sha1(bytes, size - hash_bytes, bytes + size - hash_bytes);
	else
		sfs_sha256(bytes, size - hash_bytes, bytes + size - hash_bytes);
}

/* The link begins with the shared index's checksum. */
static void put_link(uint8_t *bytes, size_t size, const uint8_t *shared,
		     size_t shared_size, size_t hash_bytes)
{
	uint8_t *link = memmem(bytes, size, "link", 4);

	if (!link || shared_size < hash_bytes ||
	    (size_t)(bytes + size - link) < 8 + hash_bytes)
		return;
	memcpy(link + 8, shared + shared_size - hash_bytes, hash_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	size_t hash_bytes, size, shared_size;
	uint8_t *bytes, *shared_bytes;
	struct sfs_git_index index, shared;
	const char *why;

	if (len < 3)
		return 0;
	hash_bytes = input[0] == 2 ? SFS_SHA256_BYTES : SFS_SHA1_BYTES;
	size = (size_t)input[1] << 8 | input[2];
	size = size < len - 3 ? size : len - 3;
	shared_size = len - 3 - size;
	/* Two blocks, so that an overrun of each is seen. */
	bytes = malloc(size + !size);
	shared_bytes = malloc(shared_size + !shared_size);
	if (bytes && shared_bytes) {
		memcpy(bytes, input + 3, size);
		memcpy(shared_bytes, input + 3 + size, shared_size);
		put_sum(shared_bytes, shared_size, hash_bytes);
		put_link(bytes, size, shared_bytes, shared_size, hash_bytes);
		put_sum(bytes, size, hash_bytes);
		index = (struct sfs_git_index){ bytes, size, hash_bytes };
		shared = (struct sfs_git_index){ shared_bytes, shared_size,
						 hash_bytes };
		sfs_git_index_read(&index, shared_size ? &shared : NULL, check,
				   NULL, &why);
	}
	free(bytes);
	free(shared_bytes);
	return 0;
}
