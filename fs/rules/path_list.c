/* SPDX-License-Identifier: MIT */
#include "path_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sfs_path_list_add(struct sfs_path_list *list, char mark, const char *path,
		      size_t length)
{
	size_t need = list->length + length + 2;

	if (need > list->capacity) {
		size_t capacity = need + need / 2;
		char *text = realloc(list->text, capacity);

		if (!text)
			return -ENOMEM;
		list->text = text;
		list->capacity = capacity;
	}
	list->text[list->length] = mark;
	memcpy(list->text + list->length + 1, path, length);
	list->text[need - 1] = '\0';
	list->length = need;
	return 0;
}

const char *sfs_path_list_next(const struct sfs_path_list *list, const char *at)
{
	const char *next = at ? at + strlen(at) + 1 : list->text;

	return next && next < list->text + list->length ? next : NULL;
}

void sfs_path_list_done(struct sfs_path_list *list)
{
	free(list->text);
	*list = (struct sfs_path_list){ 0 };
}
