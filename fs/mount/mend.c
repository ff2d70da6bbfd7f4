/* SPDX-License-Identifier: MIT */
/*
 * A daemon that was killed leaves its mount behind, on which every access fails
 * with ENOTCONN, and its store.  Mounting on it again brings both back to life.
 */
#include "session.h"

#include "scratchfs/mountinfo.h"
#include "scratchfs/msg.h"
#include "scratchfs/unmount.h"

#include <string.h>
#include <sys/xattr.h>

/* Asks the daemon: the kernel would answer stat(2) from its cache. */
static bool is_dead(const char *path)
{
	return getxattr(path, "user.scratchfs.status", NULL, 0) < 0 &&
	       (errno == ENOTCONN || errno == ECONNABORTED);
}

/* The store of an entry is its own, not a volume's. */
static bool is_ephemeral(const struct sfs_registry_entry *entry)
{
	const char *slash = entry->store ? strrchr(entry->store, '/') : NULL;

	return slash && strcmp(slash + 1, entry->id) == 0;
}

/* Its scratch would be lost without anybody having said so. */
static int check_heir(const struct sfs_session *session,
		      const struct sfs_registry_entry *entry)
{
	const struct sfs_config *config = session->config;

	if (strcmp(entry->source, session->source) != 0) {
		sfs_msg("%s holds the scratch of a killed view of %s; mount "
			"that again, or discard it with --fresh",
			session->mountpoint, entry->source);
		return -EEXIST;
	}
	/* --store is no choice any more: the scratch is where it is. */
	if (config->volume) {
		sfs_msg("%s holds the scratch of a killed view; mount without "
			"--volume to have it back, or discard it with --fresh",
			session->mountpoint);
		return -EEXIST;
	}
	return 0;
}

static int find_heritage(const struct sfs_session *session,
			 struct sfs_registry_entry **ret)
{
	struct sfs_registry_entry *entry = NULL;
	int err = sfs_registry_find_by_mountpoint(session->mountpoint, &entry);

	if (err == -ENOENT)
		return 0;
	if (err < 0) {
		sfs_msg_errno(-err, "cannot look for the scratch of %s",
			      session->mountpoint);
		return err;
	}
	if (!session->config->fresh && is_ephemeral(entry))
		err = check_heir(session, entry);
	if (err < 0)
		sfs_registry_entry_free(entry);
	else
		*ret = entry;
	return err;
}

static int mend(struct sfs_session *session)
{
	struct sfs_registry_entry *entry = NULL;
	int err = find_heritage(session, &entry);

	if (err < 0)
		return err;
	err = sfs_unmount(session->mountpoint, true);
	if (err < 0 && err != -EINVAL) { /* EINVAL: somebody was quicker */
		sfs_msg_errno(-err, "cannot take the dead view away from %s",
			      session->mountpoint);
		sfs_registry_entry_free(entry);
		return err;
	}
	if (entry && !session->config->fresh && is_ephemeral(entry))
		session->heritage = entry;
	else /* its store is collected, like any other */
		sfs_registry_entry_free(entry);
	return 0;
}

int sfs_session_mend(struct sfs_session *session)
{
	struct sfs_mountinfo mount;
	const char *path = session->mountpoint;
	int err = sfs_mountinfo_find(path, &mount);

	if (err == -ENOENT)
		return 0;
	if (err < 0)
		return err;
	bool dead = is_dead(path);
	if (!sfs_mountinfo_is_view(&mount)) {
		if (dead)
			sfs_msg("%s is a dead mount of %s; fusermount3 -u '%s' "
				"takes it away",
				path, mount.type, path);
		err = dead ? -EINVAL : 0;
	} else if (!dead) {
		sfs_msg("%s is already a view of %s; scratchfs umount '%s' "
			"ends it",
			path, mount.source, path);
		err = -EBUSY;
	} else {
		err = mend(session);
	}
	sfs_mountinfo_done(&mount);
	return err;
}
