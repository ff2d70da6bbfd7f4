/* SPDX-License-Identifier: MIT */
#include "scratchfs/tracked.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include "git_follow.h"

/*
 * Each repository has a set of its own, so that a change of one index costs
 * reading that index only.  A reading is made aside, under the reload mutex,
 * and then exchanged under the write lock; the differences are copied before,
 * so that callbacks run without any lock.
 */
struct sfs_tracked {
	struct sfs_git_source source; /* mountpoint: under reload */
	pthread_mutex_t reload;
	pthread_rwlock_t lock;
	/* Written under both, read under either. */
	struct sfs_git_followed *followed[SFS_TRACKED_REPOSITORIES_MAX];
	size_t count;
	bool overflow; /* there are more; written and read as the list */
	atomic_uint_fast64_t looked_ns;
};

enum {
	CAME = '+',
	WENT = '-'
};

struct collecting {
	struct sfs_path_list *list;
	char mark;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int collect_path(void *ctx, const char *path, size_t length)
{
	struct collecting *collecting = ctx;

	return sfs_path_list_add(collecting->list, collecting->mark, path,
				 length);
}

/* changes: NULL if nobody asks.  Either set may be NULL, an empty one. */
static int collect(struct sfs_path_list *changes,
		   const struct sfs_path_set *before,
		   const struct sfs_path_set *after)
{
	int r = 0;

	if (!changes)
		return 0;
	if (after)
		r = sfs_path_set_minus(after, before, collect_path,
				       &(struct collecting){ changes, CAME });
	if (r == 0 && before)
		r = sfs_path_set_minus(before, after, collect_path,
				       &(struct collecting){ changes, WENT });
	return r;
}

static void drop(struct sfs_tracked *tracked, size_t at)
{
	struct sfs_git_followed *gone = tracked->followed[at];

	pthread_rwlock_wrlock(&tracked->lock);
	tracked->followed[at] = tracked->followed[--tracked->count];
	pthread_rwlock_unlock(&tracked->lock);
	sfs_git_followed_free(gone);
}

/* What was before is in `news` afterwards. */
static void exchange(struct sfs_tracked *tracked,
		     struct sfs_git_followed *followed,
		     struct sfs_git_news *news)
{
	struct sfs_git_repo *repo = followed->repo;
	struct sfs_path_set *set = followed->set;

	pthread_rwlock_wrlock(&tracked->lock);
	followed->unreadable = news->unreadable;
	if (news->repo) {
		followed->repo = news->repo;
		news->repo = repo;
	}
	if (news->set) {
		followed->set = news->set;
		news->set = set;
	}
	pthread_rwlock_unlock(&tracked->lock);
}

/* tracked->count if it is not followed. */
static size_t find_root(struct sfs_tracked *tracked, const char *root)
{
	size_t at = 0;

	while (at < tracked->count &&
	       (!tracked->followed[at]->root ||
		strcmp(tracked->followed[at]->root, root) != 0))
		at++;
	return at;
}

/* root: NULL for the repository above. */
static int append(struct sfs_tracked *tracked, const char *root)
{
	struct sfs_git_followed *followed;
	bool full = tracked->count == SFS_TRACKED_REPOSITORIES_MAX;
	int r = full ? 0 : sfs_git_followed_new(root, &followed);

	if (r < 0)
		return r;
	if (full && !tracked->overflow)
		sfs_msg("more than %d git repositories: %s is not followed",
			SFS_TRACKED_REPOSITORIES_MAX,
			root ? root : "the one around the source");
	pthread_rwlock_wrlock(&tracked->lock);
	if (full)
		tracked->overflow = true;
	else
		tracked->followed[tracked->count++] = followed;
	pthread_rwlock_unlock(&tracked->lock);
	return full ? -EMFILE : 0;
}

static int append_submodules(struct sfs_tracked *tracked,
			     const struct sfs_path_list *submodules)
{
	const char *at = NULL;

	while ((at = sfs_path_list_next(submodules, at))) {
		const char *root = at + 1;
		int r;

		/* Not checked out, or known. */
		if (!sfs_git_has_dot_git(&tracked->source, root) ||
		    find_root(tracked, root) < tracked->count)
			continue;
		r = append(tracked, root);
		if (r < 0)
			return r == -EMFILE ? 0 : r;
	}
	return 0;
}

/*
 * Looks at one repository, and appends its submodules to the list.  Returns
 * what the look says; -ENOENT: it was dropped from the list.
 */
static int look_at(struct sfs_tracked *tracked, size_t at,
		   struct sfs_path_list *changes)
{
	struct sfs_git_followed *followed = tracked->followed[at];
	struct sfs_git_news news;
	int r = sfs_git_followed_look(&tracked->source, followed, &news);
	int collected = 0;

	if (news.gone)
		collected = collect(changes, followed->set, NULL);
	else if (news.set)
		collected = collect(changes, followed->set, news.set);
	if (collected == 0 && news.gone) {
		drop(tracked, at);
		r = -ENOENT;
	} else if (collected == 0) {
		exchange(tracked, followed, &news);
		collected = append_submodules(tracked, &news.submodules);
		r = r == -ENOENT ? 0 : r;
	}
	if (collected < 0) {
		/* Nothing was exchanged: the next look shall find it again. */
		memset(followed->stamps, 0, sizeof(followed->stamps));
		r = collected;
	}
	sfs_git_news_done(&news);
	return r;
}

/* Looks at those from `at` on, among them those appended meanwhile. */
static int look_from(struct sfs_tracked *tracked, size_t at,
		     struct sfs_path_list *changes)
{
	while (at < tracked->count) {
		int r = look_at(tracked, at, changes);

		if (r == -ENOMEM)
			return r;
		/* The last one has taken the place of the one dropped. */
		if (r != -ENOENT)
			at++;
	}
	return 0;
}

/* A path that left one index may be in another one still. */
static void deliver(struct sfs_tracked *tracked, struct sfs_path_list *changes,
		    sfs_tracked_changed_fn *changed, void *ctx)
{
	const char *at = NULL;

	while ((at = sfs_path_list_next(changes, at)))
		if (at[0] == CAME ||
		    sfs_tracked_query(tracked, at + 1) != SFS_TRACKED_FILE)
			changed(ctx, at + 1, at[0] == CAME);
	sfs_path_list_done(changes);
}

static bool is_repository(const struct sfs_git_followed *followed)
{
	return followed->repo || followed->unreadable;
}

int sfs_tracked_new(int source_fd, const char *source_path,
		    struct sfs_tracked **ret)
{
	struct sfs_tracked *tracked = calloc(1, sizeof(*tracked));
	int r;

	if (!tracked)
		return -ENOMEM;
	pthread_mutex_init(&tracked->reload, NULL);
	pthread_rwlock_init(&tracked->lock, NULL);
	tracked->source.fd = source_fd;
	tracked->source.path = strdup(source_path);
	r = tracked->source.path ? append(tracked, "") : -ENOMEM;
	if (r == 0)
		r = look_from(tracked, 0, NULL);
	/* As git does, look further up from what is no repository. */
	if (r == 0 && !sfs_tracked_has_repository(tracked)) {
		size_t at = tracked->count;

		r = append(tracked, NULL);
		if (r == 0)
			r = look_from(tracked, at, NULL);
		if (r == 0 && !is_repository(tracked->followed[at]))
			drop(tracked, at);
	}
	if (r < 0) {
		sfs_tracked_free(tracked);
		return r;
	}
	atomic_store(&tracked->looked_ns, now_ns());
	*ret = tracked;
	return 0;
}

void sfs_tracked_free(struct sfs_tracked *tracked)
{
	if (!tracked)
		return;
	for (size_t i = 0; i < tracked->count; i++)
		sfs_git_followed_free(tracked->followed[i]);
	free(tracked->source.path);
	free(tracked->source.mountpoint);
	pthread_rwlock_destroy(&tracked->lock);
	pthread_mutex_destroy(&tracked->reload);
	free(tracked);
}

int sfs_tracked_set_mountpoint(struct sfs_tracked *tracked, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&tracked->reload);
	free(tracked->source.mountpoint);
	tracked->source.mountpoint = copy;
	pthread_mutex_unlock(&tracked->reload);
	return 0;
}

/* Can the set of a repository say anything about the path? */
static bool concerns(const struct sfs_git_followed *followed, const char *path,
		     size_t length)
{
	const char *prefix;

	if (!followed->set || !followed->repo)
		return false;
	prefix = followed->repo->prefix;
	if (strncmp(path, prefix, strlen(prefix)) == 0 || length == 0)
		return true;
	return strncmp(prefix, path, length) == 0 && prefix[length] == '/';
}

static enum sfs_tracked_kind kind_of(unsigned int bits)
{
	if (bits & (SFS_PATH_PLAIN | SFS_PATH_SPARSE))
		return SFS_TRACKED_FOLDER;
	if (bits & SFS_PATH_FILE)
		return SFS_TRACKED_FILE;
	return bits & SFS_PATH_ABOVE ? SFS_TRACKED_DOTS : SFS_TRACKED_NO;
}

enum sfs_tracked_kind sfs_tracked_query(struct sfs_tracked *tracked,
					const char *path)
{
	enum sfs_tracked_kind kind = SFS_TRACKED_NO;
	size_t length = strlen(path);

	pthread_rwlock_rdlock(&tracked->lock);
	for (size_t i = 0; i < tracked->count; i++) {
		const struct sfs_git_followed *followed = tracked->followed[i];
		enum sfs_tracked_kind says;

		if (!concerns(followed, path, length))
			continue;
		says = kind_of(sfs_path_set_find(followed->set, path, length));
		kind = says > kind ? says : kind;
	}
	pthread_rwlock_unlock(&tracked->lock);
	return kind;
}

static bool any(struct sfs_tracked *tracked,
		bool (*is)(const struct sfs_git_followed *))
{
	bool found = false;

	pthread_rwlock_rdlock(&tracked->lock);
	for (size_t i = 0; i < tracked->count && !found; i++)
		found = is(tracked->followed[i]);
	pthread_rwlock_unlock(&tracked->lock);
	return found;
}

static bool is_unreadable(const struct sfs_git_followed *followed)
{
	return followed->unreadable;
}

bool sfs_tracked_has_repository(struct sfs_tracked *tracked)
{
	return any(tracked, is_repository);
}

bool sfs_tracked_unreadable(struct sfs_tracked *tracked)
{
	bool overflow;

	pthread_rwlock_rdlock(&tracked->lock);
	overflow = tracked->overflow;
	pthread_rwlock_unlock(&tracked->lock);
	return overflow || any(tracked, is_unreadable);
}

bool sfs_tracked_is_index(struct sfs_tracked *tracked, const char *path)
{
	bool found = false;

	pthread_rwlock_rdlock(&tracked->lock);
	for (size_t i = 0; i < tracked->count && !found; i++)
		found = tracked->followed[i]->repo &&
			sfs_git_repo_has_file(tracked->followed[i]->repo, path);
	pthread_rwlock_unlock(&tracked->lock);
	return found;
}

/* Unlocks the reload mutex. */
static int refresh(struct sfs_tracked *tracked, sfs_tracked_changed_fn *changed,
		   void *ctx)
{
	struct sfs_path_list changes = { 0 };
	int r;

	atomic_store(&tracked->looked_ns, now_ns());
	r = look_from(tracked, 0, changed ? &changes : NULL);
	pthread_mutex_unlock(&tracked->reload);
	deliver(tracked, &changes, changed, ctx);
	return r;
}

int sfs_tracked_refresh(struct sfs_tracked *tracked,
			sfs_tracked_changed_fn *changed, void *ctx)
{
	pthread_mutex_lock(&tracked->reload);
	return refresh(tracked, changed, ctx);
}

int sfs_tracked_refresh_if_stale(struct sfs_tracked *tracked,
				 uint64_t interval_ns,
				 sfs_tracked_changed_fn *changed, void *ctx)
{
	uint64_t looked_ns = atomic_load(&tracked->looked_ns);

	if (now_ns() - looked_ns < interval_ns ||
	    pthread_mutex_trylock(&tracked->reload) != 0)
		return 0;
	return refresh(tracked, changed, ctx);
}

static int preview(struct sfs_tracked *tracked, const char *index_path, int fd,
		   struct sfs_path_list *changes)
{
	struct sfs_path_list submodules = { 0 };
	struct sfs_git_followed *followed = NULL;
	struct sfs_path_set *set = NULL;
	const char *why;
	int r;

	for (size_t i = 0; i < tracked->count && !followed; i++)
		if (tracked->followed[i]->repo &&
		    sfs_git_repo_has_index(tracked->followed[i]->repo,
					   index_path))
			followed = tracked->followed[i];
	if (!followed)
		return -ENOENT;
	r = sfs_git_set_read(&tracked->source, followed->repo, fd, &set,
			     &submodules, &why);
	if (r == 0)
		r = sfs_path_set_minus(set, followed->set, collect_path,
				       &(struct collecting){ changes, CAME });
	sfs_path_set_free(set);
	sfs_path_list_done(&submodules);
	return r;
}

int sfs_tracked_preview(struct sfs_tracked *tracked, const char *index_path,
			int fd, sfs_tracked_changed_fn *added, void *ctx)
{
	struct sfs_path_list changes = { 0 };
	int r;

	pthread_mutex_lock(&tracked->reload);
	r = preview(tracked, index_path, fd, &changes);
	pthread_mutex_unlock(&tracked->reload);
	if (r == 0)
		deliver(tracked, &changes, added, ctx);
	sfs_path_list_done(&changes);
	return r;
}

int sfs_tracked_add_repository(struct sfs_tracked *tracked, const char *path,
			       sfs_tracked_changed_fn *changed, void *ctx)
{
	struct sfs_path_list changes = { 0 };
	struct sfs_path_list *wanted = changed ? &changes : NULL;
	size_t at, count;
	int r = 0;

	pthread_mutex_lock(&tracked->reload);
	count = tracked->count;
	at = find_root(tracked, path);
	if (at == count)
		r = append(tracked, path);
	if (r == 0)
		r = look_at(tracked, at, wanted);
	if (r != -ENOMEM && look_from(tracked, count, wanted) == -ENOMEM)
		r = -ENOMEM;
	pthread_mutex_unlock(&tracked->reload);
	deliver(tracked, &changes, changed, ctx);
	return r;
}
