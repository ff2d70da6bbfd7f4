/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MSG_H
#define SCRATCHFS_MSG_H

/*
 * Sentences for people, on stderr (on syslog once the daemon is in the
 * background).  One line each: what failed, on which path, why, what to do.
 * "scratchfs: " is put before it, a newline after it, and control characters
 * (a path may hold terminal escapes) are replaced by '?'.
 */
#define SFS_PRINTF(f, a) __attribute__((format(printf, f, a)))

void sfs_msg(const char *format, ...) SFS_PRINTF(1, 2);

/* The same, followed by ": " and the text of errnum (positive). */
void sfs_msg_errno(int errnum, const char *format, ...) SFS_PRINTF(2, 3);

/* From now on messages go to syslog. */
void sfs_msg_to_syslog(void);

#endif
