/* SPDX-License-Identifier: Apache-2.0 */
/* The cards of a container: made by nook, addressed by init, and put into what runs already. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/net.h"
#include "plan/net_slots.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

enum { LO = 1 };

static uint32_t mode_number(const struct nk_network *n)
{
	static const struct {
		enum nk_net_driver driver;
		const char *word;
		uint32_t number;
	} modes[] = {
		{NK_NET_MACVLAN, "bridge", MACVLAN_MODE_BRIDGE},
		{NK_NET_MACVLAN, "private", MACVLAN_MODE_PRIVATE},
		{NK_NET_MACVLAN, "vepa", MACVLAN_MODE_VEPA},
		{NK_NET_MACVLAN, "passthru", MACVLAN_MODE_PASSTHRU},
		{NK_NET_IPVLAN, "l2", IPVLAN_MODE_L2},
		{NK_NET_IPVLAN, "l3", IPVLAN_MODE_L3},
		{NK_NET_IPVLAN, "l3s", IPVLAN_MODE_L3S},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].driver == n->driver && n->mode && !strcmp(modes[i].word, n->mode))
			return modes[i].number;
	return n->driver == NK_NET_MACVLAN ? MACVLAN_MODE_BRIDGE : IPVLAN_MODE_L2;
}

/* The card, born in the target. */
static struct nk_step *make_card(struct nk_build *b, const struct nk_net_card *c, int target,
				 enum nk_rt_ns ns)
{
	struct nk_plan *p = b->p;
	const struct nk_network *n = c->network;
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	const struct nk_rt_card card = {
		.name = c->ifname,
		.index = c->index,
		.mac = n->driver == NK_NET_IPVLAN ? NULL : c->mac,
		.mtu = n->mtu ? n->mtu : b->spec->net.mtu,
		.ns_fd = ns, /* up: inside, for a veth has no other end while it is made */
	};

	if (n->driver == NK_NET_BRIDGE)
		nk_rt_veth(batch, c->host_ifname, c->bridge_index, &card);
	/* With br_netfilter a container comes to its own published port without leaving the bridge:
	 * back through the card that it came from. */
	if (n->driver == NK_NET_BRIDGE && b->spec->net.ports.n && b->spec->net.bridge_filter)
		nk_rt_hairpin(batch, c->host_ifname);
	if (n->driver == NK_NET_MACVLAN)
		nk_rt_macvlan(batch, c->parent_index, mode_number(n), &card);
	if (n->driver == NK_NET_IPVLAN)
		nk_rt_ipvlan(batch, c->parent_index, (uint16_t)mode_number(n), &card);
	return nk_b_send(p, b->net_route, batch, target,
			 nk_fmt(p->arena, "its card %s on network %s", c->ifname, n->name));
}

/*
 * The card goes with its namespace, which goes with its last process, some milliseconds later. Its
 * removal here would take as long, before nook could end. But somebody may hold the namespace:
 * from now on its address is somebody else's.
 */
static void unmake_card(struct nk_build *b, const struct nk_net_card *c, int made)
{
	struct nk_plan *p = b->p;
	uint8_t actor = p->actor;

	if (c->network->driver != NK_NET_BRIDGE)
		return;
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	nk_rt_close_port(batch, c->host_ifname);
	p->actor = NK_AFTER;
	struct nk_step *s =
		nk_b_send(p, b->net_route, batch, NK_NOFD,
			  nk_fmt(p->arena, "nothing passes %s any more", c->host_ifname));
	s->undo_of = (int16_t)made;
	nk_tolerate(s, ENODEV, 0, 0);
	p->actor = actor;
}

static void publish(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_ports *ports = &b->spec->net.ports;
	const struct nk_net_card *c = nk_net_published_card(&b->spec->net);
	struct nk_batch *add, *del;

	if (!ports->n || !c)
		return;
	add = nk_b_batch(p, NETLINK_NETFILTER);
	nk_nft_begin(add);
	nk_rules_ports(add, ports, &c->ips, true);
	nk_nft_end(add);
	struct nk_step *s =
		nk_b_send(p, b->net_filter, add, NK_NOFD, "its published ports lead to it");
	s->hint = "\"File exists\" means: another container has one of these ports (`nook ps`), or "
		  "one that was killed has left it (`nook network prune`)";
	int made = (int)p->steps.n - 1;

	del = nk_b_batch(p, NETLINK_NETFILTER);
	nk_nft_begin(del);
	nk_rules_ports(del, ports, &c->ips, false);
	nk_nft_end(del);
	p->actor = NK_AFTER;
	s = nk_b_send(p, b->net_filter, del, NK_NOFD, "its ports lead nowhere any more");
	s->undo_of = (int16_t)made;
	nk_tolerate(s, ENOENT, 0, 0); /* somebody has flushed the rules */
	p->actor = NK_PARENT;
	nk_b_listen(b);
}

void nk_part_net_cards(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;

	if (!net->cards.n)
		return;
	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	for (size_t i = 0; i < net->cards.n; i++) {
		make_card(b, &net->cards.v[i], NK_SLOT_PID, NK_RT_NS_PID);
		int made = (int)p->steps.n - 1;
		nk_part_dhcp(b, &net->cards.v[i], NK_SLOT_PID, false);
		unmake_card(b, &net->cards.v[i], made);
	}
	publish(b);
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_CARDS, NK_NOFD, "its cards are there");
}

/* ---- inside ---- */

static const struct nk_ip *gateway(const struct nk_network *n, int family)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway.family == family)
			return &n->subnets.v[i].gateway;
	return NULL;
}

static bool has_address(const struct nk_net_card *c, int family)
{
	for (size_t i = 0; i < c->ips.n; i++)
		if (c->ips.v[i].family == family)
			return true;
	return false;
}

static void address_card(struct nk_batch *batch, const struct nk_net_card *c)
{
	nk_rt_up(batch, c->index, c->ifname);
	for (size_t i = 0; i < c->ips.n; i++)
		nk_rt_addr(batch, c->index, c->ifname, &c->ips.v[i]);
}

/* Out by the first card of each family that leads out. */
static void default_routes(struct nk_batch *batch, const struct nk_net_card *cards, size_t n)
{
	static const struct nk_ip all = {0};

	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0)
		for (size_t i = 0; i < n; i++) {
			const struct nk_net_card *c = &cards[i];
			const struct nk_ip *via = gateway(c->network, family);
			if (!c->default_route || !via || !has_address(c, family))
				continue;
			nk_rt_route(batch, &all, via, c->index, c->ifname, 0);
			break;
		}
}

/* On a LAN of containers routes come from nook: who is there does not listen to routers, which
 * any other container could play. A card of the machine's own LAN does. */
static bool ignores_routers(const struct nk_build *b, const struct nk_net_card *c)
{
	return b->spec->net.ip6 && c->network->driver == NK_NET_BRIDGE && !c->network->parent;
}

static int open_settings(struct nk_build *b, int dir, const char *path)
{
	return nk_b_open(b->p, dir, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, "net_conf",
			 "settings of its cards, before they are read-only");
}

void nk_part_net_settings(struct nk_build *b)
{
	const struct nk_net_spec *net = &b->spec->net;
	bool any = false;

	b->net_conf = NK_NOFD;
	for (size_t i = 0; i < net->cards.n; i++)
		any |= ignores_routers(b, &net->cards.v[i]);
	if (!any)
		return;
	nk_actor_topic(b->p, NK_INIT, NK_T_NETWORK);
	b->net_conf = b->proc == NK_NOFD ? open_settings(b, NK_CWD, "/proc/sys/net/ipv6/conf")
					 : open_settings(b, b->proc, "sys/net/ipv6/conf");
}

static void ignore_routers(struct nk_build *b, const struct nk_net_card *c)
{
	struct nk_plan *p = b->p;

	if (!ignores_routers(b, c))
		return;
	int fd = nk_b_open(p, b->net_conf, nk_fmt(p->arena, "%s/accept_ra", c->ifname), O_WRONLY,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, "accept_ra",
			   "no other container plays its router");
	/* Inside another container /proc/sys may be read-only, and for a script, which has no
	 * descriptor from before, it is. */
	nk_tolerate(nk_plan_last(p), EROFS, EACCES, ENOENT);
	struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "routes come from nook alone");

	s->fd[0] = (int16_t)fd;
	s->s[0] = "0";
	nk_tolerate(s, EBADF, 0, 0);
	s = nk_plan_add(p, NK_OP_CLOSE, "written");
	s->fd[0] = (int16_t)fd;
	nk_tolerate(s, EBADF, 0, 0);
}

void nk_part_net_inside(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;

	if (!net->cards.n)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_NETWORK);
	int sock = nk_b_netlink(p, NETLINK_ROUTE, "inner_route", "to speak to the new network");
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	nk_rt_up(batch, LO, "lo");
	for (size_t i = 0; i < net->cards.n; i++)
		address_card(batch, &net->cards.v[i]);
	default_routes(batch, net->cards.v, net->cards.n);
	p->topic = NK_T_SYNC;
	nk_b_await(p, NK_MSG_CARDS, NK_NOFD, "until its cards are there");
	p->topic = NK_T_NETWORK;
	for (size_t i = 0; i < net->cards.n; i++)
		ignore_routers(b, &net->cards.v[i]);
	struct nk_step *s = nk_b_send(p, sock, batch, NK_NOFD,
				      "lo up, addresses of its cards, and the way out");
	s->hint = "the kernel refuses an address or a route: `nook network inspect` shows the "
		  "network's subnets";
}

/* ---- into what runs already ---- */

/* Netlink sockets stay in the namespace where they were opened, and so do settings: there and back.
 * c: its card, which is there and ignores routers before it is up; or NULL. */
static int inner_socket(struct nk_build *b, const struct nk_net_card *c)
{
	struct nk_plan *p = b->p;
	int home = nk_b_open(p, NK_CWD, "/proc/self/ns/net", O_RDONLY, 0, "home", "the way back");
	struct nk_step *s = nk_plan_add(p, NK_OP_SETNS, "into its network");

	s->fd[0] = NK_SLOT_START;
	s->n[0] = CLONE_NEWNET;
	int sock = nk_b_netlink(p, NETLINK_ROUTE, "inner_route", "to speak to its network");
	if (c && ignores_routers(b, c)) {
		b->net_conf = open_settings(b, NK_CWD, "/proc/sys/net/ipv6/conf");
		ignore_routers(b, c);
	}
	s = nk_plan_add(p, NK_OP_SETNS, "and back");
	s->fd[0] = (int16_t)home;
	s->n[0] = CLONE_NEWNET;
	return sock;
}

/* Half-made: it goes again. */
static void remove_card(struct nk_build *b, const struct nk_net_card *c, int made)
{
	struct nk_plan *p = b->p;
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	bool veth = c->network->driver == NK_NET_BRIDGE;

	nk_rt_del_link(batch, veth ? c->host_ifname : c->ifname);
	p->actor = NK_AFTER;
	struct nk_step *s = nk_b_send(p, veth ? b->net_route : b->net_inner, batch, NK_NOFD,
				      nk_fmt(p->arena, "the card %s goes again", c->ifname));
	s->undo_of = (int16_t)made;
	nk_tolerate(s, ENODEV, 0, 0);
	p->actor = NK_PARENT;
}

static void begin(struct nk_build *b, struct nk_plan *p, struct nk_spec *spec,
		  const struct nk_net_spec *net, struct nk_net_card *card)
{
	spec->net = *net;
	spec->net.cards.v = card;
	spec->net.cards.n = spec->net.cards.cap = 1;
	spec->net.ports = (struct nk_ports){0};
	*b = (struct nk_build){.p = p, .spec = spec};
	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
}

int nk_plan_connect(struct nk_plan *p, const struct nk_net_card *card,
		    const struct nk_net_spec *net, struct nk_err *e)
{
	struct nk_net_card copy = *card;
	bool veth = card->network->driver == NK_NET_BRIDGE;
	struct nk_spec spec = {0};
	struct nk_build b;

	begin(&b, p, &spec, net, &copy);
	nk_part_net_host(&b);
	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	/* What is no veth is taken away again by a socket inside. */
	if (!veth)
		b.net_inner = inner_socket(&b, NULL);
	make_card(&b, &copy, NK_SLOT_START, NK_RT_NS_FD);
	remove_card(&b, &copy, (int)p->steps.n - 1);
	if (veth)
		b.net_inner = inner_socket(&b, &copy);
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	address_card(batch, &copy);
	default_routes(batch, &copy, 1);
	struct nk_step *s =
		nk_b_send(p, b.net_inner, batch, NK_NOFD, "its addresses, and the way out");
	/* It has a way out already: that one stays. */
	nk_tolerate(s, EEXIST, 0, 0);
	nk_part_dhcp(&b, &copy, NK_SLOT_START, true);
	return nk_arena_ok(p->arena, e);
}

int nk_plan_disconnect(struct nk_plan *p, const struct nk_net_card *card,
		       const struct nk_net_spec *net, struct nk_err *e)
{
	struct nk_net_card copy = *card;
	struct nk_spec spec = {0};
	struct nk_build b;
	int sock;

	begin(&b, p, &spec, net, &copy);
	nk_part_dhcp_end(&b, &copy);
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);
	if (copy.network->driver == NK_NET_BRIDGE) {
		sock = nk_b_netlink(p, NETLINK_ROUTE, "route", "to take links away");
		nk_rt_del_link(batch, copy.host_ifname);
	} else {
		sock = inner_socket(&b, NULL);
		nk_rt_del_link(batch, copy.ifname);
	}
	struct nk_step *s = nk_b_send(p, sock, batch, NK_NOFD,
				      nk_fmt(p->arena, "the card %s goes", copy.ifname));
	nk_tolerate(s, ENODEV, 0, 0);
	return nk_arena_ok(p->arena, e);
}
