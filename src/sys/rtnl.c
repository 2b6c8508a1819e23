/* SPDX-License-Identifier: Apache-2.0 */
/* Links, addresses and routes that are made, changed and taken away. */
#include "sys/rtnl.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"

/* A message about a link. index 0: a name follows, or the kernel chooses. */
static void link_message(struct nk_batch *b, uint16_t type, uint16_t flags, uint32_t index, bool up)
{
	const struct ifinfomsg body = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = up ? IFF_UP : 0,
	};

	nk_batch_message(b, type, flags, &body, sizeof(body));
}

static void set_link(struct nk_batch *b, uint32_t index)
{
	link_message(b, RTM_NEWLINK, 0, index, false);
}

/* The target's network namespace; answers how `ip` is told of it. */
static const char *put_ns(struct nk_batch *b, int ns_fd)
{
	uint16_t type = ns_fd == NK_RT_NS_PID ? IFLA_NET_NS_PID : IFLA_NET_NS_FD;

	nk_batch_attr_u32(b, type, ns_fd < 0 ? 0 : (uint32_t)ns_fd);
	if (ns_fd >= 0)
		return nk_fmt(b->arena, " netns /proc/self/fd/%d", ns_fd);
	b->patch = (uint32_t)(b->bytes.n - sizeof(uint32_t));
	return ns_fd == NK_RT_NS_PID ? " netns $pid" : " netns $ns";
}

/* Name, MAC, MTU and namespace of the container's card; the same as words. */
static const char *put_card(struct nk_batch *b, const struct nk_rt_card *card)
{
	const char *words = nk_fmt(b->arena, "name %s", card->name);
	char mac[18];

	nk_batch_attr_str(b, IFLA_IFNAME, card->name);
	if (card->index)
		words = nk_fmt(b->arena, "%s index %u", words, card->index);
	if (card->mac) {
		nk_batch_attr(b, IFLA_ADDRESS, card->mac, 6);
		words = nk_fmt(b->arena, "%s address %s", words, nk_mac_text(card->mac, mac));
	}
	if (card->mtu) {
		nk_batch_attr_u32(b, IFLA_MTU, card->mtu);
		words = nk_fmt(b->arena, "%s mtu %u", words, card->mtu);
	}
	return nk_fmt(b->arena, "%s%s%s", words, put_ns(b, card->ns_fd), card->up ? " up" : "");
}

/*
 * The kernel gives the other end the index that is asked for only if this end asks for one, too:
 * one that nothing else comes to by counting, made of the name (FNV-1a).
 */
static uint32_t index_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return 0x40000000U | (hash & 0x3fffffffU);
}

void nk_rt_veth(struct nk_batch *b, const char *host, uint32_t master,
		const struct nk_rt_card *card)
{
	const struct ifinfomsg peer = {
		.ifi_index = (int)card->index,
	};
	/* It cannot come up (ENOTCONN) before there is this end. */
	struct nk_rt_card down = *card;
	uint32_t index = card->index ? index_of(host) : 0;
	const char *words = nk_fmt(b->arena, "link add name %s", host);

	link_message(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, true);
	nk_batch_attr_str(b, IFLA_IFNAME, host);
	if (index)
		words = nk_fmt(b->arena, "%s index %u", words, index);
	if (card->mtu) {
		nk_batch_attr_u32(b, IFLA_MTU, card->mtu);
		words = nk_fmt(b->arena, "%s mtu %u", words, card->mtu);
	}
	if (master) {
		nk_batch_attr_u32(b, IFLA_MASTER, master);
		words = nk_fmt(b->arena, "%s master if%u", words, master);
	}
	size_t info = nk_batch_nest(b, IFLA_LINKINFO);
	nk_batch_attr_str(b, IFLA_INFO_KIND, "veth");
	size_t data = nk_batch_nest(b, IFLA_INFO_DATA);
	size_t other = b->bytes.n;
	nk_batch_attr(b, VETH_INFO_PEER, &peer, sizeof(peer));
	down.up = false;
	const char *inside = put_card(b, &down);
	nk_batch_nest_end(b, other);
	nk_batch_nest_end(b, data);
	nk_batch_nest_end(b, info);
	nk_batch_words(b, "%s up type veth peer %s", words, inside);
}

/* A card on top of a card of this namespace. */
static void upon(struct nk_batch *b, uint32_t parent, const struct nk_rt_card *card,
		 const char *kind, uint16_t type, const void *mode, size_t size)
{
	link_message(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, card->index, card->up);
	nk_batch_attr_u32(b, IFLA_LINK, parent);
	const char *words = put_card(b, card);
	size_t info = nk_batch_nest(b, IFLA_LINKINFO);
	nk_batch_attr_str(b, IFLA_INFO_KIND, kind);
	size_t data = nk_batch_nest(b, IFLA_INFO_DATA);
	nk_batch_attr(b, type, mode, size);
	nk_batch_nest_end(b, data);
	nk_batch_nest_end(b, info);
	nk_batch_words(b, "link add link if%u %s type %s", parent, words, kind);
	if (b->words.n)
		b->words.n--; /* the line goes on with the mode */
}

void nk_rt_macvlan(struct nk_batch *b, uint32_t parent, uint32_t mode,
		   const struct nk_rt_card *card)
{
	upon(b, parent, card, "macvlan", IFLA_MACVLAN_MODE, &mode, sizeof(mode));
	nk_batch_words(b, " mode %s",
		       mode == MACVLAN_MODE_PRIVATE  ? "private"
		       : mode == MACVLAN_MODE_VEPA   ? "vepa"
		       : mode == MACVLAN_MODE_BRIDGE ? "bridge"
						     : "passthru");
}

void nk_rt_ipvlan(struct nk_batch *b, uint32_t parent, uint16_t mode, const struct nk_rt_card *card)
{
	upon(b, parent, card, "ipvlan", IFLA_IPVLAN_MODE, &mode, sizeof(mode));
	nk_batch_words(b, " mode %s",
		       mode == IPVLAN_MODE_L3	 ? "l3"
		       : mode == IPVLAN_MODE_L3S ? "l3s"
						 : "l2");
}

void nk_rt_bridge(struct nk_batch *b, const char *name, uint32_t index, const uint8_t mac[6],
		  uint32_t mtu)
{
	const char *words = nk_fmt(b->arena, "link add name %s", name);
	char text[18];

	link_message(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, index, true);
	nk_batch_attr_str(b, IFLA_IFNAME, name);
	nk_batch_attr(b, IFLA_ADDRESS, mac, 6);
	if (index)
		words = nk_fmt(b->arena, "%s index %u", words, index);
	if (mtu) {
		nk_batch_attr_u32(b, IFLA_MTU, mtu);
		words = nk_fmt(b->arena, "%s mtu %u", words, mtu);
	}
	size_t info = nk_batch_nest(b, IFLA_LINKINFO);
	nk_batch_attr_str(b, IFLA_INFO_KIND, "bridge");
	size_t data = nk_batch_nest(b, IFLA_INFO_DATA);
	nk_batch_attr_u32(b, IFLA_BR_FORWARD_DELAY, 0);
	nk_batch_attr_u32(b, IFLA_BR_STP_STATE, 0);
	nk_batch_nest_end(b, data);
	nk_batch_nest_end(b, info);
	nk_batch_words(b, "%s address %s up type bridge forward_delay 0 stp_state 0", words,
		       nk_mac_text(mac, text));
}

void nk_rt_up(struct nk_batch *b, uint32_t index, const char *name)
{
	link_message(b, RTM_NEWLINK, 0, index, true);
	nk_batch_words(b, "link set dev %s up", name);
}

void nk_rt_rename(struct nk_batch *b, uint32_t index, const char *name)
{
	set_link(b, index);
	nk_batch_attr_str(b, IFLA_IFNAME, name);
	nk_batch_words(b, "link set dev if%u name %s", index, name);
}

void nk_rt_master(struct nk_batch *b, uint32_t index, const char *name, uint32_t master)
{
	set_link(b, index);
	nk_batch_attr_u32(b, IFLA_MASTER, master);
	if (master)
		nk_batch_words(b, "link set dev %s master if%u", name, master);
	else
		nk_batch_words(b, "link set dev %s nomaster", name);
}

void nk_rt_alias(struct nk_batch *b, uint32_t index, const char *name, const char *alias)
{
	set_link(b, index);
	nk_batch_attr_str(b, IFLA_IFALIAS, alias);
	nk_batch_words(b, "link set dev %s alias \"%s\"", name, alias);
}

void nk_rt_move(struct nk_batch *b, uint32_t index, const char *name, int ns_fd)
{
	set_link(b, index);
	nk_batch_words(b, "link set dev %s%s", name, put_ns(b, ns_fd));
}

void nk_rt_del_link(struct nk_batch *b, const char *name)
{
	link_message(b, RTM_DELLINK, 0, 0, false);
	nk_batch_attr_str(b, IFLA_IFNAME, name);
	nk_batch_words(b, "link del dev %s", name);
}

/* What a bridge does with one of its cards. */
static void port(struct nk_batch *b, const char *name, uint16_t type, uint8_t value)
{
	link_message(b, RTM_NEWLINK, 0, 0, false);
	nk_batch_attr_str(b, IFLA_IFNAME, name);
	size_t info = nk_batch_nest(b, IFLA_LINKINFO);
	nk_batch_attr_str(b, IFLA_INFO_SLAVE_KIND, "bridge");
	size_t data = nk_batch_nest(b, IFLA_INFO_SLAVE_DATA);
	nk_batch_attr_u8(b, type, value);
	nk_batch_nest_end(b, data);
	nk_batch_nest_end(b, info);
}

void nk_rt_close_port(struct nk_batch *b, const char *name)
{
	port(b, name, IFLA_BRPORT_STATE, BR_STATE_DISABLED);
	nk_batch_words(b, "link set dev %s type bridge_slave state 0", name);
}

void nk_rt_hairpin(struct nk_batch *b, const char *name)
{
	port(b, name, IFLA_BRPORT_MODE, 1);
	nk_batch_words(b, "link set dev %s type bridge_slave hairpin on", name);
}

/* ---- addresses and routes ---- */

static size_t bytes_of(const struct nk_ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

static void address(struct nk_batch *b, uint16_t type, uint16_t flags, uint32_t index,
		    const struct nk_ip *ip)
{
	const struct ifaddrmsg body = {
		.ifa_family = ip->family,
		.ifa_prefixlen = ip->prefix,
		.ifa_flags = ip->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_index = index,
	};

	nk_batch_message(b, type, flags, &body, sizeof(body));
	nk_batch_attr(b, IFA_LOCAL, ip->a, bytes_of(ip));
	nk_batch_attr(b, IFA_ADDRESS, ip->a, bytes_of(ip));
}

void nk_rt_addr(struct nk_batch *b, uint32_t index, const char *name, const struct nk_ip *ip)
{
	bool broadcast = ip->family == AF_INET && ip->prefix < 31;
	char text[NK_IP_TEXT];

	address(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, ip);
	if (broadcast) {
		const struct nk_ip last = nk_ip_last(ip);
		nk_batch_attr(b, IFA_BROADCAST, last.a, 4);
	}
	nk_batch_words(b, "address add %s%s dev %s%s", nk_ip_text(ip, true, text),
		       broadcast ? " broadcast +" : "", name,
		       ip->family == AF_INET6 ? " nodad" : "");
}

void nk_rt_link_local(struct nk_batch *b, uint32_t index, const char *name, const uint8_t mac[6])
{
	const struct nk_ip ip = {
		.family = AF_INET6,
		.prefix = 64,
		.a = {0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4],
		      mac[5]},
	};

	nk_rt_addr(b, index, name, &ip);
}

void nk_rt_del_addr(struct nk_batch *b, uint32_t index, const char *name, const struct nk_ip *ip)
{
	char text[NK_IP_TEXT];

	address(b, RTM_DELADDR, 0, index, ip);
	nk_batch_words(b, "address del %s dev %s", nk_ip_text(ip, true, text), name);
}

/* The message, and its words behind "route add" or "route del". */
static const char *route(struct nk_batch *b, uint16_t type, uint16_t flags, const struct nk_ip *to,
			 const struct nk_ip *via, uint32_t index, const char *name, uint32_t metric)
{
	bool gateway = via && via->family;
	const struct rtmsg body = {
		.rtm_family = to->family ? to->family
			      : gateway	 ? via->family
					 : AF_INET,
		.rtm_dst_len = to->family ? to->prefix : 0,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	char text[NK_IP_TEXT];
	const char *words =
		nk_fmt(b->arena, "%s", to->family ? nk_ip_text(to, true, text) : "default");

	nk_batch_message(b, type, flags, &body, sizeof(body));
	if (to->family && to->prefix)
		nk_batch_attr(b, RTA_DST, to->a, bytes_of(to));
	if (gateway) {
		nk_batch_attr(b, RTA_GATEWAY, via->a, bytes_of(via));
		words = nk_fmt(b->arena, "%s via %s", words, nk_ip_text(via, false, text));
	}
	nk_batch_attr_u32(b, RTA_OIF, index);
	if (metric) {
		nk_batch_attr_u32(b, RTA_PRIORITY, metric);
		words = nk_fmt(b->arena, "%s metric %u", words, metric);
	}
	return nk_fmt(b->arena, "%s dev %s proto static", words, name);
}

void nk_rt_route(struct nk_batch *b, const struct nk_ip *to, const struct nk_ip *via,
		 uint32_t index, const char *name, uint32_t metric)
{
	nk_batch_words(
		b, "route add %s",
		route(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, to, via, index, name, metric));
}

void nk_rt_del_route(struct nk_batch *b, const struct nk_ip *to, const struct nk_ip *via,
		     uint32_t index, const char *name, uint32_t metric)
{
	nk_batch_words(b, "route del %s", route(b, RTM_DELROUTE, 0, to, via, index, name, metric));
}
