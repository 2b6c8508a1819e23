/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net_moved.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "oci/ip.h"
#include "sys/netlink.h"

enum { DISCARD_PORT = 9, TRIES = 3, LOOKS = 20, LOOK_MS = 50 };

/* ---- read ---- */

struct reading {
	struct nk_arena *a;
	struct nk_moved *m;
	uint32_t index;
	bool several; /* a route over several cards, ours among them */
};

static struct nlmsghdr *keep(struct reading *r, const struct nlmsghdr *h)
{
	struct nlmsghdr *copy = nk_alloc(r->a, NLMSG_ALIGN(h->nlmsg_len));

	if (copy)
		memcpy(copy, h, h->nlmsg_len);
	return copy;
}

static bool is_link_local(const struct rtattr *attr)
{
	const uint8_t *ip = RTA_DATA(attr);

	return RTA_PAYLOAD(attr) == 16 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static uint32_t flags_of(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(h);
	const struct rtattr *attr = nk_nl_find(h, sizeof(*ifa), IFA_FLAGS);
	uint32_t flags = ifa->ifa_flags;

	if (attr && RTA_PAYLOAD(attr) == sizeof(flags))
		memcpy(&flags, RTA_DATA(attr), sizeof(flags));
	return flags;
}

static int take_address(void *arg, const struct nlmsghdr *h)
{
	struct reading *r = arg;
	const struct ifaddrmsg *ifa = NLMSG_DATA(h);
	const struct rtattr *address = nk_nl_find(h, sizeof(*ifa), IFA_ADDRESS);
	uint32_t flags;

	if (h->nlmsg_type != RTM_NEWADDR || ifa->ifa_index != r->index || !address ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return 0;
	flags = flags_of(h);
	if (ifa->ifa_family == AF_INET6 && (is_link_local(address) || flags & IFA_F_TEMPORARY))
		return 0;
	r->m->leased |= !(flags & IFA_F_PERMANENT);
	struct nk_moved_item *to = NK_PUSH(r->a, &r->m->addresses);
	struct nlmsghdr *copy = keep(r, h);
	if (!to || !copy)
		return -ENOMEM;
	to->h = copy;
	return 0;
}

static bool leads_over(const struct rtattr *multipath, uint32_t index)
{
	const struct rtnexthop *hop = RTA_DATA(multipath);
	int left = (int)RTA_PAYLOAD(multipath);

	for (; left >= (int)sizeof(*hop) && RTNH_OK(hop, left);
	     left -= (int)NLMSG_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
		if ((uint32_t)hop->rtnh_ifindex == index)
			return true;
	return false;
}

static int take_route(void *arg, const struct nlmsghdr *h)
{
	struct reading *r = arg;
	const struct rtmsg *rtm = NLMSG_DATA(h);
	const struct rtattr *oif = nk_nl_find(h, sizeof(*rtm), RTA_OIF);
	const struct rtattr *multipath = nk_nl_find(h, sizeof(*rtm), RTA_MULTIPATH);
	uint32_t index = 0;

	if (h->nlmsg_type != RTM_NEWROUTE || rtm->rtm_flags & RTM_F_CLONED ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6))
		return 0;
	r->several |= multipath && leads_over(multipath, r->index);
	if (oif && RTA_PAYLOAD(oif) == sizeof(index))
		memcpy(&index, RTA_DATA(oif), sizeof(index));
	/* Those of addresses come with them; a router's announcement comes again. */
	if (index != r->index || rtm->rtm_table == RT_TABLE_LOCAL ||
	    rtm->rtm_protocol == RTPROT_KERNEL || rtm->rtm_protocol == RTPROT_RA)
		return 0;
	struct nk_moved_item *to = NK_PUSH(r->a, &r->m->routes);
	struct nlmsghdr *copy = keep(r, h);
	if (!to || !copy)
		return -ENOMEM;
	to->h = copy;
	return 0;
}

int nk_moved_read(int fd, struct nk_arena *a, uint32_t index, struct nk_moved *m, struct nk_err *e)
{
	struct reading r = {.a = a, .m = m, .index = index};
	const struct ifaddrmsg ifa = {0};
	const struct rtmsg rtm = {0};
	struct nk_nl q;
	int rc;

	*m = (struct nk_moved){0};
	nk_nl_begin(&q, RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	rc = nk_nl_call(fd, &q, take_address, &r, "read addresses", e);
	if (rc < 0)
		return rc;
	nk_nl_begin(&q, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
	rc = nk_nl_call(fd, &q, take_route, &r, "read routes", e);
	if (rc < 0)
		return rc;
	if (r.several) {
		nk_fail(e, EOPNOTSUPP, "a route leads over several cards, this one among them");
		return nk_hint(e, "ip route: take it away first");
	}
	return nk_arena_ok(a, e);
}

/* ---- put ---- */

static void copy_attrs(struct nk_batch *b, const struct nlmsghdr *h, size_t body,
		       const uint16_t *types)
{
	for (; *types; types++) {
		const struct rtattr *attr = nk_nl_find(h, body, *types);

		if (attr)
			nk_batch_attr(b, *types, RTA_DATA(attr), RTA_PAYLOAD(attr));
	}
}

static void put_address(struct nk_batch *b, const struct nlmsghdr *h, uint32_t index, bool add)
{
	static const uint16_t which[] = {IFA_LOCAL, IFA_ADDRESS, 0};
	static const uint16_t how[] = {IFA_BROADCAST, IFA_RT_PRIORITY, IFA_CACHEINFO, 0};
	struct ifaddrmsg ifa;

	memcpy(&ifa, NLMSG_DATA(h), sizeof(ifa));
	ifa.ifa_index = index;
	ifa.ifa_flags = 0;
	nk_batch_message(b, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0,
			 &ifa, sizeof(ifa));
	copy_attrs(b, h, sizeof(ifa), which);
	if (!add)
		return;
	copy_attrs(b, h, sizeof(ifa), how);
	/* It was good a moment ago: no second look whether somebody else has it. */
	nk_batch_attr_u32(b, IFA_FLAGS,
			  (flags_of(h) & IFA_F_NOPREFIXROUTE) |
				  (ifa.ifa_family == AF_INET6 ? IFA_F_NODAD : 0));
}

static bool via(const struct nlmsghdr *h)
{
	return nk_nl_find(h, sizeof(struct rtmsg), RTA_GATEWAY) ||
	       nk_nl_find(h, sizeof(struct rtmsg), RTA_VIA);
}

static void put_route(struct nk_batch *b, const struct nlmsghdr *h, uint32_t index)
{
	static const uint16_t types[] = {
		RTA_DST,      RTA_SRC,	   RTA_GATEWAY, RTA_VIA,  RTA_PREFSRC,
		RTA_PRIORITY, RTA_METRICS, RTA_TABLE,	RTA_PREF, 0};
	struct rtmsg rtm;

	memcpy(&rtm, NLMSG_DATA(h), sizeof(rtm));
	rtm.rtm_flags &= RTNH_F_ONLINK;
	nk_batch_message(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &rtm, sizeof(rtm));
	copy_attrs(b, h, sizeof(rtm), types);
	nk_batch_attr_u32(b, RTA_OIF, index);
}

static bool same_attr(const struct nlmsghdr *x, const struct nlmsghdr *y, size_t body,
		      uint16_t type)
{
	const struct rtattr *a = nk_nl_find(x, body, type), *b = nk_nl_find(y, body, type);

	if (!a || !b)
		return !a && !b;
	return RTA_PAYLOAD(a) == RTA_PAYLOAD(b) &&
	       !memcmp(RTA_DATA(a), RTA_DATA(b), RTA_PAYLOAD(a));
}

static bool same_address(const struct nlmsghdr *x, const struct nlmsghdr *y)
{
	const size_t body = sizeof(struct ifaddrmsg);

	return same_attr(x, y, body, IFA_LOCAL) && same_attr(x, y, body, IFA_ADDRESS);
}

static bool same_route(const struct nlmsghdr *x, const struct nlmsghdr *y)
{
	const struct rtmsg *a = NLMSG_DATA(x), *b = NLMSG_DATA(y);

	return a->rtm_family == b->rtm_family && a->rtm_dst_len == b->rtm_dst_len &&
	       same_attr(x, y, sizeof(*a), RTA_DST) && same_attr(x, y, sizeof(*a), RTA_GATEWAY) &&
	       same_attr(x, y, sizeof(*a), RTA_PRIORITY) && same_attr(x, y, sizeof(*a), RTA_TABLE);
}

bool nk_moved_has(const struct nk_moved *m, const struct nk_moved *what)
{
	bool all = true;

	for (size_t i = 0; all && i < what->addresses.n; i++) {
		all = false;
		for (size_t k = 0; !all && k < m->addresses.n; k++)
			all = same_address(what->addresses.v[i].h, m->addresses.v[k].h);
	}
	for (size_t i = 0; all && i < what->routes.n; i++) {
		all = false;
		for (size_t k = 0; !all && k < m->routes.n; k++)
			all = same_route(what->routes.v[i].h, m->routes.v[k].h);
	}
	return all;
}

void nk_moved_put(struct nk_batch *b, const struct nk_moved *m, uint32_t from, uint32_t to)
{
	/* From the end: with a subnet's first address the kernel takes the others away. */
	for (size_t i = from ? m->addresses.n : 0; i-- > 0;)
		put_address(b, m->addresses.v[i].h, from, false);
	for (size_t i = 0; i < m->addresses.n; i++)
		put_address(b, m->addresses.v[i].h, to, true);
	/* First what is on the link, then what leads over somebody there. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m->routes.n; i++)
			if (via(m->routes.v[i].h) == (pass == 1))
				put_route(b, m->routes.v[i].h, to);
}

void nk_moved_gateways(struct nk_arena *a, const struct nk_moved *m, struct nk_ips *out)
{
	for (size_t i = 0; i < m->routes.n; i++) {
		const struct rtmsg *rtm = NLMSG_DATA(m->routes.v[i].h);
		const struct rtattr *gw = nk_nl_find(m->routes.v[i].h, sizeof(*rtm), RTA_GATEWAY);
		struct nk_ip *to = gw && !rtm->rtm_dst_len ? NK_PUSH(a, out) : NULL;

		if (!to)
			continue;
		*to = (struct nk_ip){.family = rtm->rtm_family,
				     .prefix = rtm->rtm_family == AF_INET ? 32 : 128};
		memcpy(to->a, RTA_DATA(gw), RTA_PAYLOAD(gw) < 16 ? RTA_PAYLOAD(gw) : 16);
	}
}

/* ---- does it answer? ---- */

static void neighbour(struct nk_nl *q, uint16_t type, uint32_t index, const struct nk_ip *ip)
{
	const struct ndmsg nd = {.ndm_family = ip->family, .ndm_ifindex = (int)index};

	nk_nl_begin(q, type, 0, &nd, sizeof(nd));
	nk_nl_attr(q, NDA_DST, ip->a, ip->family == AF_INET ? 4 : 16);
}

static int state_of(void *arg, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWNEIGH)
		*(int *)arg = ((const struct ndmsg *)NLMSG_DATA(h))->ndm_state;
	return 0;
}

static bool reachable(int fd, uint32_t index, const struct nk_ip *ip)
{
	struct nk_err ignored;
	struct nk_nl q;
	int state = 0;

	neighbour(&q, RTM_GETNEIGH, index, ip);
	nk_nl_call(fd, &q, state_of, &state, "a neighbour", &ignored);
	return state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP);
}

/* A datagram to a port that takes nothing: the kernel has to find out where it goes. */
static void knock(const char *card, uint32_t index, const struct nk_ip *ip)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
	_close_ int fd = socket(ip->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return;
	memcpy(&four.sin_addr, ip->a, 4);
	memcpy(&six.sin6_addr, ip->a, 16);
	six.sin6_scope_id = index;
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, card, (socklen_t)strlen(card));
	setsockopt(fd, SOL_SOCKET, SO_DONTROUTE, &on, sizeof(on));
	/* What is refused here is not answered either: the look tells. */
	if (ip->family == AF_INET
		    ? sendto(fd, "", 1, MSG_DONTWAIT, (struct sockaddr *)&four, sizeof(four)) < 0
		    : sendto(fd, "", 1, MSG_DONTWAIT, (struct sockaddr *)&six, sizeof(six)) < 0)
		return;
}

bool nk_gateway_answers(int fd, const char *card, uint32_t index, const struct nk_ip *gateway)
{
	struct nk_err ignored;
	struct nk_nl q;

	/* What is known from before counts for nothing. */
	neighbour(&q, RTM_DELNEIGH, index, gateway);
	nk_nl_call(fd, &q, NULL, NULL, "a neighbour", &ignored);
	for (int i = 0; i < TRIES; i++) {
		knock(card, index, gateway);
		for (int k = 0; k < LOOKS; k++) {
			if (reachable(fd, index, gateway))
				return true;
			nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
		}
	}
	return false;
}
