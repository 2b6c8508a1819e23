/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nftables as messages of a batch: one transaction of the kernel, all or nothing. As much as nook's
 * own tables need; each function says the same in nft's words (b->words), so that `--explain` and
 * a test can compare them with `nft list ruleset`. Source: linux/netfilter/nf_tables.h.
 */
#ifndef NK_SYS_NFT_H
#define NK_SYS_NFT_H

#include <stdbool.h>

#include "oci/net_spec.h"
#include "sys/batch.h"

#define NK_NFT_TABLE "nook" /* family inet, everywhere */

/* Begin and end of the transaction; between them the functions below. Init by nk_batch_init(b, a,
 * NETLINK_NETFILTER). */
void nk_nft_begin(struct nk_batch *b);
void nk_nft_end(struct nk_batch *b);

void nk_nft_table(struct nk_batch *b, const char *table);     /* made where it is missing */
void nk_nft_del_table(struct nk_batch *b, const char *table); /* ENOENT when it is missing */

struct nk_nft_hook {
	const char *type; /* "filter", "nat" */
	unsigned hook;	  /* NF_INET_… */
	int priority;
	bool drop; /* policy */
};
/* hook NULL: a chain to jump to */
void nk_nft_chain(struct nk_batch *b, const char *table, const char *chain,
		  const struct nk_nft_hook *hook);
void nk_nft_flush_chain(struct nk_batch *b, const char *table, const char *chain);

/* What a key or a value of a set is made of, in order. */
enum nk_nft_type {
	NK_NFT_END,
	NK_NFT_IP4,
	NK_NFT_IP6,
	NK_NFT_PROTO,
	NK_NFT_PORT,
	NK_NFT_IFNAME,
};
struct nk_nft_set {
	const char *table, *name;
	enum nk_nft_type key[4], data[3]; /* data empty: a set, else a map */
	bool interval;			  /* key is one address: elements are subnets */
	bool timeout;			  /* elements may have one */
	uint32_t size;			  /* 0: no limit */
};
void nk_nft_set(struct nk_batch *b, const struct nk_nft_set *set);
/*
 * An element: key and data as bytes, each part padded to 4 (PROTO and PORT take 4, IFNAME 16), in
 * network byte order. interval: key is the first address, end the first one behind it. timeout_ms
 * 0: none.
 */
struct nk_nft_elem {
	const void *key, *end, *data;
	uint64_t timeout_ms;
};
void nk_nft_add_elem(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_nft_elem *e);
void nk_nft_del_elem(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_nft_elem *e);
/* The same with a subnet as element of an interval set. */
void nk_nft_subnet(struct nk_batch *b, const struct nk_nft_set *set, const struct nk_ip *net,
		   bool add);

/*
 * A rule: begin, expressions from left to right, end with the rule in nft's words. The
 * expressions are declared in sys/nft_rule.h.
 */
void nk_nft_rule_begin(struct nk_batch *b, const char *table, const char *chain);
void nk_nft_rule_end(struct nk_batch *b, const char *words_fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- questions, on a socket of NETLINK_NETFILTER (nk_nft_open) ---- */

int nk_nft_open(struct nk_err *e); /* in the calling thread's network namespace */
/* 1: there is such a table, of family inet, with a chain of that name; 0: not; -errno */
int nk_nft_has_chain(int fd, const char *table, const char *chain, struct nk_err *e);
/* The raw keys and data of a set's elements; data NULL for a set. An interval set has where its
 * subnets begin (key) and where they end (end) as elements of their own. */
struct nk_nft_seen {
	NK_VEC(struct nk_nft_elem);
};
int nk_nft_elements(int fd, struct nk_arena *a, const struct nk_nft_set *set,
		    struct nk_nft_seen *out, struct nk_err *e);

#endif
