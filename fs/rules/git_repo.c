/* SPDX-License-Identifier: MIT */
#include "scratchfs/git_repo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "scratchfs/cleanup.h"

#include "git_path.h"

enum {
	LINK_BYTES_MAX = PATH_MAX + 16, /* .git, gitdir, commondir */
	CONFIG_BYTES_MAX = 1024 * 1024,
};

static void cut_newlines(char *text)
{
	size_t length = strlen(text);

	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		text[--length] = '\0';
}

/* A file of one line.  Returns 0 or -errno. */
static int read_line(int fd, char **ret_line)
{
	size_t size;
	int r = sfs_git_file_read(fd, LINK_BYTES_MAX, ret_line, &size);

	if (r == 0)
		cut_newlines(*ret_line);
	return r;
}

static int read_line_in(const struct sfs_git_source *source,
			const struct sfs_git_folder *folder, const char *name,
			char **ret_line)
{
	SFS_CLOSE int fd = sfs_git_folder_open(source, folder, name);

	return fd < 0 ? fd : read_line(fd, ret_line);
}

/*
 * Where the `.git` in a folder leads: "" if it is the git folder itself, else
 * what the `gitdir:` line or the symlink says.
 */
static int read_dot_git(const struct sfs_git_source *source,
			const struct sfs_git_folder *folder,
			char ret_target[PATH_MAX], const char **ret_why)
{
	SFS_CLOSE int parent = sfs_git_folder_descriptor(source, folder);
	SFS_CLOSE int fd = -1;
	SFS_CLOSE int file = -1;
	SFS_FREE char *line = NULL;
	struct stat st;
	ssize_t length;
	int r;

	if (parent < 0)
		return parent;
	fd = sfs_git_open_below(parent, ".git", O_PATH);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	ret_target[0] = '\0';
	if (S_ISDIR(st.st_mode))
		return 0;
	if (S_ISLNK(st.st_mode)) {
		length = readlinkat(fd, "", ret_target, PATH_MAX - 1);
		if (length < 0)
			return -errno;
		ret_target[length] = '\0';
		return 0;
	}
	file = sfs_git_folder_open(source, folder, ".git");
	r = file < 0 ? file : read_line(file, &line);
	if (r < 0)
		return r;
	if (strncmp(line, "gitdir: ", 8) != 0 || line[8] == '\0' ||
	    strlen(line + 8) >= PATH_MAX) {
		*ret_why = "its .git is not one of git's files";
		return -EBADMSG;
	}
	strcpy(ret_target, line + 8);
	return 0;
}

static int read_config(const struct sfs_git_source *source,
		       const struct sfs_git_folder *folder, const char *name,
		       struct sfs_git_config *config, const char **ret_why)
{
	SFS_CLOSE int fd = sfs_git_folder_open(source, folder, name);
	SFS_FREE char *text = NULL;
	size_t size;
	int r;

	if (fd == -ENOENT)
		return 0;
	r = fd < 0 ? fd : sfs_git_file_read(fd, CONFIG_BYTES_MAX, &text, &size);
	if (r == 0)
		r = sfs_git_config_read(config, text, size);
	if (r == -EBADMSG)
		*ret_why = "its config cannot be understood";
	else if (r == -ENOTSUP)
		*ret_why = "its format is unknown";
	return r;
}

/* git_path: absolute, of repo->git. */
static int open_common(const struct sfs_git_source *source,
		       struct sfs_git_repo *repo, const char *git_path,
		       bool *ret_linked, const char **ret_why)
{
	SFS_FREE char *line = NULL;
	char path[PATH_MAX];
	int r = read_line_in(source, &repo->git, "commondir", &line);

	*ret_linked = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	r = sfs_git_path_canonical(source, git_path, line ? line : "", path);
	if (r < 0)
		return r;
	r = sfs_git_folder_init(source, path, &repo->common);
	if (r == 0 && repo->git.inside && !repo->common.inside) {
		*ret_why = "its commondir leads out of the source";
		return -EPERM;
	}
	return r;
}

/* In a linked worktree the common config's work tree is the main one's. */
static int read_configs(const struct sfs_git_source *source,
			struct sfs_git_repo *repo, bool linked,
			const char **ret_why)
{
	int r;

	sfs_git_config_init(&repo->config);
	r = read_config(source, &repo->common, "config", &repo->config,
			ret_why);
	if (linked) {
		repo->config.worktree[0] = '\0';
		repo->config.bare = false;
	}
	if (r == 0 && repo->config.worktree_config)
		r = read_config(source, &repo->git, "config.worktree",
				&repo->config, ret_why);
	return r;
}

/*
 * Does the `gitdir` file of a linked worktree name `.git` in this folder?
 * Its path may be relative to the git folder (worktree.useRelativePaths).
 */
static bool links_back(const struct sfs_git_source *source,
		       const struct sfs_git_repo *repo, const char *git_path,
		       const char *folder_path)
{
	SFS_FREE char *line = NULL;
	char dot_git[PATH_MAX], named[PATH_MAX];

	return read_line_in(source, &repo->git, "gitdir", &line) == 0 &&
	       sfs_git_path_canonical(source, git_path, line, named) == 0 &&
	       sfs_git_path_canonical(source, folder_path, ".git", dot_git) ==
		       0 &&
	       strcmp(named, dot_git) == 0;
}

/* Every git folder has a HEAD; without one, git looks further up. */
static int check_head(const struct sfs_git_source *source,
		      const struct sfs_git_repo *repo)
{
	SFS_CLOSE int folder = sfs_git_folder_descriptor(source, &repo->git);
	struct stat st;

	if (folder < 0)
		return folder;
	return fstatat(folder, "HEAD", &st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* worktree: absolute.  How its paths become the source's. */
static int relate(const struct sfs_git_source *source,
		  struct sfs_git_repo *repo, const char *worktree)
{
	const char *below = sfs_git_path_below(source->path, worktree);
	const char *above = sfs_git_path_below(worktree, source->path);
	int r;

	if (!below && !above)
		return -ENOENT;
	r = asprintf(&repo->prefix, "%s%s", below ? below : "",
		     below && below[0] ? "/" : "");
	if (r < 0)
		repo->prefix = NULL;
	else
		r = asprintf(&repo->strip, "%s%s", below ? "" : above,
			     below ? "" : "/");
	if (r < 0)
		repo->strip = NULL;
	return r < 0 ? -ENOMEM : 0;
}

/* The work tree, if this folder may use the git folder. */
static int find_worktree(const struct sfs_git_source *source,
			 const struct sfs_git_repo *repo, const char *git_path,
			 const char *folder_path, char ret_worktree[PATH_MAX])
{
	const char *configured = repo->config.worktree;

	if (!configured[0] && repo->config.bare)
		return -ENOENT;
	return configured[0] ? sfs_git_path_canonical(source, git_path,
						      configured, ret_worktree)
			     : sfs_git_path_canonical(source, folder_path, "",
						      ret_worktree);
}

/* What is known of `repo` is its folder's `.git`, and where that leads. */
static int open_at(const struct sfs_git_source *source,
		   struct sfs_git_repo *repo, const char *folder_path,
		   const char *target, const char **ret_why)
{
	char git_path[PATH_MAX], worktree[PATH_MAX];
	bool linked;
	int r = sfs_git_path_canonical(source, folder_path,
				       target[0] ? target : ".git", git_path);

	if (r == 0)
		r = sfs_git_folder_init(source, git_path, &repo->git);
	if (r == 0)
		r = check_head(source, repo);
	if (r == 0)
		r = open_common(source, repo, git_path, &linked, ret_why);
	if (r == 0)
		r = read_configs(source, repo, linked, ret_why);
	if (r == 0)
		r = find_worktree(source, repo, git_path, folder_path,
				  worktree);
	if (r < 0)
		return r;
	if (target[0] && !repo->git.inside &&
	    !links_back(source, repo, git_path, folder_path) &&
	    !(repo->config.worktree[0] && strcmp(worktree, folder_path) == 0)) {
		*ret_why = "its git folder outside the source does not name it";
		return -EPERM;
	}
	return relate(source, repo, worktree);
}

static int open_repo(const struct sfs_git_source *source,
		     const char *folder_path, struct sfs_git_repo **ret,
		     const char **ret_why)
{
	struct sfs_git_folder folder = { .fd = -1 };
	char target[PATH_MAX];
	struct sfs_git_repo *repo;
	int r;

	*ret_why = NULL;
	r = sfs_git_folder_init(source, folder_path, &folder);
	if (r == 0)
		r = read_dot_git(source, &folder, target, ret_why);
	sfs_git_folder_done(&folder);
	if (r < 0)
		return r;
	repo = calloc(1, sizeof(*repo));
	if (!repo)
		return -ENOMEM;
	repo->git.fd = repo->common.fd = -1;
	r = open_at(source, repo, folder_path, target, ret_why);
	if (r < 0)
		sfs_git_repo_free(repo);
	else
		*ret = repo;
	return r;
}

int sfs_git_repo_open(const struct sfs_git_source *source, const char *root,
		      struct sfs_git_repo **ret, const char **ret_why)
{
	char path[PATH_MAX];
	/* A source that is "/" has its slash already. */
	int length = snprintf(path, sizeof(path), "%s%s%s", source->path,
			      root[0] && source->path[1] ? "/" : "", root);

	*ret_why = NULL;
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	return open_repo(source, path, ret, ret_why);
}

int sfs_git_repo_open_above(const struct sfs_git_source *source,
			    struct sfs_git_repo **ret, const char **ret_why)
{
	char path[PATH_MAX];
	struct stat st, above;

	*ret_why = NULL;
	if (fstat(source->fd, &st) < 0)
		return -errno;
	if (snprintf(path, sizeof(path), "%s", source->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	while (strcmp(path, "/") != 0) {
		char *slash = strrchr(path, '/');
		int r;

		slash[slash == path ? 1 : 0] = '\0';
		if (stat(path, &above) < 0)
			return -errno;
		if (above.st_dev != st.st_dev)
			return -ENOENT;
		r = open_repo(source, path, ret, ret_why);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

/* What follows a git folder below the source, or NULL. */
static const char *name_in(const struct sfs_git_folder *folder,
			   const char *path)
{
	size_t length = strlen(folder->path);

	if (!folder->inside || strncmp(folder->path, path, length) != 0)
		return NULL;
	if (length == 0)
		return path;
	return path[length] == '/' ? path + length + 1 : NULL;
}

bool sfs_git_repo_has_index(const struct sfs_git_repo *repo, const char *path)
{
	const char *name = name_in(&repo->git, path);

	return name && strcmp(name, "index") == 0;
}

bool sfs_git_repo_has_file(const struct sfs_git_repo *repo, const char *path)
{
	const char *name = name_in(&repo->git, path);
	const char *common = name_in(&repo->common, path);

	if (name &&
	    (strcmp(name, "index") == 0 ||
	     strcmp(name, "config.worktree") == 0 ||
	     (strncmp(name, "sharedindex.", 12) == 0 && !strchr(name, '/'))))
		return true;
	return common && strcmp(common, "config") == 0;
}

void sfs_git_repo_free(struct sfs_git_repo *repo)
{
	if (!repo)
		return;
	sfs_git_folder_done(&repo->git);
	sfs_git_folder_done(&repo->common);
	free(repo->prefix);
	free(repo->strip);
	free(repo);
}
