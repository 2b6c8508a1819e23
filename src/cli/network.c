/* SPDX-License-Identifier: Apache-2.0 */
/* nook network: the group of commands about LANs of containers. */
#include "cli/network.h"

#include "cli/lan.h"
#include "oci/ip.h"

static const struct nk_command *const commands[] = {
	&nk_command_network_create,	&nk_command_network_ls,	    &nk_command_network_inspect,
	&nk_command_network_rm,		&nk_command_network_prune,  &nk_command_network_connect,
	&nk_command_network_disconnect, &nk_command_network_reload, &nk_command_network_attach,
	&nk_command_network_detach,	&nk_command_network_map,    NULL,
};

/* An ordinary user's networks, while there are containers on them, are seen from inside. */
static int open_from(struct nk_cli *cli, bool make, struct nk_net_store *s, struct nk_err *e)
{
	int rc = nk_cli_lan_enter(cli, make, NULL, e);

	return rc < 0 ? rc : nk_net_store_open(s, &cli->arena, cli->root, cli->state, e);
}

int nk_cli_net_open(struct nk_cli *cli, struct nk_net_store *s, struct nk_err *e)
{
	return open_from(cli, false, s, e);
}

int nk_cli_net_open_live(struct nk_cli *cli, struct nk_net_store *s, struct nk_err *e)
{
	return open_from(cli, true, s, e);
}

int nk_cli_each_network(struct nk_cli *cli, struct nk_net_store *s, const char *command, int n,
			char **words, nk_each_network_fn *fn, void *arg)
{
	struct nk_err e = {0};
	int failed = 0;

	if (!n) {
		nk_fail(&e, 0, "nook network %s needs the name of a network", command);
		nk_hint(&e, "nook network ls shows all");
		return nk_cli_error(cli, &e);
	}
	for (int i = 0; i < n; i++) {
		struct nk_network network;

		e = (struct nk_err){0};
		if (nk_net_find(s, &cli->arena, words[i], &network, &e) < 0 ||
		    fn(cli, s, &network, arg, &e) < 0)
			failed = nk_cli_error(cli, &e);
	}
	return failed;
}

const char *nk_cli_net_subnets(struct nk_arena *a, const struct nk_network *n)
{
	const char *text = "";
	char buf[NK_IP_TEXT];

	for (size_t i = 0; i < n->subnets.n; i++)
		text = nk_fmt(a, "%s%s%s", text, i ? ", " : "",
			      nk_ip_text(&n->subnets.v[i].net, true, buf));
	return *text ? text : "-";
}

const struct nk_command nk_command_network = {
	.name = "network",
	.usage = "COMMAND [ARG...]",
	.summary = "LANs of containers: make, list, connect, look",
	.about = "A network is a LAN on this machine: its containers reach each other by address "
		 "and by name, and the world through this machine. The network nook is there by "
		 "default: it is made when a container first uses it.",
	.children = commands,
	.no_state = true,
	.run = nk_command_group,
};
