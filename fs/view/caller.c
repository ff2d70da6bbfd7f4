/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

/*
 * Identity is a thread's own: fsuid and fsgid in the kernel, the umask after
 * unshare(CLONE_FS).  Leaving fsuid 0 takes the file capabilities from the
 * effective set (capabilities(7)); they are raised again, because the kernel
 * has already checked the caller's permissions and the store's folders are
 * ours alone.
 */
int sfs_view_thread_init(struct sfs_view *view)
{
	if (unshare(CLONE_FS))
		return -errno;
	umask(0);
	if (view->params.as_caller)
		setfsgid(0);
	return 0;
}

static void raise_file_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps))
		return;
	caps[0].effective |= caps[0].permitted &
			     (1u << CAP_DAC_OVERRIDE |
			      1u << CAP_DAC_READ_SEARCH | 1u << CAP_FSETID);
	(void)syscall(SYS_capset, &header, caps);
}

void sfs_caller_enter(struct sfs_view *view, const struct sfs_caller *caller)
{
	umask(caller->umask);
	if (!view->params.as_caller)
		return;
	if (caller->gid)
		setfsgid(caller->gid);
	if (!caller->uid)
		return;
	setfsuid(caller->uid);
	raise_file_capabilities();
}

void sfs_caller_leave(struct sfs_view *view, const struct sfs_caller *caller)
{
	umask(0);
	if (!view->params.as_caller)
		return;
	if (caller->uid)
		setfsuid(0);
	if (caller->gid)
		setfsgid(0);
}

/* The supplementary groups are in /proc only. */
bool sfs_caller_is_in(const struct sfs_caller *caller, gid_t gid)
{
	char path[32], line[1024];
	SFS_FCLOSE FILE *status = NULL;
	bool found = caller->gid == gid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)caller->pid);
	if (!found)
		status = fopen(path, "re");
	while (!found && status && fgets(line, sizeof(line), status)) {
		char *at = line + sizeof("Groups:") - 1, *end;

		if (strncmp(line, "Groups:", sizeof("Groups:") - 1))
			continue;
		for (; !found; at = end) {
			unsigned long group = strtoul(at, &end, 10);

			if (end == at)
				break;
			found = group == gid;
		}
	}
	return found;
}
