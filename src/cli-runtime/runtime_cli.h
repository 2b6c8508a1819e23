/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program nook-runtime: its commands, and what every command is given.
 *
 * A command is one file src/cli-runtime/NAME.c that defines `nk_rt_command_NAME`, with a table of
 * options and a run function. The function gets argv[0] = NAME and answers the exit code. It
 * begins with
 *
 *	int exit_code, first = nk_rt_options(rt, &nk_rt_command_NAME, argc, argv, &mine,
 *&exit_code); if (first < 0) return exit_code;
 *
 * (which has also checked how many words there are) and reports a fault by
 * `return nk_rt_error(rt, &e);`.
 */
#ifndef NK_CLI_RUNTIME_H
#define NK_CLI_RUNTIME_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "cgroup/oci.h"
#include "cli/option.h"

struct nk_rt {
	struct nk_arena arena; /* lives as long as the program */
	char **words;	       /* of the whole command line, from the program's name on */
	int sealed_fd;	       /* nk_sealed_fd() */
	const char *root;      /* absolute: where the containers' state is */
	const char *log;       /* --log FILE or NULL */
	int log_fd;	       /* of it, or -1 */
	bool json;	       /* --log-format json */
	bool debug;
	enum nk_log_level log_level;
	bool systemd; /* --systemd-cgroup */
	enum nk_cg_manager manager;
	const char *rootless_word; /* --rootless as given */
	bool rootless;		   /* ordinary user, or root of a user namespace, or asked for */
	bool want_version;
	bool want_manual;
	const char *criu; /* program for checkpoint and restore, or NULL */
};

struct nk_rt_command {
	const char *name;    /* as it is typed: "create" */
	const char *usage;   /* "[OPTIONS] CONTAINER" */
	const char *summary; /* one line for --help */
	const char *about;   /* a paragraph or two, or NULL */
	const struct nk_option *options;
	int min_words, max_words; /* words behind the options; max -1: any number */
	bool own_words; /* what follows the first word is a command with options of its own */
	bool no_root;	/* does not need rt->root */
	int (*run)(struct nk_rt *rt, int argc, char **argv);
};

/* All commands in alphabetical order, ended by NULL. */
extern const struct nk_rt_command *const nk_rt_commands[];
extern const struct nk_option nk_rt_global_options[];

int nk_rt_options(struct nk_rt *rt, const struct nk_rt_command *cmd, int argc, char **argv,
		  void *target, int *exit_code);

/* Tell the error on stderr and in the log. Always 1, the exit code of a runtime's fault. */
int nk_rt_error(struct nk_rt *rt, const struct nk_err *e);

/* Set the sink of nk_log() to stderr or the log file; opens that. 0 or -errno. */
int nk_rt_log_start(struct nk_rt *rt, struct nk_err *e);

void nk_rt_help_command(const struct nk_rt_command *cmd, FILE *out);
void nk_rt_help_program(FILE *out);
void nk_rt_manual(FILE *out); /* nook-runtime(1) in scdoc */

#endif
