/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of exactly so many words. */
#ifndef NK_CLI_NS_WORDS_H
#define NK_CLI_NS_WORDS_H

#include "cli/cli.h"

/*
 * Parse options and exactly n words. 0; or -1 when the command shall end now with *exit_code.
 * what: the error when there are more or fewer, with its hint.
 */
int nk_cli_ns_words(struct nk_cli *cli, const struct nk_command *cmd, int argc, char **argv,
		    void *target, const char **words, int n, const char *what, const char *hint,
		    int *exit_code);

#endif
