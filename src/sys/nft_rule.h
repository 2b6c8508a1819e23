/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expressions of a rule, between nk_nft_rule_begin() and nk_nft_rule_end() (sys/nft.h). Each
 * stands where its words stand, and the rule goes on to the right only when it is true.
 *
 * Values go through registers: NFT_REG_1 … NFT_REG_4 of 16 bytes (linux/netfilter/nf_tables.h), or
 * the same memory in words of four bytes, NFT_REG32_00 …: what a set with several parts in its key
 * is asked for lies in words behind each other.
 */
#ifndef NK_SYS_NFT_RULE_H
#define NK_SYS_NFT_RULE_H

/* clang-format off: the kernel's header gives way to the C library's where that comes first */
#include <netinet/in.h>
#include <linux/netfilter.h>
/* clang-format on */
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "sys/nft.h"

/* A message of the transaction; type: NFT_MSG_… */
void nk_nft_message(struct nk_batch *b, uint16_t type, uint16_t flags);

/* ---- one expression each ---- */

void nk_nft_meta(struct nk_batch *b, uint32_t key, uint32_t reg); /* NFT_META_… */
/* base: NFT_PAYLOAD_…; offset and size in bytes */
void nk_nft_payload(struct nk_batch *b, uint32_t base, uint32_t offset, uint32_t size,
		    uint32_t reg);
void nk_nft_ct(struct nk_batch *b, uint32_t key, uint32_t reg); /* NFT_CT_… */
/* flags: NFTA_FIB_F_…, result: NFT_FIB_RESULT_… */
void nk_nft_fib(struct nk_batch *b, uint32_t flags, uint32_t result, uint32_t reg);
void nk_nft_bitwise(struct nk_batch *b, uint32_t reg, const void *mask, size_t size);
void nk_nft_cmp(struct nk_batch *b, uint32_t op, uint32_t reg, const void *data, size_t size);
/* Is it in the set? A map: what it leads to -> to_reg (else 0). */
void nk_nft_lookup(struct nk_batch *b, const char *set, uint32_t reg, uint32_t to_reg, bool invert);
void nk_nft_verdict(struct nk_batch *b, int verdict, const char *chain); /* NF_ACCEPT, NFT_JUMP … */
/* family: NFPROTO_IPV4, NFPROTO_IPV6; the address and the port from registers */
void nk_nft_dnat(struct nk_batch *b, uint32_t family, uint32_t address_reg, uint32_t port_reg);
void nk_nft_masquerade(struct nk_batch *b);
void nk_nft_redirect(struct nk_batch *b, uint32_t port_reg);
void nk_nft_counter(struct nk_batch *b);
void nk_nft_reject(struct nk_batch *b); /* icmpx port-unreachable */

/* ---- what is asked often ---- */

void nk_nft_is_family(struct nk_batch *b, int family);	 /* AF_INET, AF_INET6: meta nfproto */
void nk_nft_is_proto(struct nk_batch *b, uint8_t proto); /* meta l4proto */
/* Port of source or destination, of a packet whose protocol is known. */
void nk_nft_is_port(struct nk_batch *b, bool source, uint16_t first, uint16_t last);
void nk_nft_iface_in(struct nk_batch *b, bool out, const char *set,
		     bool invert); /* iifname, oifname */
void nk_nft_is_iface(struct nk_batch *b, bool out, const char *name, bool invert);
/* Source or destination in a set of that family, or in a subnet. Asks for the family first. */
void nk_nft_address_in(struct nk_batch *b, int family, bool source, const char *set, bool invert);
void nk_nft_is_address(struct nk_batch *b, bool source, const struct nk_ip *net);
void nk_nft_ct_state(struct nk_batch *b, uint32_t bits); /* NK_CT_… */
void nk_nft_ct_dnat(struct nk_batch *b, bool invert);	 /* ct status dnat */
void nk_nft_load_address(struct nk_batch *b, int family, bool source, uint32_t reg);

/* Bits of `ct state`, as the kernel keeps them. */
enum {
	NK_CT_INVALID = 1,
	NK_CT_ESTABLISHED = 2,
	NK_CT_RELATED = 4,
	NK_CT_NEW = 8,
};

#endif
