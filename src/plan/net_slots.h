/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors of steps that speak netlink; shared by net_host.c and net_cards.c. */
#ifndef NK_PLAN_NET_SLOTS_H
#define NK_PLAN_NET_SLOTS_H

#include "plan/build.h"
#include "sys/batch.h"

/* A netlink socket -> slot; it belongs to the network namespace of the actor that opens it. */
int nk_b_netlink(struct nk_plan *p, int protocol, const char *slot, const char *why);
/* Send a batch; patch: slot whose number goes into it, or NK_NOFD. */
struct nk_step *nk_b_send(struct nk_plan *p, int sock, const struct nk_batch *batch, int patch,
			  const char *why);
/* An empty batch in the plan's arena, never NULL. */
struct nk_batch *nk_b_batch(struct nk_plan *p, int protocol);
/*
 * The sockets of published ports, which are bound, listen. Not before the ports lead to the
 * container: who came earlier would be kept waiting by a socket that nobody reads.
 */
void nk_b_listen(struct nk_build *b);

#endif
