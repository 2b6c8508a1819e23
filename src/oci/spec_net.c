/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/spec_net.h"

#include <string.h>

#include "base/cleanup.h"
#include "oci/ip.h"

static const char *const drivers[] = {
	[NK_NET_BRIDGE] = "bridge",
	[NK_NET_MACVLAN] = "macvlan",
	[NK_NET_IPVLAN] = "ipvlan",
};

static const char *const ways[] = {
	[NK_IPAM_HOST_LOCAL] = "host-local",
	[NK_IPAM_DHCP] = "dhcp",
	[NK_IPAM_NONE] = "none",
};

static const char *const protocols[] = {[NK_TCP] = "tcp", [NK_UDP] = "udp"};

const struct nk_net_card *nk_net_published_card(const struct nk_net_spec *net)
{
	for (size_t i = 0; i < net->cards.n; i++)
		if (net->cards.v[i].network->driver == NK_NET_BRIDGE &&
		    !net->cards.v[i].network->parent)
			return &net->cards.v[i];
	return NULL;
}

static const char *ip_text(const struct nk_ip *ip, char buf[NK_IP_TEXT])
{
	return ip->family ? nk_ip_text(ip, true, buf) : "";
}

static void write_network(struct nk_json_out *j, const struct nk_network *n)
{
	char text[NK_IP_TEXT];

	nk_json_open(j, "network", '{');
	nk_json_str(j, "name", n->name);
	if (n->id)
		nk_json_str(j, "id", n->id);
	nk_json_str(j, "driver", drivers[n->driver]);
	if (n->link)
		nk_json_str(j, "link", n->link);
	if (n->parent)
		nk_json_str(j, "parent", n->parent);
	if (n->mode)
		nk_json_str(j, "mode", n->mode);
	nk_json_str(j, "ipam", ways[n->ipam]);
	nk_json_bool(j, "internal", n->internal);
	nk_json_bool(j, "isolate", n->isolate);
	nk_json_bool(j, "dns", n->dns);
	nk_json_uint(j, "mtu", n->mtu);
	nk_json_open(j, "subnets", '[');
	for (size_t i = 0; i < n->subnets.n; i++) {
		nk_json_open(j, NULL, '{');
		nk_json_str(j, "subnet", ip_text(&n->subnets.v[i].net, text));
		nk_json_str(j, "gateway", ip_text(&n->subnets.v[i].gateway, text));
		nk_json_close(j);
	}
	nk_json_close(j);
	nk_json_close(j);
}

static void write_card(struct nk_json_out *j, const struct nk_net_card *c)
{
	char mac[18], text[NK_IP_TEXT];

	nk_json_open(j, NULL, '{');
	write_network(j, c->network);
	nk_json_str(j, "ifname", c->ifname ? c->ifname : "");
	nk_json_str(j, "hostIfname", c->host_ifname ? c->host_ifname : "");
	nk_json_str(j, "mac", nk_mac_text(c->mac, mac));
	nk_json_open(j, "ips", '[');
	for (size_t i = 0; i < c->ips.n; i++)
		nk_json_str(j, NULL, ip_text(&c->ips.v[i], text));
	nk_json_close(j);
	nk_json_strv(j, "aliases", &c->aliases);
	nk_json_bool(j, "defaultRoute", c->default_route);
	nk_json_close(j);
}

static void write_ports(struct nk_json_out *j, const char *key, const struct nk_ports *ports)
{
	char text[NK_IP_TEXT];

	nk_json_open(j, key, '[');
	for (size_t i = 0; i < ports->n; i++) {
		const struct nk_port *p = &ports->v[i];

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "protocol", protocols[p->proto]);
		nk_json_str(j, "host", ip_text(&p->host, text));
		nk_json_uint(j, "hostPort", p->host_port);
		nk_json_uint(j, "port", p->port);
		nk_json_uint(j, "count", p->count);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_rules(struct nk_json_out *j, const struct nk_fw_rules *rules)
{
	char text[NK_IP_TEXT];

	nk_json_open(j, "firewall", '[');
	for (size_t i = 0; i < rules->n; i++) {
		const struct nk_fw_rule *r = &rules->v[i];

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "words", r->words);
		nk_json_bool(j, "out", r->out);
		nk_json_bool(j, "accept", r->accept);
		nk_json_bool(j, "anyProtocol", r->any_proto);
		nk_json_uint(j, "protocol", r->proto);
		nk_json_uint(j, "portFirst", r->port_first);
		nk_json_uint(j, "portLast", r->port_last);
		nk_json_str(j, "peer", ip_text(&r->peer, text));
		nk_json_close(j);
	}
	nk_json_close(j);
}

static const char *const backends[] = {
	[NK_NET_BACKEND_NONE] = "none",
	[NK_NET_BACKEND_PASTA] = "pasta",
	[NK_NET_BACKEND_SLIRP] = "slirp4netns",
};

void nk_spec_net_write(struct nk_json_out *j, const struct nk_net_spec *net)
{
	if (!net->cards.n && !net->ports.n && !net->exposed.n && !net->firewall_given &&
	    !net->egress_given && net->backend == NK_NET_BACKEND_NONE)
		return;
	nk_json_open(j, "net", '{');
	if (net->backend != NK_NET_BACKEND_NONE)
		nk_json_str(j, "backend", backends[net->backend]);
	if (net->backend_socket)
		nk_json_str(j, "backendSocket", net->backend_socket);
	if (net->root_dir && net->state_dir) {
		nk_json_str(j, "rootDir", net->root_dir);
		nk_json_str(j, "stateDir", net->state_dir);
	}
	nk_json_open(j, "cards", '[');
	for (size_t i = 0; i < net->cards.n; i++)
		write_card(j, &net->cards.v[i]);
	nk_json_close(j);
	write_ports(j, "ports", &net->ports);
	if (net->exposed.n)
		write_ports(j, "exposed", &net->exposed);
	if (net->firewall_given)
		write_rules(j, &net->firewall);
	if (net->egress_given)
		nk_json_strv(j, "egress", &net->egress);
	nk_json_close(j);
}

/* ---- back ---- */

static int word(struct nk_json_in *in, struct json_object *o, const char *key,
		const char *const *words, size_t n)
{
	const char *s = nk_json_get_str(in, o, key, words[0]);

	for (size_t i = 0; i < n && !in->rc; i++)
		if (!strcmp(words[i], s))
			return (int)i;
	nk_json_bad(in, key, "has an unknown value");
	return 0;
}

/* "10.0.0.1/24"; "" is no address. */
static struct nk_ip read_ip(struct nk_json_in *in, const char *text, const char *key)
{
	struct nk_ip ip = {0};
	struct nk_err ignored;

	if (!in->rc && *text && nk_ip_parse(text, true, &ip, &ignored) < 0) {
		nk_json_bad(in, key, "is not an address with its prefix");
		return (struct nk_ip){0};
	}
	return ip;
}

static struct nk_ip get_ip(struct nk_json_in *in, struct json_object *o, const char *key)
{
	return read_ip(in, nk_json_get_str(in, o, key, ""), key);
}

static const struct nk_network *read_network(struct nk_json_in *in, struct json_object *card)
{
	struct json_object *o = nk_json_need(in, card, "network", json_type_object);
	struct nk_network *n = NK_NEW(in->a, struct nk_network);

	if (!n || !o)
		return n;
	n->name = nk_json_get_str(in, o, "name", "");
	n->id = nk_json_get_str(in, o, "id", NULL);
	n->driver = (enum nk_net_driver)word(in, o, "driver", drivers, NK_COUNT(drivers));
	n->link = nk_json_get_str(in, o, "link", NULL);
	n->parent = nk_json_get_str(in, o, "parent", NULL);
	n->mode = nk_json_get_str(in, o, "mode", NULL);
	n->ipam = (enum nk_ipam)word(in, o, "ipam", ways, NK_COUNT(ways));
	n->internal = nk_json_get_bool(in, o, "internal", false);
	n->isolate = nk_json_get_bool(in, o, "isolate", false);
	n->dns = nk_json_get_bool(in, o, "dns", false);
	n->mtu = (unsigned)nk_json_get_uint(in, o, "mtu", 65535, 0);

	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "subnets", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at at = nk_json_item(&list, i, json_type_object);
		struct nk_subnet *s = NK_PUSH(in->a, &n->subnets);

		if (!s)
			break;
		s->net = get_ip(in, at.o, "subnet");
		s->gateway = get_ip(in, at.o, "gateway");
	}
	return n;
}

static void read_card(struct nk_json_in *in, struct json_object *o, struct nk_net_card *c)
{
	struct nk_err ignored;

	c->network = read_network(in, o);
	c->ifname = nk_json_get_str(in, o, "ifname", "");
	c->host_ifname = nk_json_get_str(in, o, "hostIfname", "");
	if (nk_mac_parse(nk_json_get_str(in, o, "mac", ""), c->mac, &ignored) < 0)
		nk_json_bad(in, "mac", "is not six bytes");

	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "ips", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		struct nk_ip *ip = NK_PUSH(in->a, &c->ips);
		const char *text = nk_json_as_str(in, json_object_array_get_idx(list.o, i), "ips");

		if (ip && text)
			*ip = read_ip(in, text, "ips");
	}
	nk_json_get_strv(in, o, "aliases", &c->aliases);
	c->default_route = nk_json_get_bool(in, o, "defaultRoute", false);
}

static void read_cards(struct nk_json_in *in, struct json_object *o, struct nk_net_spec *net)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "cards", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at at = nk_json_item(&list, i, json_type_object);
		struct nk_net_card *c = NK_PUSH(in->a, &net->cards);

		if (!c)
			break;
		read_card(in, at.o, c);
	}
}

static void read_ports(struct nk_json_in *in, struct json_object *o, const char *key,
		       struct nk_ports *ports)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, key, json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at at = nk_json_item(&list, i, json_type_object);
		struct nk_port *p = NK_PUSH(in->a, ports);

		if (!p)
			break;
		p->proto =
			(enum nk_proto)word(in, at.o, "protocol", protocols, NK_COUNT(protocols));
		p->host = get_ip(in, at.o, "host");
		p->host_port = (uint16_t)nk_json_get_uint(in, at.o, "hostPort", 65535, 0);
		p->port = (uint16_t)nk_json_get_uint(in, at.o, "port", 65535, 0);
		p->count = (uint16_t)nk_json_get_uint(in, at.o, "count", 65535, 1);
	}
}

static void read_rules(struct nk_json_in *in, struct json_object *o, struct nk_fw_rules *rules)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "firewall", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at at = nk_json_item(&list, i, json_type_object);
		struct nk_fw_rule *r = NK_PUSH(in->a, rules);

		if (!r)
			break;
		r->words = nk_json_get_str(in, at.o, "words", "");
		r->out = nk_json_get_bool(in, at.o, "out", false);
		r->accept = nk_json_get_bool(in, at.o, "accept", false);
		r->any_proto = nk_json_get_bool(in, at.o, "anyProtocol", false);
		r->proto = (uint8_t)nk_json_get_uint(in, at.o, "protocol", 255, 0);
		r->port_first = (uint16_t)nk_json_get_uint(in, at.o, "portFirst", 65535, 0);
		r->port_last = (uint16_t)nk_json_get_uint(in, at.o, "portLast", 65535, 0);
		r->peer = get_ip(in, at.o, "peer");
	}
}

void nk_spec_net_read(struct nk_json_in *in, struct json_object *nook, struct nk_net_spec *net)
{
	struct json_object *o = nk_json_get(in, nook, "net", json_type_object);

	if (!o)
		return;
	const char *backend = nk_json_get_str(in, o, "backend", NULL);

	for (size_t i = 0; backend && i < NK_COUNT(backends); i++)
		if (!strcmp(backend, backends[i]))
			net->backend = (enum nk_net_backend)i;
	net->root_dir = nk_json_get_str(in, o, "rootDir", NULL);
	net->backend_socket = nk_json_get_str(in, o, "backendSocket", NULL);
	net->state_dir = nk_json_get_str(in, o, "stateDir", NULL);
	net->firewall_given = nk_json_get(in, o, "firewall", json_type_array) != NULL;
	net->egress_given = nk_json_get(in, o, "egress", json_type_array) != NULL;

	read_cards(in, o, net);
	read_ports(in, o, "ports", &net->ports);
	read_ports(in, o, "exposed", &net->exposed);
	if (net->firewall_given)
		read_rules(in, o, &net->firewall);
	if (net->egress_given)
		nk_json_get_strv(in, o, "egress", &net->egress);
}
