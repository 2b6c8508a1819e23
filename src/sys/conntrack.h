/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that the kernel remembers. A rule of destination NAT is asked about the first packet
 * of a connection only; with UDP, a "connection" lasts as long as a client goes on sending, over
 * the end of a container and the start of the next one. Source:
 * linux/netfilter/nfnetlink_conntrack.h.
 */
#ifndef NK_SYS_CONNTRACK_H
#define NK_SYS_CONNTRACK_H

#include "oci/net_spec.h"

/* fd: a NETLINK_NETFILTER socket. What is answered by this address over UDP is forgotten. */
int nk_ct_forget_answers(int fd, struct nk_arena *a, const struct nk_ip *ip, struct nk_err *e);
/* What was sent to one of these UDP ports (of any address of that family) is forgotten. */
int nk_ct_forget_ports(int fd, struct nk_arena *a, int family, uint16_t first, uint16_t last,
		       struct nk_err *e);

#endif
