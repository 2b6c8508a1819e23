/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct nk_cached {
	struct nk_cached *next; /* of its bucket */
	struct nk_cached *newer, *older;
	int64_t since, until;
	uint32_t hash;
	uint16_t type, class;
	bool dnssec_ok, cd;
	size_t name_len, n;
	uint8_t bytes[]; /* the name, then the answer */
};

/* FNV-1a with a beginning that nobody outside knows, so that nobody can fill one bucket. */
static uint32_t hash_of(struct nk_cache *c, const struct nk_query *q)
{
	while (!c->seed)
		if (getrandom(&c->seed, sizeof(c->seed), 0) < 0)
			c->seed = 1;

	uint32_t h = 2166136261u ^ c->seed;
	for (size_t i = 0; i < q->q.name_len; i++)
		h = (h ^ q->q.name[i]) * 16777619u;
	h = (h ^ q->q.type) * 16777619u;
	h = (h ^ (unsigned)(q->dnssec_ok | q->cd << 1)) * 16777619u;
	return h ^ h >> 15;
}

static bool same(const struct nk_cached *e, const struct nk_query *q, uint32_t hash)
{
	return e->hash == hash && e->type == q->q.type && e->class == q->q.class &&
	       e->dnssec_ok == q->dnssec_ok && e->cd == q->cd && e->name_len == q->q.name_len &&
	       memcmp(e->bytes, q->q.name, e->name_len) == 0;
}

static void unlink_use(struct nk_cache *c, struct nk_cached *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_use(struct nk_cache *c, struct nk_cached *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop(struct nk_cache *c, struct nk_cached *e)
{
	struct nk_cached **at = &c->bucket[e->hash % NK_CACHE_BUCKETS];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_use(c, e);
	c->n--;
	c->bytes -= e->n;
	free(e);
}

static struct nk_cached *find(struct nk_cache *c, const struct nk_query *q, uint32_t hash)
{
	struct nk_cached *e = c->bucket[hash % NK_CACHE_BUCKETS];

	while (e && !same(e, q, hash))
		e = e->next;
	return e;
}

ldns_pkt *nk_cache_find(struct nk_cache *c, const struct nk_query *q, int64_t now)
{
	struct nk_cached *e = find(c, q, hash_of(c, q));
	ldns_pkt *pkt = NULL;

	if (!e)
		return NULL;
	if (now >= e->until ||
	    ldns_wire2pkt(&pkt, e->bytes + e->name_len, e->n) != LDNS_STATUS_OK) {
		drop(c, e);
		return NULL;
	}
	unlink_use(c, e);
	link_use(c, e);
	nk_answer_age(pkt, (uint32_t)((now - e->since) / 1000));
	return pkt;
}

void nk_cache_keep(struct nk_cache *c, const struct nk_query *q, const uint8_t *data, size_t n,
		   uint32_t ttl, int64_t now)
{
	uint32_t hash = hash_of(c, q);
	struct nk_cached *e = find(c, q, hash);

	if (e)
		drop(c, e);
	if (n > NK_CACHE_ANSWER_MAX)
		return;
	while (c->n >= NK_CACHE_ANSWERS || c->bytes + n > NK_CACHE_BYTES)
		drop(c, c->oldest);
	e = malloc(sizeof(*e) + q->q.name_len + n);
	if (!e)
		return;
	*e = (struct nk_cached){
		.next = c->bucket[hash % NK_CACHE_BUCKETS],
		.since = now,
		.until = now + (int64_t)ttl * 1000,
		.hash = hash,
		.type = q->q.type,
		.class = q->q.class,
		.dnssec_ok = q->dnssec_ok,
		.cd = q->cd,
		.name_len = q->q.name_len,
		.n = n,
	};
	memcpy(e->bytes, q->q.name, e->name_len);
	memcpy(e->bytes + e->name_len, data, n);
	c->bucket[hash % NK_CACHE_BUCKETS] = e;
	link_use(c, e);
	c->n++;
	c->bytes += n;
}

void nk_cache_clear(struct nk_cache *c)
{
	while (c->oldest)
		drop(c, c->oldest);
}
