/* SPDX-License-Identifier: MIT */
#include "scratchfs/progress.h"

#include "scratchfs/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS       1000
#define EVERY_MS       250
#define LINE_MAX_BYTES 512

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sfs_progress_begin(struct sfs_progress *progress, const char *verb)
{
	*progress = (struct sfs_progress){
		.verb = verb,
		.terminal = isatty(STDERR_FILENO) == 1,
		.next_ms = now_ms() + FIRST_MS,
	};
}

static size_t line_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 79;
	return size.ws_col - 1U;
}

/* Columns are counted as bytes: rather too short than two lines. */
static void draw(const char *line)
{
	char text[LINE_MAX_BYTES];
	size_t width = line_width();

	if (width >= sizeof(text))
		width = sizeof(text) - 1;
	snprintf(text, width + 1, "%s", line);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
}

void sfs_progress_show(struct sfs_progress *progress, uint64_t files,
		       uint64_t bytes, const char *path)
{
	char line[LINE_MAX_BYTES], size[16];
	int64_t now;

	if (!progress->terminal || (now = now_ms()) < progress->next_ms)
		return;
	progress->next_ms = now + EVERY_MS;
	progress->visible = true;
	snprintf(line, sizeof(line), "%s: %" PRIu64 " files, %s  %s",
		 progress->verb, files, sfs_size_format(bytes, size),
		 path ? path : "");
	draw(line);
}

void sfs_progress_clear(struct sfs_progress *progress)
{
	if (progress->visible)
		fputs("\r\033[K", stderr); /* ECMA-48, EL */
	progress->visible = false;
}

void sfs_progress_end(struct sfs_progress *progress)
{
	sfs_progress_clear(progress);
}
