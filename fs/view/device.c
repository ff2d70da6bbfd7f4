/* SPDX-License-Identifier: MIT */
#include "internal.h"

/* Numbers for devices, given out in the order they are met. */
enum {
	MAPPED_SHIFT = 48
};

unsigned int sfs_device_index(struct sfs_view *view, dev_t device)
{
	unsigned int i, n;

	pthread_rwlock_rdlock(&view->devices_lock);
	n = view->n_devices;
	for (i = 0; i < n && view->devices[i] != device; i++)
		;
	pthread_rwlock_unlock(&view->devices_lock);
	if (i < n)
		return i;
	pthread_rwlock_wrlock(&view->devices_lock);
	for (; i < view->n_devices && view->devices[i] != device; i++)
		;
	if (i == view->n_devices && i < SFS_DEVICES - 1)
		view->devices[view->n_devices++] = device;
	pthread_rwlock_unlock(&view->devices_lock);
	return i;
}

uint64_t sfs_device_ino(unsigned int device, ino_t ino)
{
	return (uint64_t)ino ^ (uint64_t)device << MAPPED_SHIFT;
}
