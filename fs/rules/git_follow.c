/* SPDX-License-Identifier: MIT */
#include "git_follow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/git_index.h"
#include "scratchfs/msg.h"

#include "git_path.h"

/* git's racy-index rule: times this close to now say nothing. */
enum {
	YOUNG_SECONDS = 2
};

struct filling {
	const struct sfs_git_repo *repo;
	struct sfs_path_set *set;
	struct sfs_path_list *submodules;
};

int sfs_git_followed_new(const char *root, struct sfs_git_followed **ret)
{
	struct sfs_git_followed *followed = calloc(1, sizeof(*followed));

	if (!followed)
		return -ENOMEM;
	if (root) {
		followed->root = strdup(root);
		if (!followed->root) {
			free(followed);
			return -ENOMEM;
		}
	}
	*ret = followed;
	return 0;
}

void sfs_git_followed_free(struct sfs_git_followed *followed)
{
	if (!followed)
		return;
	free(followed->root);
	sfs_git_repo_free(followed->repo);
	sfs_path_set_free(followed->set);
	free(followed);
}

void sfs_git_news_done(struct sfs_git_news *news)
{
	sfs_git_repo_free(news->repo);
	sfs_path_set_free(news->set);
	sfs_path_list_done(&news->submodules);
	*news = (struct sfs_git_news){ 0 };
}

static bool begins_with(const struct sfs_git_repo *repo, const char *path,
			const char *with, size_t with_length)
{
	return repo->config.ignore_case
		       ? strncasecmp(path, with, with_length) == 0
		       : strncmp(path, with, with_length) == 0;
}

static unsigned int bits_of(uint32_t mode)
{
	switch (mode & SFS_GIT_MODE_TYPE) {
	case SFS_GIT_MODE_GITLINK:
		return SFS_PATH_ABOVE | SFS_PATH_PLAIN;
	case SFS_GIT_MODE_SPARSE:
		return SFS_PATH_ABOVE | SFS_PATH_PLAIN | SFS_PATH_SPARSE;
	default:
		return SFS_PATH_FILE;
	}
}

/* From the repository's path to the source's. */
static int add_entry(void *ctx, const char *path, size_t length, uint32_t mode)
{
	struct filling *filling = ctx;
	const struct sfs_git_repo *repo = filling->repo;
	size_t strip = strlen(repo->strip), prefix = strlen(repo->prefix);
	unsigned int bits = bits_of(mode);
	char whole[PATH_MAX];
	int r;

	/* The source itself may lie in a folder that is not listed. */
	if (bits & SFS_PATH_SPARSE && length < strip &&
	    repo->strip[length] == '/' &&
	    begins_with(repo, repo->strip, path, length))
		return sfs_path_set_add(filling->set, "", 0, bits);
	if (length <= strip || !begins_with(repo, path, repo->strip, strip))
		return 0;
	path += strip;
	length -= strip;
	if (prefix + length >= sizeof(whole))
		return -ENAMETOOLONG;
	memcpy(whole, repo->prefix, prefix);
	memcpy(whole + prefix, path, length);
	r = sfs_path_set_add(filling->set, whole, prefix + length, bits);
	if (r == 0 && (mode & SFS_GIT_MODE_TYPE) == SFS_GIT_MODE_GITLINK)
		r = sfs_path_list_add(filling->submodules, '@', whole,
				      prefix + length);
	return r;
}

static int read_shared(const struct sfs_git_source *source,
		       const struct sfs_git_repo *repo, const char *name,
		       char **ret_bytes, size_t *ret_size)
{
	SFS_CLOSE int fd = sfs_git_folder_open(source, &repo->git, name);

	return fd < 0 ? fd
		      : sfs_git_file_read(fd, SFS_GIT_INDEX_BYTES_MAX,
					  ret_bytes, ret_size);
}

static int fill(const struct sfs_git_source *source,
		const struct sfs_git_repo *repo, int fd,
		struct filling *filling, const char **ret_why)
{
	SFS_FREE char *bytes = NULL;
	SFS_FREE char *shared_bytes = NULL;
	size_t hash_bytes = repo->config.hash_bytes;
	struct sfs_git_index index = { .hash_bytes = hash_bytes };
	struct sfs_git_index shared = { .hash_bytes = hash_bytes };
	char name[SFS_GIT_SHARED_NAME_MAX];
	int r = sfs_git_file_read(fd, SFS_GIT_INDEX_BYTES_MAX, &bytes,
				  &index.size);

	if (r < 0)
		return r;
	index.bytes = (const unsigned char *)bytes;
	r = sfs_git_index_shared(&index, name, ret_why);
	if (r == 0 && name[0]) {
		r = read_shared(source, repo, name, &shared_bytes,
				&shared.size);
		if (r < 0)
			*ret_why = "its shared index cannot be read";
	}
	if (r < 0)
		return r;
	shared.bytes = (const unsigned char *)shared_bytes;
	return sfs_git_index_read(&index, shared_bytes ? &shared : NULL,
				  add_entry, filling, ret_why);
}

int sfs_git_set_read(const struct sfs_git_source *source,
		     const struct sfs_git_repo *repo, int fd,
		     struct sfs_path_set **ret_set,
		     struct sfs_path_list *submodules, const char **ret_why)
{
	struct filling filling = { .repo = repo, .submodules = submodules };
	int r;

	*ret_why = NULL;
	r = sfs_path_set_new(repo->config.ignore_case, &filling.set);
	if (r < 0)
		return r;
	if (fd >= 0)
		r = fill(source, repo, fd, &filling, ret_why);
	if (r < 0)
		sfs_path_set_free(filling.set);
	else
		*ret_set = filling.set;
	return r;
}

static void stamp_file(int fd, struct sfs_git_stamp *ret)
{
	struct timespec now;
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	/* Every lock file moves a git folder's times. */
	if (S_ISDIR(st.st_mode))
		return;
	ret->size = st.st_size;
	ret->mtime = st.st_mtim;
	ret->ctime = st.st_ctim;
	/* Fails, and matters not, on `.git`, opened with O_PATH. */
	if (st.st_size >= (off_t)sizeof(ret->tail) &&
	    pread(fd, ret->tail, sizeof(ret->tail),
		  st.st_size - (off_t)sizeof(ret->tail)) < 0)
		memset(ret->tail, 0, sizeof(ret->tail));
	clock_gettime(CLOCK_REALTIME, &now);
	ret->young = now.tv_sec - st.st_ctim.tv_sec <= YOUNG_SECONDS;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct sfs_git_stamp *a,
		       const struct sfs_git_stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(a->mtime, b->mtime) &&
	       same_time(a->ctime, b->ctime) &&
	       memcmp(a->tail, b->tail, sizeof(a->tail)) == 0;
}

/* Without a checksum (index.skipHash) a young file may have changed unseen. */
static bool tells(const struct sfs_git_stamp *stamp)
{
	static const unsigned char zero[20];

	return !stamp->young ||
	       memcmp(stamp->tail + sizeof(stamp->tail) - sizeof(zero), zero,
		      sizeof(zero)) != 0;
}

static void stamp_config(const struct sfs_git_source *source,
			 const struct sfs_git_repo *repo,
			 struct sfs_git_stamp *stamps)
{
	SFS_CLOSE int config =
		sfs_git_folder_open(source, &repo->common, "config");
	SFS_CLOSE int worktree =
		sfs_git_folder_open(source, &repo->git, "config.worktree");

	stamp_file(config, &stamps[SFS_GIT_STAMP_CONFIG]);
	stamp_file(worktree, &stamps[SFS_GIT_STAMP_WORKTREE_CONFIG]);
}

static void tell(struct sfs_git_followed *followed, const char *what, int error,
		 const char *why)
{
	const char *where = followed->root ? followed->root
					   : "the folders above the source";

	if (followed->told)
		return;
	followed->told = true;
	if (!where[0])
		where = "the source";
	if (why)
		sfs_msg("git's %s in %s cannot be used: %s", what, where, why);
	else
		sfs_msg_errno(-error, "git's %s in %s cannot be used", what,
			      where);
}

/* Was the repository itself changed, so that it has to be opened again? */
static bool is_other_repo(const struct sfs_git_source *source,
			  struct sfs_git_followed *followed)
{
	struct sfs_git_stamp stamps[SFS_GIT_STAMPS];

	if (!followed->repo)
		return true;
	/* Paths above the source are walked only before the mount. */
	if (!followed->root)
		return false;
	stamp_config(source, followed->repo, stamps);
	return !same_stamp(&stamps[SFS_GIT_STAMP_CONFIG],
			   &followed->stamps[SFS_GIT_STAMP_CONFIG]) ||
	       !same_stamp(&stamps[SFS_GIT_STAMP_WORKTREE_CONFIG],
			   &followed->stamps[SFS_GIT_STAMP_WORKTREE_CONFIG]);
}

static int open_dot_git(const struct sfs_git_source *source, const char *root)
{
	SFS_CLOSE int folder = -1;

	folder = sfs_git_open_below(source->fd, root, O_PATH | O_DIRECTORY);
	return folder < 0 ? folder : sfs_git_open_below(folder, ".git", O_PATH);
}

bool sfs_git_has_dot_git(const struct sfs_git_source *source, const char *root)
{
	SFS_CLOSE int fd = open_dot_git(source, root);

	return fd >= 0;
}

static int look_at_repo(const struct sfs_git_source *source,
			struct sfs_git_followed *followed,
			struct sfs_git_news *news)
{
	struct sfs_git_stamp stamp = { 0 };
	const char *why = NULL;
	int r = 0;

	if (followed->root) {
		SFS_CLOSE int fd = open_dot_git(source, followed->root);

		/* Behind a symlink there is nothing of the source's. */
		news->gone = fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP;
		if (news->gone)
			return -ENOENT;
		stamp_file(fd, &stamp);
	}
	if (same_stamp(&stamp, &followed->stamps[SFS_GIT_STAMP_DOT_GIT]) &&
	    !is_other_repo(source, followed))
		return 0;
	r = followed->root ? sfs_git_repo_open(source, followed->root,
					       &news->repo, &why)
			   : sfs_git_repo_open_above(source, &news->repo, &why);
	if (r == 0) {
		followed->stamps[SFS_GIT_STAMP_DOT_GIT] = stamp;
		stamp_config(source, news->repo, followed->stamps);
	} else if (r != -ENOENT) {
		tell(followed, "repository", r, why);
	}
	return r;
}

/*
 * No index is an empty one, as in a repository just made; but one that was
 * there and vanished is one that cannot be read: the last good one stays.
 */
static int look_at_index(const struct sfs_git_source *source,
			 struct sfs_git_followed *followed,
			 struct sfs_git_news *news)
{
	const struct sfs_git_repo *repo =
		news->repo ? news->repo : followed->repo;
	SFS_CLOSE int fd = sfs_git_folder_open(source, &repo->git, "index");
	struct sfs_git_stamp *known = &followed->stamps[SFS_GIT_STAMP_INDEX];
	struct sfs_git_stamp stamp;
	const char *why = NULL;
	int r;

	stamp_file(fd, &stamp);
	if (!news->repo && followed->set && fd == -ENOENT)
		return 0;
	if (!news->repo && (followed->set || followed->unreadable) &&
	    same_stamp(&stamp, known) && tells(known))
		return 0;
	r = fd < 0 && fd != -ENOENT
		    ? fd
		    : sfs_git_set_read(source, repo, fd, &news->set,
				       &news->submodules, &why);
	/* What failed for want of something is tried again at the next look. */
	if (r == 0 || r == -EBADMSG || r == -ENOTSUP || r == -EFBIG)
		*known = stamp;
	if (r == 0) {
		followed->told = false;
		return 0;
	}
	sfs_path_list_done(&news->submodules);
	tell(followed, "index", r, why);
	return r;
}

int sfs_git_followed_look(const struct sfs_git_source *source,
			  struct sfs_git_followed *followed,
			  struct sfs_git_news *ret)
{
	int r;

	*ret = (struct sfs_git_news){ .unreadable = followed->unreadable };
	r = look_at_repo(source, followed, ret);
	if (r < 0 && !followed->repo) {
		ret->unreadable = r != -ENOENT;
		return r;
	}
	if (ret->gone)
		return 0;
	r = look_at_index(source, followed, ret);
	if (ret->set)
		ret->unreadable = false;
	else if (r < 0)
		ret->unreadable = !followed->set;
	return r;
}
