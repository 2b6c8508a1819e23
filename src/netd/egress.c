/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/egress.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "sys/nft.h"

/* What src/plan/net_firewall.c has made inside. */
static const struct nk_nft_set set4 = {
	.table = NK_NFT_TABLE, .name = "egress4", .key = {NK_NFT_IP4}, .timeout = true};
static const struct nk_nft_set set6 = {
	.table = NK_NFT_TABLE, .name = "egress6", .key = {NK_NFT_IP6}, .timeout = true};

enum { CHAIN_MAX = 16, TYPE_SVCB = 64, TYPE_HTTPS = 65 };

struct reach {
	struct nk_ip ip;
	int64_t until; /* ms; INT64_MAX: for good */
};

struct nk_egress {
	struct nk_arena arena;
	NK_VEC(struct nk_egress_word) words;
	int nft_fd;
	struct reach *reach;
	size_t n;
};

static struct reach *find(struct nk_egress *g, const struct nk_ip *ip)
{
	for (size_t i = 0; i < g->n; i++)
		if (nk_ip_equal(&g->reach[i].ip, ip))
			return &g->reach[i];
	return NULL;
}

static void forget_old(struct nk_egress *g, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->reach[i].until > now)
			g->reach[kept++] = g->reach[i];
	g->n = kept;
}

/*
 * Let ip in until then. An element's time is not changed by adding it again, so it is added (it
 * may have gone, with its time or with a firewall that was made anew), deleted, and added with
 * the new time, all of it in one transaction.
 */
static void put(struct nk_batch *b, const struct nk_ip *ip, int64_t left_ms, bool anew)
{
	const struct nk_nft_set *set = ip->family == AF_INET ? &set4 : &set6;
	struct nk_nft_elem elem = {.key = ip->a, .timeout_ms = (uint64_t)left_ms};

	nk_nft_add_elem(b, set, &elem);
	if (anew) {
		nk_nft_del_elem(b, set, &elem);
		nk_nft_add_elem(b, set, &elem);
	}
}

/* ttl in seconds; 0: for good. */
static int let_in(struct nk_egress *g, const struct nk_ips *ips, uint32_t ttl, int64_t now,
		  struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	int64_t until = ttl ? now + (int64_t)ttl * 1000 : INT64_MAX;
	struct nk_batch b;

	forget_old(g, now);
	if (g->n + ips->n > NK_REACH_MAX)
		return nk_fail(e, ENOSPC, "egress: more than %d addresses", NK_REACH_MAX);
	nk_batch_init(&b, &a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	for (size_t i = 0; i < ips->n; i++) {
		const struct reach *r = find(g, &ips->v[i]);
		bool longer = !r || r->until < until;
		int64_t end = longer ? until : r->until;
		put(&b, &ips->v[i], end == INT64_MAX ? 0 : end - now, r && longer);
	}
	nk_nft_end(&b);
	int rc = nk_arena_ok(&a, e);
	if (rc >= 0)
		rc = nk_batch_send(g->nft_fd, &b, 0, "egress", e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ips->n; i++) {
		struct reach *r = find(g, &ips->v[i]);
		if (!r) {
			r = &g->reach[g->n++];
			*r = (struct reach){.ip = ips->v[i]};
		}
		r->until = r->until > until ? r->until : until;
	}
	return 0;
}

static int read_words(struct nk_egress *g, const char *list, struct nk_ips *ips, struct nk_err *e)
{
	for (const char *at = list; *at;) {
		size_t n = strcspn(at, ",");
		struct nk_egress_word *w = NK_PUSH(&g->arena, &g->words);
		if (!w)
			break;
		int r = nk_egress_read(&g->arena, nk_strndup(&g->arena, at, n), w, e);
		if (r < 0)
			return r;
		if (w->ip.family) {
			struct nk_ip *ip = NK_PUSH(&g->arena, ips);
			if (ip)
				*ip = w->ip;
		}
		at += n + (at[n] == ',');
	}
	return nk_arena_ok(&g->arena, e);
}

int nk_egress_new(const char *list, int nft_fd, struct nk_egress **out, struct nk_err *e)
{
	/* The kernel answers at once; whoever else could write there must not make us wait. */
	struct timeval patience = {.tv_sec = 1};
	struct nk_egress *g = calloc(1, sizeof(*g));
	struct nk_ips ips = {0};
	int r;

	*out = NULL;
	setsockopt(nft_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (g)
		*g = (struct nk_egress){.nft_fd = nft_fd,
					.reach = calloc(NK_REACH_MAX, sizeof(*g->reach))};
	if (!g || !g->reach) {
		if (!g)
			close(nft_fd);
		nk_egress_free(g);
		return nk_fail(e, ENOMEM, "egress");
	}
	r = read_words(g, list, &ips, e);
	if (r >= 0 && ips.n)
		r = let_in(g, &ips, 0, 0, e);
	if (r < 0) {
		nk_egress_free(g);
		return r;
	}
	*out = g;
	return 0;
}

void nk_egress_free(struct nk_egress *g)
{
	if (!g)
		return;
	if (g->nft_fd >= 0)
		close(g->nft_fd);
	nk_arena_done(&g->arena);
	free(g->reach);
	free(g);
}

bool nk_egress_allows(const struct nk_egress *g, const struct nk_question *q)
{
	/* Any: an answer of every type could not be looked through. */
	if (q->type == LDNS_RR_TYPE_ANY)
		return false;
	for (size_t i = 0; i < g->words.n; i++)
		if (nk_egress_matches(&g->words.v[i], q->text))
			return true;
	return false;
}

static bool may_be(const struct nk_egress *g, const struct nk_question *q, const struct nk_ip *ip)
{
	if (!nk_egress_kind(ip))
		return true;
	for (size_t i = 0; i < g->words.n; i++) {
		const struct nk_egress_word *w = &g->words.v[i];
		if (w->ip.family ? nk_ip_equal(&w->ip, ip)
				 : w->private && nk_egress_matches(w, q->text))
			return true;
	}
	return false;
}

static void empty(ldns_pkt *pkt, ldns_pkt_section section, ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		ldns_rr_free(ldns_rr_list_rr(list, i));
	ldns_rr_list_set_rr_count(list, 0);
	ldns_pkt_set_section_count(pkt, section, 0);
}

static bool same_name(const ldns_rdf *a, const ldns_rdf *b)
{
	return a && b && ldns_dname_compare(a, b) == 0;
}

/* Where the chain of aliases from the question's name ends, within this answer. */
static const ldns_rdf *last_alias(const ldns_pkt *pkt, bool *keep)
{
	const ldns_rr_list *list = ldns_pkt_answer(pkt);
	const ldns_rdf *name = ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(pkt), 0));

	for (int hops = 0; hops < CHAIN_MAX; hops++) {
		const ldns_rdf *next = NULL;
		for (size_t i = 0; !next && i < ldns_rr_list_rr_count(list); i++) {
			const ldns_rr *rr = ldns_rr_list_rr(list, i);
			if (keep[i] || ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME ||
			    ldns_rr_rd_count(rr) != 1 || !same_name(ldns_rr_owner(rr), name))
				continue;
			keep[i] = true;
			next = ldns_rr_rdf(rr, 0);
		}
		if (!next)
			break;
		name = next;
	}
	return name;
}

/* Only the chain of aliases and the addresses at its end stay; those -> *ips. */
static int cut_down(struct nk_arena *a, ldns_pkt *pkt, uint16_t type, struct nk_ips *ips)
{
	ldns_rr_list *list = ldns_pkt_answer(pkt);
	size_t n = ldns_rr_list_rr_count(list), kept = 0;
	bool *keep = nk_alloc(a, n + 1);
	struct nk_ip ip;

	if (!keep)
		return -ENOMEM;
	const ldns_rdf *end = last_alias(pkt, keep);
	for (size_t i = 0; i < n; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		if (ldns_rr_get_type(rr) != type || !nk_answer_address(rr, &ip) ||
		    !same_name(ldns_rr_owner(rr), end))
			continue;
		struct nk_ip *found = NK_PUSH(a, ips);
		if (!found)
			return -ENOMEM;
		*found = ip;
		keep[i] = true;
	}
	for (size_t i = 0; i < n; i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);
		if (keep[i])
			ldns_rr_list_set_rr(list, rr, kept++);
		else
			ldns_rr_free(rr);
	}
	ldns_rr_list_set_rr_count(list, kept);
	ldns_pkt_set_section_count(pkt, LDNS_SECTION_ANSWER, (uint16_t)kept);
	return 0;
}

/* The life of the answer, and no record of it says more. */
static uint32_t life(ldns_pkt *pkt)
{
	ldns_rr_list *list = ldns_pkt_answer(pkt);
	uint32_t most = NK_REACH_TTL_MIN;

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);
		if (ldns_rr_ttl(rr) > NK_REACH_TTL_MAX)
			ldns_rr_set_ttl(rr, ldns_rr_ttl(rr) > INT32_MAX ? 0 : NK_REACH_TTL_MAX);
		most = ldns_rr_ttl(rr) > most ? ldns_rr_ttl(rr) : most;
	}
	return most;
}

/* Our own answer has nothing but addresses of containers. */
static int take_own(struct nk_arena *a, const ldns_pkt *pkt, struct nk_ips *ips)
{
	const ldns_rr_list *list = ldns_pkt_answer(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		struct nk_ip *ip = NK_PUSH(a, ips);
		if (!ip || !nk_answer_address(ldns_rr_list_rr(list, i), ip))
			return -EINVAL;
	}
	return 0;
}

static int pass_addresses(struct nk_egress *g, const struct nk_question *q, ldns_pkt *pkt, bool own,
			  int64_t now)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ips ips = {0};
	struct nk_err e = {0};

	if (own ? take_own(&a, pkt, &ips) < 0 : cut_down(&a, pkt, q->type, &ips) < 0)
		return LDNS_RCODE_SERVFAIL;
	for (size_t i = 0; !own && i < ips.n; i++)
		if (!may_be(g, q, &ips.v[i]))
			return LDNS_RCODE_REFUSED;
	if (!ips.n)
		return 0;
	if (ips.n > NK_REACH_ANSWER || let_in(g, &ips, life(pkt), now, &e) < 0)
		return LDNS_RCODE_SERVFAIL;
	return 0;
}

int nk_egress_pass(struct nk_egress *g, const struct nk_question *q, ldns_pkt *pkt, bool own,
		   int64_t now)
{
	empty(pkt, LDNS_SECTION_ADDITIONAL, ldns_pkt_additional(pkt));
	/* They hold addresses as hints, which would not be in the firewall. */
	if (q->type == TYPE_SVCB || q->type == TYPE_HTTPS)
		empty(pkt, LDNS_SECTION_ANSWER, ldns_pkt_answer(pkt));
	if (q->type != LDNS_RR_TYPE_A && q->type != LDNS_RR_TYPE_AAAA)
		return 0;
	if (!own && ldns_rr_list_rr_count(ldns_pkt_question(pkt)) != 1)
		return LDNS_RCODE_SERVFAIL;
	return pass_addresses(g, q, pkt, own, now);
}
