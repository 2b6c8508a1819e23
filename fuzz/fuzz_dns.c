/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input: two bytes, the length of a question, and then the question of a client and the answer of
 * an upstream. What a container sends and what the network sends back are both hostile.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "netd/cache.h"
#include "netd/egress.h"
#include "netd/names.h"
#include "netd/netd.h"
#include "sys/nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A network with one container. */
static void make_zone(struct nk_names *names, struct nk_network *network)
{
	struct nk_arena a = {0};
	struct nk_net_leases leases = {0};
	struct nk_err e = {0};
	struct nk_net_lease *l = NK_PUSH(&a, &leases);
	struct nk_ip *ip = NK_PUSH(&a, &l->ips);
	struct nk_subnet *s;

	nk_ip_parse("10.89.0.2/24", true, ip, &e);
	l->id = "aaaaaaaaaaaaaaaa";
	l->name = "web";
	l->owner = "rm";
	nk_strv_push(&a, &l->aliases, "www");
	nk_names_set(names, &a, &leases);
	s = NK_PUSH(&names->arena, &network->subnets);
	nk_ip_parse("10.89.0.0/24", true, &s->net, &e);
}

/* What goes out has to be a message that can be read, and fit. */
static void write_reply(const struct nk_query *q, ldns_pkt *pkt, size_t limit)
{
	uint8_t *out = NULL;
	size_t n = 0;
	ldns_pkt *back = NULL;

	if (nk_reply_write(q, pkt, limit, 15, &out, &n) < 0)
		return;
	if (n > limit || ldns_wire2pkt(&back, out, n) != LDNS_STATUS_OK)
		abort();
	if (ldns_pkt_id(back) != q->id || !ldns_pkt_qr(back))
		abort();
	ldns_pkt_free(back);
	free(out);
}

static void look_through(struct nk_egress *g, const struct nk_query *q, ldns_pkt *pkt)
{
	struct nk_ip ip;

	if (nk_egress_pass(g, &q->q, pkt, false, 1000) != 0)
		return;
	if (q->q.type != LDNS_RR_TYPE_A && q->q.type != LDNS_RR_TYPE_AAAA)
		return;
	/* There is no firewall here: an answer with an address must not have passed. */
	for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(pkt)); i++)
		if (nk_answer_address(ldns_rr_list_rr(ldns_pkt_answer(pkt), i), &ip))
			abort();
}

static void answer(const struct nk_query *q, const uint8_t *data, size_t size)
{
	static struct nk_cache cache;
	struct nk_err e = {0};
	struct nk_egress *g = NULL;
	ldns_pkt *pkt = NULL;
	uint16_t id = size > 1 ? (uint16_t)(data[0] << 8 | data[1]) : 0;

	if (nk_answer_read(data, size, &q->q, id, &pkt) < 0)
		return;
	uint32_t ttl = nk_answer_ttl(pkt);
	if (ttl) {
		nk_cache_keep(&cache, q, data, size, ttl, 0);
		ldns_pkt *kept = nk_cache_find(&cache, q, (int64_t)ttl * 500);
		if (!kept || nk_cache_find(&cache, q, (int64_t)ttl * 1000))
			abort();
		write_reply(q, kept, nk_reply_limit(q));
		ldns_pkt_free(kept);
	}
	ldns_pkt_free(pkt);
	if (nk_egress_new("web,*.example.org,host.example", -1, &g, &e) < 0)
		abort();
	if (ldns_wire2pkt(&pkt, data, size) == LDNS_STATUS_OK) {
		if (nk_egress_allows(g, &q->q))
			look_through(g, q, pkt);
		write_reply(q, pkt, nk_reply_limit(q));
		ldns_pkt_free(pkt);
	}
	nk_egress_free(g);
	nk_cache_clear(&cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nk_names names;
	static struct nk_network network;
	struct nk_zone zone = {&names, &network};
	struct nk_query q;
	bool mine;

	if (!names.names.n)
		make_zone(&names, &network);
	if (size < 2)
		return 0;
	size_t n = (size_t)(data[0] << 8 | data[1]);
	n = n < size - 2 ? n : size - 2;
	int r = nk_query_read(data + 2, n, &q);
	if (r < 0)
		return 0;
	if (q.q.name_len > LDNS_MAX_DOMAINLEN || strlen(q.q.text) >= NK_NAME_TEXT)
		abort();
	ldns_pkt *pkt = r ? nk_reply_new(r) : nk_zone_answer(&zone, &q.q, &mine);
	if (pkt) {
		write_reply(&q, pkt, nk_reply_limit(&q));
		ldns_pkt_free(pkt);
	}
	if (r == 0)
		answer(&q, data + 2 + n, size - 2 - n);
	return 0;
}
