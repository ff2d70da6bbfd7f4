/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "objects.h"

#include "scratchfs/backing.h"
#include "scratchfs/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

struct list {
	struct sfs_session *session;
	struct sfs_store *store;
	FILE *out;
};

static void put(const struct list *list, char letter, const char *path,
		const struct stat *st)
{
	bool is_folder = S_ISDIR(st->st_mode);

	fprintf(list->out, "%c %" PRIu64 " %s%s", letter,
		is_folder ? 0 : (uint64_t)st->st_size, path,
		is_folder ? "/" : "");
	fputc('\0', list->out);
}

/* A path below an open folder; an error stands for "it is not there". */
static bool look(int root_fd, const char *path, struct stat *ret)
{
	SFS_CLOSE int fd = sfs_backing_open_path(root_fd, path, O_PATH, 0);

	return fd >= 0 && fstat(fd, ret) == 0;
}

/* The mark of a folder in tree/ says that the host's is not merged with it. */
static bool is_opaque(const struct list *list, const char *path)
{
	struct stat st;

	return look(list->store->hidden_fd, path, &st) && S_ISREG(st.st_mode);
}

static int visit_object(void *context, const struct sfs_object *object)
{
	const struct list *list = context;
	const struct sfs_backing_walk_entry *entry = object->entry;
	bool on_host = sfs_objects_is_on_host(list->session, object);

	/* A merged folder is none of the changes, what is in it may be. */
	if (on_host && entry->event == SFS_WALK_ENTER &&
	    !is_opaque(list, entry->path))
		return 0;
	put(list, on_host ? 'C' : 'A', entry->path, &entry->stat);
	return 0;
}

static int visit_mark(void *context, const struct sfs_backing_walk_entry *entry)
{
	const struct list *list = context;
	struct stat host, own;

	if (entry->event == SFS_WALK_OBJECT && S_ISREG(entry->stat.st_mode) &&
	    look(list->session->source_fd, entry->path, &host) &&
	    !look(list->store->tree_fd, entry->path, &own))
		put(list, 'D', entry->path, &host);
	return 0;
}

static int write_list(struct list *list)
{
	if (list->store->volume)
		return 0;
	int err = sfs_objects_walk(list->session, list->store, visit_object,
				   list);
	if (err == 0)
		err = sfs_backing_walk(list->store->hidden_fd, 0, visit_mark,
				       list);
	return err == -ESTALE ? 0 : err;
}

int sfs_changes_list(struct sfs_session *session, char **ret_text,
		     size_t *ret_length)
{
	struct list list = {
		.session = session,
		.store = session->stores[0],
		.out = open_memstream(ret_text, ret_length),
	};

	if (!list.out)
		return -ENOMEM;
	int err = write_list(&list);
	if (fclose(list.out) != 0 && err == 0)
		err = -ENOMEM;
	if (err < 0)
		free(sfs_steal_ptr(ret_text));
	return err;
}
