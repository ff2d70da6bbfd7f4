/* SPDX-License-Identifier: MIT */
#include "scratchfs/store.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "scratchfs/backing.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/quota.h"
#include "scratchfs/registry.h"
#include "scratchfs/volume.h"

struct fixture {
	char path[PATH_MAX];
	char source[PATH_MAX + 16];
	int fd, source_fd;
};

static void set_dir(const char *variable, const char *base, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	setenv(variable, path, 1);
}

static int set_up(void **state)
{
	static struct fixture f;

	strcpy(f.path, "/tmp/scratchfs-store.XXXXXX");
	if (!mkdtemp(f.path))
		return -1;
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(f.fd, "source", 0755);
	snprintf(f.source, sizeof(f.source), "%s/source", f.path);
	f.source_fd = open(f.source, O_PATH | O_CLOEXEC);
	set_dir("XDG_STATE_HOME", f.path, "state");
	set_dir("XDG_DATA_HOME", f.path, "data");
	*state = &f;
	return f.source_fd < 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int r = sfs_backing_empty(f->fd);

	close(f->fd);
	close(f->source_fd);
	return r || rmdir(f->path);
}

static void put(int dir, const char *name, off_t size)
{
	SFS_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

static bool exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct sfs_store *new_store(struct fixture *f, uint64_t limit)
{
	struct sfs_store *store = NULL;

	assert_int_equal(
		sfs_store_new_ephemeral(NULL, f->source, limit, &store), 0);
	return store;
}

/* What is left of a daemon that was killed: its descriptors are closed. */
static char *kill_store(struct sfs_store *store)
{
	char *path = strdup(store->path);

	sfs_store_close(store);
	return path;
}

static void a_discarded_store_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0);

	put(store->tree_fd, "file", 100);
	assert_int_equal(mkdirat(store->tree_fd, "d", 0), 0);
	assert_int_equal(sfs_store_discard(store), 0);
	assert_false(exists(f->fd, "state/scratchfs/stores") &&
		     exists(AT_FDCWD, store->path));
	assert_int_equal(sfs_discard_run(store), 0);
	assert_false(exists(f->fd, "state/scratchfs/discarded"));
	sfs_store_close(store);
}

static void a_store_elsewhere_takes_its_folder_along(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store, *second;

	assert_int_equal(sfs_store_new_ephemeral(f->path, f->source, 0, &store),
			 0);
	assert_int_equal(
		sfs_store_new_ephemeral(f->path, f->source, 0, &second), 0);
	assert_int_equal(sfs_store_discard(store), 0);
	assert_int_equal(sfs_discard_run(store), 0);
	sfs_store_close(store);
	assert_true(exists(AT_FDCWD, second->path));
	assert_int_equal(sfs_store_discard(second), 0);
	assert_int_equal(sfs_discard_run(second), 0);
	sfs_store_close(second);
	assert_int_equal(unlinkat(f->fd, "source", AT_REMOVEDIR), 0);
	/* Nothing else was there: "state" is not made by --store. */
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(mkdir(f->path, 0755), 0);
	close(f->fd);
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
}

static void never_inside_the_source(void **state)
{
	struct fixture *f = *state;
	const struct sfs_store_volume_options options = { true, true, 0 };
	struct sfs_store *store;

	assert_int_equal(sfs_store_new_ephemeral(f->source, f->source, 0,
						 &store),
			 -EINVAL);
	assert_int_equal(sfs_store_new_ephemeral(NULL, f->path, 0, &store),
			 -EINVAL);
	assert_int_equal(sfs_store_new_ephemeral(NULL, "/", 0, &store),
			 -EINVAL);
	assert_int_equal(sfs_store_open_volume("v", f->path, &options, &store),
			 -EINVAL);
	/* Nor was anything made there in order to find out. */
	assert_false(exists(f->fd, "state"));
	assert_false(exists(f->fd, "data"));
	assert_int_equal(unlinkat(f->fd, "source", AT_REMOVEDIR), 0);
}

static void a_tmpfs_store_works(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store;

	assert_int_equal(sfs_store_new_ephemeral("tmpfs:8x", f->source, 0,
						 &store),
			 -EINVAL);
	assert_int_equal(
		sfs_store_new_ephemeral("tmpfs:1M", f->source, 0, &store), 0);
	assert_int_equal(store->limit_bytes, 1 << 20);
	put(store->tree_fd, "file", 100);
	assert_int_equal(renameat(store->tree_fd, "file", store->work_fd, "x"),
			 0);
	assert_int_equal(sfs_store_discard(store), 0);
	assert_int_equal(sfs_discard_run(store), 0);
	sfs_store_close(store);
}

static void a_live_store_is_not_taken_over(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0), *again;
	SFS_FREE char *path = strdup(store->path);

	put(store->tree_fd, "file", 100);
	put(store->work_fd, "half-made", 1);
	assert_int_equal(sfs_store_open(path, f->source, 0, &again), -EBUSY);
	sfs_store_close(store);
	assert_int_equal(sfs_store_open(path, f->source, 8192, &again), 0);
	assert_true(exists(again->tree_fd, "file"));
	assert_false(exists(again->work_fd, "half-made"));
	assert_int_equal(sfs_quota_used(again->quota), 4096);
	assert_int_equal(sfs_store_discard(again), 0);
	sfs_store_close(again);
	assert_int_equal(sfs_store_open(path, f->source, 0, &again), -ENOENT);
}

static void a_newer_format_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0), *again;
	SFS_CLOSE int fd = openat(store->root_fd, "format", O_WRONLY);
	SFS_FREE char *path = kill_store(store);

	assert_int_equal(pwrite(fd, "99\n", 3, 0), 3);
	assert_int_equal(sfs_store_open(path, f->source, 0, &again),
			 -EPROTONOSUPPORT);
}

static void temporaries_of_the_dead_are_cleaned(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0);
	char dead[SFS_STORE_TEMP_MAX], done[SFS_STORE_TEMP_MAX];
	char live[SFS_STORE_TEMP_MAX], name[64];
	SFS_FREE char *path = NULL;

	assert_int_equal(sfs_store_temp_name(dead), 0);
	assert_int_equal(sfs_store_temp_name(done), 0);
	assert_int_equal(sfs_store_temp_name(live), 0);
	assert_true(sfs_store_is_temp(dead));
	assert_false(sfs_store_is_temp(".scratchfs~"));
	assert_false(sfs_store_is_temp(".scratchfs~0123456789abcdefg"));
	assert_int_equal(mkdirat(f->source_fd, "d", 0755), 0);
	assert_int_equal(sfs_store_pending_add(store, "d", dead), 0);
	assert_int_equal(sfs_store_pending_add(store, "", done), 0);
	assert_int_equal(sfs_store_pending_remove(store, done), 0);
	snprintf(name, sizeof(name), "d/%s", dead);
	put(f->source_fd, name, 1);
	put(f->source_fd, done, 1);
	path = kill_store(store);
	assert_int_equal(sfs_store_open(path, f->source, 0, &store), 0);
	assert_int_equal(sfs_store_pending_add(store, "", live), 0);
	put(f->source_fd, live, 1);
	assert_int_equal(sfs_store_clean_pending(store, f->source_fd), 0);
	assert_false(exists(f->source_fd, name));
	assert_true(exists(f->source_fd, done));
	assert_true(exists(f->source_fd, live));
	assert_int_equal(sfs_store_discard(store), 0);
	sfs_store_close(store);
}

static void volumes_are_shared_and_locked(void **state)
{
	struct fixture *f = *state;
	const struct sfs_store_volume_options options = { true, true, 8192 };
	const struct sfs_store_volume_options existing = { false, true, 0 };
	struct sfs_store *a, *b;

	assert_int_equal(sfs_store_open_volume("v", f->source, &existing, &a),
			 -ENOENT);
	assert_int_equal(sfs_store_open_volume("V", f->source, &options, &a),
			 -EINVAL);
	assert_int_equal(sfs_store_open_volume("v", f->source, &options, &a),
			 0);
	assert_true(a->first);
	assert_int_equal(sfs_store_open_volume("v", f->source, &existing, &b),
			 0);
	assert_false(b->first);
	assert_int_equal(sfs_quota_charge(a->quota, 4096), 0);
	assert_int_equal(sfs_quota_used(b->quota), 4096);
	assert_int_equal(sfs_quota_charge(b->quota, 4097), -ENOSPC);
	assert_int_equal(sfs_quota_charge(b->quota, 4096), 0);
	assert_int_equal(sfs_volume_in_use("v"), 1);
	assert_int_equal(sfs_volume_remove("v"), -EBUSY);
	sfs_store_close(a);
	assert_int_equal(sfs_volume_remove("v"), -EBUSY);
	sfs_store_close(b);
	assert_int_equal(sfs_volume_in_use("v"), 0);
	/* Nothing was ever written, so the count starts anew. */
	assert_int_equal(sfs_store_open_volume("v", f->source, &existing, &a),
			 0);
	assert_int_equal(sfs_quota_used(a->quota), 0);
	sfs_store_close(a);
	assert_int_equal(sfs_store_open_volume("v", "/usr", &existing, &a),
			 -EPERM);
	assert_int_equal(sfs_volume_remove("v"), 0);
	assert_int_equal(sfs_volume_remove("v"), -ENOENT);
	assert_false(exists(f->fd, "data/scratchfs/volumes/.removed"));
}

static void labels_survive(void **state)
{
	struct sfs_volume spec = { .name = strdup("v") }, *volume;
	const char *odd = "a=b%41\n\t%";
	(void)state;

	assert_int_equal(sfs_volume_add_label(&spec, "k=1", odd), 0);
	assert_int_equal(sfs_volume_create(&spec), 0);
	assert_int_equal(sfs_volume_create(&spec), -EEXIST);
	assert_int_equal(sfs_volume_load("v", &volume), 0);
	assert_int_equal(volume->label_count, 1);
	assert_string_equal(volume->labels[0].key, "k=1");
	assert_string_equal(volume->labels[0].value, odd);
	assert_null(volume->source);
	assert_true(volume->created_s > 0);
	sfs_volume_free(volume);
	free(spec.labels[0].key);
	free(spec.labels[0].value);
	free(spec.labels);
	free(spec.name);
}

static void a_store_becomes_a_volume(void **state)
{
	static const char *const places[] = { NULL, "tmpfs" };
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		struct sfs_store_usage usage;
		struct sfs_store *store;

		assert_int_equal(sfs_store_new_ephemeral(places[i], f->source,
							 0, &store),
				 0);
		put(store->tree_fd, "file", 5000);
		put(store->hidden_fd, "mark", 0);
		assert_int_equal(
			sfs_store_keep_as_volume(store, "kept", f->source), 0);
		assert_int_equal(sfs_volume_usage("kept", &usage), 0);
		assert_int_equal(usage.files, 1);
		assert_int_equal(usage.hidden, 1);
		assert_int_equal(usage.charged_bytes, 8192);
		if (!places[i])
			assert_int_equal(sfs_volume_in_use("kept"), 1);
		sfs_store_close(store);
		store = new_store(f, 0);
		assert_int_equal(sfs_store_keep_as_volume(store, "kept",
							  f->source),
				 -EEXIST);
		assert_int_equal(sfs_store_discard(store), 0);
		sfs_store_close(store);
		assert_int_equal(sfs_volume_remove("kept"), 0);
	}
}

static void usage_counts_hard_links_once(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0);
	struct sfs_store_usage usage;

	put(store->tree_fd, "a", 4097);
	assert_int_equal(linkat(store->tree_fd, "a", store->tree_fd, "b", 0),
			 0);
	assert_int_equal(symlinkat("a", store->tree_fd, "s"), 0);
	assert_int_equal(mkdirat(store->tree_fd, "d", 0755), 0);
	assert_int_equal(sfs_store_usage(store->root_fd, &usage), 0);
	assert_int_equal(usage.files, 2);
	assert_int_equal(usage.folders, 1);
	assert_int_equal(usage.charged_bytes, 8192);
	assert_int_equal(usage.apparent_bytes, 4098);
	sfs_store_close(store);
}

/* Exact under contention, between processes. */
static void charges_are_exact(void **state)
{
	struct fixture *f = *state;
	const struct sfs_store_volume_options options = { true, true,
							  1000 * 4096 };
	struct sfs_store *store;
	int status, charged = 0;

	assert_int_equal(
		sfs_store_open_volume("v", f->source, &options, &store), 0);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			int n = 0;

			while (sfs_quota_charge(store->quota, 4096) == 0)
				n++;
			for (int j = 0; j < 10000; j++) {
				if (sfs_quota_charge(store->quota, -4096) ==
					    0 &&
				    sfs_quota_charge(store->quota, 4096))
					n--;
			}
			_exit(n / 8 > 255 ? 255 : n / 8);
		}
	}
	while (wait(&status) > 0)
		charged += WEXITSTATUS(status);
	assert_true(sfs_quota_used(store->quota) <= 1000 * 4096);
	assert_in_range((unsigned long)charged, 1000 / 8 - 4, 1000 / 8);
	sfs_store_close(store);
}

static void write_entry(struct fixture *f, const struct sfs_store *store,
			bool alive)
{
	struct sfs_registry_entry *entry;

	assert_int_equal(sfs_registry_entry_new(&entry), 0);
	sfs_registry_entry_set(&entry->id, store->id);
	sfs_registry_entry_set(&entry->mountpoint, "/nowhere\nreally");
	sfs_registry_entry_set(&entry->source, f->source);
	sfs_registry_entry_set(&entry->store, store->path);
	sfs_registry_entry_add_volume(entry, "v");
	sfs_registry_entry_add_arg(entry, "--scratch");
	sfs_registry_entry_add_arg(entry, "a b=c\n");
	if (!alive)
		entry->pid_start++;
	assert_int_equal(sfs_registry_write(entry), 0);
	sfs_registry_entry_free(entry);
}

static void the_registry_remembers(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *store = new_store(f, 0);
	struct sfs_registry_entry *entry;

	write_entry(f, store, true);
	assert_int_equal(sfs_registry_find_by_mountpoint("/", &entry), -ENOENT);
	assert_int_equal(
		sfs_registry_find_by_mountpoint("/nowhere\nreally", &entry), 0);
	assert_string_equal(entry->source, f->source);
	assert_string_equal(entry->store, store->path);
	assert_int_equal(entry->argc, 2);
	assert_string_equal(entry->argv[1], "a b=c\n");
	assert_int_equal(entry->volume_count, 1);
	assert_int_equal(entry->pid, getpid());
	assert_true(sfs_registry_is_alive(entry));
	assert_false(sfs_registry_is_mounted(entry));
	assert_int_equal(sfs_registry_remove(entry->id), 0);
	assert_int_equal(sfs_registry_remove(entry->id), 0);
	sfs_registry_entry_free(entry);
	assert_int_equal(sfs_registry_find_by_mountpoint("/nowhere\nreally",
							 &entry),
			 -ENOENT);
	sfs_store_close(store);
}

static void the_abandoned_is_collected(void **state)
{
	struct fixture *f = *state;
	struct sfs_store *live = new_store(f, 0), *dead = new_store(f, 0);
	struct sfs_store *half = new_store(f, 0), *other;
	struct sfs_registry_collected got;
	struct sfs_registry_entry *entry;

	assert_int_equal(sfs_store_new_ephemeral(f->path, f->source, 0, &other),
			 0);
	write_entry(f, other, false);
	write_entry(f, dead, false);
	put(dead->tree_fd, "file", 1);
	assert_int_equal(sfs_store_discard(half), 0);
	sfs_store_close(half);
	sfs_store_close(dead);
	sfs_store_close(other);
	assert_int_equal(sfs_registry_collect(true, &got, NULL, NULL), 0);
	assert_int_equal(got.stores, 2);
	assert_int_equal(got.entries, 2);
	assert_int_equal(sfs_registry_collect(false, &got, NULL, NULL), 0);
	assert_int_equal(got.stores, 2);
	assert_int_equal(got.entries, 2);
	assert_true(exists(AT_FDCWD, live->path));
	assert_false(exists(f->fd, "state/scratchfs/discarded"));
	assert_int_equal(sfs_registry_find_by_mountpoint("/nowhere\nreally",
							 &entry),
			 -ENOENT);
	assert_int_equal(sfs_registry_collect(false, &got, NULL, NULL), 0);
	assert_int_equal(got.stores, 0);
	sfs_store_close(live);
	assert_int_equal(sfs_registry_collect(false, &got, NULL, NULL), 0);
	assert_int_equal(got.stores, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_discarded_store_leaves_nothing),
		TEST(a_store_elsewhere_takes_its_folder_along),
		TEST(never_inside_the_source),
		TEST(a_tmpfs_store_works),
		TEST(a_live_store_is_not_taken_over),
		TEST(a_newer_format_is_refused),
		TEST(temporaries_of_the_dead_are_cleaned),
		TEST(volumes_are_shared_and_locked),
		TEST(labels_survive),
		TEST(a_store_becomes_a_volume),
		TEST(usage_counts_hard_links_once),
		TEST(charges_are_exact),
		TEST(the_registry_remembers),
		TEST(the_abandoned_is_collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
