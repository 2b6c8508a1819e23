/* SPDX-License-Identifier: Apache-2.0 */
/* All of this machine's network that concerns containers, as it is now (`nook network map`). */
#ifndef NK_RUNTIME_NET_MAP_H
#define NK_RUNTIME_NET_MAP_H

#include "runtime/net.h"
#include "sys/rtnl.h"

struct nk_net_map_card {
	const struct nk_net_lease *lease;
	const struct nk_state_record *container; /* NULL: a named namespace */
	struct nk_strv firewall;		 /* its rules, in words */
};
struct nk_net_map_network {
	const struct nk_network *network;
	const struct nk_rt_link *bridge; /* NULL: not there (now) */
	NK_VEC(struct nk_net_map_card) cards;
};

struct nk_net_map {
	bool forward4, forward6;
	int rules;		  /* nook's table: 1 there, 0 not, -1 nobody may look */
	struct nk_rt_links links; /* of this machine, without those of our networks */
	struct nk_rt_addresses addresses;
	struct nk_rt_routes routes; /* unicast, of the main table */
	NK_VEC(struct nk_net_map_network) networks;
	struct nk_strv foreign; /* other firewalls that are in the way */
};

int nk_net_map(struct nk_net_store *s, struct nk_state *st, struct nk_arena *a,
	       struct nk_net_map *m, struct nk_err *e);
/* "eth0"; "?" */
const char *nk_net_map_link(const struct nk_net_map *m, uint32_t index);

#endif
