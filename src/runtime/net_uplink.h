/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of the bridge driver with --parent: the host's own card is a port of the bridge, and
 * the bridge has the card's addresses and routes, so that containers are on the LAN of the host.
 * The whole move is one message to the kernel: no signal gets in between. A gateway that answered
 * before has to answer afterwards, or all is put back.
 */
#ifndef NK_RUNTIME_NET_UPLINK_H
#define NK_RUNTIME_NET_UPLINK_H

#include "oci/net_spec.h"

/* The card onto the bridge, which is made. Nothing to do: 0, too. notices: what a person should
 * know. */
int nk_net_uplink_up(struct nk_arena *a, const struct nk_network *n, struct nk_strv *notices,
		     struct nk_err *e);
/* 1: done already; 0: to be done. */
int nk_net_uplink_is_up(struct nk_arena *a, const struct nk_network *n, struct nk_err *e);
/* And back, with the addresses and routes that the bridge has now. The bridge goes, also when the
 * card has gone before. Both with the lock of starts alone (net/store.h). */
int nk_net_uplink_down(struct nk_arena *a, const struct nk_network *n, struct nk_err *e);

/* A subnet of a network with --parent whose gateway nobody has named: the router that this machine
 * has there, if it is inside. */
void nk_net_parent_gateways(struct nk_arena *a, struct nk_network *n);

#endif
