/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks in plans. The whole set-up of a networked start:
 *
 *   - parent, before the clone: bridge with its address, sysctls and rules (only what is missing);
 *     sockets that hold the published ports (bind, listen)
 *   - parent, with init's pid: one rtnetlink batch (each veth, its peer directly in the new
 *     namespace), one nfnetlink batch (the container's elements: ports), then TELL CARDS
 *   - init: AWAIT CARDS; one rtnetlink batch (lo, addresses, links up, routes), one nfnetlink
 *     batch where it has a firewall of its own
 *   - after: elements deleted; the veths end with the namespace
 *
 * The same batches, all by the parent inside the target (setns there and back), make `connect`.
 */
#ifndef NK_PLAN_NET_H
#define NK_PLAN_NET_H

#include "oci/net_spec.h"
#include "plan/build.h"
#include "sys/batch.h"

/* ---- plan/net_rules.c: table inet nook of the host, fixed rules with maps and sets ---- */

/* Chain whose presence says that the rules of this version stand; its name changes with them. */
extern const char nk_rules_version[];
/* The whole table, made anew where there is another version of it. */
void nk_rules_table(struct nk_batch *b);
/* The elements of a network: its bridge and subnets, NAT, internal, isolate. */
void nk_rules_network(struct nk_batch *b, const struct nk_network *n, bool add);
/* The elements of a container's ports: each leads to the first address of its family in ips. */
void nk_rules_ports(struct nk_batch *b, const struct nk_ports *ports, const struct nk_ips *ips,
		    bool add);

/* Published ports that the kernel has, each with where it leads to; fd: nk_nft_open(). */
struct nk_port_seen {
	struct nk_port port; /* of count 1 */
	struct nk_ip to;
};
struct nk_ports_seen {
	NK_VEC(struct nk_port_seen);
};
int nk_rules_ports_seen(int fd, struct nk_arena *a, struct nk_ports_seen *out, struct nk_err *e);

/* ---- plan/net_firewall.c: table inet nook inside the container's network namespace ---- */

/* The whole table anew: loopback and established pass, then the rules in order, then the defaults.
 */
struct nk_fw_policy {
	bool in_drop, out_drop;
	bool egress; /* only addresses in the sets egress4 and egress6, and our resolver */
	struct nk_ip resolver; /* whose port 53 stays open with egress */
};
void nk_firewall_table(struct nk_batch *b, const struct nk_fw_rules *rules,
		       const struct nk_fw_policy *policy);

/* ---- plan/net_limits.c ---- */

/* Where a container with --egress asks for names: an address of its own loopback. */
extern const struct nk_ip nk_egress_resolver;
/* init: the table, with --firewall or --egress; parent: the resolver. Behind the clone, before
 * nk_part_net_cards(). */
void nk_part_net_limits(struct nk_build *b);

/* ---- plan/net_dhcp.c: for a card on a network with --ipam dhcp ---- */

/* By the parent, the card being there: an address from the LAN. target: slot with the number of a
 * process, or (fd) a network namespace. Given back afterwards. */
void nk_part_dhcp(struct nk_build *b, const struct nk_net_card *c, int target, bool fd);
/* The same at disconnect. */
void nk_part_dhcp_end(struct nk_build *b, const struct nk_net_card *c);

/* A card of the host for what runs already (nook network attach): in, and back. A plan of one step
 * of the parent's; slot NK_SLOT_START holds the network namespace. */
struct nk_plan_card {
	const char *program; /* nook-dhcp */
	const char *state_dir, *id, *owner, *parent, *ifname;
	const char *macvlan;  /* its mode; NULL: the card itself */
	const char *hostname; /* for DHCP, or NULL */
	struct nk_strv addresses, gateways;
	bool bare; /* neither these nor DHCP */
};
int nk_plan_attach(struct nk_plan *p, const struct nk_plan_card *c, struct nk_err *e);
/* STATE/net/FILE is there while the card is in. */
const char *nk_attached_file(struct nk_arena *a, const struct nk_plan_card *c);
int nk_plan_detach(struct nk_plan *p, const struct nk_plan_card *c, struct nk_err *e);

/* ---- plan/net_cards.c ---- */

void nk_part_net_host(struct nk_build *b);     /* parent, before the clone */
void nk_part_net_cards(struct nk_build *b);    /* parent, with init's pid, up to TELL CARDS */
void nk_part_net_settings(struct nk_build *b); /* init: before /proc/sys is made read-only */
void nk_part_net_inside(struct nk_build *b);   /* init: AWAIT CARDS, addresses, routes, firewall */

/* ---- plan/net_backend.c: pasta or slirp4netns, where spec->net.backend says so ---- */

const char *nk_net_backend_name(enum nk_net_backend backend); /* "pasta", as the program's */
/* Words of the program, NULL behind the last; "%d" is the number of a process in the namespace. */
char *const *nk_net_backend_argv(struct nk_plan *p, const struct nk_net_spec *net);
int nk_net_backend_ready(enum nk_net_backend backend); /* NK_OP_COMPANION's n0 */
void nk_part_net_backend(struct nk_build *b);	     /* parent, with init's pid, up to TELL CARDS */
void nk_part_net_backend_inside(struct nk_build *b); /* init: AWAIT CARDS */

/*
 * A plan of parent's steps only, for a namespace that is there already (slot NK_SLOT_START holds
 * it): put the card in, or take it out. Ready for nk_spawn_steps() or whatever runs the parent's
 * steps.
 */
int nk_plan_connect(struct nk_plan *p, const struct nk_net_card *card,
		    const struct nk_net_spec *net, struct nk_err *e);
int nk_plan_disconnect(struct nk_plan *p, const struct nk_net_card *card,
		       const struct nk_net_spec *net, struct nk_err *e);

#endif
