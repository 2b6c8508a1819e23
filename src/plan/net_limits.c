/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container may receive and reach: the table that init makes in its own network namespace
 * while it still may, before any card of it has an address; and, with --egress, the resolver,
 * which has its sockets inside and answers from outside (nook-netd).
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/net.h"
#include "plan/net_slots.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

enum { LO = 1 };

const struct nk_ip nk_egress_resolver = {.family = AF_INET, .prefix = 32, .a = {127, 0, 0, 11}};

/* Whose nook-netd resolves where no network of ours has one: no network has such a name. */
static const char ALONE[] = "_egress";

/* The network whose nook-netd is to resolve: one that has names of its own, which it knows, too. */
static const char *resolving_network(const struct nk_net_spec *net)
{
	for (size_t i = 0; i < net->cards.n; i++)
		if (net->cards.v[i].network->driver == NK_NET_BRIDGE &&
		    net->cards.v[i].network->dns)
			return net->cards.v[i].network->name;
	return ALONE;
}

static struct nk_step *netd(struct nk_plan *p, const struct nk_net_spec *net,
			    const char *const *words, const char *why)
{
	struct nk_step *s = nk_plan_add(p, NK_OP_HELPER, "%s", why);
	struct nk_strv argv = {0};

	for (nk_strv_push(p->arena, &argv, net->netd_path); *words; words++)
		nk_strv_push(p->arena, &argv, *words);
	s->s[0] = net->netd_path;
	s->p[0] = argv.v;
	s->hint = "nook-netd could not be asked: without it no name can be reached";
	return s;
}

static void start_alone(struct nk_plan *p, const struct nk_net_spec *net)
{
	static const char why[] = "a resolver for containers on no network of nook (nook-netd)";
	const char *words[] = {"--alone", "--state", net->state_dir, ALONE, NULL, NULL, NULL};

	/* Where /etc/resolv.conf names servers that this network does not reach. */
	if (net->resolv_conf) {
		words[3] = "--resolv-conf";
		words[4] = net->resolv_conf;
		words[5] = ALONE;
	}
	netd(p, net, words, why);
}

/* Behind the step that starts the network's nook-netd. */
static void start_resolver(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	const char *network = resolving_network(net), *names = "";
	char resolver[INET_ADDRSTRLEN];

	for (size_t i = 0; i < net->egress.n; i++)
		names = nk_fmt(p->arena, "%s%s%s", names, i ? "," : "", net->egress.v[i]);
	inet_ntop(AF_INET, nk_egress_resolver.a, resolver, sizeof(resolver));
	if (network == ALONE)
		start_alone(p, net);
	const char *words[] = {
		"--egress",  "%d",	 "--state",    net->state_dir,
		"--network", network,	 "--id",       b->spec->id,
		"--owner",   net->owner, "--resolver", nk_strdup(p->arena, resolver),
		"--allow",   names,	 NULL,
	};
	netd(p, net, words, nk_fmt(p->arena, "its resolver knows these names only: %s", names))
		->fd[0] = NK_SLOT_PID;
}

/* The resolver has an address there. */
static void loopback(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	int sock = nk_b_netlink(p, NETLINK_ROUTE, "inner_route", "to speak to the new network");
	struct nk_batch *batch = nk_b_batch(p, NETLINK_ROUTE);

	nk_rt_up(batch, LO, "lo");
	nk_b_send(p, sock, batch, NK_NOFD, "lo up, for the resolver");
	nk_plan_add(p, NK_OP_CLOSE, "lo is up")->fd[0] = (int16_t)sock;
}

void nk_part_net_limits(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;
	const struct nk_fw_policy policy = {.egress = net->egress_given,
					    .resolver = nk_egress_resolver};

	if (!net->firewall_given && !net->egress_given)
		return;
	nk_actor_topic(p, NK_INIT, NK_T_NETWORK);
	int sock = nk_b_netlink(p, NETLINK_NETFILTER, "wall", "to make its firewall");
	struct nk_batch *batch = nk_b_batch(p, NETLINK_NETFILTER);
	nk_nft_begin(batch);
	nk_firewall_table(batch, &net->firewall, &policy);
	nk_nft_end(batch);
	struct nk_step *s = nk_b_send(p, sock, batch, NK_NOFD, "its own firewall");
	s->hint = "this kernel needs nftables (CONFIG_NF_TABLES, _INET, NFT_CT)";
	nk_plan_add(p, NK_OP_CLOSE, "the firewall stands")->fd[0] = (int16_t)sock;
	if (!net->egress_given)
		return;
	loopback(b);
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_WALL, NK_NOFD, "its firewall stands");
	p->actor = NK_PARENT;
	nk_b_await(p, NK_MSG_WALL, NK_NOFD, "until its firewall stands");
	p->topic = NK_T_NETWORK;
	start_resolver(b);
	if (net->cards.n)
		return; /* init waits for them, and they come later */
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_CARDS, NK_NOFD, "its resolver answers");
	p->actor = NK_INIT;
	nk_b_await(p, NK_MSG_CARDS, NK_NOFD, "until its resolver answers");
}
