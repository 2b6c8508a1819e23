/* SPDX-License-Identifier: Apache-2.0 */
/* nook network inspect */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "cli/network.h"
#include "net/lease.h"
#include "oci/ip.h"

struct request {
	bool json;
};

static int set_format(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (strcmp(value, "json") != 0) {
		nk_fail(e, 0, "no such format");
		return nk_hint(e, "json; to pick one field: nook network inspect NAME | jq -r "
				  "'.[0].subnets[0].subnet'");
	}
	*NK_MEMBER(use, bool) = true;
	return 0;
}

static const struct nk_option options[] = {
	{"format", 'f', .metavar = "FORMAT", .values = "json", .help = "json (the default)",
	 .set = set_format, .offset = offsetof(struct request, json)},
	{0},
};

static const struct nk_ip *gateway(const struct nk_network *n, const struct nk_ip *ip)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (nk_ip_inside(ip, &n->subnets.v[i].net))
			return &n->subnets.v[i].gateway;
	return NULL;
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

static void write_card(struct nk_json_out *j, const struct nk_network *n,
		       const struct nk_net_lease *l)
{
	char buf[NK_IP_TEXT], mac[18];

	nk_json_open(j, l->ifname, '{');
	nk_json_open(j, "subnets", '[');
	for (size_t i = 0; i < l->ips.n; i++) {
		const struct nk_ip *via = gateway(n, &l->ips.v[i]);

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "ipnet", nk_ip_text(&l->ips.v[i], true, buf));
		if (via && via->family)
			nk_json_str(j, "gateway", nk_ip_text(via, false, buf));
		nk_json_close(j);
	}
	nk_json_close(j);
	nk_json_str(j, "mac_address", nk_mac_text(l->mac, mac));
	nk_json_str(j, "host_interface", l->host_ifname);
	nk_json_strv(j, "aliases", &l->aliases);
	nk_json_open(j, "ports", '[');
	for (size_t i = 0; i < l->ports.n; i++)
		write_port(j, &l->ports.v[i]);
	nk_json_close(j);
	nk_json_close(j);
}

/* As Podman has it: an object for each container, and in it one for each of its cards. */
static void write_containers(struct nk_json_out *j, const struct nk_network *n,
			     const struct nk_net_leases *l)
{
	nk_json_open(j, "containers", '{');
	for (size_t i = 0; i < l->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= !strcmp(l->v[k].id, l->v[i].id);
		if (seen)
			continue;
		nk_json_open(j, l->v[i].id, '{');
		nk_json_str(j, "name", l->v[i].name);
		nk_json_open(j, "interfaces", '{');
		for (size_t k = i; k < l->n; k++)
			if (!strcmp(l->v[k].id, l->v[i].id))
				write_card(j, n, &l->v[k]);
		nk_json_close(j);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static int one(struct nk_cli *cli, struct nk_net_store *s, const struct nk_network *n, void *arg,
	       struct nk_err *e)
{
	struct nk_json_out *j = arg;
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, &cli->arena, n->name, &alive, NULL, NULL, e);

	if (rc < 0)
		return rc;
	nk_json_open(j, NULL, '{');
	nk_net_write(j, n);
	write_containers(j, n, &alive);
	nk_json_close(j);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};
	struct request r = {0};
	struct nk_err e = {0};
	int code, first = nk_cli_options(cli, &nk_command_network_inspect, argc, argv, &r, &code);

	if (first < 0)
		return code;
	if (nk_cli_net_open(cli, &s, &e) < 0)
		return nk_cli_error(cli, &e);
	nk_json_open(&j, NULL, '[');
	code = nk_cli_each_network(cli, &s, "inspect", argc - first, argv + first, one, &j);
	nk_json_close(&j);
	if (first == argc)
		return code;
	if (j.failed || puts(j.buf) < 0 || fflush(stdout)) {
		nk_fail(&e, 0, "write what is known about the network");
		return nk_cli_error(cli, &e);
	}
	return code;
}

const struct nk_command nk_command_network_inspect = {
	.name = "network inspect",
	.usage = "[OPTIONS] NETWORK...",
	.summary = "tell everything about networks, as JSON",
	.about = "Prints a JSON array with an object for each network: its definition, with the "
		 "names of fields that Podman gives them, and the containers whose cards are on "
		 "it now.",
	.examples = "nook network inspect nook\teverything\n"
		    "nook network inspect web | jq '.[0].containers'\twho is on it\n",
	.options = options,
	.words = "@network",
	.mixed = true,
	.run = run,
};
