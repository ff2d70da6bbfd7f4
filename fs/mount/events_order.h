/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_MOUNT_EVENTS_ORDER_H
#define SCRATCHFS_MOUNT_EVENTS_ORDER_H

/* What events.c and events_order.c share. */
#include "events.h"
#include "performer.h"

#include <errno.h>

struct sfs_events_item {
	struct sfs_events_item *next;
	struct sfs_events_item
		*from;		  /* MOVED_TO: where it came from, or NULL */
	struct sfs_node *folder;  /* counted */
	struct sfs_node *removed; /* counted; what had the name, or NULL */
	unsigned int change;	  /* enum sfs_host_change */
	mode_t mode;		  /* 0: nothing has the name now */
	char name[256];
};

struct sfs_events {
	struct sfs_mount *mount;
	struct sfs_events_place place;
	unsigned char secret[SFS_PERFORMER_SECRET_BYTES];
	pthread_t thread;

	/* The thread's own. */
	int socket; /* to the performer; -1: there is none yet */
	bool broken;
	pid_t watcher;
	uint64_t next_look_ms, watched_until_ms;

	_Atomic pid_t performer; /* -1: none yet */
	pthread_mutex_t lock;	 /* guards what follows; before view->table */
	pthread_cond_t wake, ended;
	bool stop;
	struct sfs_events_item *first, **end;
	unsigned int n_items;
	struct sfs_events_item *leaving; /* last noted, and moved away */
	/* What the performer is at. */
	const struct sfs_events_item *current;
	uint32_t act;
};

/* Has it performed, and waits for that.  For the thread. */
void sfs_events_order(struct sfs_events *events,
		      const struct sfs_events_item *item, uint32_t act);

#endif
