/* SPDX-License-Identifier: MIT */
#include "scratchfs/backing.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "scratchfs/cleanup.h"

struct fixture {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	static struct fixture f;

	strcpy(f.path, "/tmp/scratchfs-backing.XXXXXX");
	assert_non_null(mkdtemp(f.path));
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &f;
	return f.fd < 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int r = sfs_backing_empty(f->fd);

	close(f->fd);
	return r || rmdir(f->path);
}

static void make_file(int dir, const char *name, const char *text)
{
	SFS_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static bool exists(int dir, const char *name)
{
	struct stat st;

	return sfs_backing_stat(dir, name, &st) == 0;
}

static void opens_single_names_only(void **state)
{
	struct fixture *f = *state;
	SFS_CLOSE int link = -1;

	make_file(f->fd, "file", "x");
	assert_int_equal(symlinkat("file", f->fd, "link"), 0);
	assert_int_equal(sfs_backing_open(f->fd, "..", O_PATH, 0), -EINVAL);
	assert_int_equal(sfs_backing_open(f->fd, ".", O_PATH, 0), -EINVAL);
	assert_int_equal(sfs_backing_open(f->fd, "", O_PATH, 0), -EINVAL);
	assert_int_equal(sfs_backing_open(f->fd, "a/b", O_PATH, 0), -EINVAL);
	assert_int_equal(sfs_backing_open(f->fd, "link", O_RDONLY, 0), -ELOOP);
	link = sfs_backing_open(f->fd, "link", O_PATH, 0);
	assert_true(link >= 0);
	assert_true(fcntl(link, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(sfs_backing_open_noxdev(f->fd, "link", O_RDONLY, 0),
			 -ELOOP);
}

static void paths_stay_below(void **state)
{
	struct fixture *f = *state;
	SFS_CLOSE int made = sfs_backing_make_path(f->fd, "a/b/c");
	SFS_CLOSE int root = sfs_backing_open_path(f->fd, "", O_PATH, 0);
	struct stat a, b;

	assert_true(made >= 0);
	assert_true(root >= 0);
	assert_int_equal(fstat(root, &a), 0);
	assert_int_equal(fstat(f->fd, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(symlinkat("/", f->fd, "out"), 0);
	assert_int_equal(sfs_backing_open_path(f->fd, "a/../a", O_PATH, 0),
			 -EINVAL);
	assert_int_equal(sfs_backing_open_path(f->fd, "/etc", O_PATH, 0),
			 -EXDEV);
	assert_int_equal(sfs_backing_open_path(f->fd, "out/etc", O_PATH, 0),
			 -ELOOP);
	assert_int_equal(sfs_backing_make_path(f->fd, "out/etc"), -ENOTDIR);
	assert_int_equal(sfs_backing_make_path(f->fd, "a/../../x"), -EINVAL);
	make_file(f->fd, "a..b", "");
	make_file(f->fd, "..c", "");
	close(root);
	root = sfs_backing_open_path(f->fd, "..c", O_PATH, 0);
	assert_true(root >= 0);
}

static void mounts_are_not_entered(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	assert_int_equal(mkdirat(f->fd, "d", 0755), 0);
	assert_int_equal(mkdirat(f->fd, "d/m", 0755), 0);
	snprintf(path, sizeof(path), "%s/d/m", f->path);
	if (mount("none", path, "tmpfs", 0, NULL))
		skip();
	strcat(path, "/kept");
	assert_int_equal(mkdir(path, 0755), 0);
	*strrchr(path, '/') = '\0';
	make_file(f->fd, "d/other", "x");
	assert_true(sfs_backing_remove(f->fd, "d") < 0);
	assert_true(exists(f->fd, "d/m/kept"));
	assert_false(exists(f->fd, "d/other"));
	assert_int_equal(umount(path), 0);
	assert_int_equal(sfs_backing_remove(f->fd, "d"), 0);
}

static void data_keeps_holes(void **state)
{
	struct fixture *f = *state;
	SFS_CLOSE int in = openat(f->fd, "in", O_RDWR | O_CREAT, 0600);
	SFS_CLOSE int out = openat(f->fd, "out", O_RDWR | O_CREAT, 0600);
	char byte = 'x', got = 0;
	struct stat st;

	assert_int_equal(ftruncate(in, 64 << 20), 0);
	assert_int_equal(pwrite(in, &byte, 1, 32 << 20), 1);
	assert_int_equal(sfs_backing_copy_data(in, out), 0);
	assert_int_equal(fstat(out, &st), 0);
	assert_int_equal(st.st_size, 64 << 20);
	assert_true(st.st_blocks * 512 < 1 << 20);
	assert_int_equal(pread(out, &got, 1, 32 << 20), 1);
	assert_int_equal(got, 'x');
}

static void metadata_is_kept(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX], value[8];
	struct timespec times[2] = { { 1000, 1 }, { 2000, 2 } };
	struct stat a, b;

	make_file(f->fd, "in", "hello");
	snprintf(path, sizeof(path), "%s/in", f->path);
	if (setxattr(path, "user.colour", "red", 3, 0))
		skip();
	(void)!chown(path, 12, 34);
	assert_int_equal(chmod(path, 04751), 0);
	assert_int_equal(utimensat(f->fd, "in", times, 0), 0);
	assert_int_equal(sfs_backing_copy_object(f->fd, "in", f->fd, "out", 0),
			 0);
	assert_int_equal(sfs_backing_stat(f->fd, "in", &a), 0);
	assert_int_equal(sfs_backing_stat(f->fd, "out", &b), 0);
	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_uid, b.st_uid);
	assert_int_equal(a.st_gid, b.st_gid);
	assert_int_equal(b.st_mtim.tv_sec, 2000);
	assert_int_equal(b.st_mtim.tv_nsec, 2);
	assert_int_equal(b.st_atim.tv_sec, 1000);
	snprintf(path, sizeof(path), "%s/out", f->path);
	assert_int_equal(getxattr(path, "user.colour", value, 8), 3);
	assert_int_equal(sfs_backing_copy_object(f->fd, "in", f->fd, "out", 0),
			 -EEXIST);
	assert_int_equal(symlinkat("nowhere", f->fd, "link"), 0);
	assert_int_equal(utimensat(f->fd, "link", times, AT_SYMLINK_NOFOLLOW),
			 0);
	assert_int_equal(
		sfs_backing_copy_object(f->fd, "link", f->fd, "link2", 0), 0);
	assert_int_equal(sfs_backing_stat(f->fd, "link2", &b), 0);
	assert_true(S_ISLNK(b.st_mode));
	assert_int_equal(b.st_mtim.tv_sec, 2000);
}

static void inherited_acls_are_dropped(void **state)
{
	/* version 2; user::rwx user:1234:rwx group::r-x mask::rwx other::--- */
	static const unsigned char acl[] = { 2,	  0,   0,   0,	 1,  0, 7, 0,
					     255, 255, 255, 255, 2,  0, 7, 0,
					     210, 4,   0,   0,	 4,  0, 5, 0,
					     255, 255, 255, 255, 16, 0, 7, 0,
					     255, 255, 255, 255, 32, 0, 0, 0,
					     255, 255, 255, 255 };
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct stat st;

	make_file(f->fd, "in", "");
	assert_int_equal(fchmodat(f->fd, "in", 0640, 0), 0);
	assert_int_equal(mkdirat(f->fd, "d", 0755), 0);
	snprintf(path, sizeof(path), "%s/d", f->path);
	if (setxattr(path, "system.posix_acl_default", acl, sizeof(acl), 0))
		skip();
	SFS_CLOSE int d = open(path, O_PATH);

	assert_int_equal(sfs_backing_copy_object(f->fd, "in", d, "out", 0), 0);
	strcat(path, "/out");
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0),
			 -1);
	assert_int_equal(sfs_backing_stat(d, "out", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static int count_visit(void *context, const struct sfs_backing_walk_entry *e)
{
	unsigned int *counts = context;

	counts[e->event]++;
	return e->event == SFS_WALK_ENTER && strcmp(e->name, "skip") == 0
		       ? SFS_WALK_SKIP
		       : 0;
}

/* Deeper than a path may be long and than descriptors may be open. */
static void deep_trees_are_no_trouble(void **state)
{
	struct fixture *f = *state;
	const struct rlimit few = { 40, 40 };
	unsigned int counts[3] = { 0 };
	SFS_CLOSE int at = dup(f->fd);
	SFS_CLOSE int copy = -1;

	for (int i = 0; i < 3000; i++) {
		int next;

		assert_int_equal(mkdirat(at, "deep", 0755), 0);
		next = openat(at, "deep", O_PATH | O_DIRECTORY);
		close(at);
		at = next;
	}
	make_file(at, "end", "x");
	assert_int_equal(mkdirat(f->fd, "skip", 0755), 0);
	assert_int_equal(mkdirat(f->fd, "skip/x", 0755), 0);
	setrlimit(RLIMIT_NOFILE, &few);
	assert_int_equal(sfs_backing_walk(f->fd, 0, count_visit, counts), 0);
	assert_int_equal(counts[SFS_WALK_OBJECT], 1);
	assert_int_equal(counts[SFS_WALK_ENTER], 3001);
	assert_int_equal(counts[SFS_WALK_LEAVE], 3000);
	assert_int_equal(mkdirat(f->fd, "skip/copy", 0755), 0);
	copy = openat(f->fd, "skip/copy", O_PATH);
	close(at);
	at = openat(f->fd, "deep", O_PATH);
	assert_int_equal(sfs_backing_copy_tree(at, copy, 0), 0);
	memset(counts, 0, sizeof(counts));
	assert_int_equal(sfs_backing_walk(copy, 0, count_visit, counts), 0);
	assert_int_equal(counts[SFS_WALK_ENTER], 2999);
	assert_int_equal(counts[SFS_WALK_OBJECT], 1);
	assert_int_equal(sfs_backing_remove(f->fd, "deep"), 0);
	assert_false(exists(f->fd, "deep"));
}

static void unreadable_folders_are_removed(void **state)
{
	struct fixture *f = *state;
	pid_t pid;
	int status;

	assert_int_equal(fchmod(f->fd, 0777), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		unsigned int counts[3] = { 0 };

		if (geteuid() == 0 && setuid(65534))
			_exit(2);
		mkdirat(f->fd, "a", 0700);
		mkdirat(f->fd, "a/b", 0700);
		make_file(f->fd, "a/b/c", "x");
		fchmodat(f->fd, "a/b", 0, 0);
		fchmodat(f->fd, "a", 0444, 0);
		if (sfs_backing_walk(f->fd, 0, count_visit, counts) ||
		    counts[SFS_WALK_OBJECT] != 0)
			_exit(3);
		if (sfs_backing_walk(f->fd, SFS_WALK_BORROW, count_visit,
				     counts) ||
		    counts[SFS_WALK_OBJECT] != 1)
			_exit(4);
		/* Put back, or this would see the file. */
		counts[SFS_WALK_OBJECT] = 0;
		if (sfs_backing_walk(f->fd, 0, count_visit, counts) ||
		    counts[SFS_WALK_OBJECT] != 0)
			_exit(5);
		_exit(sfs_backing_remove(f->fd, "a") ? 6 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(exists(f->fd, "a"));
}

static void removing_does_not_follow(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdirat(f->fd, "kept", 0755), 0);
	make_file(f->fd, "kept/file", "x");
	assert_int_equal(mkdirat(f->fd, "d", 0755), 0);
	assert_int_equal(symlinkat("../kept", f->fd, "d/link"), 0);
	assert_int_equal(symlinkat("kept", f->fd, "link"), 0);
	assert_int_equal(sfs_backing_remove(f->fd, "d"), 0);
	assert_int_equal(sfs_backing_remove(f->fd, "link"), 0);
	assert_int_equal(sfs_backing_remove(f->fd, "absent"), 0);
	assert_true(exists(f->fd, "kept/file"));
}

static void copied_trees_keep_hard_links(void **state)
{
	struct fixture *f = *state;
	SFS_CLOSE int src = -1;
	SFS_CLOSE int dst = -1;
	struct stat a, b;

	assert_int_equal(mkdirat(f->fd, "s", 0755), 0);
	assert_int_equal(mkdirat(f->fd, "s/d", 0500), 0);
	assert_int_equal(mkdirat(f->fd, "t", 0755), 0);
	fchmodat(f->fd, "s/d", 0700, 0);
	make_file(f->fd, "s/one", "x");
	assert_int_equal(linkat(f->fd, "s/one", f->fd, "s/d/two", 0), 0);
	fchmodat(f->fd, "s/d", 0500, 0);
	src = openat(f->fd, "s", O_PATH);
	dst = openat(f->fd, "t", O_PATH);
	assert_int_equal(sfs_backing_copy_tree(src, dst, 0), 0);
	assert_int_equal(sfs_backing_stat(f->fd, "t/one", &a), 0);
	assert_int_equal(sfs_backing_stat(f->fd, "t/d/two", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_nlink, 2);
	assert_int_equal(sfs_backing_stat(f->fd, "t/d", &b), 0);
	assert_int_equal(b.st_mode & 0777, 0500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_single_names_only),
		TEST(paths_stay_below),
		TEST(mounts_are_not_entered),
		TEST(data_keeps_holes),
		TEST(metadata_is_kept),
		TEST(inherited_acls_are_dropped),
		TEST(unreadable_folders_are_removed),
		TEST(removing_does_not_follow),
		TEST(copied_trees_keep_hard_links),
		TEST(deep_trees_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
