/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a networked start needs of the host, before the clone: bridges, sysctls and rules where
 * they are missing, sockets that hold the published ports, nook-netd where it does not run.
 * Nothing here is taken away by this container's end: others are on the same network
 * (`nook network rm` and `prune` do that).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"
#include "plan/net.h"
#include "plan/net_slots.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

static const char no_right[] = "making links and rules needs CAP_NET_ADMIN: run nook as root, or "
			       "use --network none";

int nk_b_netlink(struct nk_plan *p, int protocol, const char *slot, const char *why)
{
	int out = nk_plan_slot(p, slot);
	struct nk_step *s = nk_plan_add(p, NK_OP_SOCKET, "%s", why);

	s->n[0] = AF_NETLINK;
	s->n[1] = SOCK_RAW | SOCK_CLOEXEC;
	s->n[2] = (uint64_t)protocol;
	s->out = (int16_t)out;
	return out;
}

struct nk_step *nk_b_send(struct nk_plan *p, int sock, const struct nk_batch *batch, int patch,
			  const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_NETLINK, "%s", why);

	s->fd[0] = (int16_t)sock;
	s->fd[1] = (int16_t)patch;
	s->p[0] = batch;
	s->hint = no_right;
	return s;
}

struct nk_batch *nk_b_batch(struct nk_plan *p, int protocol)
{
	static struct nk_batch none; /* out of memory: the arena knows, the plan is not used */
	struct nk_batch *b = NK_NEW(p->arena, struct nk_batch);

	if (!b)
		b = &none;
	nk_batch_init(b, p->arena, protocol);
	return b;
}

static void write_sysctl(struct nk_plan *p, const char *path, const char *value, const char *why)
{
	int fd = nk_b_open(p, NK_CWD, path, O_WRONLY, 0, "sysctl", why);
	struct nk_step *s = nk_plan_last(p);

	s->hint = "containers of a network need it: set it before nook starts (sysctl -w), or use "
		  "--network none";
	s = nk_plan_add(p, NK_OP_WRITE, "%s", why);
	s->fd[0] = (int16_t)fd;
	s->s[0] = value;
	nk_plan_add(p, NK_OP_CLOSE, "written")->fd[0] = (int16_t)fd;
}

/* The same for everybody who makes this bridge: it would change with its ports. */
static void bridge_mac(const struct nk_net_card *c, uint8_t mac[6])
{
	mac[0] = 0x02;
	mac[1] = 0x6e;
	for (int i = 0; i < 4; i++)
		mac[2 + i] = (uint8_t)(c->bridge_index >> (24 - 8 * i));
}

/* With its addresses, and up. Two starts may do it at once: both mean the same link. */
static void make_bridge(struct nk_build *b, const struct nk_net_card *c)
{
	struct nk_plan *p = b->p;
	const struct nk_network *n = c->network;
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	bool four = false, six = false;
	uint8_t mac[6];

	bridge_mac(c, mac);
	nk_rt_bridge(batch, n->link, c->bridge_index, mac, n->mtu ? n->mtu : b->spec->net.mtu);
	nk_rt_alias(batch, c->bridge_index, n->link, nk_fmt(p->arena, "nook network %s", n->name));
	for (size_t i = 0; i < n->subnets.n; i++) {
		const struct nk_subnet *net = &n->subnets.v[i];
		struct nk_ip ip = net->gateway;

		if (!ip.family)
			continue;
		ip.prefix = net->net.prefix;
		nk_rt_addr(batch, c->bridge_index, n->link, &ip);
		four |= ip.family == AF_INET;
		six |= ip.family == AF_INET6;
	}
	if (six)
		nk_rt_link_local(batch, c->bridge_index, n->link, mac);
	struct nk_step *s =
		nk_b_send(p, b->net_route, batch, NK_NOFD,
			  nk_fmt(p->arena, "the bridge %s of network %s, with its addresses",
				 n->link, n->name));
	nk_tolerate(s, EEXIST, 0, 0);
	if (four)
		write_sysctl(p,
			     nk_fmt(p->arena, "/proc/sys/net/ipv4/conf/%s/route_localnet", n->link),
			     "1", "published ports are reached at 127.0.0.1, too");
	if (six || b->spec->net.ip6)
		write_sysctl(p, nk_fmt(p->arena, "/proc/sys/net/ipv6/conf/%s/accept_ra", n->link),
			     "0", "no container tells this machine its routes");
}

static void make_bridges(struct nk_build *b)
{
	const struct nk_net_spec *net = &b->spec->net;

	for (size_t i = 0; i < net->cards.n; i++)
		if (net->cards.v[i].network->driver == NK_NET_BRIDGE &&
		    !net->cards.v[i].network->parent && net->cards.v[i].bridge_missing)
			make_bridge(b, &net->cards.v[i]);
}

static void forward(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;

	if (net->forward4)
		write_sysctl(p, "/proc/sys/net/ipv4/ip_forward", "1",
			     "this machine forwards IPv4 packets");
	if (!net->forward6)
		return;
	/* A machine that forwards listens to routers only where that is said. */
	for (size_t i = 0; i < net->accept_ra.n; i++)
		write_sysctl(p,
			     nk_fmt(p->arena, "/proc/sys/net/ipv6/conf/%s/accept_ra",
				    net->accept_ra.v[i]),
			     "2", "and keeps the routes that routers announce");
	write_sysctl(p, "/proc/sys/net/ipv6/conf/all/forwarding", "1",
		     "this machine forwards IPv6 packets");
}

static bool wants_rules(const struct nk_net_spec *net, const struct nk_net_card *c)
{
	return c->network->driver == NK_NET_BRIDGE && !c->network->parent &&
	       (net->table_missing || c->bridge_missing);
}

static void rules(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	bool any = net->table_missing;

	for (size_t i = 0; i < net->cards.n; i++)
		any |= wants_rules(net, &net->cards.v[i]);
	if (!any)
		return;
	struct nk_batch *batch = nk_b_batch(p, NETLINK_NETFILTER);
	nk_nft_begin(batch);
	if (net->table_missing)
		nk_rules_table(batch);
	for (size_t i = 0; i < net->cards.n; i++)
		if (wants_rules(net, &net->cards.v[i]))
			nk_rules_network(batch, net->cards.v[i].network, true);
	nk_nft_end(batch);
	nk_b_send(p, b->net_filter, batch, NK_NOFD,
		  net->table_missing ? "the rules of nook's networks (nftables table \"nook\")"
				     : "the rules know this network");
}

/* ---- ports ---- */

static const struct sockaddr *address(struct nk_arena *a, const struct nk_ip *ip, int family,
				      uint16_t port, uint64_t *size)
{
	if (family == AF_INET) {
		struct sockaddr_in *in = NK_NEW(a, struct sockaddr_in);
		*size = sizeof(*in);
		if (!in)
			return NULL;
		*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&in->sin_addr, ip->a, 4);
		return (const struct sockaddr *)in;
	}
	struct sockaddr_in6 *in = NK_NEW(a, struct sockaddr_in6);
	*size = sizeof(*in);
	if (!in)
		return NULL;
	*in = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&in->sin6_addr, ip->a, 16);
	return (const struct sockaddr *)in;
}

static void option(struct nk_plan *p, int sock, int level, int name, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_SETSOCKOPT, "%s", why);

	s->fd[0] = (int16_t)sock;
	s->n[0] = (uint64_t)level;
	s->n[1] = (uint64_t)name;
	s->n[2] = 1;
}

/* One socket: nobody else gets this port while the container lives. */
static void hold_port(struct nk_build *b, const struct nk_port *port, uint16_t number, int family)
{
	struct nk_plan *p = b->p;
	bool udp = port->proto == NK_UDP;
	int sock = nk_plan_slot(p, "port");
	struct nk_step *s = nk_plan_add(p, NK_OP_SOCKET, "holds port %u/%s of this machine", number,
					udp ? "udp" : "tcp");
	uint64_t size;

	s->n[0] = (uint64_t)family;
	s->n[1] = (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
	s->out = (int16_t)sock;
	if (family == AF_INET6)
		option(p, sock, IPPROTO_IPV6, IPV6_V6ONLY, "IPv4 has a socket of its own");
	/* What waits in TIME_WAIT of an earlier container is no reason to refuse. */
	if (!udp)
		option(p, sock, SOL_SOCKET, SO_REUSEADDR,
		       "connections that have ended do not count");
	const struct sockaddr *at = address(p->arena, &port->host, family, number, &size);
	s = nk_plan_add(p, NK_OP_BIND, "port %u/%s of this machine", number, udp ? "udp" : "tcp");
	s->fd[0] = (int16_t)sock;
	s->p[0] = at;
	s->n[0] = size;
	s->hint = "choose another port outside: -p OTHER:PORT";
	int *waits = udp ? NULL : NK_PUSH(p->arena, &b->net_listen);
	if (waits)
		*waits = sock;
}

void nk_b_listen(struct nk_build *b)
{
	for (size_t i = 0; i < b->net_listen.n; i++) {
		struct nk_step *s = nk_plan_add(b->p, NK_OP_LISTEN, "and nobody else has its port");

		s->fd[0] = (int16_t)b->net_listen.v[i];
		s->n[0] = SOMAXCONN;
		s->hint = "choose another port outside: -p OTHER:PORT";
	}
}

static void hold_ports(struct nk_build *b)
{
	const struct nk_net_spec *net = &b->spec->net;

	for (size_t i = 0; i < net->ports.n; i++) {
		const struct nk_port *port = &net->ports.v[i];

		for (unsigned k = 0; k < port->count; k++) {
			uint16_t number = (uint16_t)(port->host_port + k);

			if (port->host.family != AF_INET6)
				hold_port(b, port, number, AF_INET);
			if (port->host.family == AF_INET6 || (!port->host.family && net->ip6))
				hold_port(b, port, number, AF_INET6);
		}
	}
}

/* ---- nook-netd ---- */

static void start_netd(struct nk_build *b, const struct nk_net_card *c)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	struct nk_strv argv = {0};
	struct nk_step *s = nk_plan_add(p, NK_OP_HELPER, "the resolver of network %s (nook-netd)",
					c->network->name);

	nk_strv_push(p->arena, &argv, net->netd_path);
	nk_strv_push(p->arena, &argv, "--root");
	nk_strv_push(p->arena, &argv, net->root_dir);
	nk_strv_push(p->arena, &argv, "--state");
	nk_strv_push(p->arena, &argv, net->state_dir);
	if (net->resolv_conf) {
		nk_strv_push(p->arena, &argv, "--resolv-conf");
		nk_strv_push(p->arena, &argv, net->resolv_conf);
	}
	nk_strv_push(p->arena, &argv, c->network->name);
	s->s[0] = net->netd_path;
	s->p[0] = argv.v;
	s->hint = "without it names are not resolved: `nook network create --dns off` makes a "
		  "network that does without";
}

void nk_part_net_host(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;

	if (!net->cards.n)
		return;
	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	b->net_route = nk_b_netlink(p, NETLINK_ROUTE, "route", "to make links");
	b->net_filter = nk_b_netlink(p, NETLINK_NETFILTER, "filter", "to make rules");
	make_bridges(b);
	forward(b);
	rules(b);
	hold_ports(b);
	for (size_t i = 0; i < net->cards.n; i++)
		if (net->cards.v[i].netd_missing && net->netd_path)
			start_netd(b, &net->cards.v[i]);
}
