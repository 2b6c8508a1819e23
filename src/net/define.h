/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a definition of a network right. Pure but for nk_net_taken_read(). Inside src/net
 * only.
 */
#ifndef NK_NET_DEFINE_H
#define NK_NET_DEFINE_H

#include "net/store.h"

/* What is in use: subnets with the words for who has them, and names of links. */
struct nk_net_taken {
	NK_VEC(struct nk_net_used {
		struct nk_ip net;
		const char *who; /* "the route to 10.0.0.0/8 over eth0" */
		bool network;	 /* one of ours; else the machine's */
	});
	struct nk_strv links;
};

/* Routes, addresses and links of the calling thread's network namespace (src/net/taken.c). */
int nk_net_taken_read(struct nk_arena *a, struct nk_net_taken *t, struct nk_err *e);
/* Those of other networks, and their bridges. */
void nk_net_taken_networks(struct nk_arena *a, struct nk_net_taken *t,
			   const struct nk_networks *list);

/* Whether the driver and the rest go together, before subnets are chosen. */
int nk_net_check(const struct nk_network *n, struct nk_err *e);
/* Fill gateways, check each subnet by itself and against those in use. */
int nk_net_check_subnets(struct nk_network *n, const struct nk_net_taken *t, struct nk_err *e);

/* The next subnet that overlaps nothing: 10.89.0.0/24 and on; seed: what an IPv6 prefix is made
 * of. -ENOSPC */
int nk_net_choose4(const struct nk_net_taken *t, struct nk_ip *net, struct nk_err *e);
int nk_net_choose6(const struct nk_net_taken *t, const char *seed, struct nk_ip *net,
		   struct nk_err *e);
/* The bridge's name, taken by nobody. */
const char *nk_net_choose_link(struct nk_arena *a, const struct nk_network *n,
			       const struct nk_net_taken *t);

#endif
