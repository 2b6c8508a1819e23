/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table inet nook of the host: the rules are always the same, and what they look up stands in sets
 * and maps. A network adds its bridge and subnets, a container its ports; what a packet costs does
 * not depend on how many there are.
 *
 *	prerouting, output   what comes to an address of this machine and has a published port goes
 *			     to its container: from outside, from a container, from this machine
 *	postrouting	     a LAN leaves with this machine's address; what comes back to the LAN it
 *			     came from (hairpin), or from 127.0.0.1, with the bridge's
 *	forward		     internal and isolated networks; nobody outside reaches, past the
 *			     published ports, what is masqueraded
 *	input		     127.0.0.0/8 is this machine's alone (route_localnet is on for bridges)
 */
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"
#include "plan/net.h"
#include "sys/nft_rule.h"

#define T NK_NFT_TABLE

const char nk_rules_version[] = "rules_1";

#define SET(nm, ...)                                             \
	{                                                        \
		.table = T, .name = (nm), .key = { __VA_ARGS__ } \
	}
#define SUBNETS(nm, ...)                                                         \
	{                                                                        \
		.table = T, .name = (nm), .key = {__VA_ARGS__}, .interval = true \
	}
#define LEADS_TO(nm, address, ...)                                                                \
	{                                                                                         \
		.table = T, .name = (nm), .key = {__VA_ARGS__}, .data = {(address), NK_NFT_PORT } \
	}

static const struct nk_nft_set bridges = SET("bridges", NK_NFT_IFNAME);
/* Each bridge with itself. */
static const struct nk_nft_set same = SET("same", NK_NFT_IFNAME, NK_NFT_IFNAME);
static const struct nk_nft_set internal = SET("internal", NK_NFT_IFNAME);
static const struct nk_nft_set isolated = SET("isolated", NK_NFT_IFNAME);
static const struct nk_nft_set lan[2] = {SUBNETS("lan4", NK_NFT_IP4), SUBNETS("lan6", NK_NFT_IP6)};
static const struct nk_nft_set nat[2] = {SUBNETS("nat4", NK_NFT_IP4), SUBNETS("nat6", NK_NFT_IP6)};
/* Published at all addresses of this machine, and at one of them. */
static const struct nk_nft_set ports[2] = {
	LEADS_TO("ports4", NK_NFT_IP4, NK_NFT_PROTO, NK_NFT_PORT),
	LEADS_TO("ports6", NK_NFT_IP6, NK_NFT_PROTO, NK_NFT_PORT),
};
static const struct nk_nft_set at_ports[2] = {
	LEADS_TO("at_ports4", NK_NFT_IP4, NK_NFT_IP4, NK_NFT_PROTO, NK_NFT_PORT),
	LEADS_TO("at_ports6", NK_NFT_IP6, NK_NFT_IP6, NK_NFT_PROTO, NK_NFT_PORT),
};

static const int families[2] = {AF_INET, AF_INET6};
static const char *const ip_word[2] = {"ip", "ip6"};
static const char digit[2] = {'4', '6'};

static void sets(struct nk_batch *b)
{
	nk_nft_set(b, &bridges);
	nk_nft_set(b, &same);
	nk_nft_set(b, &internal);
	nk_nft_set(b, &isolated);
	for (int f = 0; f < 2; f++) {
		nk_nft_set(b, &lan[f]);
		nk_nft_set(b, &nat[f]);
		nk_nft_set(b, &ports[f]);
		nk_nft_set(b, &at_ports[f]);
	}
}

/* Destination NAT by address, protocol and port, and by the last two. */
static void port_rules(struct nk_batch *b, int f)
{
	uint32_t proto = families[f] == AF_INET ? NFT_REG32_01 : NFT_REG32_04;
	uint32_t to_port = families[f] == AF_INET ? NFT_REG32_01 : NFT_REG32_04;
	uint32_t family = families[f] == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;

	nk_nft_rule_begin(b, T, "ports");
	nk_nft_is_family(b, families[f]);
	nk_nft_load_address(b, families[f], false, NFT_REG_1);
	nk_nft_meta(b, NFT_META_L4PROTO, proto);
	nk_nft_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, proto + 1);
	nk_nft_lookup(b, at_ports[f].name, NFT_REG_1, NFT_REG_1, false);
	nk_nft_dnat(b, family, NFT_REG_1, to_port);
	nk_nft_rule_end(b, "dnat %s to %s daddr . meta l4proto . th dport map @%s", ip_word[f],
			ip_word[f], at_ports[f].name);

	nk_nft_rule_begin(b, T, "ports");
	nk_nft_is_family(b, families[f]);
	nk_nft_meta(b, NFT_META_L4PROTO, NFT_REG32_00);
	nk_nft_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG32_01);
	nk_nft_lookup(b, ports[f].name, NFT_REG_1, NFT_REG_1, false);
	nk_nft_dnat(b, family, NFT_REG_1, to_port);
	nk_nft_rule_end(b, "meta nfproto ipv%c dnat %s to meta l4proto . th dport map @%s",
			digit[f], ip_word[f], ports[f].name);
}

/* What comes to an address of this machine. */
static void jump_ports(struct nk_batch *b, const char *chain)
{
	const uint32_t local = RTN_LOCAL;

	nk_nft_rule_begin(b, T, chain);
	nk_nft_fib(b, NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE, NFT_REG_1);
	nk_nft_cmp(b, NFT_CMP_EQ, NFT_REG_1, &local, sizeof(local));
	nk_nft_verdict(b, NFT_JUMP, "ports");
	nk_nft_rule_end(b, "fib daddr type local jump ports");
}

static const struct nk_ip loopback = {.family = AF_INET, .prefix = 8, .a = {127}};

/* A container that gives its packets to the bridge has no business at 127.0.0.1. */
static void drop_loopback(struct nk_batch *b, const char *chain)
{
	nk_nft_rule_begin(b, T, chain);
	nk_nft_iface_in(b, false, bridges.name, false);
	nk_nft_is_address(b, false, &loopback);
	nk_nft_verdict(b, NF_DROP, NULL);
	nk_nft_rule_end(b, "iifname @bridges ip daddr 127.0.0.0/8 drop");
}

/* The kernel sends nothing from ::1 to another machine, whatever we do: nook-netd serves it. */
static void spare_loopback6(struct nk_batch *b)
{
	static const struct nk_ip one = {.family = AF_INET6, .prefix = 128, .a = {[15] = 1}};

	nk_nft_rule_begin(b, T, "output");
	nk_nft_is_address(b, false, &one);
	nk_nft_verdict(b, NFT_RETURN, NULL);
	nk_nft_rule_end(b, "ip6 daddr ::1 return");
}

static void nat_rules(struct nk_batch *b)
{
	const struct nk_nft_hook before = {"nat", NF_INET_PRE_ROUTING, -100, false};
	const struct nk_nft_hook output = {"nat", NF_INET_LOCAL_OUT, -100, false};

	nk_nft_chain(b, T, "ports", NULL);
	port_rules(b, 0);
	port_rules(b, 1);
	nk_nft_chain(b, T, "prerouting", &before);
	drop_loopback(b, "prerouting");
	jump_ports(b, "prerouting");
	nk_nft_chain(b, T, "output", &output);
	spare_loopback6(b);
	jump_ports(b, "output");
}

static void masquerade(struct nk_batch *b)
{
	const struct nk_nft_hook after = {"nat", NF_INET_POST_ROUTING, 100, false};

	nk_nft_chain(b, T, "postrouting", &after);
	for (int f = 0; f < 2; f++) {
		nk_nft_rule_begin(b, T, "postrouting");
		nk_nft_iface_in(b, true, bridges.name, false);
		nk_nft_address_in(b, families[f], true, lan[f].name, false);
		nk_nft_ct_dnat(b, false);
		nk_nft_masquerade(b);
		nk_nft_rule_end(b, "oifname @bridges %s saddr @%s ct status dnat masquerade",
				ip_word[f], lan[f].name);
	}
	nk_nft_rule_begin(b, T, "postrouting");
	nk_nft_iface_in(b, true, bridges.name, false);
	nk_nft_is_address(b, true, &loopback);
	nk_nft_masquerade(b);
	nk_nft_rule_end(b, "oifname @bridges ip saddr 127.0.0.0/8 masquerade");
	for (int f = 0; f < 2; f++) {
		nk_nft_rule_begin(b, T, "postrouting");
		nk_nft_iface_in(b, true, bridges.name, true);
		nk_nft_is_iface(b, true, "lo", true);
		nk_nft_address_in(b, families[f], true, nat[f].name, false);
		nk_nft_masquerade(b);
		nk_nft_rule_end(b, "oifname != @bridges oifname != \"lo\" %s saddr @%s masquerade",
				ip_word[f], nat[f].name);
	}
}

static void drop_iface(struct nk_batch *b, const struct nk_nft_set *in,
		       const struct nk_nft_set *out)
{
	nk_nft_rule_begin(b, T, "forward");
	if (in)
		nk_nft_iface_in(b, false, in->name, false);
	if (out)
		nk_nft_iface_in(b, true, out->name, false);
	nk_nft_verdict(b, NF_DROP, NULL);
	if (in && out)
		nk_nft_rule_end(b, "iifname @%s oifname @%s drop", in->name, out->name);
	else
		nk_nft_rule_end(b, "%s @%s drop", in ? "iifname" : "oifname",
				in ? in->name : out->name);
}

static void accept_established(struct nk_batch *b, const char *chain)
{
	nk_nft_rule_begin(b, T, chain);
	nk_nft_ct_state(b, NK_CT_ESTABLISHED | NK_CT_RELATED);
	nk_nft_verdict(b, NF_ACCEPT, NULL);
	nk_nft_rule_end(b, "ct state established,related accept");
}

static void forward(struct nk_batch *b)
{
	const struct nk_nft_hook hook = {"filter", NF_INET_FORWARD, 0, false};

	nk_nft_chain(b, T, "forward", &hook);
	/* Packets within a LAN come here where br_netfilter shows them, and with a published port.
	 */
	nk_nft_rule_begin(b, T, "forward");
	nk_nft_meta(b, NFT_META_IIFNAME, NFT_REG_1);
	nk_nft_meta(b, NFT_META_OIFNAME, NFT_REG_2);
	nk_nft_lookup(b, same.name, NFT_REG_1, 0, false);
	nk_nft_verdict(b, NF_ACCEPT, NULL);
	nk_nft_rule_end(b, "iifname . oifname @same accept");
	drop_iface(b, &internal, NULL);
	drop_iface(b, NULL, &internal);
	accept_established(b, "forward");
	drop_iface(b, &isolated, &bridges);
	drop_iface(b, &bridges, &isolated);
	for (int f = 0; f < 2; f++) {
		nk_nft_rule_begin(b, T, "forward");
		nk_nft_iface_in(b, false, bridges.name, true);
		nk_nft_address_in(b, families[f], false, nat[f].name, false);
		nk_nft_ct_dnat(b, true);
		nk_nft_verdict(b, NF_DROP, NULL);
		nk_nft_rule_end(b, "iifname != @bridges %s daddr @%s ct status & dnat == 0 drop",
				ip_word[f], nat[f].name);
	}
}

void nk_rules_table(struct nk_batch *b)
{
	const struct nk_nft_hook input = {"filter", NF_INET_LOCAL_IN, 0, false};

	/* Another version's goes; that it is there is not known. */
	nk_nft_table(b, T);
	nk_nft_del_table(b, T);
	nk_nft_table(b, T);
	nk_nft_chain(b, T, nk_rules_version, NULL);
	sets(b);
	nat_rules(b);
	masquerade(b);
	forward(b);
	nk_nft_chain(b, T, "input", &input);
	accept_established(b, "input");
	drop_loopback(b, "input");
}

/* ---- elements ---- */

static void element(struct nk_batch *b, const struct nk_nft_set *set, const void *key,
		    const void *data, bool add)
{
	const struct nk_nft_elem e = {.key = key, .data = data};

	if (add)
		nk_nft_add_elem(b, set, &e);
	else
		nk_nft_del_elem(b, set, &e);
}

void nk_rules_network(struct nk_batch *b, const struct nk_network *n, bool add)
{
	char name[32] = ""; /* twice, for `same` */

	/* With a card of the host its LAN is that of others: nothing is routed here. */
	if (n->driver != NK_NET_BRIDGE || n->parent)
		return;
	strncpy(name, n->link, 15);
	strncpy(name + 16, n->link, 15);
	element(b, &bridges, name, NULL, add);
	element(b, &same, name, NULL, add);
	if (n->internal)
		element(b, &internal, name, NULL, add);
	if (n->isolate)
		element(b, &isolated, name, NULL, add);
	for (size_t i = 0; i < n->subnets.n; i++) {
		const struct nk_ip *net = &n->subnets.v[i].net;
		int f = net->family == AF_INET6;

		nk_nft_subnet(b, &lan[f], net, add);
		if (!n->internal)
			nk_nft_subnet(b, &nat[f], net, add);
	}
}

static const struct nk_ip *target(const struct nk_ips *ips, int family)
{
	for (size_t i = 0; i < ips->n; i++)
		if (ips->v[i].family == family)
			return &ips->v[i];
	return NULL;
}

/* A part of a key or value; each takes whole words of four bytes. */
static uint8_t *put(uint8_t *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + ((size + 3) & ~(size_t)3);
}

static uint8_t *put_port(uint8_t *at, unsigned port)
{
	const uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};

	return put(at, bytes, sizeof(bytes));
}

/* 0.0.0.0 and :: are all addresses of their family, which no packet is sent to by that name. */
static bool at_one_address(const struct nk_port *port)
{
	static const uint8_t any[sizeof(port->host.a)];

	return port->host.family && memcmp(port->host.a, any, sizeof(any)) != 0;
}

static void publish(struct nk_batch *b, const struct nk_port *port, unsigned i, int f,
		    const struct nk_ip *to, bool add)
{
	size_t size = families[f] == AF_INET ? 4 : 16;
	uint8_t proto = port->proto == NK_UDP ? IPPROTO_UDP : IPPROTO_TCP;
	uint8_t key[24] = {0}, data[20] = {0}, *at = key;

	if (at_one_address(port))
		at = put(at, port->host.a, size);
	put_port(put(at, &proto, sizeof(proto)), port->host_port + i);
	put_port(put(data, to->a, size), port->port + i);
	element(b, at_one_address(port) ? &at_ports[f] : &ports[f], key, data, add);
}

void nk_rules_ports(struct nk_batch *b, const struct nk_ports *list, const struct nk_ips *ips,
		    bool add)
{
	for (size_t i = 0; i < list->n; i++)
		for (int f = 0; f < 2; f++) {
			const struct nk_port *port = &list->v[i];
			const struct nk_ip *to = target(ips, families[f]);

			if (!to || (port->host.family && port->host.family != families[f]))
				continue;
			for (unsigned k = 0; k < port->count; k++)
				publish(b, port, k, f, to, add);
		}
}

/* ---- back ---- */

static void see(struct nk_arena *a, const struct nk_nft_elem *e, int f, bool with_host,
		struct nk_ports_seen *out)
{
	size_t size = families[f] == AF_INET ? 4 : 16;
	const uint8_t *key = e->key, *data = e->data;
	struct nk_port_seen *to = data ? NK_PUSH(a, out) : NULL;

	if (!to)
		return;
	to->port.count = 1;
	if (with_host) {
		to->port.host.family = (uint8_t)families[f];
		to->port.host.prefix = (uint8_t)(8 * size);
		memcpy(to->port.host.a, key, size);
		key += size;
	}
	to->port.proto = key[0] == IPPROTO_UDP ? NK_UDP : NK_TCP;
	to->port.host_port = (uint16_t)(key[4] << 8 | key[5]);
	to->to.family = (uint8_t)families[f];
	to->to.prefix = (uint8_t)(8 * size);
	memcpy(to->to.a, data, size);
	to->port.port = (uint16_t)(data[size] << 8 | data[size + 1]);
}

int nk_rules_ports_seen(int fd, struct nk_arena *a, struct nk_ports_seen *out, struct nk_err *e)
{
	for (int f = 0; f < 2; f++)
		for (int with_host = 0; with_host < 2; with_host++) {
			struct nk_nft_seen elements;
			int rc = nk_nft_elements(fd, a, with_host ? &at_ports[f] : &ports[f],
						 &elements, e);

			if (rc < 0)
				return rc;
			for (size_t i = 0; i < elements.n; i++)
				see(a, &elements.v[i], f, with_host, out);
		}
	return nk_arena_ok(a, e);
}
