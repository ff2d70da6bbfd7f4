/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "scratchfs/cleanup.h"

static struct stat get(struct fixture *fx, struct sfs_node *node)
{
	enum sfs_trust trust;
	struct stat st;

	assert_int_equal(sfs_view_getattr(fx->view, node, &st, &trust), 0);
	return st;
}

static int set(struct fixture *fx, struct sfs_node *node, unsigned int to_set,
	       const struct stat *what)
{
	enum sfs_trust trust;
	struct stat st;

	return sfs_view_setattr(fx->view, &fx_caller, node, what, to_set, &st,
				&trust);
}

static void assert_time(const struct timespec *time, time_t sec, long nsec)
{
	assert_int_equal(time->tv_sec, sec);
	assert_int_equal(time->tv_nsec, nsec);
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec
				    : a.tv_nsec > b.tv_nsec;
}

/* Until the clock of time stamps has moved on. */
static void pass_time(void)
{
	usleep(12000);
}

static void a_core_file_shows_the_hosts_attributes(void **state)
{
	struct fixture *fx = *state;
	struct stat host, shown;

	fx_put(fx, "source/file", "12345");
	assert_int_equal(chmod(fx_at(fx, "source/file"), 0640), 0);
	host = fx_stat(fx, "source/file");
	shown = get(fx, fx_node(fx, "file"));
	assert_int_equal(shown.st_ino, host.st_ino);
	assert_int_equal(shown.st_mode, host.st_mode);
	assert_int_equal(shown.st_size, 5);
	assert_int_equal(shown.st_nlink, 1);
	assert_time(&shown.st_mtim, host.st_mtim.tv_sec, host.st_mtim.tv_nsec);
	assert_time(&shown.st_ctim, host.st_ctim.tv_sec, host.st_ctim.tv_nsec);
}

static void the_root_shows_the_hosts_attributes(void **state)
{
	struct fixture *fx = *state;
	struct stat host, shown;

	fx_mkdir(fx, "source/folder");
	host = fx_stat(fx, "source");
	shown = get(fx, sfs_node_root(fx->view));
	assert_int_equal(shown.st_ino, host.st_ino);
	assert_int_equal(shown.st_nlink, 3);
	assert_time(&shown.st_mtim, host.st_mtim.tv_sec, host.st_mtim.tv_nsec);
	assert_time(&shown.st_ctim, host.st_ctim.tv_sec, host.st_ctim.tv_nsec);
}

static void what_is_set_on_a_core_file_is_on_the_host(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0600,
				   .st_size = 3,
				   .st_atim = { 11, 12 },
				   .st_mtim = { 13, 14 } };
	struct stat host;

	fx_put(fx, "source/file", "12345");
	assert_int_equal(set(fx, fx_node(fx, "file"),
			     SFS_SET_MODE | SFS_SET_SIZE | SFS_SET_ATIME |
				     SFS_SET_MTIME,
			     &what),
			 0);
	host = fx_stat(fx, "source/file");
	assert_int_equal(host.st_mode, S_IFREG | 0600);
	assert_int_equal(host.st_size, 3);
	assert_time(&host.st_atim, 11, 12);
	assert_time(&host.st_mtim, 13, 14);
}

static void only_the_time_that_is_named_is_set(void **state)
{
	struct fixture *fx = *state;
	const struct stat old = { .st_atim = { 1, 2 }, .st_mtim = { 3, 4 } };
	const struct stat what = { .st_atim = { 5, 6 }, .st_mtim = { 7, 8 } };
	struct sfs_node *node;
	struct stat shown;

	fx_put(fx, "source/file", "");
	node = fx_node(fx, "file");
	assert_int_equal(set(fx, node, SFS_SET_ATIME | SFS_SET_MTIME, &old), 0);
	assert_int_equal(set(fx, node, SFS_SET_MTIME, &what), 0);
	shown = get(fx, node);
	assert_time(&shown.st_atim, 1, 2);
	assert_time(&shown.st_mtim, 7, 8);
	assert_int_equal(set(fx, node, SFS_SET_ATIME_NOW, &what), 0);
	shown = get(fx, node);
	assert_true(shown.st_atim.tv_sec > 1000000);
	assert_time(&shown.st_mtim, 7, 8);
}

static void a_change_of_what_shows_through_leaves_the_host_alone(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0600, .st_size = 2 };
	struct sfs_node *node;
	struct stat before;

	fx_put(fx, "source/.tmp1", "12345");
	node = fx_node(fx, ".tmp1");
	before = get(fx, node);
	assert_int_equal(set(fx, node, SFS_SET_MODE, &what), 0);
	assert_int_equal(fx_stat(fx, "source/.tmp1").st_mode & 07777, 0644);
	assert_int_equal(fx_stat(fx, "store/tree/.tmp1").st_mode & 07777, 0600);
	fx_expect(fx, "store/tree/.tmp1", "12345");
	assert_int_equal(get(fx, node).st_ino, before.st_ino);
	assert_int_equal(set(fx, node, SFS_SET_SIZE, &what), 0);
	fx_expect(fx, "store/tree/.tmp1", "12");
	fx_expect(fx, "source/.tmp1", "12345");
}

static void what_is_read_only_stays(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0600, .st_size = 2 };
	struct sfs_node *node;

	fx_mkdir(fx, "source/ro");
	fx_put(fx, "source/ro/file", "12345");
	node = fx_node(fx, "ro/file");
	assert_int_equal(set(fx, node, SFS_SET_MODE, &what), -EROFS);
	assert_int_equal(set(fx, node, SFS_SET_SIZE, &what), -EROFS);
	fx_expect(fx, "source/ro/file", "12345");
}

static void a_scratch_name_moves_its_folders_mtime(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mtim = { 1000, 7 } };
	struct sfs_node *folder;
	struct stat before;

	fx_mkdir(fx, "source/folder");
	folder = fx_node(fx, "folder");
	assert_int_equal(get(fx, folder).st_nlink, 2);
	assert_int_equal(set(fx, folder, SFS_SET_MTIME, &what), 0);
	before = get(fx, folder);
	assert_time(&before.st_mtim, 1000, 7);
	pass_time();
	fx_create(fx, "folder", ".tmp1", "x");
	assert_true(is_later(get(fx, folder).st_mtim, before.st_mtim));
	assert_true(is_later(get(fx, folder).st_ctim, before.st_ctim));
	assert_int_equal(get(fx, folder).st_nlink, 1);
	assert_time(&(struct timespec){ 1000, 7 },
		    fx_stat(fx, "source/folder").st_mtim.tv_sec, 7);
}

static void a_folders_time_shows_exactly_as_it_was_set(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mtim = { 1000, 7 } };
	struct sfs_node *folder;
	struct stat shown;

	fx_mkdir(fx, "source/folder");
	fx_put(fx, "source/folder/.tmp0", "");
	fx_create(fx, "folder", ".tmp1", "x");
	assert_int_equal(
		sfs_view_unlink(fx->view, fx_node(fx, "folder"), ".tmp0"), 0);
	folder = fx_node(fx, "folder");
	assert_int_equal(set(fx, folder, SFS_SET_MTIME, &what), 0);
	shown = get(fx, folder);
	assert_time(&shown.st_mtim, 1000, 7);
	assert_int_equal(fx_stat(fx, "source/folder").st_mtim.tv_sec, 1000);
}

static void a_new_name_below_leaves_its_grandparents_times(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder;
	struct stat before, after;

	fx_mkdir(fx, "source/a");
	fx_mkdir(fx, "source/a/b");
	fx_put(fx, "source/a/b/.tmp0", "");
	folder = fx_node(fx, "a");
	before = get(fx, folder);
	pass_time();
	fx_create(fx, "a/b", ".tmp1", "x");
	assert_int_equal(sfs_view_unlink(fx->view, fx_node(fx, "a/b"), ".tmp0"),
			 0);
	after = get(fx, folder);
	assert_time(&after.st_mtim, before.st_mtim.tv_sec,
		    before.st_mtim.tv_nsec);
	assert_time(&after.st_ctim, before.st_ctim.tv_sec,
		    before.st_ctim.tv_nsec);
}

static void a_change_of_a_scratch_file_leaves_its_folders_times(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0600 };
	struct sfs_node *folder, *file;
	struct stat before, after;

	fx_mkdir(fx, "source/logs");
	fx_put(fx, "source/logs/file", "x");
	folder = fx_node(fx, "logs");
	file = fx_node(fx, "logs/file");
	before = get(fx, folder);
	pass_time();
	assert_int_equal(set(fx, file, SFS_SET_MODE, &what), 0);
	after = get(fx, folder);
	assert_time(&after.st_mtim, before.st_mtim.tv_sec,
		    before.st_mtim.tv_nsec);
}

static void a_host_name_moves_a_merged_folders_mtime(void **state)
{
	struct fixture *fx = *state;
	struct sfs_node *folder;
	struct stat before;

	fx_mkdir(fx, "source/logs");
	fx_create(fx, "logs", "ours", "x");
	folder = fx_node(fx, "logs");
	before = get(fx, folder);
	pass_time();
	fx_put(fx, "source/logs/theirs", "x");
	assert_true(is_later(get(fx, folder).st_mtim, before.st_mtim));
}

static void a_symlink_is_its_own(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mtim = { 77, 8 } };
	SFS_FREE char *target = NULL;
	struct sfs_node *link;

	fx_put(fx, "source/file", "");
	assert_int_equal(symlink("file", fx_at(fx, "source/link")), 0);
	link = fx_node(fx, "link");
	assert_int_equal(sfs_view_readlink(fx->view, link, &target), 0);
	assert_string_equal(target, "file");
	assert_int_equal(set(fx, link, SFS_SET_MTIME, &what), 0);
	assert_int_equal(fx_stat(fx, "source/link").st_mtim.tv_sec, 77);
	assert_int_not_equal(fx_stat(fx, "source/file").st_mtim.tv_sec, 77);
	assert_int_equal(sfs_view_readlink(fx->view, fx_node(fx, "file"),
					   &target),
			 -EINVAL);
}

/* Opening it would wait for a writer. */
static void a_fifo_is_not_opened(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0600 };
	struct sfs_node *fifo;

	assert_int_equal(mkfifo(fx_at(fx, "source/fifo"), 0644), 0);
	fifo = fx_node(fx, "fifo");
	assert_int_equal(set(fx, fifo, SFS_SET_MODE | SFS_SET_MTIME_NOW, &what),
			 0);
	assert_int_equal(get(fx, fifo).st_mode, S_IFIFO | 0600);
}

static void a_file_without_a_name_goes_on(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0400, .st_size = 2 };
	struct sfs_node *core, *scratch;

	fx_put(fx, "source/file", "12345");
	core = fx_node(fx, "file");
	scratch = fx_create(fx, "", ".tmp1", "12345");
	assert_int_equal(
		sfs_view_unlink(fx->view, sfs_node_root(fx->view), "file"), 0);
	assert_int_equal(
		sfs_view_unlink(fx->view, sfs_node_root(fx->view), ".tmp1"), 0);
	assert_int_equal(set(fx, core, SFS_SET_SIZE | SFS_SET_MODE, &what), 0);
	assert_int_equal(get(fx, core).st_size, 2);
	assert_int_equal(get(fx, core).st_mode, S_IFREG | 0400);
	assert_int_equal(get(fx, core).st_nlink, 0);
	assert_int_equal(set(fx, scratch, SFS_SET_SIZE, &what), 0);
	assert_int_equal(get(fx, scratch).st_size, 2);
}

static void somebodys_truncation_takes_set_id_bits_away(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_size = 1 };
	struct sfs_node *node;

	fx_put(fx, "source/file", "12345");
	assert_int_equal(chmod(fx_at(fx, "source/file"), 06755), 0);
	node = fx_node(fx, "file");
	assert_int_equal(
		set(fx, node, SFS_SET_SIZE | SFS_SET_KILL_SUIDGID, &what), 0);
	assert_int_equal(get(fx, node).st_mode & 07777, 0755);
	assert_int_equal(chmod(fx_at(fx, "source/file"), 06745), 0);
	assert_int_equal(
		set(fx, node, SFS_SET_SIZE | SFS_SET_KILL_SUIDGID, &what), 0);
	assert_int_equal(get(fx, node).st_mode & 07777, 02745);
}

static void setting_nothing_moves_ctime(void **state)
{
	struct fixture *fx = *state;
	const struct stat what = { .st_mode = 0 };
	struct sfs_node *node;
	struct stat before;

	fx_put(fx, "source/file", "12345");
	node = fx_node(fx, "file");
	before = get(fx, node);
	pass_time();
	assert_int_equal(set(fx, node, 0, &what), 0);
	assert_true(is_later(get(fx, node).st_ctim, before.st_ctim));
	assert_false(is_later(get(fx, node).st_mtim, before.st_mtim));
}

static void statfs_is_of_the_place(void **state)
{
	struct fixture *fx = *state;
	struct statvfs host, shown;

	assert_int_equal(statvfs(fx_at(fx, "source"), &host), 0);
	assert_int_equal(
		sfs_view_statfs(fx->view, sfs_node_root(fx->view), &shown), 0);
	assert_int_equal(shown.f_blocks, host.f_blocks);
	assert_int_equal(shown.f_namemax, host.f_namemax);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_core_file_shows_the_hosts_attributes),
		FX_TEST(the_root_shows_the_hosts_attributes),
		FX_TEST(what_is_set_on_a_core_file_is_on_the_host),
		FX_TEST(only_the_time_that_is_named_is_set),
		FX_TEST(a_change_of_what_shows_through_leaves_the_host_alone),
		FX_TEST(what_is_read_only_stays),
		FX_TEST(a_scratch_name_moves_its_folders_mtime),
		FX_TEST(a_folders_time_shows_exactly_as_it_was_set),
		FX_TEST(a_new_name_below_leaves_its_grandparents_times),
		FX_TEST(a_change_of_a_scratch_file_leaves_its_folders_times),
		FX_TEST(a_host_name_moves_a_merged_folders_mtime),
		FX_TEST(a_symlink_is_its_own),
		FX_TEST(a_fifo_is_not_opened),
		FX_TEST(a_file_without_a_name_goes_on),
		FX_TEST(somebodys_truncation_takes_set_id_bits_away),
		FX_TEST(setting_nothing_moves_ctime),
		FX_TEST(statfs_is_of_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
