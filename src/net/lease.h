/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has which address of a network: STATE/net/NETWORK/leases, a text file that a person can read,
 * one card a line, replaced atomically under the flock of STATE/net/NETWORK/lock:
 *
 *	10.89.0.5/24,fd00::5/64 02:42:0a:59:00:05 eth0 nkab12cd340 ID NAME web,www
 *tcp:0.0.0.0:8080>80 pid:4711:889123:BOOT
 *
 * (addresses, MAC, name inside, name outside, container's id, its name, aliases or "-", published
 * ports or "-", owner). The owner is the process that ends the lease: pid, start time, boot id; or
 * "ns:/run/netns/NAME:DEVICE:INODE", a network namespace that is held by name, or "rm", which only
 * `disconnect` ends. A line whose owner is gone counts as free and is taken away by whoever writes
 * the file next: a crash never leaks an address for good.
 */
#ifndef NK_NET_LEASE_H
#define NK_NET_LEASE_H

#include <sys/types.h>

#include "net/store.h"

struct nk_net_lease {
	struct nk_ips ips;
	uint8_t mac[6];
	const char *ifname, *host_ifname;
	const char *id, *name; /* of the container; a named namespace: "ns:NAME" for both */
	struct nk_strv aliases;
	struct nk_ports ports;
	const char *owner; /* as above */
};
struct nk_net_leases {
	NK_VEC(struct nk_net_lease);
};

/*
 * Takes away what lines stand for that are about to go: rules, links. Called with the network's
 * lease lock held, before the file is written: nobody gets their addresses and ports before, and
 * what a killed one leaves half done is found again.
 */
typedef void nk_net_bury_fn(struct nk_arena *a, const struct nk_net_leases *lines);

/* "pid:…" of this process, in the arena; and of a namespace held at a path. */
const char *nk_net_owner_self(struct nk_arena *a, struct nk_err *e);
const char *nk_net_owner_process(struct nk_arena *a, pid_t pid, uint64_t start);
const char *nk_net_owner_ns(struct nk_arena *a, const char *path, struct nk_err *e);
bool nk_net_owner_alive(const char *owner);

/*
 * Lease for card: addresses that it asks for (checked: inside a subnet, not the gateway's, nobody
 * else's: -EADDRINUSE with who has it), or the lowest free ones; a MAC made of the address where
 * none is given; host_ifname. Fills *card and writes the line (s->dry: only chooses).
 * bury (may be NULL): is given the lines that were found dead.
 */
int nk_net_lease(struct nk_net_store *s, struct nk_arena *a, struct nk_net_card *card,
		 const char *id, const char *name, const struct nk_ports *ports, const char *owner,
		 nk_net_bury_fn *bury, struct nk_err *e);
/* Give back what container id has on network (ifname NULL: all of its cards there); bury (may be
 * NULL): is given what that was. */
int nk_net_release(struct nk_net_store *s, struct nk_arena *a, const char *network, const char *id,
		   const char *ifname, nk_net_bury_fn *bury, struct nk_err *e);
/* Nobody leases on that network until the descriptor is closed (STATE/net/NETWORK is made); or
 * -errno. */
int nk_net_lease_lock(struct nk_net_store *s, const char *network, struct nk_err *e);
/* Write the file anew as it is: whoever watches it looks again. */
int nk_net_leases_touch(struct nk_net_store *s, struct nk_arena *a, const char *network,
			struct nk_err *e);
/* From now on owner keeps that line. */
int nk_net_lease_owner(struct nk_net_store *s, struct nk_arena *a, const char *network,
		       const char *id, const char *ifname, const char *owner, struct nk_err *e);
/* All lines; *alive and *dead may be NULL. bury (may be NULL): the dead ones are given to it, and
 * taken out of the file. */
int nk_net_leases(struct nk_net_store *s, struct nk_arena *a, const char *network,
		  struct nk_net_leases *alive, struct nk_net_leases *dead, nk_net_bury_fn *bury,
		  struct nk_err *e);

/* The line of that card has these addresses from now on: those of a lease by DHCP. */
int nk_net_lease_ips(struct nk_net_store *s, struct nk_arena *a, const char *network,
		     const char *id, const char *ifname, const struct nk_ips *ips,
		     struct nk_err *e);

#endif
