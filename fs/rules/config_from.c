/* SPDX-License-Identifier: MIT */
#include "config_reader.h"

#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

/*
 * scratch_from.  A plain name (.gitignore) is taken over wherever it stands in
 * the source; a path (.git/info/exclude) is that one file.
 *
 * The walk visits a folder before what is in it, so that a deeper file comes
 * later and wins, as in git.  It does not enter .git, other file systems, or
 * what the files above ignore.  Those decide each on its own, the deepest first:
 * compiling them together would have to be done anew for every folder.
 */
#define LEVELS_MAX 256u

/* A file above, and what of its patterns is alive in a folder. */
struct above {
	struct sfs_rules *rules;
	sfs_rules_state state;
};

struct walk {
	struct sfs_config_reader *reader;
	const struct sfs_yaml_node *entry;
	size_t folders;
	size_t found;
};

struct folder {
	const char *path; /* relative to the source; "" */
	unsigned level;
	struct above *above; /* the deepest last; its own is the last */
	size_t above_count;
	struct sfs_rules *own;	  /* of the file in this folder, or NULL */
	struct sfs_strings names; /* subfolders that are not ignored */
};

/* The same as open_folder() where there is no openat2(2); crosses mounts. */
static int open_by_steps(int source_fd, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	SFS_CLOSE int fd = openat(source_fd, ".", flags);

	while (fd >= 0 && *path) {
		char name[NAME_MAX + 1];
		size_t length = strcspn(path, "/");

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		path += length + (path[length] == '/');

		int next = openat(fd, *name ? name : ".", flags);

		close(fd);
		fd = next;
	}
	return fd < 0 ? -errno : sfs_steal_fd(&fd);
}

/* Opens a folder below the source without following a symlink or a mount. */
static int open_folder(int source_fd, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve =
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, source_fd, *path ? path : ".", &how,
			  sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_by_steps(source_fd, path);
	return fd < 0 ? -errno : (int)fd;
}

static bool is_plain_name(const char *path)
{
	return !strchr(path, '/') && strcmp(path, "..") != 0 &&
	       strcmp(path, ".") != 0;
}

/* Whether a component of path is "..". */
static bool has_dotdot(const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += length + (path[length] == '/');
	}
	return false;
}

int sfs_config_check_from(const struct sfs_config_reader *reader,
			  const struct sfs_yaml_node *entry)
{
	if (entry->kind != SFS_YAML_SCALAR || *entry->text == '\0')
		return sfs_config_complain(reader, entry,
					   "an entry of 'scratch_from' must "
					   "be a file's name; this is none; "
					   "write .gitignore");
	if (reader->trusted ||
	    (entry->text[0] != '/' && !has_dotdot(entry->text)))
		return 0;
	return sfs_config_complain(reader, entry,
				   "'%s' is outside the source; the source's "
				   "own configuration may not name it; use a "
				   "relative path, or --config",
				   entry->text);
}

/* ---- one file ---- */

/* What sfs_rules_add_file() could not do with a file that is there. */
static int explain_failure(const struct sfs_config_reader *reader,
			   const struct sfs_yaml_node *entry, const char *shown,
			   int error, unsigned int line, const char *why)
{
	if (error == -ENOMEM)
		return error;
	if (error == -EFBIG)
		why = "it has more than 1 MiB";
	else if (error != -E2BIG)
		why = strerrordesc_np(-error);
	if (line)
		return sfs_config_complain(reader, entry,
					   "cannot take over %s:%u; %s; mend "
					   "that file or leave it out",
					   shown, line, why);
	return sfs_config_complain(reader, entry,
				   "cannot take over %s; %s; mend that file "
				   "or leave it out",
				   shown, why);
}

/*
 * Adds the patterns of the file `name` in dirfd.  shown is its path relative to
 * the source, or absolute.  0; 1: it is not there, or no ignore file (git passes
 * over such a one); -EINVAL (said), -ENOMEM.
 */
static int add_file(struct sfs_config_reader *reader,
		    const struct sfs_yaml_node *entry, int dirfd,
		    const char *name, const char *shown, const char *base)
{
	struct sfs_config *config = reader->config;
	const struct sfs_rule template = {
		.from = shown,
		.base = base,
		.existing = SFS_EXISTING_CORE,
	};
	unsigned int line = 0;
	const char *why = "";
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return 1;
	r = sfs_rules_add_file(config->scratch, dirfd, name, &template, &line,
			       &why);
	if (r == 0 && sfs_config_patterns(config) > SFS_CONFIG_PATTERNS_MAX) {
		r = -E2BIG;
		why = "all patterns together are more than 10000";
	}
	if (r < 0)
		return explain_failure(reader, entry, shown, r, line, why);
	return sfs_config_add_file(config, shown, *shown != '/', &st);
}

/*
 * A path names one file.  Its patterns count from the folder it is in; those of
 * a file in .git or outside the source, from the source.
 */
static int take_one(struct sfs_config_reader *reader,
		    const struct sfs_yaml_node *entry)
{
	const char *path = entry->text;
	const char *name;
	SFS_FREE char *folder = NULL;
	SFS_CLOSE int fd = -1;
	int r = 1;

	while (strncmp(path, "./", 2) == 0)
		path += 2;
	name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	folder = strndup(path, (size_t)(name - path));
	if (!folder)
		return -ENOMEM;
	if (*path == '/' || has_dotdot(path))
		fd = openat(reader->source_fd, folder,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		fd = open_folder(reader->source_fd, folder);
	if (name > path + 1)
		folder[name - path - 1] = '\0';
	if (fd >= 0)
		r = add_file(reader, entry, fd, name, path,
			     *path == '/' || has_dotdot(path) ||
					     strncmp(path, ".git/", 5) == 0
				     ? ""
				     : folder);
	if (r == 1)
		return sfs_config_complain(reader, entry,
					   "cannot take over '%s'; there is "
					   "no such file (symlinks are not "
					   "followed); correct or remove it",
					   entry->text);
	return r;
}

/* ---- nested files ---- */

static char *join(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", name) < 0)
		return NULL;
	return path;
}

/* Whether the files above ignore the subfolder. */
static bool is_ignored(const struct folder *folder, const char *name)
{
	for (size_t i = folder->above_count; i-- > 0;) {
		const struct above *above = &folder->above[i];
		int rule = sfs_rules_match_any(above->rules, above->state, name,
					       true);

		if (rule >= 0)
			return !sfs_rules_get(above->rules, rule)->negated;
	}
	return false;
}

static bool is_folder(int dirfd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Compiles the rules from first on, as they count from their own folder. */
static int compile_own(const struct sfs_rules *all, int first,
		       struct sfs_rules **ret)
{
	struct sfs_rules *own;
	const char *why;
	int r = sfs_rules_new(&own);

	if (r < 0)
		return r;
	for (int i = first; i < sfs_rules_count(all) && r >= 0; i++) {
		struct sfs_rule rule = *sfs_rules_get(all, i);

		rule.base = "";
		r = sfs_rules_add(own, &rule, &why);
	}
	if (r >= 0)
		r = sfs_rules_compile(own);
	if (r < 0) {
		sfs_rules_free(own);
		return r;
	}
	*ret = own;
	return 0;
}

/* Takes over the folder's own file, if it has one. */
static int take_own(struct walk *walk, struct folder *folder, int fd)
{
	const struct sfs_rules *all = walk->reader->config->scratch;
	const char *name = walk->entry->text;
	SFS_FREE char *path = join(folder->path, name);
	int first = sfs_rules_count(all);
	int r;

	if (!path)
		return -ENOMEM;
	r = add_file(walk->reader, walk->entry, fd, name, path, folder->path);
	if (r != 0)
		return r < 0 ? r : 0;
	walk->found++;
	if (sfs_rules_count(all) == first)
		return 0;
	r = compile_own(all, first, &folder->own);
	if (r == 0)
		folder->above[folder->above_count++] = (struct above){
			folder->own,
			SFS_RULES_ROOT,
		};
	return r;
}

/* Reads the folder.  One that cannot be opened is not ours, or gone. */
static int read_folder(struct walk *walk, struct folder *folder)
{
	int fd = open_folder(walk->reader->source_fd, folder->path);
	SFS_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	r = take_own(walk, folder, fd);
	while (r == 0 && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(name, ".git") != 0 && is_folder(fd, entry) &&
		    !is_ignored(folder, name))
			r = sfs_strings_add(&folder->names, name);
	}
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int visit(struct walk *walk, const struct folder *parent,
		 const char *name);

static int visit_subfolders(struct walk *walk, struct folder *folder)
{
	int r = 0;

	walk->folders += folder->names.count;
	if (walk->folders > SFS_CONFIG_FOLDERS_MAX ||
	    (folder->level == LEVELS_MAX && folder->names.count > 0))
		return sfs_config_complain(
			walk->reader, walk->entry,
			"'%s' is looked for in more than %u folders, or more "
			"than %u levels deep; that is too much for a mount; "
			"ignore large folders in it, or name the files by "
			"their paths (./%s)",
			walk->entry->text, SFS_CONFIG_FOLDERS_MAX, LEVELS_MAX,
			walk->entry->text);
	if (folder->names.count > 0)
		qsort(folder->names.items, folder->names.count,
		      sizeof(*folder->names.items), compare_names);
	for (size_t i = 0; i < folder->names.count && r == 0; i++)
		r = visit(walk, folder, folder->names.items[i]);
	return r;
}

/* Recursion is bounded by LEVELS_MAX.  parent is NULL for the source. */
static int visit(struct walk *walk, const struct folder *parent,
		 const char *name)
{
	size_t count = parent ? parent->above_count : 0;
	SFS_FREE char *path = join(parent ? parent->path : "", name);
	SFS_FREE struct above *above = calloc(count + 1, sizeof(*above));
	struct folder folder = {
		.path = path,
		.level = parent ? parent->level + 1 : 0,
		.above = above,
		.above_count = count,
	};
	int r = 0;

	if (!path || !above)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		above[i].rules = parent->above[i].rules;
		r = sfs_rules_enter(above[i].rules, parent->above[i].state,
				    name, &above[i].state);
	}
	if (r == 0)
		r = read_folder(walk, &folder);
	if (r == 0)
		r = visit_subfolders(walk, &folder);
	sfs_strings_done(&folder.names);
	sfs_rules_free(folder.own);
	return r;
}

static int take_nested(struct sfs_config_reader *reader,
		       const struct sfs_yaml_node *entry)
{
	struct walk walk = { .reader = reader, .entry = entry };
	int r = visit(&walk, NULL, "");

	if (r == 0 && walk.found == 0)
		sfs_msg("%s:%zu: there is no %s in the source to take over",
			reader->from_name, entry->line, entry->text);
	return r;
}

int sfs_config_take_over(struct sfs_config_reader *reader,
			 const struct sfs_yaml_node *entry)
{
	int r = sfs_config_check_from(reader, entry);

	if (r < 0)
		return r;
	return is_plain_name(entry->text) ? take_nested(reader, entry)
					  : take_one(reader, entry);
}
