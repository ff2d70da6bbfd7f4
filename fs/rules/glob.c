/* SPDX-License-Identifier: MIT */
#include <scratchfs/glob.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sfs_glob_init(struct sfs_glob *glob)
{
	*glob = (struct sfs_glob){ .key_kind = SFS_GLOB_KEY_NONE };
}

void sfs_glob_done(struct sfs_glob *glob)
{
	free(glob->tokens);
	free(glob->sets);
	free(glob->key);
	sfs_glob_init(glob);
}

int sfs_glob_put(struct sfs_glob *glob, unsigned int token)
{
	/* Stars in a row mean the same as one, and cost more. */
	if (token == SFS_GLOB_STAR && glob->count &&
	    glob->tokens[glob->count - 1] == SFS_GLOB_STAR)
		return 0;
	if (glob->count == glob->capacity) {
		unsigned int capacity = glob->capacity ? glob->capacity * 2 : 8;
		uint16_t *tokens =
			realloc(glob->tokens, capacity * sizeof(*tokens));

		if (!tokens)
			return -ENOMEM;
		glob->tokens = tokens;
		glob->capacity = capacity;
	}
	glob->tokens[glob->count++] = (uint16_t)token;
	return 0;
}

int sfs_glob_put_set(struct sfs_glob *glob, const struct sfs_byte_set *set)
{
	struct sfs_byte_set *sets =
		realloc(glob->sets, (glob->nsets + 1) * sizeof(*sets));

	if (!sets)
		return -ENOMEM;
	glob->sets = sets;
	sets[glob->nsets] = *set;
	return sfs_glob_put(glob, SFS_GLOB_SET + glob->nsets++);
}

/* The length of the run of literal bytes that begins at token start. */
static unsigned int literal_run(const struct sfs_glob *glob, unsigned int start)
{
	unsigned int end = start;

	while (end < glob->count && glob->tokens[end] < SFS_GLOB_ONE)
		end++;
	return end - start;
}

/* The longest run of literal bytes; *ret_start is 0 when there is none. */
static unsigned int longest_run(const struct sfs_glob *glob,
				unsigned int *ret_start)
{
	unsigned int best = 0;

	*ret_start = 0;
	for (unsigned int i = 0; i < glob->count; i++) {
		unsigned int len = literal_run(glob, i);

		if (len > best) {
			best = len;
			*ret_start = i;
		}
		i += len;
	}
	return best;
}

static enum sfs_glob_key kind_of_key(const struct sfs_glob *glob,
				     unsigned int start, unsigned int len)
{
	if (!len)
		return SFS_GLOB_KEY_NONE;
	if (len == glob->count)
		return SFS_GLOB_KEY_EXACT;
	if (start == 0)
		return SFS_GLOB_KEY_PREFIX;
	if (start + len == glob->count)
		return SFS_GLOB_KEY_SUFFIX;
	return SFS_GLOB_KEY_INNER;
}

/* Whether all that is not in the key is one star before or behind it. */
static bool key_decides(const struct sfs_glob *glob, unsigned int start)
{
	if (glob->key_len == glob->count)
		return true;
	return glob->key_len + 1 == glob->count &&
	       glob->tokens[start ? 0 : glob->count - 1] == SFS_GLOB_STAR;
}

int sfs_glob_finish(struct sfs_glob *glob)
{
	unsigned int start, len = longest_run(glob, &start);

	glob->key = malloc(len + 1);
	if (!glob->key)
		return -ENOMEM;
	for (unsigned int i = 0; i < len; i++)
		glob->key[i] = (char)glob->tokens[start + i];
	glob->key[len] = '\0';
	glob->key_len = len;
	glob->key_kind = kind_of_key(glob, start, len);
	glob->key_decides = key_decides(glob, start);
	return 0;
}

static bool accepts(const struct sfs_glob *glob, unsigned int token,
		    unsigned char byte)
{
	if (token >= SFS_GLOB_SET)
		return sfs_byte_set_has(&glob->sets[token - SFS_GLOB_SET],
					byte);
	return token == SFS_GLOB_ONE || token == byte;
}

/*
 * Without recursion: when something behind a star fails, only the last star
 * needs to be widened.  What an earlier star could take more, the last one can
 * take as well, because both accept any byte.
 */
static bool match_tokens(const struct sfs_glob *glob, const char *name,
			 size_t len)
{
	const unsigned int none = ~0u;
	unsigned int token = 0, star = none;
	size_t i = 0, widened = 0;

	while (i < len) {
		if (token < glob->count &&
		    glob->tokens[token] == SFS_GLOB_STAR) {
			star = token++;
			widened = i;
		} else if (token < glob->count &&
			   accepts(glob, glob->tokens[token],
				   (unsigned char)name[i])) {
			token++;
			i++;
		} else if (star != none) {
			token = star + 1;
			i = ++widened;
		} else {
			return false;
		}
	}
	while (token < glob->count && glob->tokens[token] == SFS_GLOB_STAR)
		token++;
	return token == glob->count;
}

bool sfs_glob_match(const struct sfs_glob *glob, const char *name, size_t len)
{
	size_t key_len = glob->key_len;

	if (!glob->count || len < key_len)
		return false;
	if (!glob->key_decides)
		return match_tokens(glob, name, len);
	switch (glob->key_kind) {
	case SFS_GLOB_KEY_EXACT:
		return len == key_len && !memcmp(name, glob->key, len);
	case SFS_GLOB_KEY_PREFIX:
		return !memcmp(name, glob->key, key_len);
	case SFS_GLOB_KEY_SUFFIX:
		return !memcmp(name + len - key_len, glob->key, key_len);
	default:
		return true; /* a star alone */
	}
}
