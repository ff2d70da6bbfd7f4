/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VIEW_FIXTURE_H
#define TESTS_VIEW_FIXTURE_H

/*
 * A view over a source and one private store in a temporary folder, without a
 * mount:
 *
 *	DIR/source	the source
 *	DIR/store	tree/, hidden/ and work/
 *
 * with the rules .tmp*, logs, hid (existing: hide) and keep (existing: core),
 * and ro read-only.
 * The operations are called as the mount calls them; what the "kernel" was told
 * is forgotten at the end.  fx_at() names host files, fx_node() nodes.
 */
#include "scratchfs/backing.h"
#include "scratchfs/tracked.h"
#include "scratchfs/view.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	FX_NODES = 64
};

struct fixture {
	char dir[32];
	struct sfs_rules *rules, *readonly;
	struct sfs_store store;
	struct sfs_store *stores[1];
	struct sfs_tracked *tracked; /* or NULL */
	struct sfs_view *view;
	struct sfs_node *nodes[FX_NODES]; /* each with one look-up */
	unsigned int n_nodes;
};

static const struct sfs_caller fx_caller = { .umask = 022 };

/* "DIR/PATH", until it has been called eight times more. */
static inline const char *fx_at(const struct fixture *fx, const char *path)
{
	static char buffers[8][512];
	static unsigned int next;
	char *buffer = buffers[next++ % 8];

	snprintf(buffer, sizeof(buffers[0]), "%s/%s", fx->dir, path);
	return buffer;
}

static inline void fx_mkdir(const struct fixture *fx, const char *path)
{
	assert_int_equal(mkdir(fx_at(fx, path), 0755), 0);
}

/* Writes a file behind the view's back. */
static inline void fx_put(const struct fixture *fx, const char *path,
			  const char *text)
{
	FILE *file = fopen(fx_at(fx, path), "w");

	assert_non_null(file);
	assert_int_not_equal(fputs(text, file), EOF);
	assert_int_equal(fclose(file), 0);
}

/* Is the host file's text this one?  (NULL: there is no such file.) */
static inline void fx_expect(const struct fixture *fx, const char *path,
			     const char *text)
{
	char got[4096] = "";
	FILE *file = fopen(fx_at(fx, path), "r");

	if (!text) {
		assert_null(file);
		return;
	}
	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, text);
}

static inline struct stat fx_stat(const struct fixture *fx, const char *path)
{
	struct stat st;

	assert_int_equal(lstat(fx_at(fx, path), &st), 0);
	return st;
}

static inline struct sfs_node *fx_keep(struct fixture *fx,
				       struct sfs_node *node)
{
	assert_true(fx->n_nodes < FX_NODES);
	fx->nodes[fx->n_nodes++] = node;
	return node;
}

/* The node of a path in the view ("" is the root), or NULL. */
static inline struct sfs_node *fx_node(struct fixture *fx, const char *path)
{
	struct sfs_node *node = sfs_node_root(fx->view);
	char copy[512], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	while (node && (name = strsep(&rest, "/")) && *name) {
		struct sfs_entry entry;

		assert_int_equal(sfs_view_lookup(fx->view, node, name, &entry),
				 0);
		node = entry.node ? fx_keep(fx, entry.node) : NULL;
	}
	return node;
}

/* Makes a file with text in the view. */
static inline struct sfs_node *fx_create(struct fixture *fx, const char *folder,
					 const char *name, const char *text)
{
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct sfs_write write = { .iov = &iov, .n_iov = 1 };
	struct sfs_entry entry;

	assert_int_equal(sfs_view_create(fx->view, &fx_caller,
					 fx_node(fx, folder), name, 0644,
					 O_CREAT | O_EXCL | O_RDWR, &entry),
			 0);
	fx_keep(fx, entry.node);
	assert_int_equal(sfs_view_write(fx->view, entry.node, &write),
			 strlen(text));
	return entry.node;
}

static inline struct sfs_node *
fx_make_folder(struct fixture *fx, const char *folder, const char *name)
{
	struct sfs_entry entry;

	assert_int_equal(sfs_view_mkdir(fx->view, &fx_caller,
					fx_node(fx, folder), name, 0755,
					&entry),
			 0);
	return fx_keep(fx, entry.node);
}

static inline void fx_add_rule(struct sfs_rules *rules, const char *glob,
			       enum sfs_existing existing)
{
	const struct sfs_rule rule = { .glob = glob,
				       .from = "test",
				       .existing = existing };
	const char *why;

	assert_int_equal(sfs_rules_add(rules, &rule, &why), 0);
}

static inline void fx_make_rules(struct fixture *fx)
{
	assert_int_equal(sfs_rules_new(&fx->rules), 0);
	fx_add_rule(fx->rules, ".tmp*", SFS_EXISTING_SHOW);
	fx_add_rule(fx->rules, "logs", SFS_EXISTING_SHOW);
	fx_add_rule(fx->rules, "hid", SFS_EXISTING_HIDE);
	fx_add_rule(fx->rules, "keep", SFS_EXISTING_CORE);
	assert_int_equal(sfs_rules_compile(fx->rules), 0);
	assert_int_equal(sfs_rules_new(&fx->readonly), 0);
	fx_add_rule(fx->readonly, "ro", SFS_EXISTING_SHOW);
	assert_int_equal(sfs_rules_compile(fx->readonly), 0);
}

/* As a store makes it: time 0 says that there never was a name in it. */
static inline void fx_make_store_folder(const struct fixture *fx,
					const char *path)
{
	const struct timespec times[2] = { { 0 }, { 0 } };

	fx_mkdir(fx, path);
	assert_int_equal(utimensat(AT_FDCWD, fx_at(fx, path), times, 0), 0);
}

static inline void fx_open_store(struct fixture *fx)
{
	struct stat st;

	fx_mkdir(fx, "store");
	fx_make_store_folder(fx, "store/tree");
	fx_make_store_folder(fx, "store/hidden");
	fx_make_store_folder(fx, "store/work");
	fx->store = (struct sfs_store){
		.root_fd = open(fx_at(fx, "store"), O_PATH),
		.tree_fd = open(fx_at(fx, "store/tree"), O_PATH),
		.hidden_fd = open(fx_at(fx, "store/hidden"), O_PATH),
		.work_fd = open(fx_at(fx, "store/work"), O_PATH),
		.lock_fd = -1,
		.base_fd = -1,
	};
	assert_true(fx->store.work_fd >= 0);
	assert_int_equal(fstat(fx->store.tree_fd, &st), 0);
	fx->store.dev = st.st_dev;
	fx->store.path = strdup(fx_at(fx, "store"));
	fx->stores[0] = &fx->store;
}

/* All but the view. */
static inline struct fixture *fx_prepare(void)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	strcpy(fx->dir, "/tmp/test-view-XXXXXX");
	assert_non_null(mkdtemp(fx->dir));
	fx_mkdir(fx, "source");
	fx_open_store(fx);
	fx_make_rules(fx);
	return fx;
}

/* git: the view follows what it tracks in the source. */
static inline void fx_open_view(struct fixture *fx, bool git)
{
	struct sfs_view_params params = { .copy_limit_bytes = 64 << 20,
					  .covered_fd = -1,
					  .n_stores = 1 };

	params.source_fd = open(fx_at(fx, "source"), O_PATH | O_DIRECTORY);
	params.source_path = fx_at(fx, "source");
	params.scratch = fx->rules;
	params.readonly = fx->readonly;
	params.stores = fx->stores;
	if (git)
		assert_int_equal(sfs_tracked_new(params.source_fd,
						 params.source_path,
						 &fx->tracked),
				 0);
	params.tracked = fx->tracked;
	assert_int_equal(sfs_view_new(&params, &fx->view), 0);
}

static inline int fx_setup(void **state)
{
	struct fixture *fx = fx_prepare();

	fx_open_view(fx, false);
	*state = fx;
	return 0;
}

static inline int fx_remove(void *context,
			    const struct sfs_backing_walk_entry *entry)
{
	(void)context;
	if (entry->event == SFS_WALK_OBJECT)
		return unlinkat(entry->dir_fd, entry->name, 0) ? -errno : 0;
	if (entry->event == SFS_WALK_LEAVE)
		return unlinkat(entry->dir_fd, entry->name, AT_REMOVEDIR)
			       ? -errno
			       : 0;
	return 0;
}

/* The kernel forgets all that it was told. */
static inline void fx_forget(struct fixture *fx)
{
	while (fx->n_nodes)
		sfs_node_forget(fx->view, fx->nodes[--fx->n_nodes], 1);
}

static inline int fx_teardown(void **state)
{
	struct fixture *fx = *state;
	int dir = open(fx->dir, O_RDONLY | O_DIRECTORY);

	fx_forget(fx);
	sfs_view_free(fx->view);
	sfs_tracked_free(fx->tracked);
	sfs_rules_free(fx->rules);
	sfs_rules_free(fx->readonly);
	close(fx->store.root_fd);
	close(fx->store.tree_fd);
	close(fx->store.hidden_fd);
	close(fx->store.work_fd);
	free(fx->store.path);
	assert_int_equal(sfs_backing_walk(dir, SFS_WALK_FORCE, fx_remove, NULL),
			 0);
	close(dir);
	rmdir(fx->dir);
	free(fx);
	return 0;
}

#define FX_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

#endif
