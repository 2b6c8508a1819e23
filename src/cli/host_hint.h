/* SPDX-License-Identifier: Apache-2.0 */
/* Hints about the embedded default `host`, for a person at a terminal. */
#ifndef NK_CLI_HOST_HINT_H
#define NK_CLI_HOST_HINT_H

#include "cli/cli.h"
#include "host/facts.h"

/* Before the start: on a terminal of its own, what lasts and what cannot be edited. */
void nk_host_hint_begin(struct nk_cli *cli, const struct nk_spec *spec, const struct nk_facts *f);

/* When the command ended with an error. */
void nk_host_hint_end(struct nk_cli *cli, const struct nk_spec *spec, int exit_code);

#endif
