/* SPDX-License-Identifier: MIT */
/*
 * One kind of operation in a loop, timed from inside: what starting a process
 * or an interpreter costs does not hide what the file system costs.
 *
 *	micro KIND PATH AMOUNT			see kinds[] at the end
 *	micro run TIMES COMMAND [ARGUMENT...]	starts a command so many times
 *
 * Prints "NANOSECONDS OPERATIONS".  AMOUNT is a number of milliseconds, or of
 * files for create, rename and unlink.  With 0 milliseconds everything is looked
 * at, so that it is warm afterwards.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SMALL = 4096,
	LARGE = 1 << 20,
	LINE = 100,
	NAMES_MAX = 1000, /* files that are looked at */
	WARM_PASSES = 2,
	BETWEEN_LOOKS = 16 /* operations between two looks at the clock */
};

extern char **environ;

struct names {
	char *paths[NAMES_MAX];
	size_t n;
};

struct job {
	const char *path;
	unsigned long amount;
	uint64_t ns, operations; /* the result */
};

static void die(const char *what)
{
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(bool good, const char *what)
{
	if (!good)
		die(what);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The same numbers in every run and for every file system. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *buffer(size_t size)
{
	char *bytes = malloc(size);

	check(bytes, "memory");
	memset(bytes, 'x', size);
	bytes[size - 1] = '\n';
	return bytes;
}

/* Does one(ctx, i) for i = 0, 1, ... until the time is up. */
static void repeat(struct job *job, void (*one)(void *ctx, size_t i), void *ctx)
{
	uint64_t start = now_ns(), limit = job->amount * UINT64_C(1000000);

	do {
		for (int k = 0; k < BETWEEN_LOOKS; k++)
			one(ctx, job->operations++);
		job->ns = now_ns() - start;
	} while (job->ns < limit);
}

/* --- names that are there, names that are not ------------------------------ */

static struct names *found; /* nftw() passes nothing on */

static int take(const char *path, const struct stat *st, int type,
		struct FTW *where)
{
	(void)st;
	(void)where;
	if (type != FTW_F || found->n == NAMES_MAX)
		return 0;
	found->paths[found->n] = strdup(path);
	check(found->paths[found->n++], "memory");
	return 0;
}

static struct names *files_below(const char *path)
{
	found = calloc(1, sizeof(*found));
	check(found, "memory");
	check(!nftw(path, take, 16, FTW_PHYS) && found->n, path);
	return found;
}

static void one_open(void *ctx, size_t i)
{
	const struct names *names = ctx;
	char bytes[SMALL];
	int fd = open(names->paths[i % names->n], O_RDONLY | O_CLOEXEC);

	check(fd >= 0 && read(fd, bytes, sizeof(bytes)) >= 0, "open, read");
	close(fd);
}

static void one_stat(void *ctx, size_t i)
{
	const struct names *names = ctx;
	struct stat st;

	check(!lstat(names->paths[i % names->n], &st), "stat");
}

static void one_missing(void *ctx, size_t i)
{
	const struct names *names = ctx;
	struct stat st;

	check(lstat(names->paths[i % names->n], &st) < 0 && errno == ENOENT,
	      "a missing name");
}

static void look(struct job *job, struct names *names,
		 void (*one)(void *ctx, size_t i))
{
	if (job->amount)
		repeat(job, one, names);
	else
		for (size_t i = 0; i < WARM_PASSES * names->n; i++)
			one(names, i);
}

static void do_open(struct job *job)
{
	look(job, files_below(job->path), one_open);
}

static void do_stat(struct job *job)
{
	look(job, files_below(job->path), one_stat);
}

/* Names beside those that are there, as compilers and shells look for them. */
static void do_missing(struct job *job)
{
	struct names *names = files_below(job->path);

	for (size_t i = 0; i < names->n; i++) {
		char *path;

		check(asprintf(&path, "%s.gch", names->paths[i]) > 0, "memory");
		free(names->paths[i]);
		names->paths[i] = path;
	}
	look(job, names, one_missing);
}

static void do_readdir(struct job *job)
{
	uint64_t start = now_ns(), limit = job->amount * UINT64_C(1000000);

	do {
		DIR *dir = opendir(job->path);

		check(dir, job->path);
		while (readdir(dir))
			job->operations++;
		closedir(dir);
		job->ns = now_ns() - start;
	} while (job->ns < limit);
}

/* --- bytes ------------------------------------------------------------------ */

struct bytes {
	int fd;
	char *buffer;
	size_t size;	 /* of one operation */
	uint64_t blocks; /* of that size in the file */
	uint64_t random; /* 0: one after the other */
};

static off_t offset_of(struct bytes *bytes, size_t i)
{
	uint64_t block = bytes->random ? next_random(&bytes->random) : i;

	return (off_t)(block % bytes->blocks * bytes->size);
}

static void one_read(void *ctx, size_t i)
{
	struct bytes *b = ctx;
	ssize_t n = pread(b->fd, b->buffer, b->size, offset_of(b, i));

	check(n == (ssize_t)b->size, "read");
}

static void one_write(void *ctx, size_t i)
{
	struct bytes *b = ctx;
	ssize_t n = pwrite(b->fd, b->buffer, b->size, offset_of(b, i));

	check(n == (ssize_t)b->size, "write");
}

static void one_append(void *ctx, size_t i)
{
	struct bytes *b = ctx;

	(void)i;
	check(write(b->fd, b->buffer, b->size) == (ssize_t)b->size, "append");
}

static void transfer(struct job *job, int flags, size_t size, bool random,
		     void (*one)(void *ctx, size_t i))
{
	struct bytes b = { .size = size,
			   .random = random ? 88172645463325252u : 0 };
	struct stat st;

	b.fd = open(job->path, flags | O_CLOEXEC, 0666);
	check(b.fd >= 0 && !fstat(b.fd, &st), job->path);
	b.buffer = buffer(size);
	b.blocks = (uint64_t)st.st_size / size;
	check(b.blocks || flags & O_APPEND, "an empty file");
	if (job->amount)
		repeat(job, one, &b);
	else
		for (size_t i = 0; i < b.blocks; i++)
			one_read(&b, i);
	check(!close(b.fd), "close");
	free(b.buffer);
}

static void do_read4k(struct job *job)
{
	transfer(job, O_RDONLY, SMALL, true, one_read);
}

static void do_read1m(struct job *job)
{
	transfer(job, O_RDONLY, LARGE, false, one_read);
}

static void do_write4k(struct job *job)
{
	transfer(job, O_WRONLY, SMALL, true, one_write);
}

static void do_write1m(struct job *job)
{
	transfer(job, O_WRONLY, LARGE, false, one_write);
}

static void do_append(struct job *job)
{
	transfer(job, O_WRONLY | O_CREAT | O_APPEND, LINE, false, one_append);
}

/* --- changes of names ------------------------------------------------------- */

static void change_names(struct job *job, void (*one)(void *ctx, size_t i))
{
	char *bytes = buffer(SMALL);
	uint64_t start;

	check(!chdir(job->path), job->path);
	start = now_ns();
	while (job->operations < job->amount)
		one(bytes, job->operations++);
	job->ns = now_ns() - start;
	free(bytes);
}

static void name_of(char name[32], const char *kind, size_t i)
{
	snprintf(name, 32, "%s%zu", kind, i);
}

static void one_create(void *ctx, size_t i)
{
	char name[32];
	int fd;

	name_of(name, "made", i);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	check(fd >= 0 && write(fd, ctx, SMALL) == SMALL && !close(fd), name);
}

static void one_rename(void *ctx, size_t i)
{
	char from[32], to[32];

	(void)ctx;
	name_of(from, "made", i);
	name_of(to, "moved", i);
	check(!rename(from, to), from);
}

static void one_unlink(void *ctx, size_t i)
{
	char name[32];

	(void)ctx;
	name_of(name, "moved", i);
	check(!unlink(name), name);
}

static void do_create(struct job *job)
{
	change_names(job, one_create);
}

static void do_rename(struct job *job)
{
	change_names(job, one_rename);
}

static void do_unlink(struct job *job)
{
	change_names(job, one_unlink);
}

/* --- commands --------------------------------------------------------------- */

/* 1 as well is fine: grep that finds nothing. */
static void start_once(char **command)
{
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command[0], NULL, NULL, command, environ);
	check(!errno, command[0]);
	check(waitpid(pid, &status, 0) == pid, "wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "micro: %s: status %d\n", command[0], status);
		exit(1);
	}
}

/* What the commands say would be in the way of the result. */
static void do_run(struct job *job, char **command)
{
	int result = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
	uint64_t start;

	check(result >= 0 && nowhere >= 0, "/dev/null");
	check(fcntl(result, F_SETFD, FD_CLOEXEC) == 0, "fcntl");
	check(dup2(nowhere, STDOUT_FILENO) >= 0, "dup2");
	start = now_ns();
	while (job->operations < job->amount) {
		start_once(command);
		job->operations++;
	}
	job->ns = now_ns() - start;
	check(dup2(result, STDOUT_FILENO) >= 0, "dup2");
}

static const struct {
	const char *name;
	void (*work)(struct job *job);
} kinds[] = {
	{ "open", do_open },	   /* open, read, close the files below PATH */
	{ "stat", do_stat },	   /* those */
	{ "missing", do_missing }, /* stat names beside them */
	{ "readdir", do_readdir }, /* the folder PATH; counts entries */
	{ "read4k", do_read4k },   /* the file PATH, anywhere */
	{ "read1m", do_read1m }, /* from its begin to its end, again and again */
	{ "write4k", do_write4k }, { "write1m", do_write1m },
	{ "append", do_append }, /* 100 bytes */
	{ "create", do_create }, /* with 4 KiB, in the folder PATH */
	{ "rename", do_rename }, /* what create made */
	{ "unlink", do_unlink }, /* what rename left */
};

int main(int argc, char **argv)
{
	struct job job = { 0 };
	size_t i = 0, n = sizeof(kinds) / sizeof(*kinds);

	if (argc < 4)
		return 2;
	if (!strcmp(argv[1], "run")) {
		job.amount = strtoul(argv[2], NULL, 10);
		do_run(&job, argv + 3);
	} else {
		while (i < n && strcmp(kinds[i].name, argv[1]) != 0)
			i++;
		if (i == n)
			return 2;
		job.path = argv[2];
		job.amount = strtoul(argv[3], NULL, 10);
		kinds[i].work(&job);
	}
	printf("%" PRIu64 " %" PRIu64 "\n", job.ns, job.operations);
	return 0;
}
