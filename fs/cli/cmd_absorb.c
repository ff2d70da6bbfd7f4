/* SPDX-License-Identifier: MIT */
#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"
#include "scratchfs/progress.h"
#include "scratchfs/size.h"

#include "absorb_move.h"
#include "leftovers.h"
#include "print.h"
#include "usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define PAGE_BYTES 4096u /* what a volume's limit counts in */

struct absorb {
	struct sfs_config *config;
	bool force, as_json;
	struct sfs_leftovers leftovers;
};

/* --volume is for what has no volume of its own. */
static const char *volume_of(const struct absorb *absorb,
			     const struct sfs_leftover *one)
{
	return one->rule->volume ? one->rule->volume : absorb->config->volume;
}

/* Why it stays, or NULL. */
static const char *why_not(const struct absorb *absorb,
			   const struct sfs_leftover *one)
{
	if (one->not_ignored)
		return "git does not ignore it";
	return volume_of(absorb, one) ? NULL : "no volume; name one: --volume";
}

static void print_json(struct sfs_json *json, const struct absorb *absorb,
		       const struct sfs_leftover *one)
{
	const char *why = why_not(absorb, one);

	sfs_json_begin_object(json);
	sfs_json_member_string(json, "path", one->path);
	sfs_json_member_string(json, "action", why ? "leave" : "move");
	sfs_json_member_string(json, "why", why);
	sfs_json_member_string(json, "volume", volume_of(absorb, one));
	sfs_json_member_uint(json, "files", one->files);
	sfs_json_member_uint(json, "bytes", one->bytes);
	sfs_json_end_object(json);
}

static void print_text(const struct absorb *absorb,
		       const struct sfs_leftover *one)
{
	const char *why = why_not(absorb, one);
	char size[16];

	printf("%s %8s  ", why ? "leave" : "move ",
	       sfs_size_format(one->bytes, size));
	sfs_print_name(one->path);
	printf("%s%s%s\n", one->is_folder ? "/" : "",
	       why ? "  " : " -> volume ", why ? why : volume_of(absorb, one));
}

static int print_plan(const struct absorb *absorb)
{
	const struct sfs_leftovers *leftovers = &absorb->leftovers;
	struct sfs_json json;

	if (absorb->as_json) {
		sfs_json_init(&json, stdout);
		sfs_json_begin_array(&json);
	}
	for (size_t i = 0; i < leftovers->count; i++) {
		if (absorb->as_json)
			print_json(&json, absorb, &leftovers->list[i]);
		else
			print_text(absorb, &leftovers->list[i]);
	}
	if (!absorb->as_json)
		return fflush(stdout) ? -EIO : 0;
	sfs_json_end_array(&json);
	return sfs_json_finish(&json);
}

/* What goes into one volume. */
struct batch {
	const struct absorb *absorb;
	const char *volume;
	struct sfs_progress progress;
	uint64_t files, bytes; /* moved */
	bool failed;
};

static bool is_of(const struct batch *batch, const struct sfs_leftover *one)
{
	const char *volume = volume_of(batch->absorb, one);

	return !why_not(batch->absorb, one) &&
	       strcmp(volume, batch->volume) == 0;
}

static void move_one(struct batch *batch, struct sfs_absorb *into,
		     const struct sfs_leftover *one)
{
	sfs_progress_show(&batch->progress, batch->files, batch->bytes,
			  one->path);
	int err = sfs_absorb_move(into, one->path);
	if (err == 0) {
		batch->files += one->files;
		batch->bytes += one->bytes;
		return;
	}
	sfs_progress_clear(&batch->progress);
	batch->failed = true;
	if (err == -EEXIST)
		sfs_msg("%s: the volume %s has some of it already; that stays "
			"on the host",
			one->path, batch->volume);
	else
		sfs_msg_errno(-err, "cannot move all of %s", one->path);
}

static void move_batch(struct batch *batch)
{
	const struct sfs_leftovers *leftovers = &batch->absorb->leftovers;
	const char *given = batch->absorb->config->volume;
	struct sfs_absorb into = { .root_fd = -1, .lock_fd = -1 };
	uint64_t size = 0;

	for (size_t i = 0; i < leftovers->count; i++)
		if (is_of(batch, &leftovers->list[i]))
			size += leftovers->list[i].bytes +
				PAGE_BYTES * leftovers->list[i].files;
	SFS_CLOSE int source_fd =
		open(leftovers->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	into.source_fd = source_fd;
	if (source_fd < 0 ||
	    sfs_absorb_open(&into, batch->volume, leftovers->source,
			    given && strcmp(given, batch->volume) == 0,
			    size) < 0) {
		batch->failed = true;
		return;
	}
	for (size_t i = 0; i < leftovers->count; i++)
		if (is_of(batch, &leftovers->list[i]))
			move_one(batch, &into, &leftovers->list[i]);
	sfs_absorb_close(&into);
}

/* Volume by volume, in the order in which they come up. */
static int move_all(const struct absorb *absorb)
{
	const struct sfs_leftovers *leftovers = &absorb->leftovers;
	struct batch batch = { .absorb = absorb };
	char size[16];

	sfs_progress_begin(&batch.progress, "moving");
	for (size_t i = 0; i < leftovers->count; i++) {
		const struct sfs_leftover *one = &leftovers->list[i];
		bool is_first = !why_not(absorb, one);

		batch.volume = volume_of(absorb, one);
		for (size_t j = 0; is_first && j < i; j++)
			is_first = !is_of(&batch, &leftovers->list[j]);
		if (is_first)
			move_batch(&batch);
	}
	sfs_progress_end(&batch.progress);
	if (isatty(STDERR_FILENO))
		sfs_msg("moved %" PRIu64 " files, %s", batch.files,
			sfs_size_format(batch.bytes, size));
	return batch.failed ? SFS_EXIT_FAILED : SFS_EXIT_OK;
}

static int absorb_source(struct absorb *absorb, const char *source)
{
	int err =
		sfs_leftovers_find(absorb->config, source, &absorb->leftovers);

	if (err == 0)
		err = sfs_ignored_check(&absorb->leftovers);
	if (err < 0)
		return err == -EINVAL ? SFS_EXIT_USAGE : SFS_EXIT_FAILED;
	for (size_t i = 0; absorb->force && i < absorb->leftovers.count; i++) {
		const struct sfs_leftover *one = &absorb->leftovers.list[i];

		if (!one->not_ignored && !volume_of(absorb, one)) {
			sfs_msg("absorb: %s has no volume to go to; name one: "
				"--volume NAME",
				one->path);
			return SFS_EXIT_USAGE;
		}
	}
	if (print_plan(absorb) < 0)
		return SFS_EXIT_FAILED;
	if (!absorb->force && isatty(STDERR_FILENO))
		sfs_msg("nothing was done; --force does it");
	return absorb->force ? move_all(absorb) : SFS_EXIT_OK;
}

static const struct sfs_usage usage = {
	.command = "absorb",
	.help = "Usage: scratchfs absorb [OPTIONS] SOURCE\n"
		"\n"
		"Moves what the host has under scratch patterns into a volume: the one that its\n"
		"pattern names, or --volume NAME. A mount with that volume shows it again, and\n"
		"scratchfs keep brings it back. Prints the plan; acts with --force. Nothing that\n"
		"git tracks or does not ignore is moved.\n"
		"\n"
		"      --force  do it\n"
		"      --json   an array of objects\n"
		"\n"
		"Other OPTIONS are those of a mount (scratchfs --help).\n",
	.least = 1,
	.most = 1,
	.refusal = "it takes one SOURCE",
};

int sfs_cmd_absorb(int argc, char **argv)
{
	struct sfs_config config;
	struct absorb absorb = { .config = &config };
	const struct sfs_extra_option extra[] = {
		{ "force", 0, &absorb.force, NULL },
		{ "json", 0, &absorb.as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = absorb_source(&absorb, argv[1]);
	sfs_leftovers_done(&absorb.leftovers);
	sfs_config_done(&config);
	return status;
}
