/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card of the host, or a macvlan on one, for the time of a container (`nook network attach`): in,
 * and back with the addresses and routes that it had. The kernel itself would give a physical card
 * back bare, and only to the machine's first namespace; so nook-dhcp stays with it, as with a
 * lease.
 */
#ifndef NK_DHCP_ATTACH_H
#define NK_DHCP_ATTACH_H

#include "dhcp/dhcp.h"
#include "runtime/net_moved.h"

struct nk_attach {
	const char *parent;  /* card of the host; NULL: nothing is attached */
	const char *macvlan; /* mode of a macvlan on it; NULL: the card itself */
	struct nk_ips ips;   /* with prefix; none: by DHCP, unless bare */
	struct nk_ips gateways;
	bool bare;

	int host_ns, host_route; /* where it comes from: namespace, and rtnetlink there */
	struct nk_moved had;
	bool was_up;
	bool in; /* it is in the container */
};

/* In the host's namespace: the card goes to the namespace target under the name d->ifname. */
int nk_attach_in(struct nk_attach *t, struct nk_arena *a, const struct nk_dhcp *d, int target,
		 struct nk_err *e);
/* In the container's: its addresses and ways out. */
int nk_attach_address(struct nk_attach *t, struct nk_arena *a, struct nk_dhcp *d, struct nk_err *e);
void nk_attach_out(struct nk_attach *t, struct nk_arena *a, struct nk_dhcp *d);

#endif
