/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes of a card, to be put on another; and whether a gateway answers there. */
#ifndef NK_RUNTIME_NET_MOVED_H
#define NK_RUNTIME_NET_MOVED_H

#include <linux/netlink.h>

#include "oci/net_spec.h"
#include "sys/batch.h"

/* A message of the kernel (RTM_NEWADDR, RTM_NEWROUTE), with all that it says. */
struct nk_moved_item {
	const struct nlmsghdr *h;
};
struct nk_moved {
	NK_VEC(struct nk_moved_item) addresses, routes;
	bool leased; /* an address has an end */
};

/* What a person or program has set; link-local addresses and their routes the kernel makes itself.
 * A route over several cards is refused. */
int nk_moved_read(int fd, struct nk_arena *a, uint32_t index, struct nk_moved *m, struct nk_err *e);
/* Are all addresses and routes of what among these? */
bool nk_moved_has(const struct nk_moved *m, const struct nk_moved *what);
/* All of it from one card to the other (numbers; from 0: it has gone from there already); the links
 * themselves are the caller's. */
void nk_moved_put(struct nk_batch *b, const struct nk_moved *m, uint32_t from, uint32_t to);
/* Who is named by default routes. */
void nk_moved_gateways(struct nk_arena *a, const struct nk_moved *m, struct nk_ips *out);

/* Asked by ARP or neighbour discovery, anew, on that card; at most three seconds. */
bool nk_gateway_answers(int fd, const char *card, uint32_t index, const struct nk_ip *gateway);

#endif
