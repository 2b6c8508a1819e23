/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ordinary users and networks by name: nook executes itself once more inside the holder of the
 * user's networks (runtime/lan.h), where it is root. What it takes along stands in its environment:
 *
 *	NOOK_ROOT, NOOK_STATE	the user's directories
 *	NOOK_LAN=FD		the connection to the keeper
 *	NOOK_LAN_PORTS=I:FD,…	sockets of the host's network that hold the I-th published port
 *	NOOK_LAN_NOTICE=…	why there is no way out
 */
#ifndef NK_CLI_LAN_H
#define NK_CLI_LAN_H

#include <sys/types.h>

#include "cli/cli.h"
#include "oci/net_spec.h"

enum { NK_CLI_LAN_PORTS = 1024 };

struct nk_cli_lan {
	int fd;
	uid_t uid; /* outside */
	int ports[NK_CLI_LAN_PORTS];
	unsigned of[NK_CLI_LAN_PORTS]; /* index of each in spec->net.ports */
	size_t n_ports;
	const char *notice; /* or NULL */
};

/* At the beginning: are we inside? Fills cli->lan and takes the words from the environment. */
void nk_cli_lan_adopt(struct nk_cli *cli);

/*
 * An ordinary user who is not inside goes there, with these ports (may be NULL); comes back only
 * with an error, or with 0: there is nothing to do (root; inside already; no holder runs and none
 * is to be made).
 */
int nk_cli_lan_enter(struct nk_cli *cli, bool make, struct nk_ports *ports, struct nk_err *e);

/* Inside: the numbers of ports that were chosen on the host. */
void nk_cli_lan_ports(const struct nk_cli *cli, struct nk_ports *ports);

#endif
