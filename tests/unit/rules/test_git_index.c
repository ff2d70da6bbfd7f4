/* SPDX-License-Identifier: MIT */
/* The reader against indexes that git wrote, and against damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "scratchfs/git_index.h"
#include "scratchfs/git_repo.h"
#include "scratchfs/path_set.h"

#include "with_git.h"

/* Enough paths, of many lengths, for every padding and a long prefix. */
#define MAKE_FILES                                                                   \
	"for i in 1 12 123 1234 12345 123456 1234567 12345678; do "                  \
	"mkdir -p a/$i/b d$i; echo $i | tee a/$i/b/$i a/$i.x d$i/x f$i >/dev/null; " \
	"done; "

struct files {
	char *index;
	char *shared;
	struct sfs_git_index main, base;
	bool split;
};

static void read_file(const char *name, char **ret_bytes, size_t *ret_size)
{
	SFS_CLOSE int fd = -1;
	char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s/.git/%s", with_git_folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(sfs_git_file_read(fd, 1 << 20, ret_bytes, ret_size),
			 0);
}

static void open_files(struct files *files, size_t hash_bytes)
{
	char name[SFS_GIT_SHARED_NAME_MAX];
	const char *why = NULL;

	*files = (struct files){ 0 };
	files->main.hash_bytes = files->base.hash_bytes = hash_bytes;
	read_file("index", &files->index, &files->main.size);
	files->main.bytes = (unsigned char *)files->index;
	if (sfs_git_index_shared(&files->main, name, &why) < 0)
		fail_msg("%s", why);
	files->split = name[0] != '\0';
	if (!files->split)
		return;
	read_file(name, &files->shared, &files->base.size);
	files->base.bytes = (unsigned char *)files->shared;
}

static void close_files(struct files *files)
{
	free(files->index);
	free(files->shared);
}

static int add(void *ctx, const char *path, size_t length, uint32_t mode)
{
	uint32_t type = mode & SFS_GIT_MODE_TYPE;
	unsigned int bits = SFS_PATH_FILE;

	assert_int_equal(strlen(path), length);
	if (type == SFS_GIT_MODE_GITLINK)
		return 0;
	if (type == SFS_GIT_MODE_SPARSE)
		bits = SFS_PATH_SPARSE;
	return sfs_path_set_add(ctx, path, length, bits);
}

static int ignore(void *ctx, const char *path, size_t length, uint32_t mode)
{
	(void)ctx;
	(void)path;
	(void)length;
	(void)mode;
	return 0;
}

static int count(void *ctx, const char *path, size_t length)
{
	(void)path;
	(void)length;
	++*(size_t *)ctx;
	return 0;
}

static void expect(void *ctx, char *path)
{
	if (!(sfs_path_set_find(ctx, path, strlen(path)) & SFS_PATH_FILE))
		fail_msg("git lists %s", path);
}

/* The same paths as git, no more and no less. */
static void assert_like_git(size_t hash_bytes, bool split)
{
	struct files files;
	struct sfs_path_set *set;
	const char *why;
	size_t found = 0;

	open_files(&files, hash_bytes);
	assert_int_equal(files.split, split);
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	if (sfs_git_index_read(&files.main, split ? &files.base : NULL, add,
			       set, &why) != 0)
		fail_msg("%s", why);
	sfs_path_set_minus(set, NULL, count, &found);
	assert_int_equal(each_line("git ls-files | sort -u", expect, set),
			 found);
	sfs_path_set_free(set);
	close_files(&files);
}

static void test_versions(void **state)
{
	(void)state;
	run("git init -q .; " MAKE_FILES "git add .");
	assert_like_git(20, false);
	run("git update-index --index-version 4");
	assert_like_git(20, false);
	run("git update-index --index-version 2; git commit -qm 1; "
	    "git update-index --skip-worktree f1; touch new; git add -N new");
	assert_like_git(20, false);
	run("git update-index --index-version 4; git rm -q f12");
	assert_like_git(20, false);
}

static void test_sha256(void **state)
{
	(void)state;
	if (!can("git init -q --object-format=sha256 ."))
		skip();
	run(MAKE_FILES "git add .");
	assert_like_git(32, false);
	run("git update-index --index-version 4");
	assert_like_git(32, false);
	run("git update-index --split-index; git rm -qf f1; echo > f2; "
	    "git add f2");
	assert_like_git(32, true);
}

static void test_no_checksum(void **state)
{
	struct files files;
	const char *why;

	(void)state;
	run("git init -q .; " MAKE_FILES "git add .");
	open_files(&files, 20);
	memset(files.index + files.main.size - 20, 0, 20);
	assert_int_equal(
		sfs_git_index_read(&files.main, NULL, ignore, NULL, &why), 0);
	close_files(&files);
}

static void test_split(void **state)
{
	const char *versions[] = { "2", "4" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		setenv("VERSION", versions[i], 1);
		run("rm -rf .git; git init -q .; " MAKE_FILES
		    "git config splitIndex.maxPercentChange 100; "
		    "git add .; git update-index --index-version $VERSION; "
		    "git commit -qm 1; git update-index --split-index");
		assert_like_git(20, true);
		/* Deleted, replaced, added, replaced and deleted later. */
		run("git rm -qr a/123; echo more >> f1; echo more >> f12; "
		    "git add f1 f12; echo > new; git add new");
		assert_like_git(20, true);
		run("git rm -qf f12; echo > a/new; git add a/new");
		assert_like_git(20, true);
		run("git ls-files -z | xargs -0 git rm -qf --cached; "
		    "git add f1");
		assert_like_git(20, true);
	}
}

/* Many deletions side by side: runs in the compressed bitmap. */
static void test_split_runs(void **state)
{
	(void)state;
	run("git init -q .; git config splitIndex.maxPercentChange 100; "
	    "for i in $(seq 1000 1999); do : > f$i; done; git add .; "
	    "git update-index --split-index; git rm -q --cached f11* f12* f13* "
	    "f14* f15*; for i in 6 7 8; do for j in $(seq 10 99); do "
	    "echo > f1$i$j; done; done; git add f16* f17* f18*");
	assert_like_git(20, true);
	run("git rm -q --cached 'f1*[0-8]'");
	assert_like_git(20, true);
	/* To the end, which is no whole word. */
	run("git rm -q --cached 'f19*'");
	assert_like_git(20, true);
	run("git rm -q --cached -r .; git add f1000");
	assert_like_git(20, true);
}

/* More than 127 bytes to drop: the number takes two bytes. */
static void test_long_paths(void **state)
{
	(void)state;
	run("git init -q .; long=$(printf %0250d 0); mkdir -p b/$long; "
	    "touch b/$long/$long a$long c b/d; git add .; "
	    "git update-index --index-version 4");
	assert_like_git(20, false);
}

/* A file that has become a submodule under the same name. */
static void test_split_type(void **state)
{
	struct files files;
	struct sfs_path_set *set;
	const char *why;

	(void)state;
	run("git init -q .; git config splitIndex.maxPercentChange 100; "
	    "touch a b c d e f; git add .; git commit -qm 1; "
	    "git update-index --split-index; "
	    "git update-index --cacheinfo 160000,$(git rev-parse HEAD),c");
	open_files(&files, 20);
	assert_true(files.split);
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	assert_int_equal(sfs_git_index_read(&files.main, &files.base, add, set,
					    &why),
			 0);
	assert_int_equal(sfs_path_set_find(set, "b", 1), SFS_PATH_FILE);
	assert_int_equal(sfs_path_set_find(set, "c", 1), 0);
	sfs_path_set_free(set);
	close_files(&files);
}

static void test_unmerged(void **state)
{
	(void)state;
	run("git init -q .; echo a > f; git add f; git commit -qm 1; "
	    "git checkout -qb other; echo b > f; git commit -qam 2; "
	    "git checkout -q main; echo c > f; git commit -qam 3; "
	    "! git merge -q other");
	assert_like_git(20, false);
}

/* Reads a copy as large as it is, so that a sanitizer sees each overrun. */
static int read_copy(const struct sfs_git_index *index, size_t size,
		     const struct sfs_git_index *shared)
{
	SFS_FREE unsigned char *copy = malloc(size + !size);
	struct sfs_git_index cut = { copy, size, index->hash_bytes };
	struct sfs_path_set *set;
	const char *why = NULL;
	int r;

	assert_non_null(copy);
	memcpy(copy, index->bytes, size);
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	r = sfs_git_index_read(&cut, shared, add, set, &why);
	sfs_path_set_free(set);
	if (r < 0)
		assert_non_null(why);
	return r;
}

static void damage(bool split)
{
	struct files files;
	const struct sfs_git_index *shared;

	open_files(&files, 20);
	shared = split ? &files.base : NULL;
	assert_int_equal(read_copy(&files.main, files.main.size, shared), 0);
	for (size_t i = 0; i < files.main.size; i++)
		assert_true(read_copy(&files.main, i, shared) < 0);
	for (size_t i = 0; i < files.main.size - 20; i++) {
		files.index[i] ^= 0x41;
		assert_true(read_copy(&files.main, files.main.size, shared) <
			    0);
		files.index[i] ^= 0x41;
	}
	/* Without a checksum the structure alone must hold. */
	memset(files.index + files.main.size - 20, 0, 20);
	for (size_t i = 0; i < files.main.size - 20; i++) {
		files.index[i] ^= 0x41;
		read_copy(&files.main, files.main.size, shared);
		files.index[i] ^= 0x41;
	}
	close_files(&files);
}

static void test_damage(void **state)
{
	(void)state;
	run("git init -q .; touch a b; mkdir c; touch c/d; git add .");
	damage(false);
	run("git update-index --index-version 4");
	damage(false);
	run("git update-index --split-index; git rm -q --cached a; "
	    "echo > b; touch e; git add b e");
	damage(true);
}

/* What must be understood and is not, and the shared index of another. */
static void test_refused(void **state)
{
	struct files files;
	char *extension;

	(void)state;
	run("git init -q .; touch a b; git add .; git write-tree");
	open_files(&files, 20);
	memset(files.index + files.main.size - 20, 0, 20);
	extension = memmem(files.index, files.main.size, "TREE", 4);
	assert_non_null(extension);
	assert_int_equal(read_copy(&files.main, files.main.size, NULL), 0);
	memcpy(extension, "tree", 4);
	assert_int_equal(read_copy(&files.main, files.main.size, NULL),
			 -ENOTSUP);
	memcpy(extension, "TREE", 4);
	files.index[7] = 5;
	assert_int_equal(read_copy(&files.main, files.main.size, NULL),
			 -ENOTSUP);
	close_files(&files);

	run("git update-index --split-index");
	open_files(&files, 20);
	assert_int_equal(read_copy(&files.main, files.main.size, NULL),
			 -EBADMSG);
	memset(files.shared + files.base.size - 20, 0, 20);
	assert_int_equal(read_copy(&files.main, files.main.size, &files.base),
			 -EBADMSG);
	close_files(&files);
}

static void assert_path_refused(const char *path, int expected)
{
	struct files files;
	char *at;

	open_files(&files, 20);
	at = memmem(files.index, files.main.size, "abcdefgh/i", 10);
	assert_non_null(at);
	memcpy(at, path, 10);
	memset(files.index + files.main.size - 20, 0, 20);
	assert_int_equal(read_copy(&files.main, files.main.size, NULL),
			 expected);
	close_files(&files);
}

static void test_impossible_paths(void **state)
{
	(void)state;
	run("git init -q .; mkdir abcdefgh; touch abcdefgh/i; git add .");
	assert_path_refused("abcdefgh.i", 0);
	assert_path_refused("abcdefg/.i", 0);
	assert_path_refused("../../../i", -EBADMSG);
	assert_path_refused("abcdefgh/.", -EBADMSG);
	assert_path_refused("abcdefg/..", -EBADMSG);
	assert_path_refused("abcdefghi/", -EBADMSG);
	assert_path_refused("/abcdefghi", -EBADMSG);
	assert_path_refused("abcde//fgh", -EBADMSG);
	assert_path_refused("a/.git/bcd", -EBADMSG);
	assert_path_refused("abcde/.GiT", -EBADMSG);
}

static void assert_sparse(void)
{
	struct files files;
	struct sfs_path_set *set;
	const char *why;

	open_files(&files, 20);
	assert_int_equal(sfs_path_set_new(false, &set), 0);
	assert_int_equal(sfs_git_index_read(&files.main, NULL, add, set, &why),
			 0);
	assert_int_equal(sfs_path_set_find(set, "a", 1), SFS_PATH_SPARSE);
	assert_int_equal(sfs_path_set_find(set, "a/1.x", 5), SFS_PATH_SPARSE);
	assert_int_equal(sfs_path_set_find(set, "ab", 2), 0);
	assert_int_equal(sfs_path_set_find(set, "d12", 3), SFS_PATH_SPARSE);
	assert_int_equal(sfs_path_set_find(set, "d1/x", 4), SFS_PATH_FILE);
	assert_int_equal(sfs_path_set_find(set, "d1/y", 4), 0);
	sfs_path_set_free(set);
	close_files(&files);
}

static void test_sparse(void **state)
{
	(void)state;
	run("git init -q .; " MAKE_FILES "git add .; git commit -qm 1");
	if (!can("git sparse-checkout init --cone --sparse-index && "
		 "git sparse-checkout set d1 && grep -q sdir .git/index"))
		skip();
	assert_sparse();
	/* Here a path builds on the folder's before it, slash and all. */
	run("git update-index --index-version 4");
	assert_sparse();
}

#define WITH_GIT(test) \
	cmocka_unit_test_setup_teardown(test, with_git_setup, with_git_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(test_versions),    WITH_GIT(test_long_paths),
		WITH_GIT(test_split_type),  WITH_GIT(test_sha256),
		WITH_GIT(test_no_checksum), WITH_GIT(test_split),
		WITH_GIT(test_split_runs),  WITH_GIT(test_unmerged),
		WITH_GIT(test_damage),	    WITH_GIT(test_refused),
		WITH_GIT(test_sparse),	    WITH_GIT(test_impossible_paths),
	};

	if (!with_git_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
