/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that take NAME...: each is done, the faults of some do not stop the others. */
#ifndef NK_CLI_EACH_CONTAINER_H
#define NK_CLI_EACH_CONTAINER_H

#include "cli/cli.h"
#include "runtime/runtime.h"

typedef int nk_each_fn(struct nk_cli *cli, struct nk_state *st, const struct nk_state_record *r,
		       const char *word, void *arg, struct nk_err *e);

/* Call fn for the container of each word; its faults are reported one by one. The exit code. */
int nk_cli_each_container(struct nk_cli *cli, const char *command, int n, char **words,
			  nk_each_fn *fn, void *arg);

#endif
