/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses this machine uses already. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "net/define.h"
#include "oci/ip.h"
#include "sys/netlink.h"
#include "sys/rtnl.h"

/* Shorter prefixes are a way out. */
enum { WAY_OUT = 8 };

static const char *name_of(const struct nk_rt_links *links, uint32_t index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return links->v[i].name;
	return "nowhere";
}

/* Every card has a link-local network; multicast is no subnet. */
static bool of_every_card(const struct nk_ip *ip)
{
	return ip->family == AF_INET6 &&
	       (ip->a[0] == 0xff || (ip->a[0] == 0xfe && (ip->a[1] & 0xc0) == 0x80));
}

static void add(struct nk_arena *a, struct nk_net_taken *t, const struct nk_ip *net,
		const char *what, const char *link)
{
	char buf[NK_IP_TEXT];
	struct nk_net_used *used;

	/* A way out, whole or in halves (as VPNs write it), is no LAN. */
	if (!net->family || net->prefix < WAY_OUT || of_every_card(net))
		return;
	used = NK_PUSH(a, t);
	if (!used)
		return;
	used->net = nk_ip_first(net);
	used->who = nk_fmt(a, what, nk_ip_text(net, true, buf), link);
}

int nk_net_taken_read(struct nk_arena *a, struct nk_net_taken *t, struct nk_err *e)
{
	struct nk_rt_links links = {0};
	struct nk_rt_addresses addresses = {0};
	struct nk_rt_routes routes = {0};
	_close_ int fd = nk_nl_open(e);
	int rc = fd;

	if (rc >= 0)
		rc = nk_rt_links(fd, a, &links, e);
	if (rc >= 0)
		rc = nk_rt_addresses(fd, a, &addresses, e);
	if (rc >= 0)
		rc = nk_rt_routes(fd, a, &routes, e);
	if (rc < 0)
		return nk_ctx(e, "look for free addresses");
	for (size_t i = 0; i < links.n; i++)
		nk_strv_push(a, &t->links, links.v[i].name);
	for (size_t i = 0; i < addresses.n; i++)
		add(a, t, &addresses.v[i].ip, "the address %s of %s",
		    name_of(&links, addresses.v[i].index));
	/* The local table holds what the addresses say already, and 127.0.0.0/8. */
	for (size_t i = 0; i < routes.n; i++)
		if (routes.v[i].table != RT_TABLE_LOCAL)
			add(a, t, &routes.v[i].to, "the route to %s over %s",
			    name_of(&links, routes.v[i].index));
	return nk_arena_ok(a, e);
}
