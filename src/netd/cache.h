/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of upstreams, as they came, until their TTL is over. Bounded in number and bytes; the
 * one that was not asked for longest goes first.
 */
#ifndef NK_NETD_CACHE_H
#define NK_NETD_CACHE_H

#include "netd/message.h"

enum {
	NK_CACHE_ANSWERS = 2048,
	NK_CACHE_BYTES = 4 << 20,
	NK_CACHE_ANSWER_MAX = 16384,
	NK_CACHE_BUCKETS = 1024,
};

struct nk_cached;
struct nk_cache {
	struct nk_cached *bucket[NK_CACHE_BUCKETS];
	struct nk_cached *newest, *oldest; /* by use */
	size_t n, bytes;
	uint32_t seed;
};

/* now: nk_now_ms(). NULL: not there. With the TTLs that are left; the caller's to free. */
ldns_pkt *nk_cache_find(struct nk_cache *c, const struct nk_query *q, int64_t now);
/* The answer data[0..n), whose TTL is ttl > 0. Without memory it is not kept. */
void nk_cache_keep(struct nk_cache *c, const struct nk_query *q, const uint8_t *data, size_t n,
		   uint32_t ttl, int64_t now);
void nk_cache_clear(struct nk_cache *c);

#endif
