/* SPDX-License-Identifier: Apache-2.0 */
/* How errors and notices reach the person: the only place that writes them. */
#ifndef NK_CLI_REPORT_H
#define NK_CLI_REPORT_H

#include "cli/cli.h"

/* Log lines go to standard error from now on, as cli->json_log and cli->log_level say. */
void nk_report_log_start(struct nk_cli *cli);

/* Append s to buf as a JSON string with its quotes. Returns the length after it,
 * which never passes size - 1. */
size_t nk_report_json_string(char *buf, size_t at, size_t size, const char *s);

#endif
