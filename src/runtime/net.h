/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with networks and containers: prepared for a start, put into running containers,
 * taken away after crashes.
 */
#ifndef NK_RUNTIME_NET_H
#define NK_RUNTIME_NET_H

#include "net/lease.h"
#include "net/store.h"
#include "oci/spec.h"
#include "plan/net.h"
#include "state/state.h"

/*
 * Before the plan: finds the networks that spec->net.cards name, leases addresses (s->dry:
 * chooses only), chooses free host ports, and reads the facts of struct nk_net_card and
 * nk_net_spec. What was leased is given back by nk_net_container_end(). notices: what a person is
 * told once the container runs (a sysctl that is switched on). 0 or -errno: nothing leased.
 */
int nk_net_prepare(struct nk_net_store *s, struct nk_arena *a, struct nk_spec *spec,
		   struct nk_strv *notices, struct nk_err *e);
/* --egress: its resolver's facts. Refused where nothing can be reached (net_limits.c). */
int nk_net_prepare_egress(struct nk_net_store *s, struct nk_arena *a, struct nk_spec *spec,
			  struct nk_err *e);
/* Cards with --ipam dhcp: what cannot be, and by which of them the way out is (net_limits.c). */
int nk_net_check_dhcp(struct nk_net_spec *net, struct nk_err *e);
/* Facts of the host that the cards need, part of it: also for connect (net_facts.c). */
int nk_net_facts(struct nk_net_store *s, struct nk_arena *a, struct nk_net_spec *net,
		 struct nk_strv *notices, struct nk_err *e);
/* The container has ended, or never started; its after-steps have run. */
void nk_net_container_end(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec);

/* ---- published ports (net_ports.c) ---- */

/* Choose free ones where host_port is 0. */
int nk_net_choose_ports(struct nk_ports *ports, bool ip6, struct nk_err *e);
/*
 * The plan's steps are done: nook-netd gets the sockets that the kernel's NAT does not serve
 * ([::1]). slots: of the plan.
 */
int nk_net_hand_ports(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec,
		      const struct nk_plan *p, const int *slots, struct nk_err *e);
/* The same with sockets of another network, which hold all of the ports (runtime/lan.h). */
int nk_net_hand_sockets(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec,
			const int *fds, size_t n, struct nk_err *e);
/*
 * What the kernel remembers of UDP (net_forget.c; faults are no matter, it takes half a minute of
 * silence then): of clients that asked before somebody had the port, and of who is gone.
 */
void nk_net_forget_waiting(struct nk_arena *a, const struct nk_ports *ports);
void nk_net_forget_answers(struct nk_arena *a, const struct nk_ports *ports,
			   const struct nk_ips *ips);
/* *e says that a step NK_OP_BIND of p found its port taken: say who has it. Else nothing. */
void nk_net_explain_port(struct nk_state *st, struct nk_arena *a, const struct nk_plan *p,
			 struct nk_err *e);

/* ---- where a container is now (net_look.c) ---- */

struct nk_net_seat {
	const struct nk_network *network;
	const struct nk_net_lease *lease;
};
struct nk_net_seats {
	NK_VEC(struct nk_net_seat);
};
/* root, state: nook's own directories. */
int nk_net_cards_of(const char *root, const char *state, struct nk_arena *a, const char *id,
		    struct nk_net_seats *out, struct nk_err *e);

/* ---- what the dead have left (net_end.c) ---- */

/* Take elements and links of these leases away, as far as they are there. */
void nk_net_sweep(struct nk_arena *a, const struct nk_net_leases *dead);
/* Is that the port of this lease, and does it lead to its card? */
bool nk_net_leads_to(const struct nk_port_seen *seen, const struct nk_net_lease *l);
/* fd: nk_nft_open(). -ENOENT: it is gone already. */
int nk_net_unpublish(int fd, struct nk_arena *a, const struct nk_port_seen *seen, struct nk_err *e);
/* A dead nook's container: elements, links and leases that it has left. */
int nk_net_reap(struct nk_net_store *s, struct nk_arena *a, const char *id, struct nk_err *e);
/* The same by its record, which says where the networks are kept. */
int nk_net_reap_record(const struct nk_state_record *r, struct nk_err *e);

/* ---- cards of what runs already (net_target.c, net_connect.c) ---- */

/* Where a card is put: a network namespace that is open, and what keeps it. */
struct nk_net_target {
	int ns_fd;
	const char *id, *name; /* of the container; "ns:NAME" for both */
	const char *owner;     /* net/lease.h */
	pid_t pid;	       /* of the container's init, or 0 */
	int root_fd;	       /* its root, where nook gave it an /etc/resolv.conf; or -EBADF */
};
void nk_net_target_done(struct nk_net_target *t);
#define _net_target_ __attribute__((cleanup(nk_net_target_done)))
/* "NAME of a container", "ns:NAME", "ns:/PATH" -> target. state: nook's own directory. */
int nk_net_target(struct nk_state *st, const char *state, struct nk_arena *a, const char *word,
		  struct nk_net_target *t, struct nk_err *e);

/*
 * A card that is being put in, or taken out: prepare, then run .plan (parent's steps only, with
 * target->ns_fd as start_fd), then end. Between them it can be explained instead (store->dry:
 * nothing is leased).
 */
struct nk_net_connection {
	struct nk_net_store *store;
	struct nk_arena *a;
	const struct nk_net_target *target;
	struct nk_net_card *card; /* network, and what was asked for */

	struct nk_plan plan;
	struct nk_net_spec net;
	struct nk_strv notices;	     /* what a person is told once it is done */
	struct nk_net_leases leases; /* disconnect: what goes */
	int resolv_fd;		     /* NK_SLOT_WAITING: net_resolv.h; or -EBADF, 0 */
};
int nk_net_connect_prepare(struct nk_net_connection *c, struct nk_err *e);
/* done: the plan has run; else what was leased is given back. */
int nk_net_connect_end(struct nk_net_connection *c, bool done, struct nk_err *e);
/* ifname NULL: all of its cards on that network. */
int nk_net_disconnect_prepare(struct nk_net_connection *c, const char *ifname, struct nk_err *e);
int nk_net_disconnect_end(struct nk_net_connection *c, struct nk_err *e);

/* ---- the host's side as a whole (net_reload.c, net_unmake.c, net_prune.c, net_foreign.c) ---- */

struct nk_rt_link;
/* 1 and *link: the network's bridge is there; 0: not. fd: nk_nl_open(). */
int nk_net_bridge(int fd, struct nk_arena *a, const struct nk_network *n, struct nk_rt_link *link,
		  struct nk_err *e);
/*
 * The number of a bridge that is to be made: the same for everybody who makes it, so that two
 * starts at once mean the same link. Far above those that the kernel gives out.
 */
uint32_t nk_net_bridge_index(const struct nk_network *n);
/* Put rules and elements of all living leases back (after a flush of nftables). */
int nk_net_reload(struct nk_net_store *s, struct nk_arena *a, struct nk_err *e);
/*
 * Start the nook-netd of each network that has containers and none that answers (it was killed):
 * its names come back. *told: a line for each. program: its path, or NULL: nothing is done.
 */
int nk_net_resolvers_back(struct nk_net_store *s, struct nk_arena *a, const char *program,
			  struct nk_strv *told, struct nk_err *e);
/*
 * Take away the kernel's objects of a network nobody is on: bridge and elements; the table with the
 * last. *told (may be NULL): what there was.
 */
int nk_net_unmake(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
		  struct nk_strv *told, struct nk_err *e);
/* All that is dead, in every network, and what no network needs now; *told: what there was. all:
 * definitions of unused networks as well. */
int nk_net_prune(struct nk_net_store *s, struct nk_arena *a, bool all, struct nk_strv *told,
		 struct nk_err *e);
/* Does somebody else's firewall drop what n's bridge forwards? Lines that say who, and with which
 * command n is permitted. */
void nk_net_foreign(struct nk_arena *a, const struct nk_network *n, struct nk_strv *lines);
/* The same for all networks whose bridges are there. */
int nk_net_foreign_all(struct nk_net_store *s, struct nk_arena *a, struct nk_strv *lines,
		       struct nk_err *e);

#endif
