/* SPDX-License-Identifier: MIT */
/*
 * threads FOLDER THREADS OPERATIONS SEED [PREFIX]
 *
 * So many threads create, append to, read, stat, rename and unlink their own
 * files in one folder, that many operations each, and read those of the others.
 * Half of a thread's names begin with PREFIX, so that renames may cross a border.
 * A thread knows what its files hold; of another's what it reads has to be one
 * file's bytes.  In the end the folder holds what the threads left.  Prints the
 * operations a second; exits 1 at the first surprise.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	FILES = 8,
	MOST_THREADS = 256,
	MOST_BYTES = 16384
};

struct file {
	uint32_t id; /* 0: there is none */
	size_t size;
};

struct worker {
	pthread_t thread;
	unsigned int number;
	uint64_t rng;
	uint32_t last_id;
	struct file files[FILES];
	char buffer[MOST_BYTES];
};

static int folder;
static unsigned int n_threads, n_operations;
static const char *prefix = "";
static struct worker workers[MOST_THREADS];

static void surprise(const char *what, const char *name, long found, long want)
{
	fprintf(stderr, "threads: %s %s: %ld, not %ld (%s)\n", what, name,
		found, want, strerror(errno));
	exit(1);
}

static unsigned int pick(struct worker *w, unsigned int n)
{
	w->rng = w->rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(w->rng >> 33) % n;
}

static void name_of(char ret[64], unsigned int thread, unsigned int file)
{
	snprintf(ret, 64, "%s%u-%u", file % 2 ? prefix : "own", thread, file);
}

/* A file's bytes follow from its id, which is what it begins with. */
static char byte_at(uint32_t id, size_t at)
{
	if (at < sizeof(id))
		return (char)(id >> 8 * at);
	return (char)((id ^ at * 2654435761u) >> 7);
}

static void fill(char *bytes, uint32_t id, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(id, from + i);
}

static void put_bytes(struct worker *w, struct file *file, int fd,
		      const char *name, size_t n)
{
	fill(w->buffer, file->id, file->size, n);
	ssize_t done = write(fd, w->buffer, n);

	if (done != (ssize_t)n)
		surprise("write", name, done, (long)n);
	file->size += n;
	if (close(fd))
		surprise("close", name, -1, 0);
}

static void create(struct worker *w, struct file *file, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0644);

	if (file->id) {
		if (fd >= 0 || errno != EEXIST)
			surprise("create", name, errno, EEXIST);
		return;
	}
	if (fd < 0)
		surprise("create", name, fd, 0);
	*file = (struct file){ w->number << 20 | ++w->last_id, 0 };
	put_bytes(w, file, fd, name, sizeof(file->id) + pick(w, 200));
}

static void append(struct worker *w, struct file *file, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_APPEND | O_CLOEXEC);

	if ((fd >= 0) != (file->id != 0))
		surprise("append", name, fd, file->id);
	if (fd >= 0 && file->size + 300 < MOST_BYTES)
		put_bytes(w, file, fd, name, 1 + pick(w, 200));
	else if (fd >= 0)
		close(fd);
}

/* The whole file; -1: there is none. */
static ssize_t read_all(struct worker *w, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, w->buffer, sizeof(w->buffer));
	if (n < 0 && errno != ESTALE)
		surprise("read", name, -errno, 0);
	close(fd);
	return n;
}

static void check_bytes(const struct worker *w, uint32_t id, size_t n,
			const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (w->buffer[i] != byte_at(id, i))
			surprise("byte of", name, (long)i, w->buffer[i]);
}

static void check(struct worker *w, struct file *file, const char *name)
{
	ssize_t n = read_all(w, name);

	if (n != (file->id ? (ssize_t)file->size : -1))
		surprise("size of", name, n, (long)file->size);
	if (file->id)
		check_bytes(w, file->id, file->size, name);
}

static void look(struct worker *w, struct file *file, const char *name)
{
	struct stat st;
	int r = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW);

	(void)w;
	if ((r == 0) != (file->id != 0) || (r && errno != ENOENT))
		surprise("stat", name, r, file->id);
	if (!r && st.st_size != (off_t)file->size)
		surprise("stat's size", name, st.st_size, (long)file->size);
}

static void delete (struct worker *w, struct file *file, const char *name)
{
	int r = unlinkat(folder, name, 0);

	(void)w;
	if ((r == 0) != (file->id != 0) || (r && errno != ENOENT))
		surprise("unlink", name, r, file->id);
	*file = (struct file){ 0, 0 };
}

static void move(struct worker *w, struct file *file, const char *name)
{
	unsigned int to = pick(w, FILES);
	char to_name[64];
	int r;

	name_of(to_name, w->number, to);
	r = renameat(folder, name, folder, to_name);
	if ((r == 0) != (file->id != 0) || (r && errno != ENOENT))
		surprise("rename", name, r, file->id);
	if (r || &w->files[to] == file)
		return;
	w->files[to] = *file;
	*file = (struct file){ 0, 0 };
}

/* Somebody else's file may come and go meanwhile. */
static void spy(struct worker *w, struct file *file, const char *name)
{
	char other[64];
	uint32_t id = 0;
	ssize_t n;

	(void)file;
	(void)name;
	name_of(other, pick(w, n_threads), pick(w, FILES));
	n = read_all(w, other);
	if (n <= 0) /* gone, or just made */
		return;
	if (n < (ssize_t)sizeof(id))
		surprise("part of", other, n, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		id |= (uint32_t)(unsigned char)w->buffer[i] << 8 * i;
	if (id >> 20 >= n_threads)
		surprise("owner of", other, id >> 20, 0);
	check_bytes(w, id, (size_t)n, other);
}

static void *work(void *arg)
{
	static void (*const operations[])(struct worker *, struct file *,
					  const char *) = {
		create, create, append, append, check, check,
		look,	look,	spy,	spy,	move,  delete,
	};
	struct worker *w = arg;
	char name[64];

	for (unsigned int i = 0; i < n_operations; i++) {
		unsigned int f = pick(w, FILES);
		unsigned int op =
			pick(w, sizeof(operations) / sizeof(*operations));

		name_of(name, w->number, f);
		operations[op](w, &w->files[f], name);
	}
	return NULL;
}

static unsigned int count_names(void)
{
	DIR *dir = fdopendir(openat(folder, ".", O_RDONLY | O_CLOEXEC));
	unsigned int n = 0;
	struct dirent *e;

	if (!dir)
		surprise("list", ".", -1, 0);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(dir);
	return n;
}

static void check_end(void)
{
	unsigned int n = 0, found = count_names();
	char name[64];

	for (unsigned int t = 0; t < n_threads; t++)
		for (unsigned int f = 0; f < FILES; f++) {
			struct file *file = &workers[t].files[f];

			name_of(name, t, f);
			check(&workers[t], file, name);
			look(&workers[t], file, name);
			n += file->id != 0;
			delete (&workers[t], file, name);
		}
	if (found != n)
		surprise("names in", "the folder", found, n);
	if (count_names())
		surprise("names left in", "the folder", count_names(), 0);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double began;

	if (argc != 5 && argc != 6)
		return 2;
	n_threads = (unsigned int)strtoul(argv[2], NULL, 10);
	n_operations = (unsigned int)strtoul(argv[3], NULL, 10);
	prefix = argc == 6 ? argv[5] : "other";
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || n_threads > MOST_THREADS)
		return 2;
	began = now_s();
	for (unsigned int i = 0; i < n_threads; i++) {
		workers[i].number = i;
		workers[i].rng = strtoull(argv[4], NULL, 10) * 1000003u + i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 2;
	}
	for (unsigned int i = 0; i < n_threads; i++)
		pthread_join(workers[i].thread, NULL);
	printf("%u threads: %.0f operations a second\n", n_threads,
	       n_threads * n_operations / (now_s() - began));
	check_end();
	return 0;
}
