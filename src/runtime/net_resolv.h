/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is asked for names by what runs already. A container that nook gave an /etc/resolv.conf gets
 * the network's resolver written into it; a named network namespace gets the file that `ip netns
 * exec` and `nook ns enter` show it, /etc/netns/NAME/resolv.conf, unless somebody else made one.
 */
#ifndef NK_RUNTIME_NET_RESOLV_H
#define NK_RUNTIME_NET_RESOLV_H

#include "runtime/net.h"

/* connect: the steps that write it, behind those of c->plan. NK_SLOT_WAITING holds
 * c->resolv_fd, the container's file. */
int nk_net_resolv_plan(struct nk_net_connection *c, struct nk_err *e);
/* disconnect: done at once, as far as it is ours. */
void nk_net_resolv_undo(struct nk_net_connection *c);
/* The namespace of that name ("ns:NAME") is gone, in which a card had these addresses: the servers
 * of their subnets, out of nook's file for that name, and the file with the last. A new namespace
 * of the same name keeps those of its own networks. */
void nk_net_resolv_forget(struct nk_arena *a, const char *ns, const struct nk_ips *ips);

#endif
