/* SPDX-License-Identifier: Apache-2.0 */
/* What links, addresses and routes a network namespace has. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"
#include "sys/rtnl.h"

struct question {
	struct nk_arena *a;
	void *out;
};

static uint32_t number(const struct nlmsghdr *h, size_t body, uint16_t type)
{
	const struct rtattr *attr = nk_nl_find(h, body, type);
	uint32_t v = 0;

	if (attr && RTA_PAYLOAD(attr) >= sizeof(v))
		memcpy(&v, RTA_DATA(attr), sizeof(v));
	return v;
}

static const char *string(struct nk_arena *a, const struct rtattr *attr)
{
	return attr ? nk_strndup(a, RTA_DATA(attr), strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr)))
		    : NULL;
}

static void read_link(struct nk_arena *a, const struct nlmsghdr *h, struct nk_rt_link *out)
{
	enum { BODY = sizeof(struct ifinfomsg) };
	const struct ifinfomsg *body = NLMSG_DATA(h);
	const struct rtattr *mac = nk_nl_find(h, BODY, IFLA_ADDRESS);

	*out = (struct nk_rt_link){
		.index = (uint32_t)body->ifi_index,
		.flags = body->ifi_flags,
		.master = number(h, BODY, IFLA_MASTER),
		.mtu = number(h, BODY, IFLA_MTU),
		.peer_index = number(h, BODY, IFLA_LINK),
		.name = string(a, nk_nl_find(h, BODY, IFLA_IFNAME)),
		.alias = string(a, nk_nl_find(h, BODY, IFLA_IFALIAS)),
		.kind = string(a, nk_nl_inside(nk_nl_find(h, BODY, IFLA_LINKINFO), IFLA_INFO_KIND)),
	};
	if (mac && RTA_PAYLOAD(mac) == sizeof(out->mac))
		memcpy(out->mac, RTA_DATA(mac), sizeof(out->mac));
}

static int one_link(void *arg, const struct nlmsghdr *h)
{
	struct question *q = arg;
	struct nk_rt_links *links = q->out;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	struct nk_rt_link *link = NK_PUSH(q->a, links);
	if (!link)
		return -ENOMEM;
	read_link(q->a, h, link);
	return 0;
}

static void read_ip(const struct rtattr *attr, uint8_t family, uint8_t prefix, struct nk_ip *out)
{
	size_t size = family == AF_INET ? 4 : 16;

	*out = (struct nk_ip){0};
	if (!attr || RTA_PAYLOAD(attr) < size)
		return;
	out->family = family;
	out->prefix = prefix;
	memcpy(out->a, RTA_DATA(attr), size);
}

static int one_address(void *arg, const struct nlmsghdr *h)
{
	enum { BODY = sizeof(struct ifaddrmsg) };
	const struct ifaddrmsg *body = NLMSG_DATA(h);
	const struct rtattr *local = nk_nl_find(h, BODY, IFA_LOCAL);
	const struct rtattr *cache = nk_nl_find(h, BODY, IFA_CACHEINFO);
	struct question *q = arg;
	struct nk_rt_addresses *all = q->out;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return 0;
	struct nk_rt_address *out = NK_PUSH(q->a, all);
	if (!out)
		return -ENOMEM;
	out->index = body->ifa_index;
	out->scope = body->ifa_scope;
	out->flags = nk_nl_find(h, BODY, IFA_FLAGS) ? number(h, BODY, IFA_FLAGS) : body->ifa_flags;
	out->valid = out->preferred = UINT32_MAX;
	if (cache && RTA_PAYLOAD(cache) >= sizeof(struct ifa_cacheinfo)) {
		struct ifa_cacheinfo info;
		memcpy(&info, RTA_DATA(cache), sizeof(info));
		out->valid = info.ifa_valid;
		out->preferred = info.ifa_prefered;
	}
	read_ip(local ? local : nk_nl_find(h, BODY, IFA_ADDRESS), body->ifa_family,
		body->ifa_prefixlen, &out->ip);
	return 0;
}

static int one_route(void *arg, const struct nlmsghdr *h)
{
	enum { BODY = sizeof(struct rtmsg) };
	const struct rtmsg *body = NLMSG_DATA(h);
	struct question *q = arg;
	struct nk_rt_routes *all = q->out;

	if (h->nlmsg_type != RTM_NEWROUTE || (body->rtm_flags & RTM_F_CLONED) ||
	    (body->rtm_family != AF_INET && body->rtm_family != AF_INET6))
		return 0;
	struct nk_rt_route_seen *out = NK_PUSH(q->a, all);
	if (!out)
		return -ENOMEM;
	*out = (struct nk_rt_route_seen){
		.index = number(h, BODY, RTA_OIF),
		.metric = number(h, BODY, RTA_PRIORITY),
		.table = nk_nl_find(h, BODY, RTA_TABLE) ? number(h, BODY, RTA_TABLE)
							: body->rtm_table,
		.protocol = body->rtm_protocol,
		.scope = body->rtm_scope,
		.type = body->rtm_type,
	};
	uint8_t full = body->rtm_family == AF_INET ? 32 : 128;
	read_ip(nk_nl_find(h, BODY, RTA_DST), body->rtm_family, body->rtm_dst_len, &out->to);
	if (!out->to.family) /* the default route */
		out->to.family = body->rtm_family;
	read_ip(nk_nl_find(h, BODY, RTA_GATEWAY), body->rtm_family, full, &out->via);
	read_ip(nk_nl_find(h, BODY, RTA_PREFSRC), body->rtm_family, full, &out->source);
	return 0;
}

int nk_rt_links(int fd, struct nk_arena *a, struct nk_rt_links *out, struct nk_err *e)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct question q = {a, out};
	struct nk_nl m;

	*out = (struct nk_rt_links){0};
	nk_nl_begin(&m, RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	return nk_nl_call(fd, &m, one_link, &q, "list the network cards", e);
}

int nk_rt_addresses(int fd, struct nk_arena *a, struct nk_rt_addresses *out, struct nk_err *e)
{
	const struct ifaddrmsg body = {.ifa_family = AF_UNSPEC};
	struct question q = {a, out};
	struct nk_nl m;

	*out = (struct nk_rt_addresses){0};
	nk_nl_begin(&m, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	return nk_nl_call(fd, &m, one_address, &q, "list the network addresses", e);
}

int nk_rt_routes(int fd, struct nk_arena *a, struct nk_rt_routes *out, struct nk_err *e)
{
	const struct rtmsg body = {.rtm_family = AF_UNSPEC};
	struct question q = {a, out};
	struct nk_nl m;

	*out = (struct nk_rt_routes){0};
	nk_nl_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &body, sizeof(body));
	return nk_nl_call(fd, &m, one_route, &q, "list the routes", e);
}

static int this_link(void *arg, const struct nlmsghdr *h)
{
	struct question *q = arg;

	if (h->nlmsg_type == RTM_NEWLINK)
		read_link(q->a, h, q->out);
	return 0;
}

int nk_rt_link(int fd, struct nk_arena *a, const char *name, struct nk_rt_link *out,
	       struct nk_err *e)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct question q = {a, out};
	struct nk_err other = {0};
	struct nk_nl m;

	*out = (struct nk_rt_link){0};
	nk_nl_begin(&m, RTM_GETLINK, 0, &body, sizeof(body));
	nk_nl_attr_str(&m, IFLA_IFNAME, name);
	int ret = nk_nl_call(fd, &m, this_link, &q, name, &other);
	if (ret < 0 && ret != -ENODEV)
		*e = other;
	return ret;
}
