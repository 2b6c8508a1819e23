/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, addresses and routes as messages of a batch (rtnetlink(7)). Links are made with the
 * index that they shall have, so that addresses and routes of the same batch can name them.
 * Names and masters are checked by the kernel. Source: linux/if_link.h, if_addr.h, rtnetlink.h.
 */
#ifndef NK_SYS_RTNL_H
#define NK_SYS_RTNL_H

#include <stdbool.h>

#include "oci/net_spec.h"
#include "sys/batch.h"

/* The target network namespace is known only when the plan runs: the batch's patch is … */
enum nk_rt_ns {
	NK_RT_NS_PID = -1, /* the pid of a process in it (IFLA_NET_NS_PID) */
	NK_RT_NS_FD = -2,  /* a descriptor of it (IFLA_NET_NS_FD) */
};

/* For macvlan and ipvlan: what no namespace comes to by counting, nor nook by hashing a name. */
#define NK_RT_INDEX_UPON 0x3ffff000U

/* The other end of a veth, or a macvlan: the card that the container gets. */
struct nk_rt_card {
	const char *name;
	/*
	 * Inside; 0: the kernel chooses. A new namespace may have tunl0 and the like from 2 on, and
	 * the kernel refuses a macvlan or ipvlan with an index that this namespace has, too: take
	 * NK_RT_INDEX_UPON and above. The end of a veth that stays here has one made of its name
	 * then.
	 */
	uint32_t index;
	const uint8_t *mac; /* NULL: random */
	uint32_t mtu;	    /* 0: default */
	int ns_fd; /* a descriptor of the target network namespace, or one of enum nk_rt_ns */
	bool up;
};

/* veth: `host` stays here, up, on bridge master (index, 0: none); the card is down (nk_rt_up()). */
void nk_rt_veth(struct nk_batch *b, const char *host, uint32_t master,
		const struct nk_rt_card *card);
/* macvlan (mode: MACVLAN_MODE_…) or ipvlan (IPVLAN_MODE_…) on top of parent, in the target. */
void nk_rt_macvlan(struct nk_batch *b, uint32_t parent, uint32_t mode,
		   const struct nk_rt_card *card);
void nk_rt_ipvlan(struct nk_batch *b, uint32_t parent, uint16_t mode,
		  const struct nk_rt_card *card);
/* A bridge, up, with this index and MAC; no STP, no delay. */
void nk_rt_bridge(struct nk_batch *b, const char *name, uint32_t index, const uint8_t mac[6],
		  uint32_t mtu);
void nk_rt_up(struct nk_batch *b, uint32_t index, const char *name);
void nk_rt_rename(struct nk_batch *b, uint32_t index, const char *name);
void nk_rt_master(struct nk_batch *b, uint32_t index, const char *name, uint32_t master);
/* What a person reads behind the link: "nook network NAME". */
void nk_rt_alias(struct nk_batch *b, uint32_t index, const char *name, const char *alias);
/* A link of this namespace goes to another (ns_fd, or one of enum nk_rt_ns). */
void nk_rt_move(struct nk_batch *b, uint32_t index, const char *name, int ns_fd);
void nk_rt_del_link(struct nk_batch *b, const char *name);
/*
 * Nothing passes this card of a bridge any more. Unlike its removal, which waits for all processors
 * (5 to 25 ms), this takes microseconds.
 */
void nk_rt_close_port(struct nk_batch *b, const char *name);
/* What comes from this card of a bridge may go back to it. */
void nk_rt_hairpin(struct nk_batch *b, const char *name);
/* ip with its prefix; no duplicate address detection (IFA_F_NODAD): who leases knows. */
void nk_rt_addr(struct nk_batch *b, uint32_t index, const char *name, const struct nk_ip *ip);
/*
 * The link-local address that the kernel would make of the MAC, but at once: without one it asks
 * for no neighbour on behalf of others, and its own is looked for on the LAN first (1 to 2 s).
 */
void nk_rt_link_local(struct nk_batch *b, uint32_t index, const char *name, const uint8_t mac[6]);
void nk_rt_del_addr(struct nk_batch *b, uint32_t index, const char *name, const struct nk_ip *ip);
/* to.family 0 with via's family: the default route. via.family 0: a route of the link. metric 0:
 * none */
void nk_rt_route(struct nk_batch *b, const struct nk_ip *to, const struct nk_ip *via,
		 uint32_t index, const char *name, uint32_t metric);
void nk_rt_del_route(struct nk_batch *b, const struct nk_ip *to, const struct nk_ip *via,
		     uint32_t index, const char *name, uint32_t metric);

/* ---- questions, on a socket of nk_nl_open() ---- */

struct nk_rt_link {
	uint32_t index, master, mtu, peer_index; /* of a veth's other end, 0: none */
	unsigned flags;				 /* IFF_… */
	const char *name, *kind, *alias;	 /* "veth", "bridge"; NULL: none */
	uint8_t mac[6];
};
struct nk_rt_links {
	NK_VEC(struct nk_rt_link);
};
struct nk_rt_address {
	uint32_t index;
	struct nk_ip ip;
	uint8_t scope;
	uint32_t flags, valid, preferred; /* lifetimes in seconds, UINT32_MAX: for ever */
};
struct nk_rt_addresses {
	NK_VEC(struct nk_rt_address);
};
struct nk_rt_route_seen {
	uint32_t index, metric, table;
	uint8_t protocol, scope, type;
	struct nk_ip to, via, source;
};
struct nk_rt_routes {
	NK_VEC(struct nk_rt_route_seen);
};
/* All of the socket's network namespace; strings in the arena. 0 or -errno. */
int nk_rt_links(int fd, struct nk_arena *a, struct nk_rt_links *out, struct nk_err *e);
int nk_rt_addresses(int fd, struct nk_arena *a, struct nk_rt_addresses *out, struct nk_err *e);
int nk_rt_routes(int fd, struct nk_arena *a, struct nk_rt_routes *out, struct nk_err *e);
/* One link by name. -ENODEV without a message when there is none. */
int nk_rt_link(int fd, struct nk_arena *a, const char *name, struct nk_rt_link *out,
	       struct nk_err *e);

#endif
