/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/path.h"

#include "print.h"
#include "usage.h"
#include "views.h"

#include <inttypes.h>
#include <string.h>

/* The daemon's list, whole: a page for each question. */
static int fetch(const char *mountpoint, char **ret_text, size_t *ret_length)
{
	SFS_FREE char *answer = NULL;
	SFS_FREE char *text = NULL;
	uint64_t id;
	size_t length, at = 0, n = 1;
	int err = sfs_views_ask(mountpoint, "diff", SFS_ASK_PATIENTLY, &answer,
				NULL);

	if (err == 0 && sscanf(answer, "%" SCNu64 " %zu", &id, &length) != 2)
		err = -EPROTO;
	text = err == 0 ? malloc(length + 1) : NULL;
	if (!text)
		return err < 0 ? err : -ENOMEM;
	while (err == 0 && at < length && n > 0) {
		SFS_FREE char *page = NULL;
		char question[64];

		snprintf(question, sizeof(question), "page/%" PRIu64 "/%zu", id,
			 at);
		err = sfs_views_ask(mountpoint, question, SFS_ASK_PATIENTLY,
				    &page, &n);
		if (err == 0 && n > length - at)
			err = -EPROTO;
		if (err == 0)
			memcpy(text + at, page, n);
		at += n;
	}
	if (err < 0)
		return err;
	*ret_text = sfs_steal_ptr(&text);
	*ret_length = at;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(strchr(*x + 2, ' '), strchr(*y + 2, ' '));
}

/* The lines of a list, by path; the array is malloced. */
static int sort(char *text, size_t length, char ***ret, size_t *ret_count)
{
	size_t count = 0, max = 0;
	char **lines = NULL;

	for (size_t at = 0; at < length; at += strlen(text + at) + 1) {
		if (count == max) {
			max = 2 * max + 64;
			char **more = reallocarray(lines, max, sizeof(*lines));
			if (!more) {
				free(lines);
				return -ENOMEM;
			}
			lines = more;
		}
		if (strlen(text + at) > 4 && strchr(text + at + 2, ' '))
			lines[count++] = text + at;
	}
	if (count > 0)
		qsort(lines, count, sizeof(*lines), compare_paths);
	*ret = lines;
	*ret_count = count;
	return 0;
}

static void print_json(struct sfs_json *json, const char *line)
{
	const char change[] = { line[0], '\0' };

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "change", change);
	sfs_json_member_string(json, "path", strchr(line + 2, ' ') + 1);
	sfs_json_member_uint(json, "bytes", strtoull(line + 2, NULL, 10));
	sfs_json_end_object(json);
}

static int print_all(char **lines, size_t count, bool as_json)
{
	struct sfs_json json;

	if (as_json) {
		sfs_json_init(&json, stdout);
		sfs_json_begin_array(&json);
		for (size_t i = 0; i < count; i++)
			print_json(&json, lines[i]);
		sfs_json_end_array(&json);
		return sfs_json_finish(&json);
	}
	for (size_t i = 0; i < count; i++) {
		printf("%c ", lines[i][0]);
		sfs_print_name(strchr(lines[i] + 2, ' ') + 1);
		putchar('\n');
	}
	return fflush(stdout) ? -EIO : 0;
}

static int diff(const char *path, bool as_json)
{
	struct sfs_mountinfo mount = { .id = -1 };
	SFS_FREE char *canonical = NULL;
	SFS_FREE char *text = NULL;
	SFS_FREE void *lines = NULL;
	size_t length = 0, count = 0;
	int err = sfs_path_canonical(path, &canonical);

	if (err == 0)
		err = sfs_views_find(canonical, &mount);
	if (err == -ENOENT && canonical) {
		sfs_msg("%s is in no view; scratchfs list shows them", path);
		return SFS_EXIT_FAILED;
	}
	if (err == 0)
		err = fetch(mount.path, &text, &length);
	if (err == 0)
		err = sort(text, length, (char ***)&lines, &count);
	if (err == 0)
		err = print_all(lines, count, as_json);
	if (err == -ENOTCONN)
		sfs_msg("the daemon of %s is dead; mounting there again brings "
			"its scratch back",
			mount.path ? mount.path : path);
	else if (err < 0)
		sfs_msg_errno(-err, "%s", path);
	sfs_mountinfo_done(&mount);
	return err < 0 ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

static const struct sfs_usage usage = {
	.command = "diff",
	.help = "Usage: scratchfs diff [OPTIONS] [MOUNTPOINT]\n"
		"\n"
		"Lists what unmounting would throw away, of the view that holds MOUNTPOINT\n"
		"(any path in it; default: the working folder):\n"
		"  A  new\n"
		"  C  changed copy of what the host has\n"
		"  D  deleted here, still on the host\n"
		"What is in a volume is not thrown away, and not listed.\n"
		"\n"
		"      --json  an array of objects\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.most = 1,
	.refusal = "one MOUNTPOINT at most",
};

int sfs_cmd_diff(int argc, char **argv)
{
	bool as_json = false;
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status, operands = sfs_usage_read(&usage, extra, argc, argv,
					      &config, &status);

	if (operands >= 0)
		status = diff(operands == 1 ? argv[1] : ".", as_json);
	sfs_config_done(&config);
	return status;
}
