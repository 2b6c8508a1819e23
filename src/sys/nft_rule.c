/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/nft_rule.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"

void nk_nft_rule_begin(struct nk_batch *b, const char *table, const char *chain)
{
	nk_nft_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nk_batch_attr_str(b, NFTA_RULE_TABLE, table);
	nk_batch_attr_str(b, NFTA_RULE_CHAIN, chain);
	b->where = nk_fmt(b->arena, "%s %s", table, chain);
	b->rule = nk_batch_nest(b, NFTA_RULE_EXPRESSIONS);
}

void nk_nft_rule_end(struct nk_batch *b, const char *words_fmt, ...)
{
	va_list ap;

	nk_batch_nest_end(b, b->rule);
	va_start(ap, words_fmt);
	nk_batch_words(b, "add rule inet %s %s", b->where, nk_vfmt(b->arena, words_fmt, ap));
	va_end(ap);
}

struct expr {
	size_t elem, data;
};

static struct expr begin(struct nk_batch *b, const char *name)
{
	struct expr x = {.elem = nk_batch_nest(b, NFTA_LIST_ELEM)};

	nk_batch_attr_str(b, NFTA_EXPR_NAME, name);
	x.data = nk_batch_nest(b, NFTA_EXPR_DATA);
	return x;
}

static void end(struct nk_batch *b, struct expr x)
{
	nk_batch_nest_end(b, x.data);
	nk_batch_nest_end(b, x.elem);
}

static void value(struct nk_batch *b, uint16_t type, const void *data, size_t size)
{
	size_t nest = nk_batch_nest(b, type);

	nk_batch_attr(b, NFTA_DATA_VALUE, data, size);
	nk_batch_nest_end(b, nest);
}

void nk_nft_meta(struct nk_batch *b, uint32_t key, uint32_t reg)
{
	struct expr x = begin(b, "meta");

	nk_batch_attr_be32(b, NFTA_META_KEY, key);
	nk_batch_attr_be32(b, NFTA_META_DREG, reg);
	end(b, x);
}

void nk_nft_payload(struct nk_batch *b, uint32_t base, uint32_t offset, uint32_t size, uint32_t reg)
{
	struct expr x = begin(b, "payload");

	nk_batch_attr_be32(b, NFTA_PAYLOAD_DREG, reg);
	nk_batch_attr_be32(b, NFTA_PAYLOAD_BASE, base);
	nk_batch_attr_be32(b, NFTA_PAYLOAD_OFFSET, offset);
	nk_batch_attr_be32(b, NFTA_PAYLOAD_LEN, size);
	end(b, x);
}

void nk_nft_ct(struct nk_batch *b, uint32_t key, uint32_t reg)
{
	struct expr x = begin(b, "ct");

	nk_batch_attr_be32(b, NFTA_CT_KEY, key);
	nk_batch_attr_be32(b, NFTA_CT_DREG, reg);
	end(b, x);
}

void nk_nft_fib(struct nk_batch *b, uint32_t flags, uint32_t result, uint32_t reg)
{
	struct expr x = begin(b, "fib");

	nk_batch_attr_be32(b, NFTA_FIB_FLAGS, flags);
	nk_batch_attr_be32(b, NFTA_FIB_RESULT, result);
	nk_batch_attr_be32(b, NFTA_FIB_DREG, reg);
	end(b, x);
}

void nk_nft_bitwise(struct nk_batch *b, uint32_t reg, const void *mask, size_t size)
{
	static const uint8_t zero[16];
	struct expr x = begin(b, "bitwise");

	nk_batch_attr_be32(b, NFTA_BITWISE_SREG, reg);
	nk_batch_attr_be32(b, NFTA_BITWISE_DREG, reg);
	nk_batch_attr_be32(b, NFTA_BITWISE_LEN, (uint32_t)size);
	value(b, NFTA_BITWISE_MASK, mask, size);
	value(b, NFTA_BITWISE_XOR, zero, size);
	end(b, x);
}

void nk_nft_cmp(struct nk_batch *b, uint32_t op, uint32_t reg, const void *data, size_t size)
{
	struct expr x = begin(b, "cmp");

	nk_batch_attr_be32(b, NFTA_CMP_SREG, reg);
	nk_batch_attr_be32(b, NFTA_CMP_OP, op);
	value(b, NFTA_CMP_DATA, data, size);
	end(b, x);
}

void nk_nft_lookup(struct nk_batch *b, const char *set, uint32_t reg, uint32_t to_reg, bool invert)
{
	struct expr x = begin(b, "lookup");

	nk_batch_attr_str(b, NFTA_LOOKUP_SET, set);
	nk_batch_attr_be32(b, NFTA_LOOKUP_SREG, reg);
	if (to_reg)
		nk_batch_attr_be32(b, NFTA_LOOKUP_DREG, to_reg);
	if (invert)
		nk_batch_attr_be32(b, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	end(b, x);
}

void nk_nft_verdict(struct nk_batch *b, int verdict, const char *chain)
{
	struct expr x = begin(b, "immediate");

	nk_batch_attr_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	size_t data = nk_batch_nest(b, NFTA_IMMEDIATE_DATA);
	size_t nest = nk_batch_nest(b, NFTA_DATA_VERDICT);
	nk_batch_attr_be32(b, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		nk_batch_attr_str(b, NFTA_VERDICT_CHAIN, chain);
	nk_batch_nest_end(b, nest);
	nk_batch_nest_end(b, data);
	end(b, x);
}

void nk_nft_dnat(struct nk_batch *b, uint32_t family, uint32_t address_reg, uint32_t port_reg)
{
	struct expr x = begin(b, "nat");

	nk_batch_attr_be32(b, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	nk_batch_attr_be32(b, NFTA_NAT_FAMILY, family);
	nk_batch_attr_be32(b, NFTA_NAT_REG_ADDR_MIN, address_reg);
	nk_batch_attr_be32(b, NFTA_NAT_REG_PROTO_MIN, port_reg);
	end(b, x);
}

void nk_nft_masquerade(struct nk_batch *b)
{
	end(b, begin(b, "masq"));
}

void nk_nft_redirect(struct nk_batch *b, uint32_t port_reg)
{
	struct expr x = begin(b, "redir");

	nk_batch_attr_be32(b, NFTA_REDIR_REG_PROTO_MIN, port_reg);
	end(b, x);
}

void nk_nft_counter(struct nk_batch *b)
{
	end(b, begin(b, "counter"));
}

void nk_nft_reject(struct nk_batch *b)
{
	struct expr x = begin(b, "reject");

	nk_batch_attr_be32(b, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	nk_batch_attr_u8(b, NFTA_REJECT_ICMP_CODE, NFT_REJECT_ICMPX_PORT_UNREACH);
	end(b, x);
}

/* ---- what is asked often ---- */

static uint8_t nfproto(int family)
{
	return family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

void nk_nft_is_family(struct nk_batch *b, int family)
{
	uint8_t proto = nfproto(family);

	nk_nft_meta(b, NFT_META_NFPROTO, NFT_REG_1);
	nk_nft_cmp(b, NFT_CMP_EQ, NFT_REG_1, &proto, sizeof(proto));
}

void nk_nft_is_proto(struct nk_batch *b, uint8_t proto)
{
	nk_nft_meta(b, NFT_META_L4PROTO, NFT_REG_1);
	nk_nft_cmp(b, NFT_CMP_EQ, NFT_REG_1, &proto, sizeof(proto));
}

void nk_nft_is_port(struct nk_batch *b, bool source, uint16_t first, uint16_t last)
{
	const uint8_t low[2] = {(uint8_t)(first >> 8), (uint8_t)first};
	const uint8_t high[2] = {(uint8_t)(last >> 8), (uint8_t)last};

	nk_nft_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, source ? 0 : 2, 2, NFT_REG_1);
	if (first == last) {
		nk_nft_cmp(b, NFT_CMP_EQ, NFT_REG_1, low, sizeof(low));
		return;
	}
	nk_nft_cmp(b, NFT_CMP_GTE, NFT_REG_1, low, sizeof(low));
	nk_nft_cmp(b, NFT_CMP_LTE, NFT_REG_1, high, sizeof(high));
}

void nk_nft_iface_in(struct nk_batch *b, bool out, const char *set, bool invert)
{
	nk_nft_meta(b, out ? NFT_META_OIFNAME : NFT_META_IIFNAME, NFT_REG_1);
	nk_nft_lookup(b, set, NFT_REG_1, 0, invert);
}

void nk_nft_is_iface(struct nk_batch *b, bool out, const char *name, bool invert)
{
	char padded[16] = "";

	strncpy(padded, name, sizeof(padded) - 1);
	nk_nft_meta(b, out ? NFT_META_OIFNAME : NFT_META_IIFNAME, NFT_REG_1);
	nk_nft_cmp(b, invert ? NFT_CMP_NEQ : NFT_CMP_EQ, NFT_REG_1, padded, sizeof(padded));
}

void nk_nft_load_address(struct nk_batch *b, int family, bool source, uint32_t reg)
{
	bool four = family == AF_INET;
	uint32_t size = four ? 4 : 16, offset = four ? 12 : 8;

	nk_nft_payload(b, NFT_PAYLOAD_NETWORK_HEADER, source ? offset : offset + size, size, reg);
}

void nk_nft_address_in(struct nk_batch *b, int family, bool source, const char *set, bool invert)
{
	nk_nft_is_family(b, family);
	nk_nft_load_address(b, family, source, NFT_REG_1);
	nk_nft_lookup(b, set, NFT_REG_1, 0, invert);
}

void nk_nft_is_address(struct nk_batch *b, bool source, const struct nk_ip *net)
{
	const struct nk_ip first = nk_ip_first(net);
	size_t size = net->family == AF_INET ? 4 : 16;
	uint8_t mask[16] = {0};

	for (unsigned i = 0; i < net->prefix; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	nk_nft_is_family(b, net->family);
	nk_nft_load_address(b, net->family, source, NFT_REG_1);
	if (net->prefix < 8 * size)
		nk_nft_bitwise(b, NFT_REG_1, mask, size);
	nk_nft_cmp(b, NFT_CMP_EQ, NFT_REG_1, first.a, size);
}

static void any_bit(struct nk_batch *b, uint32_t bits, bool invert)
{
	const uint32_t zero = 0;

	nk_nft_bitwise(b, NFT_REG_1, &bits, sizeof(bits));
	nk_nft_cmp(b, invert ? NFT_CMP_EQ : NFT_CMP_NEQ, NFT_REG_1, &zero, sizeof(zero));
}

void nk_nft_ct_state(struct nk_batch *b, uint32_t bits)
{
	nk_nft_ct(b, NFT_CT_STATE, NFT_REG_1);
	any_bit(b, bits, false);
}

void nk_nft_ct_dnat(struct nk_batch *b, bool invert)
{
	nk_nft_ct(b, NFT_CT_STATUS, NFT_REG_1);
	any_bit(b, IPS_DST_NAT, invert);
}
