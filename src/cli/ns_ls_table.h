/* SPDX-License-Identifier: Apache-2.0 */
/* The table of nook ns ls. */
#ifndef NK_CLI_NS_LS_TABLE_H
#define NK_CLI_NS_LS_TABLE_H

#include "cli/cli.h"
#include "ns/graph.h"

/* The nodes i with shown[i], on stdout. width: columns there are; 0: as many as one likes. */
void nk_ns_ls_table(struct nk_cli *cli, const struct nk_ns_graph *g, const bool *shown, int width);

#endif
