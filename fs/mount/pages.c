/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sfs_pages_init(struct sfs_pages *pages)
{
	pthread_mutex_init(&pages->lock, NULL);
}

static void drop(struct sfs_pages_text *text)
{
	free(text->bytes);
	*text = (struct sfs_pages_text){ 0 };
}

void sfs_pages_done(struct sfs_pages *pages)
{
	for (size_t i = 0; i < SFS_PAGES_TEXTS; i++)
		drop(&pages->texts[i]);
	pthread_mutex_destroy(&pages->lock);
}

uint64_t sfs_pages_add(struct sfs_pages *pages, char *bytes, size_t length)
{
	pthread_mutex_lock(&pages->lock);
	uint64_t id = ++pages->last_id;
	struct sfs_pages_text *text = &pages->texts[id % SFS_PAGES_TEXTS];
	drop(text);
	*text = (struct sfs_pages_text){ id, bytes, length };
	pthread_mutex_unlock(&pages->lock);
	return id;
}

static int copy_page(struct sfs_pages_text *text, size_t offset,
		     char **ret_page, size_t *ret_length)
{
	size_t length = text->length - offset;

	if (length > SFS_PAGES_BYTES)
		length = SFS_PAGES_BYTES;
	char *page = malloc(length + 1);
	if (!page)
		return -ENOMEM;
	memcpy(page, text->bytes + offset, length);
	*ret_page = page;
	*ret_length = length;
	if (offset + length == text->length)
		drop(text);
	return 0;
}

int sfs_pages_get(struct sfs_pages *pages, uint64_t id, size_t offset,
		  char **ret_page, size_t *ret_length)
{
	struct sfs_pages_text *text = &pages->texts[id % SFS_PAGES_TEXTS];
	int err = -ENODATA;

	pthread_mutex_lock(&pages->lock);
	if (id != 0 && text->id == id && offset <= text->length)
		err = copy_page(text, offset, ret_page, ret_length);
	pthread_mutex_unlock(&pages->lock);
	return err;
}
