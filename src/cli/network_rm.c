/* SPDX-License-Identifier: Apache-2.0 */
/* nook network rm */
#include <errno.h>
#include <stdio.h>

#include "cli/network_card.h"

struct request {
	struct nk_run_request run; /* of disconnect: all zero */
	bool force;
};

static const struct nk_option options[] = {
	{"force", 'f', .help = "take the cards of its containers out first", .set = nk_set_flag,
	 .offset = offsetof(struct request, force)},
	{0},
};

/* Its containers run on, without their cards on it. */
static int empty(struct nk_cli *cli, struct nk_net_store *s, const struct nk_network *n,
		 const struct nk_run_request *run, struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, &cli->arena, n->name, &alive, NULL, NULL, e);

	for (size_t i = 0; rc >= 0 && i < alive.n; i++) {
		_card_ struct nk_card_command c = {0};
		char *words[] = {(char *)n->name, (char *)alive.v[i].name};

		rc = nk_card_begin(&c, cli, run, "disconnect", 2, words, e);
		if (rc >= 0)
			rc = nk_cli_disconnect(&c, alive.v[i].ifname, e);
		/* It has ended meanwhile. */
		if (rc == -ENOENT || rc == -ESRCH)
			rc = 0;
	}
	return rc;
}

static int one(struct nk_cli *cli, struct nk_net_store *s, const struct nk_network *n, void *arg,
	       struct nk_err *e)
{
	struct request *r = arg;
	int rc = r->force ? empty(cli, s, n, &r->run, e) : 0;

	/* No start looks whether there is a bridge until the definition is gone, or stays. */
	if (rc >= 0)
		rc = nk_net_starts_lock(s, true, e);
	if (rc >= 0)
		rc = nk_net_leases(s, &cli->arena, n->name, NULL, NULL, nk_net_sweep, e);
	if (rc >= 0)
		rc = nk_net_check_unused(s, &cli->arena, n, e);
	/* The definition last: who is killed half way leaves no bridge that nobody knows. */
	if (rc >= 0)
		rc = nk_net_unmake(s, &cli->arena, n, NULL, e);
	/* Who leases meanwhile waits for us, and makes the bridge again. */
	if (rc >= 0)
		rc = nk_net_remove(s, &cli->arena, n, false, e);
	nk_net_starts_done(s);
	if (rc >= 0)
		puts(n->name);
	return rc;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_rm, argc, argv, &r, &code);

	if (first < 0)
		return code;
	nk_run_request_init(&r.run);
	if (nk_cli_net_open_live(cli, &s, &e) < 0)
		return nk_cli_error(cli, &e);
	return nk_cli_each_network(cli, &s, "rm", argc - first, argv + first, one, &r);
}

const struct nk_command nk_command_network_rm = {
	.name = "network rm",
	.usage = "[OPTIONS] NETWORK...",
	.summary = "remove networks",
	.about = "Takes away definitions with all that this machine has of them: bridge, rules, "
		 "leases. A network with containers on it is refused, unless --force.",
	.examples = "nook network rm web\tonce its containers have ended\n",
	.options = options,
	.words = "@network",
	.mixed = true,
	.run = run,
};
