/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table inet nook inside a container's network namespace: what --firewall and --egress say. It
 * always lets through loopback, what belongs to a connection that is allowed (answers, and ICMP
 * that speaks of it, such as "too big"), and the neighbour discovery without which no IPv6 goes.
 */
#include <linux/icmpv6.h>
#include <sys/socket.h>

#include "oci/ip.h"
#include "plan/net.h"
#include "sys/nft_rule.h"

#define T NK_NFT_TABLE

enum { DNS = 53 };

/* clang-format off */
static const struct nk_nft_set
	egress4 = {.table = T, .name = "egress4", .key = {NK_NFT_IP4}, .timeout = true},
	egress6 = {.table = T, .name = "egress6", .key = {NK_NFT_IP6}, .timeout = true};
/* clang-format on */

static const char *chain_of(bool out)
{
	return out ? "output" : "input";
}

static void end(struct nk_batch *b, bool accept, const char *words)
{
	nk_nft_verdict(b, accept ? NF_ACCEPT : NF_DROP, NULL);
	nk_nft_rule_end(b, "%s%s", words, accept ? "accept" : "drop");
}

/* From 133 to 136 or 130 to 132: router and neighbour discovery; who listens to which group. */
static void discovery(struct nk_batch *b, bool out, uint8_t first, uint8_t last)
{
	nk_nft_rule_begin(b, T, chain_of(out));
	nk_nft_is_proto(b, IPPROTO_ICMPV6);
	nk_nft_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nk_nft_cmp(b, NFT_CMP_GTE, NFT_REG_1, &first, sizeof(first));
	nk_nft_cmp(b, NFT_CMP_LTE, NFT_REG_1, &last, sizeof(last));
	end(b, true, nk_fmt(b->arena, "icmpv6 type %u-%u ", first, last));
}

static void begin_chain(struct nk_batch *b, bool out, bool drop)
{
	const struct nk_nft_hook hook = {
		.type = "filter",
		.hook = out ? NF_INET_LOCAL_OUT : NF_INET_LOCAL_IN,
		.drop = drop,
	};

	nk_nft_chain(b, T, chain_of(out), &hook);
	nk_nft_flush_chain(b, T, chain_of(out));
	nk_nft_rule_begin(b, T, chain_of(out));
	nk_nft_is_iface(b, out, "lo", false);
	end(b, true, out ? "oifname \"lo\" " : "iifname \"lo\" ");
	nk_nft_rule_begin(b, T, chain_of(out));
	nk_nft_ct_state(b, NK_CT_ESTABLISHED | NK_CT_RELATED);
	end(b, true, "ct state established,related ");
	discovery(b, out, 133, 136);
	discovery(b, out, 130, 132);
}

/* ---- the person's rules ---- */

static const char *match_peer(struct nk_batch *b, const struct nk_fw_rule *r)
{
	char text[NK_IP_TEXT];
	struct nk_ip shown = nk_ip_first(&r->peer);

	if (!r->peer.family)
		return "";
	nk_nft_is_address(b, !r->out, &r->peer);
	shown.prefix = r->peer.prefix;
	bool whole = shown.prefix == (shown.family == AF_INET ? 32 : 128);
	return nk_fmt(b->arena, "%s %s %s ", shown.family == AF_INET ? "ip" : "ip6",
		      r->out ? "daddr" : "saddr", nk_ip_text(&shown, !whole, text));
}

static const char *match_proto(struct nk_batch *b, const struct nk_fw_rule *r, uint8_t proto)
{
	const char *name = proto == IPPROTO_TCP	   ? "tcp"
			   : proto == IPPROTO_UDP  ? "udp"
			   : proto == IPPROTO_ICMP ? "icmp"
						   : "ipv6-icmp";

	if (r->any_proto)
		return "";
	nk_nft_is_proto(b, proto);
	if (!r->port_first)
		return nk_fmt(b->arena, "meta l4proto %s ", name);
	nk_nft_is_port(b, false, r->port_first, r->port_last);
	return r->port_first == r->port_last
		       ? nk_fmt(b->arena, "%s dport %u ", name, r->port_first)
		       : nk_fmt(b->arena, "%s dport %u-%u ", name, r->port_first, r->port_last);
}

static void rule(struct nk_batch *b, const struct nk_fw_rule *r, uint8_t proto)
{
	nk_nft_rule_begin(b, T, chain_of(r->out));
	const char *peer = match_peer(b, r), *what = match_proto(b, r, proto);
	end(b, r->accept, nk_fmt(b->arena, "%s%s", peer, what));
}

static void rules(struct nk_batch *b, const struct nk_fw_rules *list, bool out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct nk_fw_rule *r = &list->v[i];

		if (r->out != out)
			continue;
		/* "icmp" is that of the family; without an address, of both. */
		bool icmp = !r->any_proto && r->proto == IPPROTO_ICMP;
		if (!icmp || r->peer.family != AF_INET6)
			rule(b, r, r->proto);
		if (icmp && r->peer.family != AF_INET)
			rule(b, r, IPPROTO_ICMPV6);
	}
}

/* ---- names that may be reached ---- */

static void dns(struct nk_batch *b, uint8_t proto, const struct nk_ip *resolver)
{
	const char *name = proto == IPPROTO_TCP ? "tcp" : "udp";
	char text[NK_IP_TEXT];

	nk_nft_rule_begin(b, T, "output");
	if (resolver)
		nk_nft_is_address(b, false, resolver);
	nk_nft_is_proto(b, proto);
	nk_nft_is_port(b, false, DNS, DNS);
	end(b, resolver,
	    resolver ? nk_fmt(b->arena, "%s daddr %s %s dport %u ",
			      resolver->family == AF_INET ? "ip" : "ip6",
			      nk_ip_text(resolver, false, text), name, DNS)
		     : nk_fmt(b->arena, "%s dport %u ", name, DNS));
}

/* No other resolver than ours, whatever the rules say: it knows the allowed names only. */
static void only_our_dns(struct nk_batch *b, const struct nk_ip *resolver)
{
	struct nk_ip whole = *resolver;

	whole.prefix = whole.family == AF_INET ? 32 : 128;
	if (whole.family) {
		dns(b, IPPROTO_UDP, &whole);
		dns(b, IPPROTO_TCP, &whole);
	}
	dns(b, IPPROTO_UDP, NULL);
	dns(b, IPPROTO_TCP, NULL);
}

static void allowed(struct nk_batch *b, int family, const struct nk_nft_set *set)
{
	nk_nft_rule_begin(b, T, "output");
	nk_nft_address_in(b, family, false, set->name, false);
	end(b, true,
	    nk_fmt(b->arena, "%s daddr @%s ", family == AF_INET ? "ip" : "ip6", set->name));
}

void nk_firewall_table(struct nk_batch *b, const struct nk_fw_rules *list,
		       const struct nk_fw_policy *policy)
{
	nk_nft_table(b, T);
	/* With a resolver the table stays, for what it has put into the sets. */
	if (!policy->egress) {
		nk_nft_del_table(b, T);
		nk_nft_table(b, T);
	} else {
		nk_nft_set(b, &egress4);
		nk_nft_set(b, &egress6);
	}
	begin_chain(b, false, policy->in_drop);
	rules(b, list, false);
	begin_chain(b, true, policy->out_drop || policy->egress);
	if (policy->egress)
		only_our_dns(b, &policy->resolver);
	rules(b, list, true);
	if (policy->egress) {
		allowed(b, AF_INET, &egress4);
		allowed(b, AF_INET6, &egress6);
	}
}
