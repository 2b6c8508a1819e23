/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "oci/ip.h"

enum { SHORT_ID = 12 };

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct nk_name *)a)->name, ((const struct nk_name *)b)->name);
}

static int compare_ips(const struct nk_ip *a, const struct nk_ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->a, b->a, a->family == AF_INET ? 4 : 16);
}

static int compare_whose(const void *a, const void *b)
{
	return compare_ips(&((const struct nk_whose *)a)->ip, &((const struct nk_whose *)b)->ip);
}

static void add_name(struct nk_names *t, const char *name, size_t n, size_t lease)
{
	char *copy = nk_strndup(&t->arena, name, n);

	if (!n)
		return;
	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	/* A name that is written twice (alias and container) would be answered twice. */
	for (size_t i = t->names.n; i && t->names.v[i - 1].lease == lease; i--)
		if (strcmp(t->names.v[i - 1].name, copy) == 0)
			return;
	struct nk_name *entry = NK_PUSH(&t->arena, &t->names);
	if (entry)
		*entry = (struct nk_name){copy, lease};
}

static void add_lease(struct nk_names *t, size_t i)
{
	const struct nk_net_lease *l = &t->leases.v[i];
	/* A network namespace that is held by name: "ns:NAME". */
	const char *name = strncmp(l->name, "ns:", 3) == 0 ? l->name + 3 : l->name;

	add_name(t, name, strlen(name), i);
	if (strncmp(l->id, "ns:", 3) != 0)
		add_name(t, l->id, strnlen(l->id, SHORT_ID), i);
	for (size_t k = 0; k < l->aliases.n; k++)
		add_name(t, l->aliases.v[k], strlen(l->aliases.v[k]), i);
	for (size_t k = 0; k < l->ips.n; k++) {
		struct nk_whose *w = NK_PUSH(&t->arena, &t->addresses);
		if (w)
			*w = (struct nk_whose){l->ips.v[k], i};
	}
}

int nk_names_set(struct nk_names *t, struct nk_arena *a, const struct nk_net_leases *leases)
{
	struct nk_names fresh = {.arena = *a, .leases = *leases};

	for (size_t i = 0; i < leases->n; i++)
		add_lease(&fresh, i);
	*a = fresh.arena;
	if (fresh.arena.failed)
		return -ENOMEM;
	*a = (struct nk_arena){0};
	if (fresh.names.n)
		qsort(fresh.names.v, fresh.names.n, sizeof(*fresh.names.v), compare_names);
	if (fresh.addresses.n)
		qsort(fresh.addresses.v, fresh.addresses.n, sizeof(*fresh.addresses.v),
		      compare_whose);
	nk_names_done(t);
	*t = fresh;
	return 0;
}

void nk_names_done(struct nk_names *t)
{
	nk_arena_done(&t->arena);
	*t = (struct nk_names){0};
}

const struct nk_net_lease *nk_names_whose(const struct nk_names *t, const struct nk_ip *ip)
{
	struct nk_whose key = {.ip = *ip};
	const struct nk_whose *w = t->addresses.n ? bsearch(&key, t->addresses.v, t->addresses.n,
							    sizeof(key), compare_whose)
						  : NULL;

	return w ? &t->leases.v[w->lease] : NULL;
}

/* The first entry of a name, or the end of the table. */
static size_t first(const struct nk_names *t, const char *text)
{
	size_t low = 0, high = t->names.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(t->names.v[middle].name, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool nk_names_known(const struct nk_names *t, const char *text)
{
	size_t i = first(t, text);

	return i < t->names.n && strcmp(t->names.v[i].name, text) == 0;
}

bool nk_names_has_id(const struct nk_names *t, const char *id)
{
	for (size_t i = 0; i < t->leases.n; i++)
		if (strcmp(t->leases.v[i].id, id) == 0)
			return true;
	return false;
}

bool nk_zone_inside(const struct nk_zone *z, const struct nk_ip *ip)
{
	for (size_t i = 0; z->network && i < z->network->subnets.n; i++)
		if (nk_ip_inside(ip, &z->network->subnets.v[i].net))
			return true;
	return false;
}

/* Nothing of that type, or no such name: both say for how long that may be believed. */
static ldns_pkt *nothing(const struct nk_question *q, int rcode)
{
	ldns_pkt *pkt = nk_reply_new(rcode);

	if (pkt) {
		nk_reply_soa(pkt, q, NK_OWN_TTL);
		ldns_pkt_set_aa(pkt, true);
	}
	return pkt;
}

/* Addresses of all that have the name, each time from another one on: the work is shared. */
ldns_pkt *nk_names_forward(const struct nk_names *t, const struct nk_question *q)
{
	ldns_pkt *pkt = nk_reply_new(LDNS_RCODE_NOERROR);
	size_t begin = first(t, q->text), n = 0, turn = 0;

	if (!pkt)
		return NULL;
	while (begin + n < t->names.n && strcmp(t->names.v[begin + n].name, q->text) == 0)
		n++;
	if (n > 1 && getrandom(&turn, sizeof(turn), GRND_NONBLOCK) < 0)
		turn = 0;
	for (size_t i = 0; i < n; i++) {
		size_t lease = t->names.v[begin + (turn % n + i) % n].lease;
		const struct nk_ips *ips = &t->leases.v[lease].ips;
		for (size_t k = 0; k < ips->n; k++) {
			uint16_t type =
				ips->v[k].family == AF_INET ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
			if (q->type == type || q->type == LDNS_RR_TYPE_ANY)
				nk_reply_address(pkt, q, &ips->v[k], NK_OWN_TTL);
		}
	}
	if (ldns_pkt_ancount(pkt) == 0) {
		ldns_pkt_free(pkt);
		return nothing(q, LDNS_RCODE_NOERROR);
	}
	ldns_pkt_set_aa(pkt, true);
	return pkt;
}

ldns_pkt *nk_names_reverse(const struct nk_names *t, const struct nk_question *q,
			   const struct nk_ip *ip)
{
	const struct nk_net_lease *l = nk_names_whose(t, ip);

	if (!l)
		return nothing(q, LDNS_RCODE_NXDOMAIN);
	if (q->type != LDNS_RR_TYPE_PTR && q->type != LDNS_RR_TYPE_ANY)
		return nothing(q, LDNS_RCODE_NOERROR);
	ldns_pkt *pkt = nk_reply_new(LDNS_RCODE_NOERROR);
	if (pkt) {
		const char *name = strncmp(l->name, "ns:", 3) == 0 ? l->name + 3 : l->name;
		nk_reply_pointer(pkt, q, name, NK_OWN_TTL);
		ldns_pkt_set_aa(pkt, true);
	}
	return pkt;
}

/* The subnet of ours that an address or a part of one lies in. */
static bool below_subnet(const struct nk_zone *z, const struct nk_ip *ip, unsigned bits)
{
	for (size_t i = 0; z->network && i < z->network->subnets.n; i++)
		if (z->network->subnets.v[i].net.prefix <= bits &&
		    nk_ip_inside(ip, &z->network->subnets.v[i].net))
			return true;
	return false;
}

/*
 * A name of one word is a container's, if anybody's: forwarded, a name that is not there yet would
 * be told to everybody upstream, and whoever answers there would be talked to in its place. What
 * top-level domains are asked about themselves goes on.
 */
static bool single_word(const struct nk_question *q)
{
	return q->text[0] && !strchr(q->text, '.') && q->type != LDNS_RR_TYPE_NS &&
	       q->type != LDNS_RR_TYPE_SOA && q->type != LDNS_RR_TYPE_DS &&
	       q->type != LDNS_RR_TYPE_DNSKEY;
}

ldns_pkt *nk_zone_answer(const struct nk_zone *z, const struct nk_question *q, bool *mine)
{
	struct nk_ip ip;
	unsigned bits;

	*mine = true;
	if (nk_names_known(z->names, q->text))
		return nk_names_forward(z->names, q);
	if (nk_reverse_read(q->text, &ip, &bits) && below_subnet(z, &ip, bits)) {
		bool whole = bits == (ip.family == AF_INET ? 32 : 128);
		return whole ? nk_names_reverse(z->names, q, &ip) : nothing(q, LDNS_RCODE_NOERROR);
	}
	if (single_word(q))
		return nothing(q, LDNS_RCODE_NXDOMAIN);
	*mine = false;
	return NULL;
}
