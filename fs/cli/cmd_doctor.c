/* SPDX-License-Identifier: MIT */
#include "scratchfs/command.h"
#include "scratchfs/json.h"
#include "scratchfs/msg.h"

#include "doctor.h"
#include "print.h"
#include "usage.h"
#include "views.h"

#include <errno.h>
#include <stdio.h>

struct doctor {
	bool as_json, failed;
	struct sfs_json json;
};

static const char *status_name(enum sfs_finding_status status)
{
	switch (status) {
	case SFS_FINDING_FAIL:
		return "fail";
	case SFS_FINDING_NOTE:
		return "note";
	case SFS_FINDING_OK:
		break;
	}
	return "ok";
}

static void report(struct doctor *doctor, const struct sfs_finding *finding)
{
	const char *status = status_name(finding->status);

	doctor->failed |= finding->status == SFS_FINDING_FAIL;
	if (!doctor->as_json) {
		printf("%-4s  %-12s  ", status, finding->check);
		sfs_print_name(finding->detail);
		if (*finding->mend) {
			fputs("\n        ", stdout);
			sfs_print_name(finding->mend);
		}
		putchar('\n');
		return;
	}
	sfs_json_begin_object(&doctor->json);
	sfs_json_member_string(&doctor->json, "check", finding->check);
	sfs_json_member_string(&doctor->json, "status", status);
	sfs_json_member_string(&doctor->json, "detail", finding->detail);
	sfs_json_member_string(&doctor->json, "mend",
			       *finding->mend ? finding->mend : NULL);
	sfs_json_end_object(&doctor->json);
}

static int report_dead(void *context, const struct sfs_views_one *view)
{
	struct sfs_finding finding = {
		.check = "dead_mount",
		.status = SFS_FINDING_FAIL,
	};

	if (view->state != SFS_VIEWS_DEAD)
		return 0;
	snprintf(finding.detail, sizeof(finding.detail),
		 "the daemon of %s was killed; this brings it back with its "
		 "scratch:",
		 view->mountpoint);
	snprintf(finding.mend, sizeof(finding.mend), "scratchfs '%s' '%s'",
		 view->source, view->mountpoint);
	report(context, &finding);
	return 0;
}

static int examine(struct doctor *doctor)
{
	int err, written = 0;

	if (doctor->as_json) {
		sfs_json_init(&doctor->json, stdout);
		sfs_json_begin_array(&doctor->json);
	}
	for (const struct sfs_check *c = sfs_doctor_checks(); c->name; c++) {
		struct sfs_finding finding = { .check = c->name };

		c->look(&finding);
		report(doctor, &finding);
	}
	err = sfs_views_each(NULL, report_dead, doctor);
	if (doctor->as_json) {
		sfs_json_end_array(&doctor->json);
		written = sfs_json_finish(&doctor->json);
	} else if (fflush(stdout) != 0) {
		written = -EIO;
	}
	if (err < 0)
		sfs_msg_errno(-err, "cannot look for dead mounts");
	return err < 0 || written < 0 || doctor->failed ? SFS_EXIT_FAILED
							: SFS_EXIT_OK;
}

static const struct sfs_usage usage = {
	.command = "doctor",
	.help = "Usage: scratchfs doctor [OPTIONS]\n"
		"\n"
		"Says what this machine has for views, and what it lacks, with the line that\n"
		"mends it; run it as the user who mounts. Dead mounts are listed too.\n"
		"  ok    as it should be\n"
		"  note  goes without: slower, or not for everything\n"
		"  fail  does not work; the exit status is 1\n"
		"\n"
		"      --json  an array of objects\n",
	.flags = SFS_OPTIONS_EXTRA_ONLY,
	.refusal = "it takes no arguments",
};

int sfs_cmd_doctor(int argc, char **argv)
{
	struct doctor doctor = { 0 };
	const struct sfs_extra_option extra[] = {
		{ "json", 0, &doctor.as_json, NULL },
		{ NULL, 0, NULL, NULL },
	};
	struct sfs_config config;
	int status;

	if (sfs_usage_read(&usage, extra, argc, argv, &config, &status) >= 0)
		status = examine(&doctor);
	sfs_config_done(&config);
	return status;
}
