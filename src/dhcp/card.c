/* SPDX-License-Identifier: Apache-2.0 */
/* A lease as address, routes and MTU of the card. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "dhcp/dhcp.h"
#include "oci/ip.h"
#include "sys/netlink.h"

enum { SMALLEST_MTU = 576, SMALLEST_MTU_IPV6 = 1280 };

/* The kernel takes the address away itself when the lease is over and nobody has renewed it. */
static int address(struct nk_dhcp *d, const struct nk_dhcp_answer *l, bool add, struct nk_err *e)
{
	const struct ifaddrmsg body = {
		.ifa_family = AF_INET, .ifa_prefixlen = l->ip.prefix, .ifa_index = d->index};
	const struct ifa_cacheinfo life = {.ifa_valid = l->seconds, .ifa_prefered = l->seconds};
	struct nk_ip last = nk_ip_last(&l->ip);
	struct nk_nl m;

	nk_nl_begin(&m, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0,
		    &body, sizeof(body));
	nk_nl_attr(&m, IFA_LOCAL, l->ip.a, 4);
	nk_nl_attr(&m, IFA_ADDRESS, l->ip.a, 4);
	if (add && l->ip.prefix < 31)
		nk_nl_attr(&m, IFA_BROADCAST, last.a, 4);
	if (add)
		nk_nl_attr(&m, IFA_CACHEINFO, &life, sizeof(life));
	return nk_nl_call(d->route_fd, &m, NULL, NULL, "the address of the lease", e);
}

/* A router outside of the subnet is on the link all the same: the server has said so. */
static int route(struct nk_dhcp *d, const struct nk_dhcp_answer *l, const struct nk_ip *to,
		 const struct nk_ip *via, bool add, struct nk_err *e)
{
	static const uint8_t none[4];
	bool direct = !memcmp(via->a, none, 4);
	struct rtmsg body = {.rtm_family = AF_INET,
			     .rtm_dst_len = to->prefix,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_protocol = RTPROT_DHCP,
			     .rtm_scope = direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
			     .rtm_type = RTN_UNICAST};
	struct nk_nl m;

	if (!direct && !nk_ip_inside(via, &l->ip))
		body.rtm_flags |= RTNH_F_ONLINK;
	nk_nl_begin(&m, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE : 0, &body,
		    sizeof(body));
	if (to->prefix)
		nk_nl_attr(&m, RTA_DST, to->a, 4);
	if (!direct)
		nk_nl_attr(&m, RTA_GATEWAY, via->a, 4);
	nk_nl_attr_u32(&m, RTA_OIF, d->index);
	if (add)
		nk_nl_attr(&m, RTA_PREFSRC, l->ip.a, 4);
	int rc = nk_nl_call(d->route_fd, &m, NULL, NULL, "a route of the lease", e);
	/* There already: another card's, which keeps it. */
	return add && rc == -EEXIST ? 0 : rc;
}

static int routes(struct nk_dhcp *d, const struct nk_dhcp_answer *l, bool add, struct nk_err *e)
{
	static const struct nk_ip all = {.family = AF_INET};
	int rc = 0;

	if (!l->n_routes && l->router.family && !d->no_default)
		return route(d, l, &all, &l->router, add, e);
	for (size_t i = 0; i < l->n_routes; i++) {
		if (!l->routes[i].to.prefix && d->no_default)
			continue;
		rc = route(d, l, &l->routes[i].to, &l->routes[i].via, add, e);
		if (rc < 0 && add)
			return rc;
	}
	return add ? rc : 0;
}

/* A LAN with smaller frames; that the parent cannot do it is no reason to refuse. */
static void mtu(struct nk_dhcp *d, uint16_t bytes)
{
	const struct ifinfomsg body = {.ifi_index = (int)d->index};
	struct nk_err ignored;
	struct nk_nl m;

	if (bytes < SMALLEST_MTU)
		return;
	nk_nl_begin(&m, RTM_NEWLINK, 0, &body, sizeof(body));
	nk_nl_attr_u32(&m, IFLA_MTU, bytes < SMALLEST_MTU_IPV6 ? SMALLEST_MTU_IPV6 : bytes);
	nk_nl_call(d->route_fd, &m, NULL, NULL, "its MTU", &ignored);
}

static bool same(const struct nk_dhcp_answer *a, const struct nk_dhcp_answer *b)
{
	return nk_ip_equal(&a->ip, &b->ip) && a->ip.prefix == b->ip.prefix &&
	       nk_ip_equal(&a->router, &b->router) && a->n_routes == b->n_routes &&
	       !memcmp(a->routes, b->routes, sizeof(*a->routes) * a->n_routes);
}

void nk_dhcp_take_off(struct nk_dhcp *d, const struct nk_dhcp_answer *old)
{
	struct nk_err ignored;

	routes(d, old, false, &ignored);
	address(d, old, false, &ignored);
}

int nk_dhcp_put(struct nk_dhcp *d, const struct nk_dhcp_answer *old, struct nk_err *e)
{
	if (old && !same(old, &d->lease))
		nk_dhcp_take_off(d, old);
	if (!old || old->mtu != d->lease.mtu)
		mtu(d, d->lease.mtu);
	int rc = address(d, &d->lease, true, e);
	return rc < 0 ? rc : routes(d, &d->lease, true, e);
}
