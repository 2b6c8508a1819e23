/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_batch [--words] WHAT ARG…: one of nook's batches of netlink messages, sent in this network
 * namespace, or printed as the words for `ip -batch` and `nft -f`.
 *
 *	bridge NAME INDEX ADDRESS/PREFIX…
 *	veth OUTSIDE MASTER PID INSIDE INDEX		the other end is born in PID's namespace
 *	card NAME INDEX ADDRESS/PREFIX… via GATEWAY…	addresses and default routes, lo up
 *	rules						the whole table of the host
 *	network LINK plain|internal|isolate SUBNET…	its elements
 *	publish|unpublish tcp|udp HOST|all PORT:PORT:COUNT ADDRESS…
 *	firewall [in=drop] [out=drop] [egress=RESOLVER] RULE…
 *	forget udp-port FIRST LAST | answers-of ADDRESS	connections
 *	elements SET					how many the set `lan4` or `ports4` has
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/rule.h"
#include "oci/ip.h"
#include "plan/net.h"
#include "sys/conntrack.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

static struct nk_arena arena;
static struct nk_err e;

static int bad(const char *what)
{
	fprintf(stderr, "net_batch: %s %s\n", what, e.msg);
	exit(2);
}

static struct nk_ip ip_of(const char *text)
{
	struct nk_ip ip;

	if (nk_ip_parse(text, strchr(text, '/') != NULL, &ip, &e) < 0)
		bad(text);
	return ip;
}

static struct nk_ips ips_of(char *const *words)
{
	struct nk_ips ips = {0};

	for (; *words && strcmp(*words, "via"); words++)
		*NK_PUSH(&arena, &ips) = ip_of(*words);
	return ips;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void bridge(struct nk_batch *b, char **w)
{
	const uint8_t mac[6] = {2, 0x6e, 0, 0, 0, (uint8_t)number(w[1])};
	const struct nk_ips ips = ips_of(w + 2);

	nk_rt_bridge(b, w[0], number(w[1]), mac, 1450);
	nk_rt_alias(b, number(w[1]), w[0], "nook network of a test");
	for (size_t i = 0; i < ips.n; i++)
		nk_rt_addr(b, number(w[1]), w[0], &ips.v[i]);
	nk_rt_link_local(b, number(w[1]), w[0], mac);
}

static uint32_t veth(struct nk_batch *b, char **w)
{
	const uint8_t mac[6] = {2, 0x6e, 1, 0, 0, (uint8_t)w[0][strlen(w[0]) - 1]};
	const struct nk_rt_card card = {
		.name = w[3],
		.index = number(w[4]),
		.mac = mac,
		.mtu = 1450,
		.ns_fd = NK_RT_NS_PID,
	};

	nk_rt_veth(b, w[0], number(w[1]), &card);
	nk_rt_hairpin(b, w[0]);
	return number(w[2]);
}

static void card(struct nk_batch *b, char **w)
{
	const struct nk_ips ips = ips_of(w + 2);
	const struct nk_ip all = {0};
	const char *name = w[0];
	uint32_t index = number(w[1]);

	nk_rt_up(b, 1, "lo");
	nk_rt_up(b, index, name);
	for (size_t i = 0; i < ips.n; i++)
		nk_rt_addr(b, index, name, &ips.v[i]);
	w += 2 + ips.n;
	while (*w && *++w) {
		const struct nk_ip via = ip_of(*w);
		nk_rt_route(b, &all, &via, index, name, 0);
	}
}

static void network(struct nk_batch *b, char **w)
{
	struct nk_network n = {.name = w[0], .link = w[0]};

	n.internal = strcmp(w[1], "internal") == 0;
	n.isolate = strcmp(w[1], "isolate") == 0;
	for (w += 2; *w; w++)
		*NK_PUSH(&arena, &n.subnets) = (struct nk_subnet){.net = ip_of(*w)};
	nk_rules_network(b, &n, true);
}

static void publish(struct nk_batch *b, char **w, bool add)
{
	unsigned from = 0, to = 0, count = 1;
	struct nk_port port = {.proto = strcmp(w[0], "udp") ? NK_TCP : NK_UDP};
	const struct nk_ips ips = ips_of(w + 3);

	sscanf(w[2], "%u:%u:%u", &from, &to, &count);
	if (strcmp(w[1], "all"))
		port.host = ip_of(w[1]);
	port.host_port = (uint16_t)from;
	port.port = (uint16_t)to;
	port.count = (uint16_t)count;
	const struct nk_ports ports = {.v = &port, .n = 1};
	nk_rules_ports(b, &ports, &ips, add);
}

static void firewall(struct nk_batch *b, char **w)
{
	struct nk_fw_policy policy = {0};
	struct nk_fw_rules rules = {0};

	for (; *w; w++) {
		if (strcmp(*w, "in=drop") == 0)
			policy.in_drop = true;
		else if (strcmp(*w, "out=drop") == 0)
			policy.out_drop = true;
		else if (strncmp(*w, "egress=", 7) == 0) {
			policy.egress = true;
			policy.resolver = ip_of(*w + 7);
		} else if (nk_rule_parse(&arena, *w, NK_PUSH(&arena, &rules), &e) < 0)
			bad(*w);
	}
	nk_firewall_table(b, &rules, &policy);
}

static int elements(const char *name)
{
	struct nk_nft_set set = {.table = NK_NFT_TABLE, .name = name};
	struct nk_nft_seen seen;
	int fd = nk_nft_open(&e), n = 0;

	if (fd < 0 || nk_nft_elements(fd, &arena, &set, &seen, &e) < 0)
		bad(name);
	for (size_t i = 0; i < seen.n; i++)
		n += seen.v[i].key != NULL;
	printf("%d\n", n);
	return 0;
}

static int forget(char **w)
{
	int fd = nk_nft_open(&e), ret = fd;

	if (fd >= 0 && strcmp(w[0], "answers-of") == 0) {
		const struct nk_ip ip = ip_of(w[1]);
		ret = nk_ct_forget_answers(fd, &arena, &ip, &e);
	} else if (fd >= 0) {
		ret = nk_ct_forget_ports(fd, &arena, AF_INET, (uint16_t)number(w[1]),
					 (uint16_t)number(w[2]), &e);
	}
	return ret < 0 ? bad("forget") : 0;
}

static int send_or_print(struct nk_batch *b, bool words, uint32_t patch)
{
	if (words) {
		fwrite(b->words.v, 1, b->words.n, stdout);
		return 0;
	}
	int fd = b->protocol == NETLINK_ROUTE ? nk_nl_open(&e) : nk_nft_open(&e);
	if (fd < 0 || nk_batch_send(fd, b, patch, "send", &e) < 0) {
		fprintf(stderr, "net_batch: %s\n", e.msg);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool words = argc > 1 && strcmp(argv[1], "--words") == 0;
	char **w = argv + 1 + words;
	uint32_t patch = 0;
	struct nk_batch b;

	if (!*w)
		return bad("what?");
	if (strcmp(*w, "elements") == 0)
		return elements(w[1]);
	if (strcmp(*w, "forget") == 0)
		return forget(w + 1);
	bool route =
		strcmp(*w, "bridge") == 0 || strcmp(*w, "veth") == 0 || strcmp(*w, "card") == 0;
	nk_batch_init(&b, &arena, route ? NETLINK_ROUTE : NETLINK_NETFILTER);
	if (!route)
		nk_nft_begin(&b);
	if (strcmp(*w, "bridge") == 0)
		bridge(&b, w + 1);
	else if (strcmp(*w, "veth") == 0)
		patch = veth(&b, w + 1);
	else if (strcmp(*w, "card") == 0)
		card(&b, w + 1);
	else if (strcmp(*w, "rules") == 0)
		nk_rules_table(&b);
	else if (strcmp(*w, "network") == 0)
		network(&b, w + 1);
	else if (strcmp(*w, "publish") == 0 || strcmp(*w, "unpublish") == 0)
		publish(&b, w + 1, **w == 'p');
	else if (strcmp(*w, "firewall") == 0)
		firewall(&b, w + 1);
	else
		return bad(*w);
	if (!route)
		nk_nft_end(&b);
	return send_or_print(&b, words, patch);
}
