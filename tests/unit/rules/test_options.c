/* SPDX-License-Identifier: MIT */
#include "config_fixture.h"

struct call {
	const char *const *words;
	unsigned flags;
	const struct sfs_extra_option *extra;
	char **argv; /* out */
	int operands;
};

static int parse_call(struct fixture *f, void *argument)
{
	struct call *call = argument;
	int argc = 0;

	while (call->words[argc])
		argc++;
	sfs_config_done(&f->config);
	sfs_config_init(&f->config);
	return sfs_options_parse(&f->config, argc, call->argv, call->flags,
				 call->extra, &call->operands);
}

/* Parses writable copies of the words; the operands, joined, go to text. */
static int parse_into(struct fixture *f, const char *const *words,
		      unsigned flags, const struct sfs_extra_option *extra,
		      char *text)
{
	char *copies[32] = { NULL };
	char *argv[32] = { NULL };
	struct call call = { words, flags, extra, argv, 0 };
	int r;

	for (int i = 0; words[i]; i++)
		assert_non_null(copies[i] = argv[i] = strdup(words[i]));
	r = saying(f, parse_call, &call);
	if (text)
		text[0] = '\0';
	for (int i = 1; r == 0 && text && i <= call.operands; i++) {
		strcat(text, argv[i]);
		strcat(text, "|");
	}
	for (int i = 0; copies[i]; i++)
		free(copies[i]);
	return r;
}

#define WORDS(...) ((const char *const[]){ "scratchfs", __VA_ARGS__, NULL })
#define MOUNT(f, ...) \
	parse_into(f, WORDS(__VA_ARGS__), SFS_OPTIONS_MOUNT, NULL, NULL)

static void operands_and_options_mix(void **state)
{
	struct fixture *f = *state;
	const struct sfs_config *c = &f->config;
	char text[256];

	assert_int_equal(parse_into(f,
				    WORDS("src", "-fsa", "--scratch", "b",
					  "--scratch=c", "-r", "d", "mnt",
					  "--no-config"),
				    SFS_OPTIONS_MOUNT, NULL, text),
			 0);
	assert_string_equal(text, "src|mnt|");
	assert_string_equal(c->source, "src");
	assert_string_equal(c->mountpoint, "mnt");
	assert_int_equal(c->cli_scratch.count, 3);
	assert_string_equal(c->cli_scratch.items[0], "a");
	assert_string_equal(c->cli_scratch.items[2], "c");
	assert_int_equal(c->cli_readonly.count, 1);
	assert_true(c->foreground && c->no_config && !c->debug);
	assert_int_equal(MOUNT(f, "-d", "--", "-src", "-mnt"), 0);
	assert_string_equal(c->source, "-src");
	assert_true(c->debug && c->foreground);
}

static void run_stops_at_its_command(void **state)
{
	struct fixture *f = *state;
	char text[256];

	assert_int_equal(parse_into(f,
				    WORDS("-s", "a", "src", "make", "-s", "b",
					  "--", "c"),
				    SFS_OPTIONS_STOP, NULL, text),
			 0);
	assert_string_equal(text, "src|make|-s|b|--|c|");
	assert_int_equal(f->config.cli_scratch.count, 1);
	assert_int_equal(parse_into(f, WORDS("src", "--", "--", "x"),
				    SFS_OPTIONS_STOP, NULL, text),
			 0);
	assert_string_equal(text, "src|--|x|");
	assert_int_equal(parse_into(f, WORDS("--", "src", "--", "-x"),
				    SFS_OPTIONS_STOP, NULL, text),
			 0);
	assert_string_equal(text, "src|-x|");
}

static void commands_have_options_of_their_own(void **state)
{
	struct fixture *f = *state;
	bool json = false;
	const char *at = NULL;
	char text[256];
	const struct sfs_extra_option extra[] = {
		{ "json", 'j', &json, NULL },
		{ "at", 0, NULL, &at },
		{ 0 },
	};

	assert_int_equal(parse_into(f, WORDS("--json", "x", "-s", "g", "y"), 0,
				    extra, text),
			 0);
	assert_true(json);
	assert_string_equal(text, "x|y|");
	json = false;
	assert_int_equal(parse_into(f, WORDS("-j", "x"), SFS_OPTIONS_EXTRA_ONLY,
				    extra, text),
			 0);
	assert_true(json);
	assert_int_equal(parse_into(f, WORDS("--scratch", "x"),
				    SFS_OPTIONS_EXTRA_ONLY, extra, text),
			 -EINVAL);
	assert_int_equal(parse_into(f, WORDS("--jsn"), SFS_OPTIONS_EXTRA_ONLY,
				    extra, text),
			 -EINVAL);
	assert_string_equal(f->said, "scratchfs: unknown option '--jsn'; did "
				     "you mean '--json'?\n");
	assert_int_equal(parse_into(f, WORDS("--at"), 0, extra, text), -EINVAL);
	assert_string_equal(f->said,
			    "scratchfs: option '--at' needs an argument\n");
}

static void mount_lists_are_split(void **state)
{
	struct fixture *f = *state;
	const struct sfs_config *c = &f->config;

	assert_int_equal(MOUNT(f, "src", "mnt", "-o",
			       "ro,scratch=a\\,b,,scratch=*.o,cache=strict",
			       "-oallow_other,store=tmpfs:1M"),
			 0);
	assert_true(c->ro && c->allow_other && c->store_tmpfs);
	assert_int_equal(c->tmpfs_bytes, 1 << 20);
	assert_int_equal(c->cli_scratch.count, 2);
	assert_string_equal(c->cli_scratch.items[0], "a,b");
	assert_string_equal(c->cli_scratch.items[1], "*.o");
	assert_int_equal(c->cache, SFS_CACHE_STRICT);
}

/* As fstab, mount(8) and systemd write it. */
static void words_for_mount_are_passed_over(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(MOUNT(f, "src", "mnt", "-o",
			       "rw,exec,auto,noauto,nofail,_netdev,user,"
			       "x-systemd.automount,X-mount.mkdir=0755,"
			       "comment=x,defaults,relatime"),
			 0);
	assert_string_equal(f->said, "");
}

static void suid_and_dev_must_be_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct sfs_config *c = &f->config;
	char *text;

	/* What mount.fuse3 makes of an fstab line with "defaults". */
	assert_int_equal(MOUNT(f, "src", "mnt", "-o", "rw,dev,suid"), 0);
	assert_false(c->suid || c->dev);
	assert_int_equal(MOUNT(f, "src", "mnt", "-o", "ro,nosuid,dev"), 0);
	assert_true(c->ro);
	assert_false(c->suid || c->dev);
	if (geteuid() != 0) {
		assert_int_equal(MOUNT(f, "-o", "suid", "src", "mnt"), -EINVAL);
		assert_string_equal(f->said, "scratchfs: 'suid': only root may "
					     "ask for it\n");
		return;
	}
	assert_int_equal(MOUNT(f, "-o", "dev,suid", "src", "mnt"), 0);
	assert_true(c->suid && c->dev);
	text = sfs_config_mount_options(c);
	assert_string_equal(text, "rw");
	free(text);
}

static void mount_options_are_passed_on(void **state)
{
	struct fixture *f = *state;
	char *text;

	assert_int_equal(MOUNT(f, "src", "mnt"), 0);
	text = sfs_config_mount_options(&f->config);
	assert_string_equal(text, "rw,nosuid,nodev");
	free(text);
	assert_int_equal(MOUNT(f, "src", "mnt", "-o",
			       "ro,noexec,noatime,nodiratime,sync,dirsync,"
			       "allow_other"),
			 0);
	text = sfs_config_mount_options(&f->config);
	assert_string_equal(text, "ro,nosuid,nodev,noexec,noatime,nodiratime,"
				  "sync,dirsync,allow_other");
	free(text);
	assert_int_equal(MOUNT(f, "src", "mnt", "-o", "ro,rw,noexec,exec"), 0);
	assert_false(f->config.ro || f->config.noexec);
}

static const char *sample(const struct sfs_option *option)
{
	if (option->choices)
		return option->choices[1];
	return option->kind == SFS_OPTION_SIZE ? "3M" : "word";
}

/* Every long option also works in -o, and does the same. */
static void every_long_option_works_in_o(void **state)
{
	struct fixture *f = *state;
	size_t count;
	const struct sfs_option *table = sfs_options_table(&count);

	for (size_t i = 0; i < count; i++) {
		const struct sfs_option *option = &table[i];
		bool value = option->argument || option->choices;
		char longer[64], shorter[64];
		struct sfs_config first;

		if (!(option->where & SFS_OPTION_IN_LONG))
			continue;
		snprintf(longer, sizeof(longer), "--%s%s%s", option->name,
			 value ? "=" : "", value ? sample(option) : "");
		snprintf(shorter, sizeof(shorter), "%s", longer + 2);
		for (char *c = longer + 2; *c; c++)
			*c = *c == '_' ? '-' : *c;
		assert_int_equal(MOUNT(f, longer, "src", "mnt"), 0);
		first = f->config;
		sfs_config_init(&f->config);
		assert_int_equal(MOUNT(f, "-o", shorter, "src", "mnt"), 0);
		assert_int_equal(first.given, f->config.given);
		assert_int_equal(first.given, 1ull << i);
		/* The member itself: not a pointer, or what it points to. */
		if (option->kind == SFS_OPTION_TEXT ||
		    option->kind == SFS_OPTION_VOLUME ||
		    option->kind == SFS_OPTION_STORE)
			assert_string_equal(
				*(char **)((char *)&first + option->offset),
				*(char **)((char *)&f->config +
					   option->offset));
		else if (option->kind != SFS_OPTION_LIST)
			assert_memory_equal((char *)&first + option->offset,
					    (char *)&f->config + option->offset,
					    option->kind == SFS_OPTION_SIZE ? 8
					    : option->choices		    ? 4
							      : 1);
		sfs_config_done(&first);
	}
}

static void help_is_a_screen_with_every_option(void **state)
{
	static const char *const commands[] = {
		"umount",  "run",    "list", "status", "diff",
		"explain", "doctor", "keep", "absorb", "audit",
		"prune",   "volume", NULL,
	};
	char *text = NULL;
	size_t size, count;
	const struct sfs_option *table = sfs_options_table(&count);
	FILE *out = open_memstream(&text, &size);
	int lines = 0;

	(void)state;
	sfs_options_print_help(out, commands);
	fclose(out);
	for (const char *line = text; *line; lines++) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_in_range(end - line, 1, 79);
		line = end + 1;
	}
	assert_in_range(lines, 15, 24);
	for (size_t i = 0; i < count; i++) {
		char word[64];
		bool letter = table[i].kind == SFS_OPTION_MOUNT;

		if (table[i].kind == SFS_OPTION_IGNORE ||
		    table[i].kind == SFS_OPTION_BLOCK)
			continue;
		if (letter)
			snprintf(word, sizeof(word), " -%c ", table[i].letter);
		else if (table[i].where & SFS_OPTION_IN_LONG)
			snprintf(word, sizeof(word), "--%s", table[i].name);
		else
			snprintf(word, sizeof(word), " %s", table[i].name);
		for (char *c = word; word[1] == '-' && *c; c++)
			*c = *c == '_' ? '-' : *c;
		if (!strstr(text, word))
			fail_msg("'%s' is not in --help", word);
	}
	free(text);
}

static const struct {
	const char *words[6];
	const char *said;
} examples[] = {
	{ { "x", "src" },
	  "MOUNTPOINT is missing; usage: scratchfs [OPTIONS] SOURCE "
	  "MOUNTPOINT" },
	{ { "x" },
	  "SOURCE and MOUNTPOINT are missing; usage: scratchfs "
	  "[OPTIONS] SOURCE MOUNTPOINT" },
	{ { "x", "a", "b", "c" },
	  "too many operands; usage: scratchfs [OPTIONS] SOURCE "
	  "MOUNTPOINT" },
	{ { "x", "--scrach=a", "a", "b" },
	  "unknown option '--scrach'; did you mean '--scratch'?" },
	{ { "x", "--bananas", "a", "b" },
	  "unknown option '--bananas'; --help lists them" },
	{ { "x", "-x", "a", "b" }, "unknown option '-x'; --help lists them" },
	{ { "x", "-o", "alow_other", "a", "b" },
	  "unknown option 'alow_other'; did you mean 'allow_other'?" },
	{ { "x", "-o", "ro=1", "a", "b" }, "-o ro takes no value" },
	{ { "x", "-o", "size", "a", "b" }, "-o size needs a value" },
	{ { "x", "--fresh=1", "a", "b" }, "option '--fresh' takes no value" },
	{ { "x", "a", "b", "-s" }, "option '-s' needs an argument" },
	{ { "x", "a", "b", "-s", "" },
	  "'' of '-s': a value is "
	  "missing" },
	{ { "x", "a", "b", "-o", "cache=strickt" },
	  "'strickt' is no value of 'cache'; it can be auto, strict; "
	  "did you mean 'strict'?" },
	{ { "x", "a", "b", "--size", "lots" },
	  "'lots' of '--size': this is not a size; write it as 64M or "
	  "2G" },
	{ { "x", "a", "b", "--size=0" },
	  "'0' of '--size': a size of 0 leaves no room; write it as "
	  "64M or 2G" },
	{ { "x", "a", "b", "--store=tmpfs:x" },
	  "'tmpfs:x' of '--store': this is not a size; write it as 64M "
	  "or 2G" },
	{ { "x", "a", "b", "--volume", "../x" },
	  "'../x' of '--volume': a volume's name is "
	  "[a-z0-9][a-z0-9._-]*, at most 63 letters" },
	{ { "x", "a", "b", "--volume=v", "--store=d" },
	  "--volume and --store exclude each other: a volume has its "
	  "own place" },
	{ { "x", "a", "b", "-cx", "--no-config" },
	  "--config and --no-config exclude each other" },
	{ { "x", "--\033[31m", "a", "b" },
	  "unknown option '--?[31m'; --help lists them" },
};

static void what_is_wrong_is_said(void **state)
{
	struct fixture *f = *state;
	char expected[512];

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		assert_int_equal(parse_into(f, examples[i].words,
					    SFS_OPTIONS_MOUNT, NULL, NULL),
				 -EINVAL);
		snprintf(expected, sizeof(expected), "scratchfs: %s\n",
			 examples[i].said);
		assert_string_equal(f->said, expected);
	}
}

static void help_wins_over_what_is_missing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(MOUNT(f, "-h"), 0);
	assert_true(f->config.help);
	assert_int_equal(MOUNT(f, "--version", "--bananas"), 0);
	assert_true(f->config.version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(operands_and_options_mix),
		FIXTURE_TEST(run_stops_at_its_command),
		FIXTURE_TEST(commands_have_options_of_their_own),
		FIXTURE_TEST(mount_lists_are_split),
		FIXTURE_TEST(words_for_mount_are_passed_over),
		FIXTURE_TEST(suid_and_dev_must_be_asked_for),
		FIXTURE_TEST(mount_options_are_passed_on),
		FIXTURE_TEST(every_long_option_works_in_o),
		FIXTURE_TEST(help_is_a_screen_with_every_option),
		FIXTURE_TEST(what_is_wrong_is_said),
		FIXTURE_TEST(help_wins_over_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
