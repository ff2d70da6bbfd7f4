/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CLEANUP_H
#define SCRATCHFS_CLEANUP_H

/*
 * Resources that leave with their scope.
 *
 *	SFS_FREE char *path = NULL;	freed
 *	SFS_CLOSE int fd = -1;		closed if >= 0
 *	SFS_FCLOSE FILE *file = NULL;	fclose()d
 *	SFS_CLOSEDIR DIR *dir = NULL;	closedir()d
 *
 * To hand one to the caller: *ret = sfs_steal_ptr(&path);
 * return sfs_steal_fd(&fd);
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void sfs_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void sfs_cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void sfs_cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void sfs_cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define SFS_FREE     __attribute__((cleanup(sfs_cleanup_free)))
#define SFS_CLOSE    __attribute__((cleanup(sfs_cleanup_close)))
#define SFS_FCLOSE   __attribute__((cleanup(sfs_cleanup_fclose)))
#define SFS_CLOSEDIR __attribute__((cleanup(sfs_cleanup_closedir)))

static inline int sfs_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#define sfs_steal_ptr(p)                         \
	__extension__({                          \
		__typeof__(*(p)) stolen_ = *(p); \
		*(p) = NULL;                     \
		stolen_;                         \
	})

#endif
