/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a container that is about to start. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/facts.h"
#include "runtime/net.h"
#include "sys/rtnl.h"

/* Inside, lo is 1. */
enum { FIRST_INDEX = 2, BEHIND_TUNNELS = 64 };

static int may(struct nk_err *e)
{
	if (nk_own_caps() >> CAP_NET_ADMIN & 1)
		return 0;
	nk_fail(e, EPERM, "cards on networks take CAP_NET_ADMIN");
	return nk_hint(e, "run nook as root, or use --network none");
}

/* Without the program no names; the network itself does not need it. */
static void check_netd(struct nk_arena *a, const struct nk_net_spec *net, struct nk_network *n,
		       struct nk_strv *notices)
{
	if (!n->dns || net->netd_path)
		return;
	n->dns = false;
	nk_strv_push(a, notices,
		     nk_fmt(a, "network %s: nook-netd is not installed: no names of containers",
			    n->name));
}

/* A kernel that was started without IPv6: the network is there, with its IPv4 alone. */
static int without_ip6(struct nk_network *n, struct nk_err *e)
{
	size_t keep = 0;

	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].net.family != AF_INET6)
			n->subnets.v[keep++] = n->subnets.v[i];
	if (keep == n->subnets.n || keep) {
		n->subnets.n = keep;
		return 0;
	}
	nk_fail(e, EAFNOSUPPORT, "network %s has IPv6 only", n->name);
	return nk_hint(e, "this machine was started without it (ipv6.disable=1)");
}

static int find_networks(struct nk_net_store *s, struct nk_arena *a, struct nk_net_spec *net,
			 struct nk_strv *notices, struct nk_err *e)
{
	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_network *n = NK_NEW(a, struct nk_network);
		int rc = n ? nk_net_find(s, a, net->cards.v[i].network->name, n, e)
			   : nk_arena_ok(a, e);

		if (rc < 0)
			return rc;
		if (!net->ip6 && (rc = without_ip6(n, e)) < 0)
			return rc;
		check_netd(a, net, n, notices);
		/* Its id and addresses will be others; nook-netd of a program needs the real one.
		 */
		if (s->dry && !nk_net_is_defined(s, a, n->name))
			nk_strv_push(
				a, notices,
				nk_fmt(a,
				       "network %s is made when a container first uses it: this "
				       "is how it may look then",
				       n->name));
		net->cards.v[i].network = n;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(net->cards.v[k].network->name, n->name)) {
				nk_fail(e, EEXIST, "network %s is given twice", n->name);
				return nk_hint(e, "one card on each network");
			}
	}
	return 0;
}

/* Modules of tunnels put links into each new namespace (sit0 …), which take the first numbers. */
static uint32_t first_index(void)
{
	static const char *const links[] = {"tunl0", "sit0", "gre0", "ip_vti0"};
	char path[64] = "/proc/sys/net/ipv4/conf/";
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		strcpy(path + n, links[i]);
		if (access(path, F_OK) == 0)
			return BEHIND_TUNNELS;
	}
	return FIRST_INDEX;
}

static bool has_gateway(const struct nk_network *n)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway.family)
			return true;
	return false;
}

static int check_ports(struct nk_net_spec *net, struct nk_err *e)
{
	if (!net->ports.n || nk_net_published_card(net))
		return 0;
	nk_fail(e, 0, "-p: network %s leads to the container without this machine",
		net->cards.v[0].network->name);
	return nk_hint(e, "ports are published on a network of the bridge driver; on this one the "
			  "container's own address is reached");
}

/* The ports stand in the line of the card that they lead to. */
static int lease_all(struct nk_net_store *s, struct nk_arena *a, struct nk_spec *spec,
		     struct nk_err *e)
{
	struct nk_net_spec *net = &spec->net;
	const struct nk_net_card *published = nk_net_published_card(net);
	const struct nk_ports none = {0};
	int rc;

	net->owner = nk_net_owner_self(a, e);
	rc = net->owner ? 0 : -EINVAL;

	for (size_t i = 0; rc >= 0 && i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];

		rc = nk_net_lease(s, a, c, spec->id, spec->name,
				  c == published ? &net->ports : &none, net->owner, nk_net_sweep,
				  e);
	}
	return rc;
}

int nk_net_prepare(struct nk_net_store *s, struct nk_arena *a, struct nk_spec *spec,
		   struct nk_strv *notices, struct nk_err *e)
{
	struct nk_net_spec *net = &spec->net;
	uint32_t index = first_index();
	int rc;

	if (!net->cards.n)
		return 0;
	net->ip6 = access("/proc/net/if_inet6", F_OK) == 0;
	if ((rc = may(e)) < 0 || (rc = find_networks(s, a, net, notices, e)) < 0 ||
	    (rc = check_ports(net, e)) < 0)
		return rc;
	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];

		c->index = c->network->driver == NK_NET_BRIDGE ? index++
							       : NK_RT_INDEX_UPON + (uint32_t)i;
		c->default_route = !c->network->internal && has_gateway(c->network);
	}
	net->id = spec->id;
	net->dry = s->dry;
	net->hostname = spec->hostname ? spec->hostname : spec->name;
	if ((rc = nk_net_check_dhcp(net, e)) < 0)
		return rc;
	if ((rc = nk_net_choose_ports(&net->ports, net->ip6, e)) < 0)
		return rc;
	rc = lease_all(s, a, spec, e);
	/* With the lease written, a nook-netd that runs now stays. */
	if (rc >= 0)
		rc = nk_net_facts(s, a, net, notices, e);
	if (rc >= 0)
		rc = nk_arena_ok(a, e);
	if (rc < 0 && !s->dry)
		nk_net_container_end(s, a, spec);
	return rc;
}
