/* SPDX-License-Identifier: MIT */
#include "scratchfs/path.h"

#include "scratchfs/cleanup.h"

#include <stdbool.h>
#include <string.h>

const char *sfs_path_below(const char *folder, const char *path)
{
	size_t length = strlen(folder);

	if (length > 0 && folder[length - 1] == '/')
		length--;
	if (strncmp(folder, path, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path[length] ? path + length + 1 : path + length;
}

/* "parent/name", with the parent's own path resolved. */
static int resolve_parent(const char *path, size_t name_at, char **ret)
{
	SFS_FREE char *parent = name_at ? strndup(path, name_at) : strdup(".");
	SFS_FREE char *resolved = NULL;

	if (!parent)
		return -ENOMEM;
	resolved = realpath(parent, NULL);
	if (!resolved)
		return -errno;
	if (asprintf(ret, "%s/%s", resolved[1] ? resolved : "",
		     path + name_at) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static size_t name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

int sfs_path_canonical(const char *path, char **ret)
{
	SFS_FREE char *copy = NULL;
	size_t length = strlen(path);
	char *resolved = realpath(path, NULL);

	if (resolved) {
		*ret = resolved;
		return 0;
	}
	if (errno != ENOTCONN && errno != ECONNABORTED)
		return -errno;
	while (length > 1 && path[length - 1] == '/')
		length--;
	copy = strndup(path, length);
	if (!copy)
		return -ENOMEM;
	return resolve_parent(copy, name_of(copy), ret);
}

/* Appends the components of `rest` to *path.  */
static int append(char **path, const char *rest)
{
	bool slash = false;

	while (*rest) {
		size_t length = strcspn(rest, "/");
		char *longer;

		if (length == 2 && !strncmp(rest, "..", 2))
			return -ENOENT;
		if (length > 0 && !(length == 1 && *rest == '.')) {
			if (asprintf(&longer, "%s/%.*s",
				     (*path)[1] ? *path : "", (int)length,
				     rest) < 0)
				return -ENOMEM;
			free(*path);
			*path = longer;
		}
		rest += length;
		slash = *rest == '/';
		rest += strspn(rest, "/");
	}
	if (!slash || !(*path)[1])
		return 0;
	char *longer = realloc(*path, strlen(*path) + 2);
	if (!longer)
		return -ENOMEM;
	*path = longer;
	strcat(longer, "/");
	return 0;
}

/* Where the component before path[at] begins. */
static size_t step_back(const char *path, size_t at)
{
	while (at > 0 && path[at - 1] == '/')
		at--;
	while (at > 0 && path[at - 1] != '/')
		at--;
	return at;
}

/* Where the part begins that is not to be resolved. */
static size_t unresolved(const char *path)
{
	size_t length = strlen(path);
	size_t at = step_back(path, length);
	const char *name = path + at;
	size_t n = strcspn(name, "/");

	if (path[strspn(path, "/")] == '\0')
		return length;
	/* "." and ".." are folders, and have no name of their own. */
	if ((n == 1 && *name == '.') || (n == 2 && !strncmp(name, "..", 2)))
		return length;
	return at;
}

int sfs_path_absolute(const char *path, char **ret)
{
	SFS_FREE char *start = NULL;
	size_t at = unresolved(path);
	int err = *path ? 0 : -ENOENT;

	while (err == 0 && !start) {
		SFS_FREE char *folder = at ? strndup(path, at) : strdup(".");

		start = folder ? realpath(folder, NULL) : NULL;
		if (!folder)
			err = -ENOMEM;
		else if (!start && (errno != ENOENT || at == 0))
			err = -errno;
		else if (!start)
			at = step_back(path, at);
	}
	if (err == 0)
		err = append(&start, path + at);
	if (err == 0)
		*ret = sfs_steal_ptr(&start);
	return err;
}
