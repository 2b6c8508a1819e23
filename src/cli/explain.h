/* SPDX-License-Identifier: Apache-2.0 */
/* --explain and --debug, for every command that has a plan. */
#ifndef NK_CLI_EXPLAIN_H
#define NK_CLI_EXPLAIN_H

#include "cli/cli.h"
#include "cli/run_options.h"
#include "spawn/spawn.h"

/* Print the plan on standard output as --explain=how asks. The exit code. */
int nk_cli_explain(struct nk_cli *cli, const struct nk_plan *p, enum nk_explain how);

/* nk_spawn_options.step: a line on standard error for a step that has been done. */
void nk_cli_debug_step(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t);

#endif
