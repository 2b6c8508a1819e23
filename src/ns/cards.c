/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of rtnetlink. They are the kernel's, but names in them are those of strangers. */
#include "ns/cards.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Call fn for each message of that type whose header has at least size bytes. */
typedef void nk_message_fn(struct nk_arena *a, struct nlmsghdr *h, struct nk_cards *out);

static void each_message(struct nk_arena *a, const char *data, size_t n, unsigned type, size_t size,
			 struct nk_cards *out, nk_message_fn *fn)
{
	while (n >= NLMSG_HDRLEN) {
		/* aligned, whatever the buffer is */
		struct nlmsghdr head;
		memcpy(&head, data, sizeof(head));
		if (head.nlmsg_len < NLMSG_HDRLEN || head.nlmsg_len > n)
			return;
		if (head.nlmsg_type == type && head.nlmsg_len >= NLMSG_LENGTH(size)) {
			struct nlmsghdr *copy = nk_alloc(a, head.nlmsg_len);
			if (!copy)
				return;
			memcpy(copy, data, head.nlmsg_len);
			fn(a, copy, out);
		}
		size_t step = NLMSG_ALIGN(head.nlmsg_len);
		if (step >= n)
			return;
		data += step;
		n -= step;
	}
}

/* Attributes by number, up to max; one that is given twice counts the last time. */
static void attributes(const struct rtattr **v, unsigned max, const void *at, size_t n)
{
	const struct rtattr *r = at;

	for (unsigned i = 0; i <= max; i++)
		v[i] = NULL;
	for (; n >= sizeof(*r) && r->rta_len >= sizeof(*r) && r->rta_len <= n;) {
		unsigned type = r->rta_type & NLA_TYPE_MASK;
		size_t step = RTA_ALIGN(r->rta_len);
		if (type <= max)
			v[type] = r;
		if (step >= n)
			return;
		n -= step;
		r = (const struct rtattr *)((const char *)r + step);
	}
}

static size_t length(const struct rtattr *r)
{
	return r ? RTA_PAYLOAD(r) : 0;
}
static const char *text(struct nk_arena *a, const struct rtattr *r)
{
	return r ? nk_strndup(a, RTA_DATA(r), strnlen(RTA_DATA(r), length(r))) : "";
}
static uint32_t number(const struct rtattr *r)
{
	uint32_t v = 0;

	if (length(r) >= sizeof(v))
		memcpy(&v, RTA_DATA(r), sizeof(v));
	return v;
}

/* An address of 4 or 16 bytes; NULL when it is none. */
static const char *address(struct nk_arena *a, int family, const struct rtattr *r)
{
	char buf[INET6_ADDRSTRLEN];
	size_t want = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;

	if (!want || length(r) < want)
		return NULL;
	return nk_strdup(a, inet_ntop(family, RTA_DATA(r), buf, sizeof(buf)));
}

static const char *mac(struct nk_arena *a, const struct rtattr *r)
{
	const unsigned char *b = r ? RTA_DATA(r) : NULL;
	char *out = nk_strdup(a, "");
	bool any = false;

	for (size_t i = 0; i < length(r) && i < 32; i++) {
		out = nk_fmt(a, "%s%s%02x", out, i ? ":" : "", b[i]);
		any |= b[i] != 0;
	}
	return any ? out : ""; /* of lo it is all zeros */
}

/* RFC 2863, as <linux/if.h> numbers them. */
static const char *const states[] = {"unknown", "notpresent", "down", "lowerlayerdown",
				     "testing", "dormant",    "up"};

static void link_message(struct nk_arena *a, struct nlmsghdr *h, struct nk_cards *out)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct rtattr *v[IFLA_LINK_NETNSID + 1], *in[IFLA_INFO_KIND + 1];
	struct nk_card *c = NK_PUSH(a, &out->cards);
	unsigned state;

	if (!c)
		return;
	attributes(v, IFLA_LINK_NETNSID, IFLA_RTA(info), IFLA_PAYLOAD(h));
	attributes(in, IFLA_INFO_KIND, v[IFLA_LINKINFO] ? RTA_DATA(v[IFLA_LINKINFO]) : NULL,
		   length(v[IFLA_LINKINFO]));
	state = length(v[IFLA_OPERSTATE]) ? *(const uint8_t *)RTA_DATA(v[IFLA_OPERSTATE]) : 0;
	*c = (struct nk_card){
		.index = info->ifi_index,
		.name = text(a, v[IFLA_IFNAME]),
		.known = true,
		.up = info->ifi_flags & IFF_UP,
		.state = state < sizeof(states) / sizeof(*states) ? states[state] : "unknown",
		.mtu = number(v[IFLA_MTU]),
		.mac = mac(a, v[IFLA_ADDRESS]),
		.kind = text(a, in[IFLA_INFO_KIND]),
		.peer = (int)number(v[IFLA_LINK]),
		.peer_elsewhere = v[IFLA_LINK_NETNSID] != NULL,
		.master = (int)number(v[IFLA_MASTER]),
	};
	if (c->peer == c->index && !c->peer_elsewhere)
		c->peer = 0;
}

void nk_cards_parse_links(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out)
{
	each_message(a, data, n, RTM_NEWLINK, sizeof(struct ifinfomsg), out, link_message);
}

static void address_message(struct nk_arena *a, struct nlmsghdr *h, struct nk_cards *out)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	const struct rtattr *v[IFA_LOCAL + 1];
	struct nk_card *c = nk_card_by_index(out, (int)m->ifa_index);
	const char *text_of;

	attributes(v, IFA_LOCAL, IFA_RTA(m), IFA_PAYLOAD(h));
	/* On a point-to-point card ADDRESS is the other end's. */
	text_of = address(a, m->ifa_family, v[IFA_LOCAL] ? v[IFA_LOCAL] : v[IFA_ADDRESS]);
	if (!text_of)
		return;
	text_of = nk_fmt(a, "%s/%u", text_of, m->ifa_prefixlen);
	nk_strv_push(a, c ? &c->addresses : &out->loose, text_of);
}

void nk_cards_parse_addresses(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out)
{
	each_message(a, data, n, RTM_NEWADDR, sizeof(struct ifaddrmsg), out, address_message);
}

static const char *const types[] = {
	[RTN_UNSPEC] = "unspec",
	[RTN_UNICAST] = "unicast",
	[RTN_LOCAL] = "local",
	[RTN_BROADCAST] = "broadcast",
	[RTN_ANYCAST] = "anycast",
	[RTN_MULTICAST] = "multicast",
	[RTN_BLACKHOLE] = "blackhole",
	[RTN_UNREACHABLE] = "unreachable",
	[RTN_PROHIBIT] = "prohibit",
	[RTN_THROW] = "throw",
	[RTN_NAT] = "nat",
	[RTN_XRESOLVE] = "xresolve",
};

static const char *card_name(struct nk_arena *a, const struct nk_cards *c, int index)
{
	const struct nk_card *card = nk_card_by_index(c, index);

	return card ? card->name : nk_fmt(a, "if%d", index);
}

/* Where a packet goes: the fields of a route, or of one of several next hops. */
static void hop(struct nk_arena *a, const struct nk_cards *c, struct nk_route *r,
		const struct rtattr **v, int index)
{
	r->via = address(a, r->family, v[RTA_GATEWAY]);
	/* RTA_VIA: family of the gateway, then its address (an IPv4 route over IPv6). */
	if (!r->via && length(v[RTA_VIA]) >= 18)
		r->via = nk_strdup(a, inet_ntop(AF_INET6, (char *)RTA_DATA(v[RTA_VIA]) + 2,
						(char[INET6_ADDRSTRLEN]){0}, INET6_ADDRSTRLEN));
	r->dev = index ? card_name(a, c, index) : NULL;
}

static void push_route(struct nk_arena *a, struct nk_cards *out, const struct nk_route *r)
{
	struct nk_route *new = NK_PUSH(a, &out->routes);

	if (new)
		*new = *r;
}

static void hops(struct nk_arena *a, struct nk_cards *out, struct nk_route *r,
		 const struct rtattr *many)
{
	const char *at = RTA_DATA(many);
	size_t n = length(many);

	while (n >= sizeof(struct rtnexthop)) {
		const struct rtattr *v[RTA_VIA + 1];
		struct rtnexthop h;
		memcpy(&h, at, sizeof(h));
		if (h.rtnh_len < sizeof(h) || h.rtnh_len > n)
			return;
		attributes(v, RTA_VIA, at + RTNH_LENGTH(0), h.rtnh_len - RTNH_LENGTH(0));
		hop(a, out, r, v, h.rtnh_ifindex);
		push_route(a, out, r);
		if ((size_t)RTNH_ALIGN(h.rtnh_len) >= n)
			return;
		at += RTNH_ALIGN(h.rtnh_len);
		n -= RTNH_ALIGN(h.rtnh_len);
	}
}

static void route_message(struct nk_arena *a, struct nlmsghdr *h, struct nk_cards *out)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	const struct rtattr *v[RTA_VIA + 1];
	struct nk_route r = {.family = m->rtm_family, .type = "unspec"};
	const char *to;

	attributes(v, RTA_VIA, RTM_RTA(m), RTM_PAYLOAD(h));
	r.table = v[RTA_TABLE] ? number(v[RTA_TABLE]) : m->rtm_table;
	/* Made by the kernel for each address; clones are a cache. */
	if (r.table == RT_TABLE_LOCAL || m->rtm_flags & RTM_F_CLONED ||
	    (r.family != AF_INET && r.family != AF_INET6))
		return;
	to = address(a, r.family, v[RTA_DST]);
	r.to = to ? nk_fmt(a, "%s/%u", to, m->rtm_dst_len) : "default";
	if (m->rtm_type < sizeof(types) / sizeof(*types) && types[m->rtm_type])
		r.type = types[m->rtm_type];
	r.metric = number(v[RTA_PRIORITY]);
	r.source = address(a, r.family, v[RTA_PREFSRC]);
	if (v[RTA_MULTIPATH]) {
		hops(a, out, &r, v[RTA_MULTIPATH]);
		return;
	}
	hop(a, out, &r, v, (int)number(v[RTA_OIF]));
	push_route(a, out, &r);
}

void nk_cards_parse_routes(struct nk_arena *a, const char *data, size_t n, struct nk_cards *out)
{
	each_message(a, data, n, RTM_NEWROUTE, sizeof(struct rtmsg), out, route_message);
}

struct nk_card *nk_card_by_index(const struct nk_cards *c, int index)
{
	for (size_t i = 0; i < c->cards.n; i++)
		if (index && c->cards.v[i].index == index)
			return &c->cards.v[i];
	return NULL;
}

struct nk_card *nk_card_by_name(const struct nk_cards *c, const char *name)
{
	for (size_t i = 0; i < c->cards.n; i++)
		if (!strcmp(c->cards.v[i].name, name))
			return &c->cards.v[i];
	return NULL;
}
