/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_PROGRESS_H
#define SCRATCHFS_PROGRESS_H

/*
 * One line on a terminal (stderr) for what takes longer than a second; nothing
 * anywhere else.
 *
 *	struct sfs_progress progress;
 *
 *	sfs_progress_begin(&progress, "moving");
 *	... sfs_progress_show(&progress, files, bytes, path) ... as often as
 *	you like: it is drawn four times a second
 *	sfs_progress_end(&progress);	takes the line away
 *
 * Say nothing else on stderr before sfs_progress_clear() or _end().
 */
#include <stdbool.h>
#include <stdint.h>

struct sfs_progress {
	const char *verb;
	bool terminal, visible;
	int64_t next_ms; /* CLOCK_MONOTONIC; when to draw it */
};

void sfs_progress_begin(struct sfs_progress *progress, const char *verb);
/* What is done so far, and what it is at; path may be NULL. */
void sfs_progress_show(struct sfs_progress *progress, uint64_t files,
		       uint64_t bytes, const char *path);
/* Makes room for a message. */
void sfs_progress_clear(struct sfs_progress *progress);
void sfs_progress_end(struct sfs_progress *progress);

#endif
