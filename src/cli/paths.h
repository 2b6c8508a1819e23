/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NK_CLI_PATHS_H
#define NK_CLI_PATHS_H

#include "cli/cli.h"

/*
 * Make cli->root and cli->state absolute, or choose the defaults. Nothing is
 * created, but for the last resort of a user without a runtime directory:
 * /tmp/nook-UID, which must be a directory of ours that nobody else can enter.
 */
int nk_cli_paths(struct nk_cli *cli, struct nk_err *e);

/* path, made absolute from the current directory; "." and ".." parts stay. */
const char *nk_absolute(struct nk_arena *a, const char *path, struct nk_err *e);

#endif
