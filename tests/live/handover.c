/* SPDX-License-Identifier: MIT */
/*
 * handover HOST VIEW fresh|settled|alone ROUNDS SEED [SETS]
 *
 * Changes things in the folder HOST and looks at once in the folder VIEW, which
 * shows it.  fresh: each look has to be right.  settled: the things have been
 * quiet for three seconds, and known to the view, before each is changed once;
 * how long the view takes to be right is measured.  SETS of 312 wait at a time,
 * each set in a folder, or (alone) each thing in its own, so that the folder has
 * been quiet too.  Prints "KIND: changes, stale at first, p50, p99, worst in
 * microseconds", at last of all kinds together; exits 1 if a fresh look was wrong
 * or a settled one never became right.
 *
 * 100,000 changes each: fresh 7700 SEED; settled 10 SEED 33; alone 10 SEED 33.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES = 24,
	PATIENCE_US = 30000000
};

static char host[PATH_MAX / 2], view[PATH_MAX / 2];
static unsigned long long rng;

static unsigned int pick(unsigned int n)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(rng >> 33) % n;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void die(const char *what, const char *path)
{
	fprintf(stderr, "handover: %s %s: %s\n", what, path, strerror(errno));
	exit(2);
}

static void path_of(char *ret, const char *root, const char *name)
{
	snprintf(ret, PATH_MAX, "%s/%s", root, name);
}

static void write_file(const char *path, size_t size, int flags)
{
	char bytes[256];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	if (fd < 0)
		die("open", path);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)('a' + pick(26));
	if (write(fd, bytes, size) != (ssize_t)size)
		die("write", path);
	close(fd);
}

/* Changes of one thing, by path on the host. */
static void same_size(const char *p)
{
	struct stat st;

	if (stat(p, &st))
		die("stat", p);
	write_file(p, st.st_size > 256 ? 256 : (size_t)st.st_size, 0);
}

static void other_size(const char *p)
{
	write_file(p, 1 + pick(250), O_TRUNC);
}

static void append(const char *p)
{
	write_file(p, 1 + pick(50), O_APPEND);
}

static void mtime_back(const char *p)
{
	struct stat st;

	if (stat(p, &st))
		die("stat", p);
	same_size(p);
	struct timespec times[2] = { st.st_atim, st.st_mtim };

	if (utimensat(AT_FDCWD, p, times, 0))
		die("utimensat", p);
}

static void other_link(char ret[PATH_MAX], const char *p)
{
	snprintf(ret, PATH_MAX, "%s.links/%s", host, strrchr(p, '/') + 1);
}

/* The second name, in a folder that the view does not look at. */
static void by_link(const char *p)
{
	char other[PATH_MAX];

	other_link(other, p);
	same_size(other);
}

static void replace(const char *p)
{
	char temp[PATH_MAX];

	snprintf(temp, sizeof(temp), "%s/save.new", host);
	write_file(temp, 1 + pick(250), O_TRUNC);
	if (rename(temp, p))
		die("rename", p);
}

static void delete (const char *p)
{
	if (unlink(p))
		die("unlink", p);
}

static void change_mode(const char *p)
{
	if (chmod(p, 0600 + pick(0100)))
		die("chmod", p);
}

static void cut(const char *p)
{
	if (truncate(p, pick(200)))
		die("truncate", p);
}

static void change_type(const char *p)
{
	delete (p);
	if (mkdir(p, 0755))
		die("mkdir", p);
}

static void create(const char *p)
{
	write_file(p, 1 + pick(250), O_EXCL);
}

static void make_folder(const char *p)
{
	if (mkdir(p, 0755))
		die("mkdir", p);
}

static void rename_folder(const char *p)
{
	char to[PATH_MAX];

	snprintf(to, sizeof(to), "%s.moved", p);
	if (rename(p, to))
		die("rename", p);
}

enum start {
	A_FILE,
	LINKED,
	NOTHING,
	A_FOLDER
};

static const struct kind {
	const char *name;
	enum start start;
	void (*change)(const char *path);
} kinds[] = {
	{ "same size", A_FILE, same_size },
	{ "other size", A_FILE, other_size },
	{ "append", A_FILE, append },
	{ "mtime put back", A_FILE, mtime_back },
	{ "through another link", LINKED, by_link },
	{ "replaced by rename", A_FILE, replace },
	{ "deleted", A_FILE, delete },
	{ "chmod", A_FILE, change_mode },
	{ "truncate", A_FILE, cut },
	{ "other type", A_FILE, change_type },
	{ "created", NOTHING, create },
	{ "mkdir", NOTHING, make_folder },
	{ "folder renamed", A_FOLDER, rename_folder },
};

enum {
	KINDS = sizeof(kinds) / sizeof(*kinds)
};

static bool same_bytes(const char *a, const char *b)
{
	char x[512], y[512];
	int fa = open(a, O_RDONLY | O_CLOEXEC), fb;
	ssize_t na, nb;

	if (fa < 0)
		return false;
	fb = open(b, O_RDONLY | O_CLOEXEC);
	if (fb < 0) {
		close(fa);
		return false;
	}
	na = read(fa, x, sizeof(x));
	nb = read(fb, y, sizeof(y));
	close(fa);
	close(fb);
	return na == nb && na >= 0 && !memcmp(x, y, (size_t)na);
}

static bool listed(const char *folder, const char *name)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	bool found = false;

	while (dir && (e = readdir(dir)))
		found |= !strcmp(e->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

/* Does the view show of this name what the host has? */
static bool is_right(const char *name)
{
	char h[PATH_MAX], v[PATH_MAX];
	struct stat sh, sv;
	int rh, rv;

	path_of(h, host, name);
	path_of(v, view, name);
	rh = lstat(h, &sh);
	rv = lstat(v, &sv);
	if (rh != rv || listed(view, name) != !rh)
		return false;
	if (rh)
		return true;
	if (sh.st_mode != sv.st_mode ||
	    sh.st_mtim.tv_sec != sv.st_mtim.tv_sec ||
	    sh.st_mtim.tv_nsec != sv.st_mtim.tv_nsec || sh.st_ino != sv.st_ino)
		return false;
	return !S_ISREG(sh.st_mode) ||
	       (sh.st_size == sv.st_size && same_bytes(h, v));
}

static void prepare(const struct kind *kind, const char *name)
{
	char p[PATH_MAX], other[PATH_MAX];

	path_of(p, host, name);
	other_link(other, p);
	if (kind->start == A_FILE || kind->start == LINKED)
		write_file(p, 20 + pick(200), O_TRUNC);
	if (kind->start == LINKED && link(p, other))
		die("link", p);
	else if (kind->start == A_FOLDER && mkdir(p, 0755))
		die("mkdir", p);
}

static void clean(const char *name)
{
	char p[PATH_MAX], moved[PATH_MAX], other[PATH_MAX];

	path_of(p, host, name);
	other_link(other, p);
	unlink(other);
	if (unlink(p))
		rmdir(p);
	if (snprintf(moved, sizeof(moved), "%s.moved", p) < (int)sizeof(moved))
		rmdir(moved);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct tally {
	uint64_t *us;
	unsigned int n, stale, never;
};

/* Takes one tally over into another. */
static void add(struct tally *t, const struct tally *other)
{
	uint64_t *us = realloc(t->us, (t->n + other->n + 1) * sizeof(*us));

	if (!us)
		die("realloc", "");
	memcpy(us + t->n, other->us, other->n * sizeof(*us));
	t->us = us;
	t->n += other->n;
	t->stale += other->stale;
	t->never += other->never;
}

static void report(const char *kind, struct tally *t)
{
	if (!t->n)
		return;
	qsort(t->us, t->n, sizeof(*t->us), by_value);
	printf("%s: %u changes, %u stale at first, %u never right, p50 %llu, "
	       "p99 %llu, worst %llu us\n",
	       kind, t->n, t->stale, t->never,
	       (unsigned long long)t->us[t->n / 2],
	       (unsigned long long)t->us[t->n * 99 / 100],
	       (unsigned long long)t->us[t->n - 1]);
}

static void look_until_right(const char *name, bool patient, struct tally *t)
{
	uint64_t begin = now_us(), us;
	bool right = is_right(name), at_once = right;

	while (!right && patient && now_us() - begin < PATIENCE_US)
		right = is_right(name);
	us = at_once ? 0 : now_us() - begin;
	add(t, &(struct tally){ &us, 1, !at_once, !right });
}

static void change(const struct kind *kind, const char *name)
{
	char p[PATH_MAX];

	path_of(p, host, name);
	kind->change(p);
}

/* One thing after the other: made, looked at, changed, looked at. */
static void run_fresh(const struct kind *kind, unsigned int rounds,
		      struct tally *t)
{
	char name[64];

	for (unsigned int i = 0; i < rounds; i++) {
		snprintf(name, sizeof(name), "fresh%u", i % FILES);
		clean(name);
		prepare(kind, name);
		if (!is_right(name) || !is_right(name))
			t->never++;
		change(kind, name);
		look_until_right(name, false, t);
		clean(name);
	}
}

/* Goes on in another folder, and where its second names are. */
static void enter(char **tops, unsigned int folder)
{
	char links[PATH_MAX];

	snprintf(host, sizeof(host), "%s/%u", tops[0], folder);
	snprintf(view, sizeof(view), "%s/%u", tops[1], folder);
	snprintf(links, sizeof(links), "%s.links", host);
	mkdir(host, 0755);
	mkdir(links, 0755);
}

static void prepare_settled(unsigned int kind, const char *name,
			    struct tally *t)
{
	(void)t;
	clean(name);
	prepare(&kinds[kind], name);
}

static void change_settled(unsigned int kind, const char *name, struct tally *t)
{
	for (int i = 0; i < 3; i++)
		(void)is_right(name);
	change(&kinds[kind], name);
	look_until_right(name, true, t);
}

struct settled {
	char **tops;
	unsigned int n, per_folder;
	struct tally *tallies;
};

static void each_settled(const struct settled *all,
			 void (*fn)(unsigned int kind, const char *name,
				    struct tally *t))
{
	char name[64];

	for (unsigned int i = 0; i < all->n; i++) {
		enter(all->tops, i / all->per_folder);
		snprintf(name, sizeof(name), "quiet%u", i % all->per_folder);
		fn(i % KINDS, name, &all->tallies[i % KINDS]);
	}
}

/* Many things become quiet together; then each is changed once. */
static void run_settled(const struct settled *all)
{
	each_settled(all, prepare_settled);
	sleep(4);
	each_settled(all, change_settled);
}

static int usage(void)
{
	fputs("handover HOST VIEW fresh|settled|alone ROUNDS SEED [SETS]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct tally tallies[KINDS], sum;
	struct settled all = { argv + 1, FILES * KINDS, 1, tallies };
	unsigned int rounds;
	bool fresh;

	if (argc != 6 && argc != 7)
		return usage();
	fresh = !strcmp(argv[3], "fresh");
	rounds = (unsigned int)strtoul(argv[4], NULL, 10);
	rng = strtoull(argv[5], NULL, 10);
	if (!strcmp(argv[3], "settled"))
		all.per_folder = all.n;
	if (argc == 7)
		all.n *= (unsigned int)strtoul(argv[6], NULL, 10);
	if (fresh)
		enter(argv + 1, 0);
	for (unsigned int i = 0; fresh && i < KINDS; i++)
		run_fresh(&kinds[i], rounds, &tallies[i]);
	for (unsigned int r = 0; !fresh && r < rounds; r++)
		run_settled(&all);
	for (unsigned int i = 0; i < KINDS; i++) {
		report(kinds[i].name, &tallies[i]);
		add(&sum, &tallies[i]);
	}
	report("all", &sum);
	return sum.never || (fresh && sum.stale) ? 1 : 0;
}
