/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_COMMAND_H
#define SCRATCHFS_COMMAND_H

/*
 * A command is one file, fs/cli/cmd_<verb>.c, with one function, declared here
 * and listed in the table in fs/main.c.
 *
 * run() gets its own name as argv[0], so that getopt works as everywhere, and
 * returns the exit status of the program.
 */
enum sfs_exit {
	SFS_EXIT_OK = 0,
	SFS_EXIT_FAILED = 1,
	SFS_EXIT_USAGE = 2, /* also: a configuration that is wrong */
};

struct sfs_command {
	const char *name;
	int (*run)(int argc, char **argv);
};

/* scratchfs [OPTIONS] SOURCE MOUNTPOINT: what happens without a command. */
int sfs_cmd_mount(int argc, char **argv);

int sfs_cmd_umount(int argc, char **argv);
/* scratchfs run SOURCE COMMAND: exits as the command does. */
int sfs_cmd_run(int argc, char **argv);
int sfs_cmd_list(int argc, char **argv);
int sfs_cmd_status(int argc, char **argv);
int sfs_cmd_diff(int argc, char **argv);
int sfs_cmd_keep(int argc, char **argv);
/* Exit 0: nothing found, 1: something, 2: trouble. */
int sfs_cmd_audit(int argc, char **argv);
int sfs_cmd_absorb(int argc, char **argv);
/* Exit 1: something does not work here. */
int sfs_cmd_doctor(int argc, char **argv);
int sfs_cmd_explain(int argc, char **argv);
/* scratchfs volume VERB ...; podman's exit statuses. */
int sfs_cmd_volume(int argc, char **argv);
/* scratchfs prune: collects abandoned stores. */
int sfs_cmd_prune(int argc, char **argv);

/* The answer to --help, on stdout; main.c.  Returns the exit status. */
int sfs_cmd_help(void);

#endif
