/* SPDX-License-Identifier: Apache-2.0 */
/* How errors and notices reach the person: the only place that writes them. */
#ifndef NK_CLI_REPORT_H
#define NK_CLI_REPORT_H

#include "cli/cli.h"

/* Log lines go to standard error from now on, as cli->json_log and cli->log_level say. */
void nk_report_log_start(struct nk_cli *cli);

/* A line "hint: ..." that belongs to no error. */
void nk_cli_hint(const struct nk_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
