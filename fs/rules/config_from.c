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
 * The walk goes level by level, so that a deeper file comes later and wins, as
 * in git.  It does not enter .git, other file systems, or what the files found
 * so far ignore: for that each level compiles a list of its own.
 */
struct walk {
	struct sfs_config_reader *reader;
	const struct sfs_yaml_node *entry;
	int first;		/* in config->scratch: the first of this walk */
	struct sfs_rules *seen; /* what the levels above ignore */
	struct sfs_strings level; /* folders, relative to the source; "" */
	struct sfs_strings below;
	size_t folders;
	size_t found;
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

/* Puts a folder into the next level unless it is ignored. */
static int add_folder(struct walk *walk, const char *folder, const char *name)
{
	SFS_FREE char *path = join(folder, name);
	size_t length;
	int rule = -1;
	int r = 0;

	if (!path)
		return -ENOMEM;
	if (walk->seen)
		r = sfs_rules_walk(walk->seen, path, true, &rule, &length);
	if (r == -ENOMEM || rule >= 0)
		return r;
	if (++walk->folders > SFS_CONFIG_FOLDERS_MAX)
		return sfs_config_complain(
			walk->reader, walk->entry,
			"'%s' is looked for in more than %u folders; that is "
			"too much for a mount; ignore large folders in it, or "
			"name the files by their paths (./%s)",
			walk->entry->text, SFS_CONFIG_FOLDERS_MAX,
			walk->entry->text);
	return sfs_strings_add(&walk->below, path);
}

static bool is_folder(int dirfd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Adds the folder's own file, then its subfolders to the next level. */
static int visit_files(struct walk *walk, const char *folder)
{
	const char *name = walk->entry->text;
	SFS_CLOSE int fd = open_folder(walk->reader->source_fd, folder);
	SFS_FREE char *path = join(folder, name);
	int r;

	if (!path)
		return -ENOMEM;
	if (fd < 0)
		return 0; /* not ours to read, a mount, or gone */
	r = add_file(walk->reader, walk->entry, fd, name, path, folder);
	walk->found += r == 0;
	return r < 0 ? r : 0;
}

static int visit_folders(struct walk *walk, const char *folder)
{
	int fd = open_folder(walk->reader->source_fd, folder);
	SFS_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strcmp(name, ".git") == 0 || !is_folder(fd, entry))
			continue;
		r = add_folder(walk, folder, name);
	}
	return r;
}

/* Compiles what this walk has found so far. */
static int compile_seen(struct walk *walk)
{
	const struct sfs_rules *all = walk->reader->config->scratch;
	int count = sfs_rules_count(all);
	int r;

	if (walk->seen && sfs_rules_count(walk->seen) == count - walk->first)
		return 0;
	sfs_rules_free(walk->seen);
	walk->seen = NULL;
	r = sfs_rules_new(&walk->seen);
	for (int i = walk->first; i < count && r == 0; i++) {
		const char *why;

		r = sfs_rules_add(walk->seen, sfs_rules_get(all, i), &why);
	}
	return r < 0 ? r : sfs_rules_compile(walk->seen);
}

static int walk_level(struct walk *walk)
{
	int r = 0;

	for (size_t i = 0; i < walk->level.count && r == 0; i++)
		r = visit_files(walk, walk->level.items[i]);
	if (r == 0)
		r = compile_seen(walk);
	for (size_t i = 0; i < walk->level.count && r == 0; i++)
		r = visit_folders(walk, walk->level.items[i]);
	return r;
}

static int take_nested(struct sfs_config_reader *reader,
		       const struct sfs_yaml_node *entry)
{
	struct walk walk = {
		.reader = reader,
		.entry = entry,
		.first = sfs_rules_count(reader->config->scratch),
	};
	int r = sfs_strings_add(&walk.level, "");

	while (r == 0 && walk.level.count > 0) {
		r = walk_level(&walk);
		sfs_strings_done(&walk.level);
		walk.level = walk.below;
		walk.below = (struct sfs_strings){ 0 };
	}
	sfs_strings_done(&walk.level);
	sfs_rules_free(walk.seen);
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
