/* SPDX-License-Identifier: Apache-2.0 */
/* nook network map */
#include "cli/network_map.h"

#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/json_out.h"
#include "cli/network.h"
#include "oci/ip.h"
#include "runtime/runtime.h"

struct request {
	bool json;
};

static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .values = "tree json",
	 .help = "printed as tree (default) or json", .set = nk_set_json,
	 .offset = offsetof(struct request, json)},
	{0},
};

static void write_ips(struct nk_json_out *j, const struct nk_ips *ips)
{
	char buf[NK_IP_TEXT];

	nk_json_open(j, "addresses", '[');
	for (size_t i = 0; i < ips->n; i++)
		nk_json_str(j, NULL, nk_ip_text(&ips->v[i], true, buf));
	nk_json_close(j);
}

static void write_link(struct nk_json_out *j, const struct nk_net_map *m,
		       const struct nk_rt_link *l)
{
	char buf[NK_IP_TEXT], mac[18];

	nk_json_str(j, "name", l->name);
	nk_json_str(j, "kind", l->kind ? l->kind : "");
	nk_json_bool(j, "up", l->flags & IFF_UP);
	nk_json_uint(j, "mtu", l->mtu);
	nk_json_str(j, "mac_address", nk_mac_text(l->mac, mac));
	if (l->master)
		nk_json_str(j, "bridge", nk_net_map_link(m, l->master));
	nk_json_open(j, "addresses", '[');
	for (size_t i = 0; i < m->addresses.n; i++)
		if (m->addresses.v[i].index == l->index)
			nk_json_str(j, NULL, nk_ip_text(&m->addresses.v[i].ip, true, buf));
	nk_json_close(j);
}

static void write_port(struct nk_json_out *j, const struct nk_port *p)
{
	char buf[NK_IP_TEXT];

	nk_json_open(j, NULL, '{');
	nk_json_str(j, "host_ip", p->host.family ? nk_ip_text(&p->host, false, buf) : "");
	nk_json_uint(j, "host_port", p->host_port);
	nk_json_uint(j, "container_port", p->port);
	nk_json_uint(j, "range", p->count);
	nk_json_str(j, "protocol", p->proto == NK_UDP ? "udp" : "tcp");
	nk_json_close(j);
}

static void write_card(struct nk_json_out *j, const struct nk_net_map_card *c)
{
	const struct nk_net_lease *l = c->lease;
	char mac[18];

	nk_json_open(j, NULL, '{');
	nk_json_str(j, "id", l->id);
	nk_json_str(j, "container", l->name);
	nk_json_str(j, "name", l->ifname);
	nk_json_str(j, "host_interface", l->host_ifname);
	nk_json_str(j, "mac_address", nk_mac_text(l->mac, mac));
	write_ips(j, &l->ips);
	nk_json_strv(j, "aliases", &l->aliases);
	nk_json_open(j, "ports", '[');
	for (size_t i = 0; i < l->ports.n; i++)
		write_port(j, &l->ports.v[i]);
	nk_json_close(j);
	nk_json_strv(j, "firewall", &c->firewall);
	nk_json_close(j);
}

static void write_networks(struct nk_json_out *j, const struct nk_net_map *m)
{
	nk_json_open(j, "networks", '[');
	for (size_t i = 0; i < m->networks.n; i++) {
		const struct nk_net_map_network *n = &m->networks.v[i];

		nk_json_open(j, NULL, '{');
		nk_net_write(j, n->network);
		if (n->bridge) {
			nk_json_open(j, "bridge", '{');
			write_link(j, m, n->bridge);
			nk_json_close(j);
		} else {
			nk_json_null(j, "bridge");
		}
		nk_json_open(j, "cards", '[');
		for (size_t k = 0; k < n->cards.n; k++)
			write_card(j, &n->cards.v[k]);
		nk_json_close(j);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_routes(struct nk_json_out *j, const struct nk_net_map *m)
{
	char buf[NK_IP_TEXT];

	nk_json_open(j, "routes", '[');
	for (size_t i = 0; i < m->routes.n; i++) {
		const struct nk_rt_route_seen *r = &m->routes.v[i];
		bool all = !r->to.family || !r->to.prefix;

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "to", all ? "default" : nk_ip_text(&r->to, true, buf));
		nk_json_str(j, "family",
			    (r->to.family ? r->to.family : r->via.family) == AF_INET6 ? "ipv6"
										      : "ipv4");
		if (r->via.family)
			nk_json_str(j, "gateway", nk_ip_text(&r->via, false, buf));
		nk_json_str(j, "card", nk_net_map_link(m, r->index));
		nk_json_uint(j, "metric", r->metric);
		nk_json_close(j);
	}
	nk_json_close(j);
}

int nk_cli_map_json(struct nk_cli *cli, const struct nk_net_map *m)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	(void)cli;
	nk_json_open(&j, NULL, '{');
	nk_json_open(&j, "cards", '[');
	for (size_t i = 0; i < m->links.n; i++) {
		nk_json_open(&j, NULL, '{');
		write_link(&j, m, &m->links.v[i]);
		nk_json_close(&j);
	}
	nk_json_close(&j);
	write_networks(&j, m);
	write_routes(&j, m);
	nk_json_open(&j, "firewall", '{');
	nk_json_bool(&j, "forward_ipv4", m->forward4);
	nk_json_bool(&j, "forward_ipv6", m->forward6);
	if (m->rules < 0)
		nk_json_null(&j, "rules");
	else
		nk_json_bool(&j, "rules", m->rules > 0);
	nk_json_strv(&j, "foreign", &m->foreign);
	nk_json_close(&j);
	nk_json_close(&j);
	if (!j.failed)
		puts(j.buf);
	return j.failed ? -ENOMEM : 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_net_map map = {0};
	struct request r = {0};
	struct nk_err e = {0};
	int rc, code, first = nk_cli_options(cli, &nk_command_network_map, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (first < argc) {
		nk_fail(&e, 0, "nook network map takes no words: %.80s", argv[first]);
		nk_hint(&e, "it shows all networks; nook network inspect NAME shows one");
		return nk_cli_error(cli, &e);
	}
	rc = nk_cli_net_open_live(cli, &s, &e);
	if (rc >= 0)
		rc = nk_runtime_open(&st, cli->state, &e);
	if (rc >= 0)
		rc = nk_net_map(&s, &st, &cli->arena, &map, &e);
	if (rc >= 0 && r.json && nk_cli_map_json(cli, &map) < 0)
		rc = nk_fail(&e, ENOMEM, "write the map");
	if (rc >= 0 && !r.json)
		nk_cli_map_text(cli, &map);
	if (rc >= 0 && (fflush(stdout) || ferror(stdout)))
		rc = nk_fail(&e, errno, "write the map");
	return rc < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_network_map = {
	.name = "network map",
	.usage = "[OPTIONS]",
	.summary = "show cards, bridges, addresses, ports, firewall and routes",
	.about = "Prints what of this machine's network concerns containers, as a tree: its cards, "
		 "each network with the containers on it, their addresses, ports and rules, the "
		 "routes, and whether the firewall lets it all pass.",
	.examples = "nook network map\ta tree\n"
		    "nook network map --format json\tfor programs\n",
	.options = options,
	.mixed = true,
	.run = run,
};
