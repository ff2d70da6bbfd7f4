/* SPDX-License-Identifier: MIT */
#include "scratchfs/config.h"

#include "config_reader.h"
#include "scratchfs/cleanup.h"
#include "scratchfs/msg.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* ---- small parts ---- */

int sfs_strings_add(struct sfs_strings *strings, const char *item)
{
	char **items = reallocarray(strings->items, strings->count + 1,
				    sizeof(*items));

	if (!items)
		return -ENOMEM;
	strings->items = items;
	items[strings->count] = strdup(item);
	if (!items[strings->count])
		return -ENOMEM;
	strings->count++;
	return 0;
}

void sfs_strings_done(struct sfs_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct sfs_strings){ 0 };
}

bool sfs_config_volume_name_ok(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "0123456789._-");

	return length > 0 && length <= 63 && name[length] == '\0' &&
	       !strchr("._-", name[0]);
}

void sfs_config_init(struct sfs_config *config)
{
	*config = (struct sfs_config){
		.border_copy_bytes = SFS_CONFIG_BORDER_COPY_MAX_DEFAULT,
	};
}

void sfs_config_done(struct sfs_config *config)
{
	free(config->source);
	free(config->mountpoint);
	free(config->config_path);
	free(config->volume);
	free(config->store_dir);
	sfs_strings_done(&config->profiles);
	sfs_strings_done(&config->cli_scratch);
	sfs_strings_done(&config->cli_readonly);
	sfs_rules_free(config->scratch);
	sfs_rules_free(config->readonly);
	for (size_t i = 0; i < config->volume_count; i++) {
		free(config->volumes[i].name);
		free(config->volumes[i].from);
	}
	free(config->volumes);
	for (size_t i = 0; i < config->file_count; i++)
		free(config->files[i].path);
	free(config->files);
	*config = (struct sfs_config){ 0 };
}

const struct sfs_volume_spec *sfs_config_volume(const struct sfs_config *config,
						const char *name)
{
	for (size_t i = 0; i < config->volume_count; i++)
		if (strcmp(config->volumes[i].name, name) == 0)
			return &config->volumes[i];
	return NULL;
}

char *sfs_config_mount_options(const struct sfs_config *config)
{
	char *text = NULL;
	int n = asprintf(&text, "%s%s%s%s%s%s%s%s%s", config->ro ? "ro" : "rw",
			 config->suid ? "" : ",nosuid",
			 config->dev ? "" : ",nodev",
			 config->noexec ? ",noexec" : "",
			 config->noatime ? ",noatime" : "",
			 config->nodiratime ? ",nodiratime" : "",
			 config->sync ? ",sync" : "",
			 config->dirsync ? ",dirsync" : "",
			 config->allow_other ? ",allow_other" : "");

	return n < 0 ? NULL : text;
}

size_t sfs_config_patterns(const struct sfs_config *config)
{
	return (size_t)sfs_rules_count(config->scratch) +
	       (size_t)sfs_rules_count(config->readonly);
}

int sfs_config_add_volume(struct sfs_config *config, const char *name,
			  const char *from, struct sfs_volume_spec **ret)
{
	struct sfs_volume_spec *volumes;
	SFS_FREE char *name_copy = NULL;
	SFS_FREE char *from_copy = NULL;

	for (size_t i = 0; i < config->volume_count; i++)
		if (strcmp(config->volumes[i].name, name) == 0) {
			*ret = &config->volumes[i];
			return 0;
		}
	name_copy = strdup(name);
	from_copy = strdup(from ? from : "command line");
	volumes = reallocarray(config->volumes, config->volume_count + 1,
			       sizeof(*volumes));
	if (volumes)
		config->volumes = volumes;
	if (!volumes || !name_copy || !from_copy)
		return -ENOMEM;
	*ret = &volumes[config->volume_count++];
	**ret = (struct sfs_volume_spec){
		.name = sfs_steal_ptr(&name_copy),
		.from = sfs_steal_ptr(&from_copy),
	};
	return 0;
}

/* ---- the files that rules came from ---- */

int sfs_config_add_file(struct sfs_config *config, const char *path,
			bool in_source, const struct stat *st)
{
	struct sfs_rule_file *files = reallocarray(
		config->files, config->file_count + 1, sizeof(*files));
	char *copy = strdup(path);

	if (files)
		config->files = files;
	if (!files || !copy) {
		free(copy);
		return -ENOMEM;
	}
	files[config->file_count++] = (struct sfs_rule_file){
		.path = copy,
		.in_source = in_source,
		.mtime = st->st_mtim,
		.size_bytes = st->st_size,
	};
	return 0;
}

bool sfs_config_file_changed(const struct sfs_rule_file *file, int source_fd)
{
	struct stat st;

	if (fstatat(file->in_source ? source_fd : AT_FDCWD, file->path, &st,
		    0) < 0)
		return true;
	return st.st_size != file->size_bytes ||
	       st.st_mtim.tv_sec != file->mtime.tv_sec ||
	       st.st_mtim.tv_nsec != file->mtime.tv_nsec;
}

void sfs_config_announce(const struct sfs_config *config)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < config->file_count; i++)
		if (config->files[i].in_source && count++ == 0)
			first = config->files[i].path;
	if (count == 1)
		sfs_msg("took rules from %s in the source", first);
	else if (count > 1)
		sfs_msg("took rules from %s and %zu more files in the source",
			first, count - 1);
}

/* ---- loading ---- */

static const char *const builtin[] = { ".tmp*", "logs", "__pycache__" };

/* Reads up to one byte more than a configuration may have. */
static int read_text(int fd, const char *name, char **ret_text,
		     size_t *ret_size)
{
	SFS_FREE char *text = malloc(SFS_CONFIG_FILE_BYTES_MAX + 1);
	size_t size = 0;
	ssize_t n = 1;

	if (!text)
		return -ENOMEM;
	while (size <= SFS_CONFIG_FILE_BYTES_MAX && n > 0) {
		n = read(fd, text + size, SFS_CONFIG_FILE_BYTES_MAX + 1 - size);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0) {
			sfs_msg_errno(errno, "%s", name);
			return -EINVAL;
		} else {
			size += (size_t)n;
		}
	}
	*ret_text = sfs_steal_ptr(&text);
	*ret_size = size;
	return 0;
}

static int read_open_file(struct sfs_config_reader *reader, int fd)
{
	struct sfs_document *document = &reader->document;
	SFS_FREE char *text = NULL;
	int r = read_text(fd, document->name, &text, &document->size);

	if (r < 0)
		return r;
	document->text = text;
	if (document->size > SFS_CONFIG_FILE_BYTES_MAX) {
		size_t line, column;

		sfs_document_locate(document, SFS_CONFIG_FILE_BYTES_MAX, &line,
				    &column);
		return sfs_complain(document, line, column,
				    "the file is too big; a configuration "
				    "may have 1 MiB; use fewer patterns");
	}
	return sfs_config_read(reader);
}

/* --config FILE: trusted, any path. */
static int load_trusted(struct sfs_config *config, int source_fd)
{
	const char *path = config->config_path;
	SFS_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	SFS_FREE char *real = fd < 0 ? NULL : realpath(path, NULL);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		sfs_msg_errno(errno, "--config %s", path);
		return -EINVAL;
	}
	if (S_ISREG(st.st_mode)) {
		int r = sfs_config_add_file(config, real ? real : path, false,
					    &st);
		if (r < 0)
			return r;
	}
	return read_open_file(
		&(struct sfs_config_reader){
			.config = config,
			.document.name = path,
			.from_name = path,
			.trusted = true,
			.source_fd = source_fd,
		},
		fd);
}

/*
 * The source's own configuration may be missing, and may be anything: opened
 * without following a symlink or waiting for a FIFO.  A descriptor, -ENOENT, or
 * -EINVAL (said).
 */
static int open_untrusted(int source_fd, const char *name, struct stat *ret_st)
{
	SFS_CLOSE int fd = openat(source_fd, SFS_CONFIG_FILE_NAME,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && errno == ELOOP) {
		sfs_msg("%s: it is a symlink, and the source's own "
			"configuration must be a file; name it with --config",
			name);
		return -EINVAL;
	}
	if (fd < 0 || fstat(fd, ret_st) < 0) {
		sfs_msg_errno(errno, "%s", name);
		return -EINVAL;
	}
	if (!S_ISREG(ret_st->st_mode)) {
		sfs_msg("%s: it is not a regular file; remove it or use "
			"--no-config",
			name);
		return -EINVAL;
	}
	return sfs_steal_fd(&fd);
}

static int load_untrusted(struct sfs_config *config, int source_fd)
{
	const char *source = config->source ? config->source : ".";
	int length = (int)strlen(source);
	SFS_FREE char *name = NULL;
	SFS_CLOSE int fd = -1;
	struct stat st;
	int r;

	while (length > 1 && source[length - 1] == '/')
		length--;
	if (asprintf(&name, "%.*s%s%s", length, source,
		     source[length - 1] == '/' ? "" : "/",
		     SFS_CONFIG_FILE_NAME) < 0)
		return -ENOMEM;
	fd = open_untrusted(source_fd, name, &st);
	if (fd < 0)
		return fd;
	r = sfs_config_add_file(config, SFS_CONFIG_FILE_NAME, true, &st);
	if (r < 0)
		return r;
	return read_open_file(
		&(struct sfs_config_reader){
			.config = config,
			.document.name = name,
			.from_name = SFS_CONFIG_FILE_NAME,
			.source_fd = source_fd,
		},
		fd);
}

int sfs_config_add_builtin(struct sfs_config *config)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		const char *why;
		int r = sfs_rules_add(config->scratch,
				      &(struct sfs_rule){
					      .glob = builtin[i],
					      .from = "built-in",
					      .builtin = true,
				      },
				      &why);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without a file: the built-in patterns, and no profile to choose. */
static int load_nothing(struct sfs_config *config)
{
	if (config->profiles.count == 0)
		return sfs_config_add_builtin(config);
	sfs_msg("--profile %s: there is no configuration that could have it; "
		"name one with --config",
		config->profiles.items[0]);
	return -EINVAL;
}

static int load_file(struct sfs_config *config, int source_fd)
{
	int r = -ENOENT;

	if (config->config_path)
		return load_trusted(config, source_fd);
	if (!config->no_config)
		r = load_untrusted(config, source_fd);
	return r == -ENOENT ? load_nothing(config) : r;
}

/* The patterns of the command line; option is the one that gave them. */
static int add_given(struct sfs_config *config, struct sfs_rules *rules,
		     const struct sfs_strings *globs, const char *option)
{
	for (size_t i = 0; i < globs->count; i++) {
		const struct sfs_rule rule = {
			.glob = globs->items[i],
			.from = "command line",
		};
		const char *why = "too many patterns";
		int r = -E2BIG;

		if (sfs_config_patterns(config) < SFS_CONFIG_PATTERNS_MAX)
			r = sfs_rules_add(rules, &rule, &why);
		if (r == -ENOMEM)
			return r;
		if (r == 0)
			continue;
		sfs_msg("--%s '%s': bad pattern; %s; patterns are those of "
			"gitignore(5)",
			option, rule.glob,
			r == 1 ? "it is empty or a comment" : why);
		return -EINVAL;
	}
	return 0;
}

/* Every volume that a rule or --volume names is in config->volumes, used. */
static int collect_volumes(struct sfs_config *config)
{
	struct sfs_volume_spec *volume;
	int r;

	for (int i = 0; i < sfs_rules_count(config->scratch); i++) {
		const struct sfs_rule *rule = sfs_rules_get(config->scratch, i);

		if (!rule->volume)
			continue;
		r = sfs_config_add_volume(config, rule->volume, rule->from,
					  &volume);
		if (r < 0)
			return r;
		volume->used = true;
	}
	if (!config->volume)
		return 0;
	r = sfs_config_add_volume(config, config->volume, NULL, &volume);
	if (r == 0)
		volume->used = true;
	return r;
}

int sfs_config_load(struct sfs_config *config, int source_fd)
{
	int r = sfs_rules_new(&config->scratch);

	if (r == 0)
		r = sfs_rules_new(&config->readonly);
	if (r == 0)
		r = load_file(config, source_fd);
	if (r == 0)
		r = add_given(config, config->scratch, &config->cli_scratch,
			      "scratch");
	if (r == 0)
		r = add_given(config, config->readonly, &config->cli_readonly,
			      "readonly");
	if (r == 0)
		r = collect_volumes(config);
	if (r < 0)
		return r;
	config->pattern_count = sfs_config_patterns(config);
	r = sfs_rules_compile(config->scratch);
	return r < 0 ? r : sfs_rules_compile(config->readonly);
}
