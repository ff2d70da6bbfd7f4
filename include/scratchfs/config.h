/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_CONFIG_H
#define SCRATCHFS_CONFIG_H

/*
 * Everything a mount needs to know, in two steps:
 *
 *	struct sfs_config config;
 *	sfs_config_init(&config);
 *	sfs_options_parse(&config, argc, argv, ...);	scratchfs/options.h
 *	sfs_config_load(&config, source_fd);
 *	... config.scratch, config.readonly ...
 *	sfs_config_done(&config);
 *
 * The command line is read first because it says which configuration to read,
 * but it has the last word: its rules come last, its values win.
 *
 * A configuration found in the source (SOURCE/.scratchfs.yaml) came with
 * somebody's repository and is untrusted: it can name nothing outside the
 * source.  One given by --config is trusted.
 *
 * Plain data, no lock: filled by one thread, read-only from then on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct sfs_rules;

#define SFS_CONFIG_FILE_NAME ".scratchfs.yaml"

/* Bounds of every input. */
#define SFS_CONFIG_FILE_BYTES_MAX	   (1u << 20)
#define SFS_CONFIG_DEPTH_MAX		   16u
#define SFS_CONFIG_PATTERNS_MAX		   10000u
#define SFS_CONFIG_PATTERN_LEN_MAX	   4096u
#define SFS_CONFIG_FOLDERS_MAX		   200000u
#define SFS_CONFIG_BORDER_COPY_MAX_DEFAULT (64ull << 20)

enum sfs_cache_mode {
	SFS_CACHE_AUTO,
	SFS_CACHE_STRICT
};
enum sfs_io_mode {
	SFS_IO_AUTO,
	SFS_IO_CACHED,
	SFS_IO_PASSTHROUGH
};
enum sfs_transport_mode {
	SFS_TRANSPORT_AUTO,
	SFS_TRANSPORT_DEV,
	SFS_TRANSPORT_URING
};
enum sfs_locks_mode {
	SFS_LOCKS_LOCAL,
	SFS_LOCKS_SHARED
};
enum sfs_events_mode {
	SFS_EVENTS_AUTO,
	SFS_EVENTS_OFF
};

/* A growing list of owned strings. */
struct sfs_strings {
	char **items;
	size_t count;
};

/* A volume that a rule names or the configuration describes. */
struct sfs_volume_spec {
	char *name;
	bool has_size;
	uint64_t size_bytes;
	bool used;  /* a rule of this mount (or --volume) puts files there */
	char *from; /* "FILE:LINE" of what named it first */
};

/* A file that rules came from, as it was when it was read. */
struct sfs_rule_file {
	char *path; /* relative to the source if in_source, else absolute */
	bool in_source;
	struct timespec mtime;
	off_t size_bytes;
};

struct sfs_config {
	/* operands */
	char *source;	  /* as given */
	char *mountpoint; /* as given; NULL where the command has none */

	/* where rules come from */
	char *config_path; /* --config, or NULL */
	bool no_config;
	struct sfs_strings profiles; /* laid over the rest in this order */
	struct sfs_strings cli_scratch;
	struct sfs_strings cli_readonly;

	/* the store of everything that has no volume of its own */
	char *volume;	      /* --volume, or NULL: ephemeral */
	char *store_dir;      /* --store DIR, or NULL: the default place */
	bool store_tmpfs;     /* --store tmpfs[:SIZE] */
	uint64_t tmpfs_bytes; /* 0: no SIZE given */
	uint64_t size_bytes;  /* --size; 0: no limit */
	bool fresh;	      /* discard the store of a dead mount */

	/* mount options of the kernel; see sfs_config_mount_options() */
	bool ro, allow_other, suid, dev, noexec;
	bool noatime, nodiratime, sync, dirsync;

	enum sfs_cache_mode cache;
	enum sfs_io_mode io;
	enum sfs_transport_mode transport;
	enum sfs_locks_mode locks;
	enum sfs_events_mode events;
	uint64_t border_copy_bytes; /* more is not copied without reflink */

	bool foreground, debug, help, version;
	/* `run`: the mount point is only passed through; the view is shown at
	 * the source's own path, in another mount namespace. */
	bool passes_through;

	/* Bit i: option i of the table was given on the command line. */
	uint64_t given;

	/* what sfs_config_load() makes of it; owned by the config */
	struct sfs_rules *scratch;
	struct sfs_rules *readonly;
	struct sfs_volume_spec *volumes;
	size_t volume_count;
	struct sfs_rule_file *files;
	size_t file_count;
	size_t pattern_count;
};

/* Defaults: no operands, no rules, everything automatic. */
void sfs_config_init(struct sfs_config *config);
/* Frees all it owns, rules too.  What was taken out (set to NULL) is not. */
void sfs_config_done(struct sfs_config *config);

/*
 * Reads the configuration, lays the profiles over it, takes over the files of
 * scratch_from, adds the command line's patterns, and compiles the rules.
 * source_fd is a descriptor of the source's root (O_PATH will do).
 * Returns 0; -EINVAL after one diagnostic was printed on stderr (exit status
 * 2), also when a file that was asked for cannot be read; -ENOMEM.  The config
 * is good only for sfs_config_done() after a failure.
 *
 * A diagnostic is `FILE:LINE:COLUMN: what; why; what to do`, the line, and a
 * line with a caret.
 */
int sfs_config_load(struct sfs_config *config, int source_fd);

/* One line on stderr if rules came from files in the source. */
void sfs_config_announce(const struct sfs_config *config);

/* Whether a file that rules came from has changed or gone. */
bool sfs_config_file_changed(const struct sfs_rule_file *file, int source_fd);

/* The volume called name, or NULL. */
const struct sfs_volume_spec *sfs_config_volume(const struct sfs_config *config,
						const char *name);

/*
 * The options for mount(2) or fusermount3, as "nosuid,nodev,allow_other":
 * to be freed by the caller.  NULL: out of memory.
 */
char *sfs_config_mount_options(const struct sfs_config *config);

/* [a-z0-9][a-z0-9._-]{0,62} */
bool sfs_config_volume_name_ok(const char *name);

/*
 * "64M", "1GiB", "4096": bytes, with K M G T for powers of 1024; not 0.
 * Returns 0, -EINVAL (not a size) or -ERANGE.
 */
int sfs_config_parse_size(const char *text, uint64_t *ret_bytes);

/* Appends a copy of item.  Returns 0 or -ENOMEM. */
int sfs_strings_add(struct sfs_strings *strings, const char *item);
void sfs_strings_done(struct sfs_strings *strings);

#endif
