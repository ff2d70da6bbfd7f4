/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sfs_paths_add(struct sfs_paths *paths, const char *path, size_t length)
{
	char *copy;

	if (paths->n == paths->room) {
		size_t room = paths->room ? paths->room * 2 : 16;
		char **more = realloc(paths->paths, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		paths->paths = more;
		paths->room = room;
	}
	copy = strndup(path, length);
	if (!copy)
		return -ENOMEM;
	paths->paths[paths->n++] = copy;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void sfs_paths_sort(struct sfs_paths *paths)
{
	size_t kept = 0;

	if (!paths->n)
		return;
	qsort(paths->paths, paths->n, sizeof(*paths->paths), compare);
	for (size_t i = 1; i < paths->n; i++)
		if (!strcmp(paths->paths[kept], paths->paths[i]))
			free(paths->paths[i]);
		else
			paths->paths[++kept] = paths->paths[i];
	paths->n = kept + 1;
}

struct prefix {
	const char *path;
	size_t length;
};

static int compare_prefix(const void *key, const void *member)
{
	const struct prefix *prefix = key;
	const char *path = *(char *const *)member;
	int order = strncmp(prefix->path, path, prefix->length);

	return order ? order : -(path[prefix->length] != '\0');
}

bool sfs_paths_cover(const struct sfs_paths *paths, const char *path)
{
	struct prefix prefix = { .path = path };

	while (paths->n && path[prefix.length]) {
		prefix.length += path[prefix.length] == '/';
		prefix.length += strcspn(path + prefix.length, "/");
		if (bsearch(&prefix, paths->paths, paths->n,
			    sizeof(*paths->paths), compare_prefix))
			return true;
	}
	return false;
}

void sfs_paths_done(struct sfs_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->paths[i]);
	free(paths->paths);
	*paths = (struct sfs_paths){ 0 };
}
