/* SPDX-License-Identifier: MIT */
#include "scratchfs/mountinfo.h"

#include "scratchfs/cleanup.h"

#include <string.h>
#include <sys/sysmacros.h>

void sfs_mountinfo_done(struct sfs_mountinfo *mount)
{
	free(mount->path);
	free(mount->type);
	free(mount->source);
	*mount = (struct sfs_mountinfo){ .id = -1 };
}

bool sfs_mountinfo_is_view(const struct sfs_mountinfo *mount)
{
	return strcmp(mount->type, SFS_MOUNTINFO_VIEW_TYPE) == 0;
}

static bool is_octal(const char *text)
{
	for (int i = 0; i < 3; i++)
		if (text[i] < '0' || text[i] > '7')
			return false;
	return true;
}

/* "\040" and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && is_octal(from + 1)) {
			*to = (char)((from[1] - '0') << 6 |
				     (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/*
 * 36 35 98:0 /root /mnt/point rw,noatime master:1 - ext3 /dev/sda1 rw
 * There are none or several fields of the kind of "master:1".
 * Returns false for a line that is not of this form.
 */
static bool parse(char *line, struct sfs_mountinfo *ret)
{
	char *save = NULL;
	char *field = strtok_r(line, " \n", &save);
	unsigned int major, minor;

	for (int i = 0; field && i < 5; i++) {
		if (i == 0)
			ret->id = atoi(field);
		else if (i == 4)
			ret->path = field;
		else if (i == 2) {
			if (sscanf(field, "%u:%u", &major, &minor) != 2)
				return false;
			ret->device = makedev(major, minor);
		}
		field = strtok_r(NULL, " \n", &save);
	}
	while (field && strcmp(field, "-") != 0)
		field = strtok_r(NULL, " \n", &save);
	ret->type = strtok_r(NULL, " \n", &save);
	ret->source = ret->type ? strtok_r(NULL, " \n", &save) : NULL;
	if (!ret->source)
		return false;
	unescape(ret->path);
	unescape(ret->type);
	unescape(ret->source);
	return true;
}

int sfs_mountinfo_each(const char *file, sfs_mountinfo_visit *visit,
		       void *context)
{
	SFS_FCLOSE FILE *stream =
		fopen(file ? file : "/proc/self/mountinfo", "re");
	SFS_FREE char *line = NULL;
	size_t size = 0;
	int result = 0;

	if (!stream)
		return -errno;
	while (result == 0 && getline(&line, &size, stream) >= 0) {
		struct sfs_mountinfo mount = { 0 };

		if (parse(line, &mount))
			result = visit(context, &mount);
	}
	return result;
}

struct wanted {
	const char *path;
	struct sfs_mountinfo *found;
};

static int keep_last(void *context, const struct sfs_mountinfo *mount)
{
	struct wanted *wanted = context;

	if (strcmp(mount->path, wanted->path) != 0)
		return 0;
	sfs_mountinfo_done(wanted->found);
	*wanted->found = (struct sfs_mountinfo){
		.id = mount->id,
		.device = mount->device,
		.path = strdup(mount->path),
		.type = strdup(mount->type),
		.source = strdup(mount->source),
	};
	if (!wanted->found->path || !wanted->found->type ||
	    !wanted->found->source)
		return -ENOMEM;
	return 0;
}

int sfs_mountinfo_find(const char *path, struct sfs_mountinfo *ret)
{
	struct sfs_mountinfo found = { .id = -1 };
	struct wanted wanted = { .path = path, .found = &found };
	int err = sfs_mountinfo_each(NULL, keep_last, &wanted);

	if (err == 0 && !found.path)
		err = -ENOENT;
	if (err < 0) {
		sfs_mountinfo_done(&found);
		return err;
	}
	*ret = found;
	return 0;
}
