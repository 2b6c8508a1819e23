/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-dhcp: one card, its lease by DHCP. It is a step of `nook run` and `nook network connect`: it
 * goes into the card's network namespace, leases an address (client.c), puts it on the card
 * (card.c), ends with 0, and goes on in the background (keep.c): renews at T1, asks everybody at
 * T2, begins anew when the lease is over, and gives the address back when the container ends.
 *
 *	nook			nook-dhcp		server on the LAN
 *	 │ HELPER step ────────▶│ DISCOVER ──────────────▶│
 *	 │			│◀───────────────── OFFER │
 *	 │			│ REQUEST ───────────────▶│
 *	 │			│◀─────────────────── ACK │
 *	 │◀──── exit 0 ─────────│ fork			   │
 *	 │			│ T1: REQUEST ───────────▶│
 *	 │ HELPER --end ───────▶│ RELEASE ───────────────▶│
 */
#ifndef NK_DHCP_DHCP_H
#define NK_DHCP_DHCP_H

#include <stdbool.h>

#include "base/arena.h"
#include "net/dhcp_packet.h"
#include "net/store.h"

struct nk_dhcp {
	/* given */
	const char *state, *network, *id, *ifname, *hostname, *owner;
	bool no_default; /* another card leads out */

	/* the card, in the namespace in which this process is by now */
	uint32_t index;
	uint8_t mac[6];
	int packet_fd; /* AF_PACKET */
	int route_fd;  /* rtnetlink */

	/* the lease; seconds 0: there is none, and only the card is kept (attach.h) */
	struct nk_dhcp_answer lease;
	uint8_t server_mac[6]; /* who sent the answer: the server, or a relay */
	int64_t since;	       /* ms, nk_dhcp_now(): when the request went out */

	struct nk_net_store store; /* its state_fd only */
	int file_fd;		   /* STATE/net/NETWORK/dhcp-ID-IFNAME, locked while we live */
};

int64_t nk_dhcp_now(void); /* ms since boot, with time asleep */

/* ---- client.c ---- */

/* The card by its name: index, MAC, sockets; up. */
int nk_dhcp_open(struct nk_dhcp *d, struct nk_err *e);
/* DISCOVER to ACK, within so many ms; wanted: an address that it had before, or NULL. */
int nk_dhcp_lease(struct nk_dhcp *d, const struct nk_ip *wanted, int64_t patience,
		  struct nk_err *e);
/* REQUEST for the lease that we have, to its server or to all. 0, -ETIMEDOUT, -EACCES (NAK). */
int nk_dhcp_extend(struct nk_dhcp *d, bool everybody, int64_t patience, struct nk_err *e);
void nk_dhcp_release(struct nk_dhcp *d);

/* ---- sandbox.c ---- */

/* All capabilities but NET_ADMIN, and new privileges. */
int nk_dhcp_drop_rights(struct nk_err *e);
/* Files but its record (where the kernel has Landlock), and system calls that it has no use for
 * once it waits. */
int nk_dhcp_confine(const struct nk_dhcp *d, struct nk_err *e);

/* ---- card.c ---- */

/* What d->lease says onto the card, in the place of *old (NULL: it has nothing). */
int nk_dhcp_put(struct nk_dhcp *d, const struct nk_dhcp_answer *old, struct nk_err *e);
void nk_dhcp_take_off(struct nk_dhcp *d, const struct nk_dhcp_answer *old);

/* ---- keep.c ---- */

/* Where that is, below store.state_fd. */
const char *nk_dhcp_file(const struct nk_dhcp *d, struct nk_arena *a);
/* The record of this card's lease: made and locked, then written at each change. */
int nk_dhcp_claim(struct nk_dhcp *d, struct nk_err *e);
int nk_dhcp_note(struct nk_dhcp *d, struct nk_err *e);
/* Until the owner is gone or SIGTERM comes; then the address is given back. */
void nk_dhcp_keep(struct nk_dhcp *d);
/* --end: of whichever process keeps that card's lease; waits until it is through. */
int nk_dhcp_end(struct nk_dhcp *d, struct nk_err *e);

#endif
