/* SPDX-License-Identifier: MIT */
#include "config_fixture.h"

#define assert_globs(rules, expected)                               \
	do {                                                        \
		char text_[4096];                                   \
		assert_string_equal(globs(rules, text_), expected); \
	} while (0)

static const struct sfs_rule *rule(struct fixture *f, int index)
{
	return sfs_rules_get(f->config.scratch, index);
}

/* Which rule decides about a path, or -1. */
static int decide(struct fixture *f, const char *path, bool is_dir)
{
	size_t length;
	int index;

	assert_int_equal(sfs_rules_walk(f->config.scratch, path, is_dir, &index,
					&length),
			 0);
	return index;
}

static void no_file_gives_the_builtin_patterns(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, ".tmp* logs __pycache__");
	assert_true(rule(f, 0)->builtin);
	assert_string_equal(rule(f, 0)->from, "built-in");
	assert_int_equal(rule(f, 0)->existing, SFS_EXISTING_SHOW);
	assert_int_equal(sfs_rules_count(f->config.readonly), 0);
	assert_string_equal(f->said, "");
}

static void an_empty_file_changes_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "# nothing yet\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, ".tmp* logs __pycache__");
	put(f, ".scratchfs.yaml", "---\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, ".tmp* logs __pycache__");
	put(f, ".scratchfs.yaml", "scratch: []\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, "");
}

/* Every source of rules at once, the file in another order than it counts. */
static void sources_come_in_order(void **state)
{
	struct fixture *f = *state;

	put(f, ".gitignore", "from-git\n");
	put(f, ".scratchfs.yaml",
	    "profiles:\n"
	    "  other: {scratch: [not-me], readonly: [nor-me]}\n"
	    "  p:\n"
	    "    readonly: [ro-profile]\n"
	    "    scratch: [in-profile]\n"
	    "    scratch_from: [sub/extra]\n"
	    "readonly: [ro-file]\n"
	    "scratch: [a, b]\n"
	    "scratch_from: [.gitignore]\n");
	put(f, "sub/extra", "from-extra\n");
	assert_int_equal(RUN(f, "-s", "given", "src", "mnt", "-p", "p", "-r",
			     "ro-given"),
			 0);
	assert_globs(f->config.scratch,
		     "from-git a b from-extra in-profile given");
	assert_globs(f->config.readonly, "ro-file ro-profile ro-given");
	assert_string_equal(rule(f, 0)->from, ".gitignore:1");
	assert_string_equal(rule(f, 1)->from, ".scratchfs.yaml:8");
	assert_string_equal(rule(f, 3)->from, "sub/extra:1");
	assert_string_equal(rule(f, 3)->base, "sub");
	assert_string_equal(rule(f, 4)->from, ".scratchfs.yaml:5");
	assert_string_equal(rule(f, 5)->from, "command line");
	assert_int_equal(f->config.pattern_count, 9);
}

static void profiles_come_in_the_order_of_the_command_line(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml",
	    "scratch: [s]\n"
	    "profiles: {a: {scratch: [a]}, b: {scratch: [b]}, c: {scratch: "
	    "[c]}}\n");
	assert_int_equal(RUN(f, "src", "mnt", "-p", "c", "--profile=a", "-o",
			     "profile=c"),
			 0);
	assert_globs(f->config.scratch, "s c a");
	assert_int_equal(RUN(f, "src", "mnt", "-p", "c", "-p", "d"), -EINVAL);
}

static void scratch_from_does_not_replace_the_builtin(void **state)
{
	struct fixture *f = *state;

	put(f, ".gitignore", "x\n");
	put(f, ".scratchfs.yaml",
	    "scratch_from: [.gitignore]\nprofiles: {p: {scratch: [y]}}\n");
	assert_int_equal(RUN(f, "src", "mnt", "--profile=p", "-sz"), 0);
	assert_globs(f->config.scratch, ".tmp* logs __pycache__ x y z");
	assert_int_equal(rule(f, 3)->existing, SFS_EXISTING_CORE);
	assert_int_equal(rule(f, 4)->existing, SFS_EXISTING_SHOW);
	assert_false(rule(f, 3)->builtin);
}

static void rules_carry_their_fields(void **state)
{
	struct fixture *f = *state;
	const struct sfs_volume_spec *volume;

	put(f, ".scratchfs.yaml",
	    "scratch:\n"
	    "  - {glob: /logs, volume: keep-logs, tracked: ignore}\n"
	    "  - {glob: .cache, existing: hide}\n"
	    "  - '!*.md'\n"
	    "  - {glob: x, existing: core, tracked: core}\n"
	    "volumes:\n"
	    "  keep-logs: {size: 1G}\n"
	    "  spare:\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_string_equal(rule(f, 0)->volume, "keep-logs");
	assert_true(rule(f, 0)->tracked_ignore);
	assert_int_equal(rule(f, 1)->existing, SFS_EXISTING_HIDE);
	assert_null(rule(f, 1)->volume);
	assert_string_equal(rule(f, 2)->glob, "!*.md");
	assert_int_equal(rule(f, 3)->existing, SFS_EXISTING_CORE);
	assert_false(rule(f, 3)->tracked_ignore);
	volume = sfs_config_volume(&f->config, "keep-logs");
	assert_non_null(volume);
	assert_true(volume->has_size && volume->used);
	assert_int_equal(volume->size_bytes, 1 << 30);
	assert_string_equal(volume->from, ".scratchfs.yaml:7");
	assert_false(sfs_config_volume(&f->config, "spare")->used);
	assert_null(sfs_config_volume(&f->config, "other"));
}

static void volumes_of_other_profiles_are_not_used(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml",
	    "profiles:\n"
	    "  a: {scratch: [{glob: x, volume: va}]}\n"
	    "  b: {scratch: [{glob: x, volume: vb}], volumes: {vb: {size: 4K}}}\n");
	assert_int_equal(RUN(f, "src", "mnt", "-p", "b", "--volume", "rest"),
			 0);
	assert_int_equal(f->config.volume_count, 2);
	assert_null(sfs_config_volume(&f->config, "va"));
	assert_int_equal(sfs_config_volume(&f->config, "vb")->size_bytes, 4096);
	assert_true(sfs_config_volume(&f->config, "rest")->used);
}

static void nested_ignore_files_are_taken_over(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "scratch: []\nscratch_from: [.gitignore]\n");
	put(f, ".gitignore", "*.o\n/ignored/\n");
	put(f, "a/.gitignore", "!keep.o\n/build\n");
	put(f, "a/b/.gitignore", "keep.o\n");
	put(f, "ignored/.gitignore", "never\n");
	put(f, ".git/.gitignore", "never\n");
	put(f, "z/y/x/w/.gitignore", "deep\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch,
		     "*.o /ignored/ !keep.o /build keep.o deep");
	assert_int_equal(decide(f, "keep.o", false), 0);
	assert_int_equal(decide(f, "a/keep.o", false), -1);
	assert_int_equal(decide(f, "a/b/keep.o", false), 4);
	assert_int_equal(decide(f, "a/build", true), 3);
	assert_int_equal(decide(f, "build", true), -1);
	assert_int_equal(decide(f, "z/y/x/w/v/deep", true), 5);
	assert_string_equal(rule(f, 4)->from, "a/b/.gitignore:1");
}

/* The deepest file above decides whether a folder is entered. */
static void what_is_ignored_is_not_entered(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "scratch: []\nscratch_from: [.gitignore]\n");
	put(f, ".gitignore", "gen\n/a/b/c\n");
	put(f, "a/.gitignore", "!gen/\n");
	put(f, "a/gen/.gitignore", "one\n");
	put(f, "a/b/.gitignore", "*.x\n");
	put(f, "a/b/c/.gitignore", "never\n");
	put(f, "a/b/d.x/.gitignore", "never\n");
	put(f, "b/gen/.gitignore", "never\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, "gen /a/b/c !gen/ *.x one");
	assert_int_equal(f->config.file_count, 5);
}

static void the_walk_has_a_bottom(void **state)
{
	struct fixture *f = *state;
	char path[600] = "";

	put(f, ".scratchfs.yaml", "scratch_from: [.gitignore]\n");
	for (int i = 0; i < 256; i++)
		strcat(path, "d/");
	put(f, path, "");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	strcat(path, "d/");
	put(f, path, "");
	assert_int_equal(RUN(f, "src", "mnt"), -EINVAL);
	assert_non_null(strstr(f->said, "src/.scratchfs.yaml:1:16: "
					"'.gitignore' is looked for in more "
					"than 200000 folders"));
}

static void a_path_is_one_file(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml",
	    "scratch: []\n"
	    "scratch_from: [.git/info/exclude, ./.dockerignore, sub/list]\n");
	put(f, ".git/info/exclude", "/one\n");
	put(f, ".dockerignore", "two\n");
	put(f, "a/.dockerignore", "never\n");
	put(f, "sub/list", "/three\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, "/one two /three");
	assert_string_equal(rule(f, 0)->base, "");
	assert_string_equal(rule(f, 1)->base, "");
	assert_string_equal(rule(f, 2)->base, "sub");
}

/* A symlink must not lead the walk, or the file, out of the source. */
static void the_source_is_not_left(void **state)
{
	struct fixture *f = *state;
	struct fixture out;

	fixture_init(&out);
	put(&out, ".gitignore", "stolen\n");
	assert_int_equal(symlinkat(out.dir, f->fd, "link"), 0);
	put(f, ".scratchfs.yaml", "scratch: []\nscratch_from: [.gitignore]\n");
	put(f, "real/x", "");
	char target[64];

	snprintf(target, sizeof(target), "%s/.gitignore", out.dir);
	assert_int_equal(symlinkat(target, f->fd, "real/.gitignore"), 0);
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_globs(f->config.scratch, "");
	put(f, ".scratchfs.yaml",
	    "scratch: []\nscratch_from: [link/.gitignore]\n");
	assert_int_equal(RUN(f, "src", "mnt"), -EINVAL);
	put(f, ".scratchfs.yaml",
	    "scratch: []\nscratch_from: [real/.gitignore]\n");
	assert_int_equal(RUN(f, "src", "mnt"), -EINVAL);
	assert_int_equal(symlinkat("real", f->fd, "inside"), 0);
	put(f, "real/list", "x\n");
	put(f, ".scratchfs.yaml", "scratch_from: [inside/list]\n");
	assert_int_equal(RUN(f, "src", "mnt"), -EINVAL);
	put(f, ".scratchfs.yaml", "scratch_from: [real/list]\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	fixture_done(&out);
}

static void a_given_file_is_trusted(void **state)
{
	struct fixture *f = *state;
	struct fixture out;
	char path[64], yaml[256];

	fixture_init(&out);
	put(&out, "ignore", "/theirs\n");
	snprintf(yaml, sizeof(yaml),
		 "scratch: [{glob: a, tracked: ignore}]\n"
		 "scratch_from: [%s/ignore]\n"
		 "cache: strict\nsize: 2K\nborder_copy: 1M\nvolume: v\n",
		 out.dir);
	put(&out, "c.yaml", yaml);
	put(f, ".scratchfs.yaml", "not: [read\n");
	snprintf(path, sizeof(path), "%s/c.yaml", out.dir);
	assert_int_equal(
		RUN(f, "src", "mnt", "-c", path, "-o", "border_copy=2M"), 0);
	assert_globs(f->config.scratch, "/theirs a");
	assert_true(rule(f, 1)->tracked_ignore);
	assert_string_equal(rule(f, 0)->base, "");
	assert_int_equal(f->config.cache, SFS_CACHE_STRICT);
	assert_int_equal(f->config.size_bytes, 2048);
	assert_int_equal(f->config.border_copy_bytes, 2 << 20);
	assert_string_equal(f->config.volume, "v");
	assert_true(sfs_config_volume(&f->config, "v")->used);
	sfs_config_announce(&f->config);
	assert_int_equal(f->config.file_count, 2);
	assert_false(f->config.files[0].in_source);
	fixture_done(&out);
}

static void no_config_reads_nothing(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "not: [read\n");
	assert_int_equal(RUN(f, "src", "mnt", "--no-config"), 0);
	assert_globs(f->config.scratch, ".tmp* logs __pycache__");
	assert_int_equal(f->config.file_count, 0);
}

static int announce_call(struct fixture *f, void *argument)
{
	(void)argument;
	sfs_config_announce(&f->config);
	return 0;
}

static void files_in_the_source_are_announced(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "scratch: [a]\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	saying(f, announce_call, NULL);
	assert_string_equal(f->said, "scratchfs: took rules from "
				     ".scratchfs.yaml in the source\n");
	put(f, ".scratchfs.yaml", "scratch_from: [.gitignore]\n");
	put(f, ".gitignore", "a\n");
	put(f, "b/.gitignore", "a\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	saying(f, announce_call, NULL);
	assert_string_equal(f->said,
			    "scratchfs: took rules from .scratchfs.yaml and 2 "
			    "more files in the source\n");
	assert_int_equal(RUN(f, "src", "mnt", "--no-config"), 0);
	saying(f, announce_call, NULL);
	assert_string_equal(f->said, "");
}

static void a_changed_file_is_noticed(void **state)
{
	struct fixture *f = *state;

	put(f, ".scratchfs.yaml", "scratch: [a]\n");
	assert_int_equal(RUN(f, "src", "mnt"), 0);
	assert_int_equal(f->config.file_count, 1);
	assert_false(sfs_config_file_changed(&f->config.files[0], f->fd));
	put(f, ".scratchfs.yaml", "scratch: [a, b]\n");
	assert_true(sfs_config_file_changed(&f->config.files[0], f->fd));
	assert_int_equal(unlinkat(f->fd, ".scratchfs.yaml", 0), 0);
	assert_true(sfs_config_file_changed(&f->config.files[0], f->fd));
}

static void volume_names_have_a_form(void **state)
{
	char name[65];

	(void)state;
	assert_true(sfs_config_volume_name_ok("a"));
	assert_true(sfs_config_volume_name_ok("0a._-"));
	assert_false(sfs_config_volume_name_ok(""));
	assert_false(sfs_config_volume_name_ok(".a"));
	assert_false(sfs_config_volume_name_ok("-a"));
	assert_false(sfs_config_volume_name_ok("A"));
	assert_false(sfs_config_volume_name_ok("a/b"));
	assert_false(sfs_config_volume_name_ok("../a"));
	memset(name, 'a', 64);
	name[64] = '\0';
	assert_false(sfs_config_volume_name_ok(name));
	name[63] = '\0';
	assert_true(sfs_config_volume_name_ok(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(no_file_gives_the_builtin_patterns),
		FIXTURE_TEST(an_empty_file_changes_nothing),
		FIXTURE_TEST(sources_come_in_order),
		FIXTURE_TEST(profiles_come_in_the_order_of_the_command_line),
		FIXTURE_TEST(scratch_from_does_not_replace_the_builtin),
		FIXTURE_TEST(rules_carry_their_fields),
		FIXTURE_TEST(volumes_of_other_profiles_are_not_used),
		FIXTURE_TEST(nested_ignore_files_are_taken_over),
		FIXTURE_TEST(what_is_ignored_is_not_entered),
		FIXTURE_TEST(the_walk_has_a_bottom),
		FIXTURE_TEST(a_path_is_one_file),
		FIXTURE_TEST(the_source_is_not_left),
		FIXTURE_TEST(a_given_file_is_trusted),
		FIXTURE_TEST(no_config_reads_nothing),
		FIXTURE_TEST(files_in_the_source_are_announced),
		FIXTURE_TEST(a_changed_file_is_noticed),
		cmocka_unit_test(volume_names_have_a_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
