/* SPDX-License-Identifier: Apache-2.0 */
/* What the option tables look like to people: --help, man page, lists. */
#ifndef NK_CLI_HELP_H
#define NK_CLI_HELP_H

#include <stdio.h>

#include "cli/cli.h"

/* `nook COMMAND --help`; width 0: as wide as a book, 80 columns. */
void nk_help_command(const struct nk_command *cmd, int width, FILE *out);
/* `nook --help`. */
void nk_help_program(int width, FILE *out);
/* A whole man page in scdoc: for a command, or for the program when cmd is NULL. */
void nk_help_scdoc(const struct nk_command *cmd, FILE *out);
/* The table of docs/options.md: Podman's options of `run`, done, later or never. */
void nk_help_podman_table(FILE *out);
/* Completions; shell is bash, zsh or fish (-EINVAL otherwise). */
int nk_completion_print(const char *shell, FILE *out);

#endif
