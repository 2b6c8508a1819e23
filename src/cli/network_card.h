/* SPDX-License-Identifier: Apache-2.0 */
/* What nook network connect and disconnect share: whose card, and its plan run or explained. */
#ifndef NK_CLI_NETWORK_CARD_H
#define NK_CLI_NETWORK_CARD_H

#include "cli/network.h"
#include "cli/run_options.h"
#include "runtime/net.h"

struct nk_card_command {
	struct nk_cli *cli;
	const struct nk_run_request *run; /* --explain, --debug */
	struct nk_net_store store;
	struct nk_net_target target;
	struct nk_network network;
	struct nk_net_card card;
	struct nk_net_connection connection;
};

/* Two words: NETWORK and CONTAINER|ns:NAME. To be ended by nk_card_done() either way. */
int nk_card_begin(struct nk_card_command *c, struct nk_cli *cli, const struct nk_run_request *run,
		  const char *command, int n, char **words, struct nk_err *e);
void nk_card_done(struct nk_card_command *c);
#define _card_ __attribute__((cleanup(nk_card_done)))

/* Take the card out (network_disconnect.c); ifname NULL: all on that network. */
int nk_cli_disconnect(struct nk_card_command *c, const char *ifname, struct nk_err *e);
/* Explain c->connection.plan (*explained, and the exit code), or run it: 0 or -errno. */
int nk_card_run(struct nk_card_command *c, bool *explained, struct nk_err *e);

#endif
