/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program nook: its commands, and what every command is given.
 *
 * A command is one file src/cli/NAME.c that defines `nk_command_NAME`, with a
 * table of options and a run function. The function gets argv[0] = NAME and
 * answers the exit code. It begins with
 *
 *	int exit_code, first = nk_cli_options(cli, &nk_command_NAME, argc, argv, &mine, &exit_code);
 *	if (first < 0)
 *		return exit_code;
 *
 * and reports a fault by `return nk_cli_error(cli, &e);`.
 */
#ifndef NK_CLI_CLI_H
#define NK_CLI_CLI_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/option.h"

struct nk_cli {
	struct nk_arena arena;	/* lives as long as the program */
	const char *root;	/* absolute: what nook keeps */
	const char *state;	/* absolute: what dies with a reboot */
	const char *leases;	/* absolute: state's default, whatever --state says */
	struct nk_cli_lan *lan; /* cli/lan.h: inside the holder of the user's networks; or NULL */
	bool json_errors;
	bool json_log;
	bool no_color;
	bool want_version;
	enum nk_log_level log_level;
};

struct nk_command {
	const char *name;		 /* as it is typed: "run"; of a group's: "ns ls" */
	const char *usage;		 /* "[OPTIONS] NAME COMMAND [ARG...]" */
	const char *summary;		 /* one line for `nook --help` */
	const char *about;		 /* a paragraph or two for --help and the man page */
	const char *examples;		 /* lines: "nook run true\twhat it does"; or NULL */
	const struct nk_option *options; /* NULL: none but --help */
	const char *words; /* completion of its words: "@container", "bash zsh fish", … */
	bool no_state;	   /* does not need cli->root and cli->state */
	bool mixed; /* no command of others follows: options may stand behind the words, too */
	const struct nk_command *const *children; /* a group: its commands, ended by NULL */
	int (*run)(struct nk_cli *cli, int argc, char **argv);
};

extern const struct nk_command nk_command_run, nk_command_ps, nk_command_inspect, nk_command_exec,
	nk_command_kill, nk_command_stop, nk_command_wait, nk_command_ns, nk_command_network,
	nk_command_unshare, nk_command_doctor, nk_command_firewall, nk_command_version,
	nk_command_help, nk_command_completion;

/* All commands, ended by NULL; the options before the command. */
extern const struct nk_command *const nk_commands[];
extern const struct nk_option nk_global_options[];

/* The command that the words name ("run"; "ns" "ls"), and in *used how many of them. A group's
 * name alone, or before a word that is none of its commands, is the group. NULL: none. */
const struct nk_command *nk_command_find(int argc, char *const *argv, int *used);

/* All of them one after the other, a group's commands behind it; NULL behind the last. */
const struct nk_command *nk_command_at(size_t i);

/* "ls" of "ns ls". */
const char *nk_command_last_word(const struct nk_command *cmd);

/* .run of a group: what to say when none of its commands was named. */
int nk_command_group(struct nk_cli *cli, int argc, char **argv);

/* "there is no command WORD", and the one that was meant; group NULL: of nook's own. before: what
 * stands before it on the command line ("", "help "). */
int nk_cli_no_command(struct nk_cli *cli, const struct nk_command *group, const char *before,
		      const char *word);

/*
 * Parse the command's options into target. The index of the first word that is
 * no option; or -1 when the command shall end now with *exit_code, because help
 * was printed or an error was reported.
 */
int nk_cli_options(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
		   void *target, int *exit_code);

/* Print the error as the user wants it and give its exit code. */
int nk_cli_error(struct nk_cli *cli, const struct nk_err *e);

/* True when colours are right on this descriptor (1 or 2). */
bool nk_cli_colour(const struct nk_cli *cli, int fd);

/* Columns of the terminal on this descriptor, 0 when it is none. */
int nk_cli_width(int fd);

#endif
