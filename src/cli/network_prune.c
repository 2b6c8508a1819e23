/* SPDX-License-Identifier: Apache-2.0 */
/* nook network prune */
#include <errno.h>
#include <stdio.h>

#include "cli/network.h"
#include "runtime/net.h"
#include "runtime/runtime.h"

struct request {
	bool all, force;
};

#define AT(member) .offset = offsetof(struct request, member)

static const struct nk_option options[] = {
	{"all", 'a', .help = "remove the definitions of unused networks as well",
	 .set = nk_set_flag, AT(all)},
	{"force", 'f', .hidden = true, .help = "as without: nothing is asked", .set = nk_set_flag,
	 AT(force)},
	{0},
};

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	_state_ struct nk_state st = {.fd = -EBADF};
	struct request r = {0};
	struct nk_strv told = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_prune, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (first < argc) {
		nk_fail(&e, 0, "nook network prune takes no words: %.80s", argv[first]);
		nk_hint(&e, "nook network rm NAME removes one network");
		return nk_cli_error(cli, &e);
	}
	/* Containers of dead nooks first: their processes end, and then nobody has their cards. */
	int rc = nk_runtime_open(&st, cli->state, &e);

	if (rc >= 0) {
		nk_state_clean(&st);
		rc = nk_cli_net_open_live(cli, &s, &e);
	}
	if (rc >= 0)
		rc = nk_net_prune(&s, &cli->arena, r.all, &told, &e);
	for (size_t i = 0; i < told.n; i++)
		puts(told.v[i]);
	return rc < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_network_prune = {
	.name = "network prune",
	.usage = "[OPTIONS]",
	.summary = "take away what nobody uses: leases, cards, rules, bridges",
	.about =
		"Takes away what killed nooks have left on networks (leases, cards, rules), and "
		"bridges, rules and resolvers of networks on which no container is; each line says "
		"what it was. Definitions stay, unless --all: a network is made again when a "
		"container starts on it.",
	.examples = "nook network prune\tas if no container had ever been killed\n"
		    "nook network prune --all\tunused networks are forgotten, too\n",
	.options = options,
	.mixed = true,
	.run = run,
};
