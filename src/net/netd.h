/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-netd, and how to speak to it. One process a network: the resolver of its names on the
 * gateway's addresses, port 53, and what the kernel's NAT cannot do for published ports ([::1]).
 * It reads the network's definition and leases (net/store.h, net/lease.h) whenever they change
 * (inotify) and ends by itself when nobody has a lease any more.
 *
 *	nook-netd --root ROOT/networks --state STATE/net NETWORK
 *
 * locks the first byte of STATE/net/NETWORK/netd.lock for as long as it lives, binds its sockets,
 * listens on STATE/net/NETWORK/netd.sock (SEQPACKET), locks the second byte, and only then goes
 *into the background: when the command ends with 0, it answers. Already running: 0 as soon as that
 *one answers. Run as a helper step of the plan (NK_OP_HELPER), so that its cost and its failure are
 * seen there.
 *
 *	nook-netd --alone --state STATE/net NAME
 *
 * the same without a network, for containers with --egress that are on none; a start that finds it
 * running tells it that somebody will come, and it waits.
 *
 *	nook-netd --egress PID --state STATE/net --network NETWORK --id ID --owner OWNER
 *		  --resolver ADDRESS --allow NAME,…
 *
 * makes the sockets of a resolver in PID's network namespace and asks for `egress` below.
 *
 * Requests, one packet each, answered by "ok" or "error: words":
 *
 *	port tcp ADDRESS PORT OWNER
 *		with the listening socket by SCM_RIGHTS: what comes to it is forwarded to
 *		ADDRESS:PORT, until OWNER (net/lease.h's words) is gone
 *	port udp ADDRESS PORT OWNER
 *		the same with a bound one
 *	egress ID OWNER RESOLVER NAME,…
 *		with three descriptors, all of the container's network namespace: udp and tcp
 *		socket on RESOLVER:53 and a NETLINK_NETFILTER socket. A resolver that knows these
 *		names only (net/egress.h), and puts their addresses into the sets egress4 and
 *		egress6 of the container's firewall (plan/net.h) before it answers
 *	end OWNER
 *		gives up at once what that owner has asked for
 *	expect
 *		somebody will ask for egress in the next ten seconds
 */
#ifndef NK_NET_NETD_H
#define NK_NET_NETD_H

#include "net/store.h"

enum { NK_NETD_LIVES, NK_NETD_ANSWERS }; /* bytes of netd.lock that are locked meanwhile */

/* 1 when the network's nook-netd lives, 0 when not. */
int nk_netd_runs(struct nk_net_store *s, const char *network);
/* 1 when it also answers: one that has only just begun may still find port 53 taken. */
int nk_netd_answers(struct nk_net_store *s, const char *network);
/* Send one request with up to three descriptors and wait for its answer (at most 5 s). */
int nk_netd_ask(struct nk_net_store *s, const char *network, const char *request, const int *fds,
		int n_fds, struct nk_err *e);

#endif
