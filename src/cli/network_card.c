/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/network_card.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/explain.h"
#include "cli/run_options.h"
#include "runtime/runtime.h"
#include "spawn/spawn.h"

static int two_words(const char *command, int n, char **words, struct nk_err *e)
{
	if (n == 2)
		return 0;
	if (n > 2)
		nk_fail(e, 0, "nook network %s takes a network and a container: %.80s", command,
			words[2]);
	else
		nk_fail(e, 0, "nook network %s needs a network and a container", command);
	return nk_hint(e, "nook network %s nook web; a named namespace is ns:NAME", command);
}

int nk_card_begin(struct nk_card_command *c, struct nk_cli *cli, const struct nk_run_request *run,
		  const char *command, int n, char **words, struct nk_err *e)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	int rc = two_words(command, n, words, e);

	*c = (struct nk_card_command){.cli = cli,
				      .run = run,
				      .store = {.fd = -EBADF, .state_fd = -EBADF},
				      .target = {.ns_fd = -EBADF, .root_fd = -EBADF}};
	if (rc >= 0)
		rc = nk_cli_net_open_live(cli, &c->store, e);
	c->store.dry = run->explain != NK_EXPLAIN_NO;
	if (rc >= 0)
		rc = nk_net_find(&c->store, &cli->arena, words[0], &c->network, e);
	if (rc >= 0)
		rc = nk_runtime_open(&st, cli->state, e);
	if (rc >= 0)
		rc = nk_net_target(&st, cli->state, &cli->arena, words[1], &c->target, e);
	c->card.network = &c->network;
	c->connection = (struct nk_net_connection){
		.store = &c->store, .a = &cli->arena, .target = &c->target, .card = &c->card};
	c->connection.net.netd_path = nk_run_find_program(&cli->arena, "nook-netd");
	c->connection.net.dhcp_path = nk_run_find_program(&cli->arena, "nook-dhcp");
	return rc;
}

void nk_card_done(struct nk_card_command *c)
{
	nk_net_store_close(&c->store);
	nk_net_target_done(&c->target);
	if (c->connection.resolv_fd > 0)
		close(c->connection.resolv_fd);
}

int nk_card_run(struct nk_card_command *c, bool *explained, struct nk_err *e)
{
	const struct nk_spawn_options o = {
		.start_fd = c->target.ns_fd,
		.waiting_fd = c->connection.resolv_fd,
		/* No process of the plan's own: done is done. */
		.detach = true,
		.step = c->run->debug ? nk_cli_debug_step : NULL,
		.fault_step = c->run->fault_step,
		.fault_after = c->run->fault_after,
		.fault_action = c->run->fault_action,
	};
	struct nk_result result;

	*explained = c->run->explain != NK_EXPLAIN_NO;
	if (*explained)
		return nk_cli_explain(c->cli, &c->connection.plan, c->run->explain);
	return nk_spawn(&c->connection.plan, &o, &result, e);
}
