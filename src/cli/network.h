/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of nook network, one file each: src/cli/network_NAME.c. */
#ifndef NK_CLI_NETWORK_H
#define NK_CLI_NETWORK_H

#include "cli/cli.h"
#include "net/store.h"

extern const struct nk_command nk_command_network_create, nk_command_network_ls,
	nk_command_network_inspect, nk_command_network_rm, nk_command_network_prune,
	nk_command_network_connect, nk_command_network_disconnect, nk_command_network_reload,
	nk_command_network_map, nk_command_network_attach, nk_command_network_detach;

int nk_cli_net_open(struct nk_cli *cli, struct nk_net_store *s, struct nk_err *e);
/* For what changes or looks at the kernel's objects: an ordinary user's is made where there is
 * none. */
int nk_cli_net_open_live(struct nk_cli *cli, struct nk_net_store *s, struct nk_err *e);

/* Call fn for the network of each word; its faults are reported one by one. The exit code. */
typedef int nk_each_network_fn(struct nk_cli *cli, struct nk_net_store *s,
			       const struct nk_network *n, void *arg, struct nk_err *e);
int nk_cli_each_network(struct nk_cli *cli, struct nk_net_store *s, const char *command, int n,
			char **words, nk_each_network_fn *fn, void *arg);

/* "10.89.0.0/24, fd12::/64"; "-" where nook gives no addresses. */
const char *nk_cli_net_subnets(struct nk_arena *a, const struct nk_network *n);

#endif
