/* SPDX-License-Identifier: Apache-2.0 */
/* nook network reload */
#include <errno.h>

#include "base/log.h"
#include "cli/network.h"
#include "cli/run_options.h"
#include "runtime/net.h"

struct request {
	bool all;
};

static const struct nk_option options[] = {
	{"all", 'a', .hidden = true, .help = "as without: all networks", .set = nk_set_flag,
	 .offset = offsetof(struct request, all)},
	{0},
};

static int reload(struct nk_cli *cli, struct nk_net_store *s, struct nk_err *e)
{
	struct nk_strv lines = {0};
	int rc = nk_net_reload(s, &cli->arena, e);

	if (rc >= 0)
		rc = nk_net_resolvers_back(
			s, &cli->arena, nk_run_find_program(&cli->arena, "nook-netd"), &lines, e);
	if (rc >= 0)
		rc = nk_net_foreign_all(s, &cli->arena, &lines, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < lines.n; i++)
		nk_log(NK_LOG_WARN, "%s", lines.v[i]);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_reload, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (first < argc) {
		nk_fail(&e, 0, "nook network reload takes no words: %.80s", argv[first]);
		nk_hint(&e, "the rules of all networks are one table: nook network reload");
		return nk_cli_error(cli, &e);
	}
	if (nk_cli_net_open_live(cli, &s, &e) < 0 || reload(cli, &s, &e) < 0)
		return nk_cli_error(cli, &e);
	return 0;
}

const struct nk_command nk_command_network_reload = {
	.name = "network reload",
	.usage = "",
	.summary = "put nook's firewall rules and resolvers back",
	.about = "Writes the nftables table of nook's networks anew, with all networks and "
		 "published ports of the containers that run: after nft flush ruleset, or after a "
		 "firewall was started that flushes what others made. Says where the rules of "
		 "somebody else drop the packets of nook's networks, and which command permits "
		 "them; such rules are never changed. A network whose resolver (nook-netd) was "
		 "killed gets another one: its names are found again.",
	.examples = "nft flush ruleset; nook network reload\tNAT and ports work again\n",
	.options = options,
	.mixed = true,
	.run = run,
};
