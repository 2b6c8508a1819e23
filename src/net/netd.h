/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-netd, and how to speak to it. One process a network: the resolver of its names on the
 * gateway's addresses, port 53, and what the kernel's NAT cannot do for published ports ([::1]).
 * It reads the network's definition and leases (net/store.h, net/lease.h) whenever they change
 * (inotify) and ends by itself when nobody has a lease any more.
 *
 *	nook-netd --root ROOT/networks --state STATE/net NETWORK
 *
 * holds STATE/net/NETWORK/netd.lock as long as it lives, binds its sockets, listens on
 * STATE/net/NETWORK/netd.sock (SEQPACKET), and only then goes into the background: when the
 * command ends with 0, it answers. Already running: 0 at once. Run as a helper step of the plan
 * (NK_OP_HELPER), so that its cost and its failure are seen there.
 *
 * Requests, one packet each, answered by "ok" or "error: words":
 *
 *	port tcp ADDRESS PORT OWNER	with the listening socket by SCM_RIGHTS: what comes to it
 *	port udp ADDRESS PORT OWNER	(bound) is forwarded to ADDRESS:PORT, until OWNER
 *					(net/lease.h's words) is gone
 *	egress ID OWNER RESOLVER NAME,…	with three descriptors: udp and tcp socket on RESOLVER:53 in
 *					the container's namespace and a NETLINK_NETFILTER socket
 *					there: a resolver that knows these names only, and puts
 *their addresses into the sets egress4/egress6 of the container's firewall (plan/net.h) before it
 *answers end OWNER			gives up at once what that owner has
 */
#ifndef NK_NET_NETD_H
#define NK_NET_NETD_H

#include "net/store.h"

/* 1 when the network's nook-netd lives, 0 when not. */
int nk_netd_runs(struct nk_net_store *s, const char *network);
/* Send one request with up to three descriptors and wait for its answer (at most 5 s). */
int nk_netd_ask(struct nk_net_store *s, const char *network, const char *request, const int *fds,
		int n_fds, struct nk_err *e);

#endif
