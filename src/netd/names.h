/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the network itself knows: its containers' names, aliases and short ids, and whose an
 * address is. Made anew from the leases whenever they change.
 */
#ifndef NK_NETD_NAMES_H
#define NK_NETD_NAMES_H

#include "net/lease.h"
#include "netd/message.h"

enum { NK_OWN_TTL = 5 /* s: how long an answer of ours may be kept by others */ };

struct nk_name {
	const char *name; /* lower case */
	size_t lease;
};
struct nk_whose {
	struct nk_ip ip;
	size_t lease;
};
struct nk_names {
	struct nk_arena arena;
	struct nk_net_leases leases;	   /* of living owners */
	NK_VEC(struct nk_name) names;	   /* sorted */
	NK_VEC(struct nk_whose) addresses; /* sorted */
};

/* From leases that live in *a, which is the table's own from here on; the old table is given
 * back. -ENOMEM: the old one stays, and *a with the caller. */
int nk_names_set(struct nk_names *t, struct nk_arena *a, const struct nk_net_leases *leases);
void nk_names_done(struct nk_names *t);

/* The lease of an address, or NULL. */
const struct nk_net_lease *nk_names_whose(const struct nk_names *t, const struct nk_ip *ip);
bool nk_names_known(const struct nk_names *t, const char *text);

bool nk_names_has_id(const struct nk_names *t, const char *id);
/* Addresses of a name that is known, or the name of an address; NULL when memory is out. */
ldns_pkt *nk_names_forward(const struct nk_names *t, const struct nk_question *q);
ldns_pkt *nk_names_reverse(const struct nk_names *t, const struct nk_question *q,
			   const struct nk_ip *ip);

/* The network whose names these are. */
struct nk_zone {
	const struct nk_names *names;
	const struct nk_network *network; /* NULL: none (egress of a container without one) */
};
bool nk_zone_inside(const struct nk_zone *z, const struct nk_ip *ip);

/*
 * Answer from the table: an answer to be freed by the caller, or NULL with *mine false: ask
 * somebody else. With *mine it is a name of the network, or one that nobody else can know (of one
 * word; an address of the network), and NULL means that memory is out.
 */
ldns_pkt *nk_zone_answer(const struct nk_zone *z, const struct nk_question *q, bool *mine);

#endif
