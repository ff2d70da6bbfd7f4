/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/machine.h"
#include "scratchfs/session.h"
#include "scratchfs/store.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define DESCRIPTORS_WANTED 65536u
#define MARKS_WANTED	   16384

static void say(struct sfs_finding *finding, enum sfs_finding_status status,
		const char *detail, const char *mend)
{
	finding->status = status;
	snprintf(finding->detail, sizeof(finding->detail), "%s", detail);
	snprintf(finding->mend, sizeof(finding->mend), "%s", mend);
}

static void look_kernel(struct sfs_finding *finding)
{
	struct open_how how = { .flags = O_PATH, .resolve = RESOLVE_BENEATH };
	struct utsname name;
	long fd = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
	else if (errno == ENOSYS) {
		say(finding, SFS_FINDING_FAIL,
		    "Linux 5.6 is needed (openat2); a container may forbid it",
		    "");
		return;
	}
	say(finding, SFS_FINDING_OK,
	    uname(&name) == 0 ? name.release : "unknown", "");
}

static void look_fuse(struct sfs_finding *finding)
{
	SFS_CLOSE int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char text[64];

	snprintf(text, sizeof(text), "/dev/fuse can be opened; libfuse %s",
		 sfs_session_libfuse());
	if (fd >= 0)
		say(finding, SFS_FINDING_OK, text, "");
	else if (errno == EACCES || errno == EPERM)
		say(finding, SFS_FINDING_FAIL, "/dev/fuse may not be opened",
		    "sudo chmod 666 /dev/fuse");
	else
		say(finding, SFS_FINDING_FAIL,
		    "the kernel's FUSE is not there (/dev/fuse)",
		    "sudo modprobe fuse");
}

static void look_fusermount(struct sfs_finding *finding)
{
	enum sfs_finding_status bad =
		geteuid() == 0 ? SFS_FINDING_NOTE : SFS_FINDING_FAIL;
	SFS_FREE char *path = NULL;
	struct stat st;

	if (!sfs_machine_program("fusermount3", &path)) {
		say(finding, bad, "not installed: only root can mount",
		    "sudo apt install fuse3");
	} else if (stat(path, &st) < 0 || st.st_uid != 0 ||
		   !(st.st_mode & S_ISUID)) {
		say(finding, bad,
		    "is not set-user-ID root: only root can mount", "");
		snprintf(finding->mend, sizeof(finding->mend),
			 "sudo chown root '%s' && sudo chmod u+s '%s'", path,
			 path);
	} else {
		say(finding, SFS_FINDING_OK, path, "");
	}
}

static void look_allow_other(struct sfs_finding *finding)
{
	if (geteuid() == 0)
		say(finding, SFS_FINDING_OK, "root may always use it", "");
	else if (sfs_machine_allows_other())
		say(finding, SFS_FINDING_OK, "allowed in /etc/fuse.conf", "");
	else
		say(finding, SFS_FINDING_NOTE,
		    "ordinary users may not use -o allow_other, which "
		    "containers of root and sudo need",
		    "echo user_allow_other | sudo tee -a /etc/fuse.conf");
}

static void look_descriptors(struct sfs_finding *finding)
{
	struct rlimit limit = { 0, 0 };
	char text[64];

	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(text, sizeof(text), "%llu open files",
		 (unsigned long long)limit.rlim_max);
	if (limit.rlim_max >= DESCRIPTORS_WANTED)
		say(finding, SFS_FINDING_OK, text, "");
	else
		say(finding, SFS_FINDING_NOTE, text,
		    "echo '* hard nofile 524288' | sudo tee "
		    "/etc/security/limits.d/nofile.conf  # and log in again");
}

static void look_store(struct sfs_finding *finding)
{
	SFS_FREE char *path = NULL;

	if (sfs_store_state_dir(&path) < 0) {
		say(finding, SFS_FINDING_FAIL,
		    "no place for scratch: HOME is not set",
		    "export XDG_STATE_HOME=/path/to/a/folder");
		return;
	}
	say(finding, SFS_FINDING_OK, path, "");
	/* The first folder that is there decides whether it can be made. */
	for (char *slash;
	     access(path, F_OK) < 0 && (slash = strrchr(path, '/'));)
		*slash = '\0';
	if (access(*path ? path : "/", W_OK) < 0)
		say(finding, SFS_FINDING_FAIL,
		    "the place for scratch may not be written to",
		    "export XDG_STATE_HOME=/path/to/a/folder");
}

/* The child's errno as its exit status. */
static int try_namespace(void)
{
	int flags = CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (unshare(flags) < 0 ||
		    mount("none", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
			_exit(errno);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return EAGAIN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
}

static void look_namespaces(struct sfs_finding *finding)
{
	static const struct {
		const char *path;
		long bad;
		const char *detail, *mend;
	} causes[] = {
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
		  "scratchfs run: AppArmor restricts user namespaces",
		  "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", 0,
		  "scratchfs run: user namespaces are for root only",
		  "sudo sysctl kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/user/max_user_namespaces", 0,
		  "scratchfs run: user namespaces are turned off",
		  "sudo sysctl user.max_user_namespaces=15000" },
	};
	char detail[128];
	long value;
	int error = try_namespace();

	if (error == 0) {
		say(finding, SFS_FINDING_OK, "scratchfs run works", "");
		return;
	}
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (geteuid() != 0 &&
		    sfs_machine_setting(causes[i].path, &value) &&
		    value == causes[i].bad) {
			say(finding, SFS_FINDING_FAIL, causes[i].detail,
			    causes[i].mend);
			return;
		}
	snprintf(detail, sizeof(detail),
		 "scratchfs run: no mount namespace can be made here: %s",
		 strerror(error));
	say(finding, SFS_FINDING_FAIL, detail, "");
}

static void look_fanotify(struct sfs_finding *finding)
{
	SFS_CLOSE int fd = fanotify_init(
		FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC, 0);
	long marks = 0;

	if (fd < 0 && errno == EMFILE)
		say(finding, SFS_FINDING_NOTE,
		    "no more listeners for changes on the host are allowed",
		    "sudo sysctl fs.fanotify.max_user_groups=1024");
	else if (fd < 0)
		say(finding, SFS_FINDING_NOTE,
		    "changes on the host are not told (Linux 5.13 would): "
		    "little is cached",
		    "");
	else if (geteuid() != 0 &&
		 sfs_machine_setting("/proc/sys/fs/fanotify/max_user_marks",
				     &marks) &&
		 marks < MARKS_WANTED)
		say(finding, SFS_FINDING_NOTE,
		    "only few folders of the host can be watched",
		    "sudo sysctl fs.fanotify.max_user_marks=131072");
	else
		say(finding, SFS_FINDING_OK,
		    "changes on the host are told at once", "");
}

static void look_uring(struct sfs_finding *finding)
{
	long on = 0, disabled = 0;

#if !defined(SFS_HAVE_URING) && !defined(SFS_HAVE_FUSE_URING)
	say(finding, SFS_FINDING_NOTE,
	    "requests travel through /dev/fuse: built without liburing", "");
	return;
#endif
	sfs_machine_setting("/proc/sys/kernel/io_uring_disabled", &disabled);
	if (!sfs_session_allows_rings())
		say(finding, SFS_FINDING_NOTE,
		    "requests travel through /dev/fuse: this libfuse was built "
		    "without io_uring and lets nobody else do it",
		    "");
	else if (!sfs_machine_setting(
			 "/sys/module/fuse/parameters/enable_uring", &on))
		say(finding, SFS_FINDING_NOTE,
		    "requests travel through /dev/fuse; Linux 6.14 has a "
		    "faster way",
		    "");
	else if (!on)
		say(finding, SFS_FINDING_NOTE,
		    "requests travel through /dev/fuse, which is slower",
		    "echo Y | sudo tee "
		    "/sys/module/fuse/parameters/enable_uring");
	else if (disabled == 2 || (disabled == 1 && geteuid() != 0))
		say(finding, SFS_FINDING_NOTE, "io_uring is forbidden here",
		    "sudo sysctl kernel.io_uring_disabled=0");
	else
		say(finding, SFS_FINDING_OK,
#ifdef SFS_HAVE_FUSE_URING
		    "requests travel over io_uring, served by libfuse",
#else
		    "requests travel over io_uring",
#endif
		    "");
}

static void look_passthrough(struct sfs_finding *finding)
{
	if (!sfs_machine_has_kernel(6, 9))
		say(finding, SFS_FINDING_NOTE,
		    "-o io=passthrough needs Linux 6.9", "");
	else if (geteuid() != 0)
		say(finding, SFS_FINDING_NOTE,
		    "-o io=passthrough is for root's mounts", "");
	else
		say(finding, SFS_FINDING_OK, "-o io=passthrough is possible",
		    "");
}

static const struct sfs_check checks[] = {
	{ "kernel", look_kernel },
	{ "fuse", look_fuse },
	{ "fusermount3", look_fusermount },
	{ "allow_other", look_allow_other },
	{ "store", look_store },
	{ "descriptors", look_descriptors },
	{ "namespaces", look_namespaces },
	{ "fanotify", look_fanotify },
	{ "io_uring", look_uring },
	{ "passthrough", look_passthrough },
	{ NULL, NULL },
};

const struct sfs_check *sfs_doctor_checks(void)
{
	return checks;
}
