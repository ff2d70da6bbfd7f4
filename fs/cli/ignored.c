/* SPDX-License-Identifier: MIT */
#include "leftovers.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

/* The folder with a .git that the object lies in, or NULL. */
static char *repository_of(const struct sfs_leftovers *leftovers,
			   const struct sfs_leftover *one)
{
	char *path = NULL;
	char *slash;

	if (asprintf(&path, "%s/%s", leftovers->source, one->path) < 0)
		return NULL;
	while ((slash = strrchr(path, '/'))) {
		SFS_FREE char *git = NULL;

		*slash = '\0';
		if (asprintf(&git, "%s/.git", path) < 0) {
			git = NULL;
			break;
		}
		if (access(git, F_OK) == 0)
			return *path ? path : strcpy(path, "/");
	}
	free(path);
	return NULL;
}

/* What git reads: the paths of those, from the repository's folder. */
static FILE *write_paths(const struct sfs_leftovers *leftovers,
			 const char *repository, size_t first, size_t end)
{
	FILE *file = tmpfile();
	size_t skip = strlen(repository) + (repository[1] != '\0');

	for (size_t i = first; file && i < end; i++) {
		SFS_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", leftovers->source,
			     leftovers->list[i].path) < 0) {
			path = NULL;
			fclose(file);
			return NULL;
		}
		fputs(path + skip, file);
		fputc('\0', file);
	}
	if (file && (fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0)) {
		fclose(file);
		return NULL;
	}
	return file;
}

/* git-check-ignore(1), without anything that the repository's configuration
 * could start. */
static int spawn_git(const char *repository, int in_fd, int out_fd, pid_t *ret)
{
	SFS_FREE char *folder = strdup(repository);
	char *argv[] = { (char[]){ "git" },
			 (char[]){ "-c" },
			 (char[]){ "core.fsmonitor=false" },
			 (char[]){ "-C" },
			 folder,
			 (char[]){ "check-ignore" },
			 (char[]){ "-z" },
			 (char[]){ "--stdin" },
			 NULL };
	posix_spawn_file_actions_t actions;

	if (!folder)
		return -ENOMEM;
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_INDEX_FILE");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	int err = posix_spawnp(ret, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* It answers with those that it ignores, in the order of the question. */
static int read_answer(struct sfs_leftovers *leftovers, size_t first,
		       size_t end, const char *prefix, FILE *answer)
{
	SFS_FREE char *path = NULL;
	size_t size = 0, i = first;

	while (getdelim(&path, &size, '\0', answer) > 0) {
		for (; i < end; i++) {
			SFS_FREE char *full = NULL;

			if (asprintf(&full, "%s/%s", leftovers->source,
				     leftovers->list[i].path) < 0) {
				full = NULL;
				return -ENOMEM;
			}
			leftovers->list[i].not_ignored =
				strcmp(full + strlen(prefix), path) != 0;
			if (!leftovers->list[i].not_ignored)
				break;
		}
		i++;
	}
	for (; i < end; i++)
		leftovers->list[i].not_ignored = true;
	return 0;
}

static int ask(struct sfs_leftovers *leftovers, const char *repository,
	       size_t first, size_t end)
{
	SFS_FREE char *prefix = NULL;
	SFS_FCLOSE FILE *answer = NULL;
	SFS_FCLOSE FILE *paths = write_paths(leftovers, repository, first, end);
	int ends[2], status = 0;
	pid_t pid;

	if (!paths || asprintf(&prefix, "%s%s", repository,
			       repository[1] ? "/" : "") < 0) {
		prefix = NULL;
		return -ENOMEM;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int err = spawn_git(repository, fileno(paths), ends[1], &pid);
	close(ends[1]);
	answer = fdopen(ends[0], "r");
	if (!answer)
		close(ends[0]);
	if (err == 0 && answer)
		err = read_answer(leftovers, first, end, prefix, answer);
	if (err < 0)
		return err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	/* 1: it ignores none. */
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : -EIO;
}

int sfs_ignored_check(struct sfs_leftovers *leftovers)
{
	size_t first = 0, end;
	int err = 0;

	for (; err == 0 && first < leftovers->count; first = end) {
		SFS_FREE char *repository =
			repository_of(leftovers, &leftovers->list[first]);

		for (end = first + 1; end < leftovers->count; end++) {
			SFS_FREE char *next =
				repository_of(leftovers, &leftovers->list[end]);

			if (!next != !repository ||
			    (next && strcmp(next, repository) != 0))
				break;
		}
		if (repository)
			err = ask(leftovers, repository, first, end);
		if (err == -ENOENT)
			sfs_msg("%s is a git repository, and git is not "
				"installed: nobody can say what it ignores",
				repository);
		else if (err < 0)
			sfs_msg("git cannot say what it ignores in %s",
				repository);
	}
	return err;
}
