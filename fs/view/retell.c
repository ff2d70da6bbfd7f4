/* SPDX-License-Identifier: MIT */
#include "retell.h"
#include "internal.h"

#include <sys/fanotify.h>

static unsigned int changes_of(uint64_t mask)
{
	static const struct {
		uint64_t event;
		unsigned int change;
	} words[] = {
		{ FAN_CREATE, SFS_HOST_MADE },
		{ FAN_MOVED_TO, SFS_HOST_MOVED_TO },
		{ FAN_MODIFY, SFS_HOST_BYTES },
		{ FAN_ATTRIB, SFS_HOST_ATTRIBUTES },
		{ FAN_CLOSE_WRITE, SFS_HOST_CLOSED },
		{ FAN_MOVED_FROM, SFS_HOST_MOVED_FROM },
		{ FAN_DELETE, SFS_HOST_GONE },
	};
	unsigned int changes = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (mask & words[i].event)
			changes |= words[i].change;
	return changes;
}

void sfs_retell(struct sfs_view *view, struct sfs_node *folder,
		const char *name, uint64_t mask, mode_t mode)
{
	const struct sfs_notify *notify = &view->notify;

	if (notify->changed && !sfs_node_is(folder, SFS_NODE_SCRATCH))
		notify->changed(notify->ctx, folder, name, changes_of(mask),
				mode);
}
