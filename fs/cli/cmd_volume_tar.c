/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/command.h"
#include "scratchfs/msg.h"
#include "scratchfs/size.h"
#include "volume.h"

/* One line on a terminal, four times a second. */
struct progress {
	uint64_t total; /* 0: not known */
	int64_t shown_ms;
};

#define PROGRESS_MS    250
#define PROGRESS_WIDTH 30

static void show(void *context, uint64_t bytes)
{
	struct progress *progress = context;
	struct timespec now;
	char done[16], total[16];
	int64_t now_ms;
	int filled;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (now_ms - progress->shown_ms < PROGRESS_MS)
		return;
	progress->shown_ms = now_ms;
	if (!progress->total) {
		fprintf(stderr, "\r%s ", sfs_size_format(bytes, done));
		return;
	}
	if (bytes > progress->total)
		bytes = progress->total;
	filled =
		(int)((double)bytes / (double)progress->total * PROGRESS_WIDTH);
	fprintf(stderr, "\r[%-*.*s] %s of %s ", PROGRESS_WIDTH, filled,
		"##############################", sfs_size_format(bytes, done),
		sfs_size_format(progress->total, total));
}

/* Erases the line (ECMA-48 EL). */
static void end_progress(const struct sfs_volume_tar *tar)
{
	if (tar->progress)
		fputs("\r\033[K", stderr);
}

static void begin_progress(struct sfs_volume_tar *tar,
			   struct progress *progress, uint64_t total)
{
	if (!isatty(STDERR_FILENO))
		return;
	progress->total = total;
	tar->progress = show;
	tar->context = progress;
}

static int export_to(const char *name, struct sfs_volume_tar *tar)
{
	struct sfs_store_usage usage = { 0 };
	struct progress progress = { 0 };
	int r;

	if (isatty(tar->fd)) {
		sfs_msg("volume export: an archive is nothing for a terminal; "
			"redirect stdout or use -o FILE");
		return SFS_VOLUME_EXIT_ERROR;
	}
	if (isatty(STDERR_FILENO) && !tar->at)
		(void)sfs_volume_usage(name, &usage);
	begin_progress(tar, &progress, usage.apparent_bytes);
	r = sfs_volume_export(name, tar);
	end_progress(tar);
	return r < 0 ? SFS_VOLUME_EXIT_ERROR : SFS_EXIT_OK;
}

/* A file that holds half an archive would be taken for a backup. */
static int export_to_file(const char *name, const char *path,
			  struct sfs_volume_tar *tar)
{
	SFS_CLOSE int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct stat st;
	int status;

	if (fd < 0) {
		sfs_msg_errno(errno, "%s", path);
		return SFS_VOLUME_EXIT_ERROR;
	}
	tar->fd = fd;
	status = export_to(name, tar);
	if (status == SFS_EXIT_OK && fsync(fd) && errno != EINVAL &&
	    errno != EROFS) {
		sfs_msg_errno(errno, "%s", path);
		status = SFS_VOLUME_EXIT_ERROR;
	}
	if (status != SFS_EXIT_OK && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
	return status;
}

static int check_exists(const char *name)
{
	struct sfs_volume *volume = NULL;
	int r = sfs_volume_load(name, &volume);

	sfs_volume_free(volume);
	return r < 0 ? sfs_volume_failed(name, r) : SFS_EXIT_OK;
}

int sfs_cmd_volume_export(const struct sfs_volume_verb *verb, int argc,
			  char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "at", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sfs_volume_tar tar = { .fd = STDOUT_FILENO };
	const char *output = NULL;
	int option, r;

	while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) !=
	       -1) {
		if (option == 'o')
			output = optarg;
		else if (option == 'a')
			tar.at = optarg;
		else
			return sfs_volume_bad_option(verb, options, option,
						     argv);
	}
	if (argc - optind != 1)
		return sfs_volume_bad_usage(verb, "one name");
	/* Before -o empties a file. */
	r = check_exists(argv[optind]);
	if (r)
		return r;
	return output ? export_to_file(argv[optind], output, &tar)
		      : export_to(argv[optind], &tar);
}

static int import_from(const char *name, struct sfs_volume_tar *tar)
{
	struct progress progress = { 0 };
	struct stat st;
	int r;

	if (isatty(tar->fd)) {
		sfs_msg("volume import: an archive does not come from a "
			"terminal; name a file or redirect stdin");
		return SFS_VOLUME_EXIT_ERROR;
	}
	if (fstat(tar->fd, &st) || !S_ISREG(st.st_mode))
		st.st_size = 0;
	begin_progress(tar, &progress, (uint64_t)st.st_size);
	r = sfs_volume_import(name, tar);
	end_progress(tar);
	return r < 0 ? SFS_VOLUME_EXIT_ERROR : SFS_EXIT_OK;
}

int sfs_cmd_volume_import(const struct sfs_volume_verb *verb, int argc,
			  char **argv)
{
	static const struct option options[] = {
		{ "at", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sfs_volume_tar tar = { .fd = STDIN_FILENO };
	SFS_CLOSE int fd = -1;
	int option, r;

	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option != 'a')
			return sfs_volume_bad_option(verb, options, option,
						     argv);
		tar.at = optarg;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return sfs_volume_bad_usage(verb, "a name and a file");
	r = check_exists(argv[optind]);
	if (r)
		return r;
	if (argc - optind == 2 && strcmp(argv[optind + 1], "-") != 0) {
		fd = open(argv[optind + 1], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			sfs_msg_errno(errno, "%s", argv[optind + 1]);
			return SFS_VOLUME_EXIT_ERROR;
		}
		tar.fd = fd;
	}
	return import_from(argv[optind], &tar);
}
