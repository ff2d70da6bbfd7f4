/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

/*
 * A source folder to read configurations from, and what was said on stderr.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/config.h"
#include "scratchfs/options.h"
#include "scratchfs/rules.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char dir[32];
	int fd;
	struct sfs_config config;
	char said[16384];
};

#define RUN(f, ...) \
	run(f, (const char *const[]){ "scratchfs", __VA_ARGS__, NULL })

static inline void fixture_init(struct fixture *f)
{
	strcpy(f->dir, "/tmp/sfs-config-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->fd = open(f->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->fd >= 0);
	sfs_config_init(&f->config);
	f->said[0] = '\0';
}

static inline void fixture_done(struct fixture *f)
{
	char command[64];

	sfs_config_done(&f->config);
	close(f->fd);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fixture_init(f);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	fixture_done(*state);
	free(*state);
	return 0;
}

#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* Writes a file below the source, folders included; "a/b/" are folders only. */
static inline void put(struct fixture *f, const char *path, const char *text)
{
	char folder[600];

	for (const char *c = path; (c = strchr(c, '/')); c++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(c - path), path);
		mkdirat(f->fd, folder, 0755);
		if (c[1] == '\0')
			return;
	}
	int fd = openat(f->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Sends stderr to a file while it is called; the text goes to f->said. */
static inline int saying(struct fixture *f,
			 int (*call)(struct fixture *, void *), void *argument)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	int r;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	r = call(f, argument);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	f->said[fread(f->said, 1, sizeof(f->said) - 1, file)] = '\0';
	fclose(file);
	return r;
}

static inline int load_call(struct fixture *f, void *argument)
{
	const char *const *words = argument;
	char *argv[32] = { NULL };
	int argc = 0;
	int operands;
	int r;

	for (; words[argc]; argc++)
		assert_non_null(argv[argc] = strdup(words[argc]));
	char *all[32];

	memcpy(all, argv, sizeof(all));
	sfs_config_done(&f->config);
	sfs_config_init(&f->config);
	r = sfs_options_parse(&f->config, argc, argv, SFS_OPTIONS_MOUNT, NULL,
			      &operands);
	if (r == 0)
		r = sfs_config_load(&f->config, f->fd);
	for (int i = 0; i < argc; i++)
		free(all[i]);
	return r;
}

/*
 * Parses the words and loads the configuration of the source, which is called
 * "src" in messages.
 */
static inline int run(struct fixture *f, const char *const *words)
{
	return saying(f, load_call, (void *)words);
}

/* The globs of a list, as "a b c". */
static inline const char *globs(const struct sfs_rules *rules, char text[4096])
{
	text[0] = '\0';
	for (int i = 0; i < sfs_rules_count(rules); i++) {
		strcat(text, i ? " " : "");
		strcat(text, sfs_rules_get(rules, i)->glob);
	}
	return text;
}

#endif
