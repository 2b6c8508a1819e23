/* SPDX-License-Identifier: Apache-2.0 */
/* The two faces of nook network map. */
#ifndef NK_CLI_NETWORK_MAP_H
#define NK_CLI_NETWORK_MAP_H

#include "cli/cli.h"
#include "runtime/net_map.h"

void nk_cli_map_text(struct nk_cli *cli, const struct nk_net_map *m);
int nk_cli_map_json(struct nk_cli *cli, const struct nk_net_map *m);

#endif
