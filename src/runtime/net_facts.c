/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host's network is there already: bridges, rules, forwarding, nook-netd. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "runtime/net.h"
#include "runtime/net_uplink.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

/* What a tap card carries; a network of the kernel's has 1500. */
enum { HOLDER_MTU = 65520 };

uint32_t nk_net_bridge_index(const struct nk_network *n)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = n->id ? n->id : n->name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return 0x10000000u | (hash & 0x0fffffffu);
}

static int bridge_fact(int fd, struct nk_arena *a, struct nk_net_card *c, struct nk_err *e)
{
	const struct nk_network *n = c->network;
	struct nk_rt_link link;
	int rc = nk_rt_link(fd, a, n->link, &link, e);

	c->bridge_missing = rc == -ENODEV;
	c->bridge_index = rc < 0 ? nk_net_bridge_index(n) : link.index;
	if (rc == -ENODEV)
		return 0;
	if (rc < 0)
		return nk_ctx(e, "network %s", n->name);
	if (link.kind && !strcmp(link.kind, "bridge"))
		return 0;
	nk_fail(e, EEXIST, "network %s: there is a link %s that is no bridge", n->name, n->link);
	return nk_hint(e, "rename it: ip link set %s down && ip link set %s name OTHER", n->link,
		       n->link);
}

static int parent_fact(int fd, struct nk_arena *a, struct nk_net_card *c, struct nk_err *e)
{
	const struct nk_network *n = c->network;
	struct nk_rt_link link;
	int rc = n->parent ? nk_rt_link(fd, a, n->parent, &link, e) : -ENODEV;

	if (rc >= 0) {
		c->parent_index = link.index;
		return 0;
	}
	if (rc != -ENODEV)
		return nk_ctx(e, "network %s", n->name);
	nk_fail(e, ENODEV, "network %s: its card %s", n->name, n->parent ? n->parent : "");
	return nk_hint(e, "`ip link` lists the cards of this machine");
}

/* The first byte of a file below /proc/sys/net; 0 when it is not there. */
static char sysctl(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	return fd >= 0 && read(fd, &c, 1) == 1 ? c : 0;
}

/* Cards that would forget what routers told them. */
static void router_cards(struct nk_arena *a, struct nk_net_spec *net)
{
	_closedir_ DIR *d = opendir("/proc/sys/net/ipv6/conf");

	for (struct dirent *ent; d && (ent = readdir(d));) {
		const char *name = ent->d_name;

		if (name[0] == '.' || !strcmp(name, "lo") || !strcmp(name, "all") ||
		    !strcmp(name, "default") || !strncmp(name, "nk", 2) || !strcmp(name, "nook0"))
			continue;
		if (sysctl(nk_fmt(a, "/proc/sys/net/ipv6/conf/%s/accept_ra", name)) == '1')
			nk_strv_push(a, &net->accept_ra, nk_strdup(a, name));
	}
}

static bool leads_out(const struct nk_net_card *c, int family)
{
	if (c->network->driver != NK_NET_BRIDGE || c->network->internal || c->network->parent)
		return false;
	for (size_t i = 0; i < c->network->subnets.n; i++)
		if (c->network->subnets.v[i].net.family == family)
			return true;
	return false;
}

static void forward_facts(struct nk_arena *a, struct nk_net_spec *net, struct nk_strv *notices)
{
	bool four = false, six = false;

	for (size_t i = 0; i < net->cards.n; i++) {
		four |= leads_out(&net->cards.v[i], AF_INET);
		six |= leads_out(&net->cards.v[i], AF_INET6);
	}
	net->forward4 = four && sysctl("/proc/sys/net/ipv4/ip_forward") == '0';
	net->forward6 = six && sysctl("/proc/sys/net/ipv6/conf/all/forwarding") == '0';
	if (net->forward6)
		router_cards(a, net);
	if (net->forward4 || net->forward6)
		nk_strv_push(a, notices,
			     nk_fmt(a, "this machine forwards packets from now on:%s%s",
				    net->forward4 ? " net.ipv4.ip_forward=1" : "",
				    net->forward6 ? " net.ipv6.conf.all.forwarding=1" : ""));
	if (net->accept_ra.n)
		nk_strv_push(a, notices,
			     "and keeps what routers announce: net.ipv6.conf.*.accept_ra=2");
}

/* Is the table of this version there? Somebody flushed it while others run: theirs comes back, of
 * all networks that are up, before ours is added: nobody looks for what is missing in one that is
 * there. */
static int table_fact(struct nk_net_store *s, struct nk_arena *a, struct nk_net_spec *net,
		      struct nk_err *e)
{
	_close_ int fd = nk_nft_open(e);

	if (fd < 0)
		return fd;
	int has = nk_nft_has_chain(fd, NK_NFT_TABLE, nk_rules_version, e);
	if (has < 0)
		return nk_ctx(e, "look at the rules of nftables");
	if (!has && !net->dry) {
		int rc = nk_net_reload(s, a, e);

		if (rc >= 0)
			rc = has = nk_nft_has_chain(fd, NK_NFT_TABLE, nk_rules_version, e);
		if (rc < 0)
			return nk_ctx(e, "bring back the rules of nook's networks");
	}
	net->table_missing = !has;
	return 0;
}

static void netd_facts(struct nk_net_store *s, struct nk_net_spec *net)
{
	const struct nk_net_card *published = net->ports.n ? nk_net_published_card(net) : NULL;

	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];
		bool bridge = c->network->driver == NK_NET_BRIDGE;

		c->netd_missing = bridge && (c->network->dns || c == published) && net->netd_path &&
				  nk_netd_answers(s, c->network->name) == 0;
	}
	net->bridge_filter = sysctl("/proc/sys/net/bridge/bridge-nf-call-iptables") == '1' ||
			     sysctl("/proc/sys/net/bridge/bridge-nf-call-ip6tables") == '1';
	net->root_dir = s->root;
	net->state_dir = s->state;
}

/* After a reboot; `nook network create` has done it before. Two at once would both move what the
 * card has: only with the lock alone. 1: it is to be done. */
static int uplink_fact(struct nk_arena *a, const struct nk_network *n, bool alone,
		       struct nk_strv *notices, struct nk_err *e)
{
	int rc;

	if (n->driver != NK_NET_BRIDGE || !n->parent)
		return 0;
	if (alone)
		return nk_net_uplink_up(a, n, notices, e);
	rc = nk_net_uplink_is_up(a, n, e);
	return rc < 0 ? rc : !rc;
}

/* 1: something is missing that is made with the lock alone. */
static int look(struct nk_net_store *s, struct nk_arena *a, struct nk_net_spec *net, bool alone,
		struct nk_strv *notices, struct nk_err *e)
{
	_close_ int fd = nk_nl_open(e);
	bool bridges = false, missing = false;
	int rc = fd < 0 ? fd : 0;

	for (size_t i = 0; rc >= 0 && i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];
		const struct nk_network *n = c->network;

		rc = net->dry ? 0 : uplink_fact(a, n, alone, notices, e);
		if (rc < 0)
			break;
		missing |= rc > 0;
		rc = c->network->driver == NK_NET_BRIDGE ? bridge_fact(fd, a, c, e)
							 : parent_fact(fd, a, c, e);
		bridges |= n->driver == NK_NET_BRIDGE && !n->parent;
	}
	if (rc < 0)
		return rc;
	net->ip6 = access("/proc/net/if_inet6", F_OK) == 0;
	if (bridges)
		rc = table_fact(s, a, net, e);
	if (rc < 0)
		return rc;
	forward_facts(a, net, notices);
	/* Said when the network is made, not at each start. */
	for (size_t i = 0; i < net->cards.n; i++)
		if (net->cards.v[i].bridge_missing)
			nk_net_foreign(a, net->cards.v[i].network, notices);
	netd_facts(s, net);
	/* In the holder of a user's networks (runtime/lan.h). */
	const char *own = nk_fmt(a, "%s/resolv.conf", s->state);
	net->resolv_conf = access(own, R_OK) == 0 ? own : NULL;
	/* Its way out carries what its sockets say, not packets: the larger these are, the faster.
	 */
	net->mtu = net->resolv_conf ? HOLDER_MTU : 0;
	missing |= net->table_missing;
	for (size_t i = 0; i < net->cards.n; i++)
		missing |= net->cards.v[i].bridge_missing;
	return missing;
}

int nk_net_facts(struct nk_net_store *s, struct nk_arena *a, struct nk_net_spec *net,
		 struct nk_strv *notices, struct nk_err *e)
{
	size_t told = notices->n;
	int rc = net->dry ? 0 : nk_net_starts_lock(s, false, e);

	if (rc >= 0)
		rc = look(s, a, net, false, notices, e);
	if (rc <= 0 || net->dry)
		return rc < 0 ? rc : 0;
	/* Somebody else may be about to make it: with the lock alone it is there, or is ours. */
	rc = nk_net_starts_lock(s, true, e);
	notices->n = told;
	net->accept_ra = (struct nk_strv){0};
	if (rc >= 0)
		rc = look(s, a, net, true, notices, e);
	/* Nothing is left to be made, so that others may start, too. */
	if (rc == 0)
		rc = nk_net_starts_lock(s, false, e);
	return rc < 0 ? rc : 0;
}
