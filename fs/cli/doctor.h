/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLI_DOCTOR_H
#define SCRATCHFS_CLI_DOCTOR_H

/*
 * One finding for each thing that mounts need or profit from.
 */
#include <limits.h>
#include <stdio.h>

enum sfs_finding_status {
	SFS_FINDING_OK,
	SFS_FINDING_NOTE, /* goes without, but slower or not with everything */
	SFS_FINDING_FAIL, /* something does not work */
};

struct sfs_finding {
	const char *check;
	enum sfs_finding_status status;
	char detail[PATH_MAX + 128];
	char mend[2 * PATH_MAX +
		  32]; /* a line for the shell; "": none is known */
};

/* A check of the machine fills in status, detail and mend. */
struct sfs_check {
	const char *name;
	void (*look)(struct sfs_finding *finding);
};

/* Ends with a NULL name. */
const struct sfs_check *sfs_doctor_checks(void);

#endif
