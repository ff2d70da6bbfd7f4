/* SPDX-License-Identifier: MIT */
#include "scratchfs/msg.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static atomic_bool to_syslog;

void sfs_msg_to_syslog(void)
{
	openlog("scratchfs", LOG_PID, LOG_DAEMON);
	atomic_store(&to_syslog, true);
}

static void emit(char *line)
{
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (atomic_load(&to_syslog))
		syslog(LOG_WARNING, "%s", line);
	else
		fprintf(stderr, "scratchfs: %s\n", line);
}

void sfs_msg(const char *format, ...)
{
	char line[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	emit(line);
}

void sfs_msg_errno(int errnum, const char *format, ...)
{
	char line[8192];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(line))
		snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
			 strerrordesc_np(errnum));
	emit(line);
}
