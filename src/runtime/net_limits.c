/* SPDX-License-Identifier: Apache-2.0 */
/* What --egress and DHCP need beside the cards. */
#include <errno.h>
#include <string.h>

#include "runtime/net.h"

int nk_net_prepare_egress(struct nk_net_store *s, struct nk_arena *a, struct nk_spec *spec,
			  struct nk_err *e)
{
	struct nk_net_spec *net = &spec->net;

	if (!net->egress_given)
		return 0;
	if (!net->cards.n && net->backend == NK_NET_BACKEND_NONE) {
		nk_fail(e, 0, "--egress: this container has no network");
		return nk_hint(e, "--network " NK_NET_DEFAULT
				  " as root; pasta or slirp4netns for ordinary users");
	}
	if (!net->netd_path) {
		nk_fail(e, ENOENT, "--egress needs nook-netd");
		return nk_hint(e, "it is built where libldns-dev is installed");
	}
	net->owner = nk_net_owner_self(a, e);
	net->root_dir = s->root;
	net->state_dir = s->state;
	return net->owner ? 0 : -EINVAL;
}

int nk_net_check_dhcp(struct nk_net_spec *net, struct nk_err *e)
{
	bool out = false;

	for (size_t i = 0; i < net->cards.n; i++)
		out |= net->cards.v[i].default_route;
	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];

		if (c->network->ipam != NK_IPAM_DHCP)
			continue;
		if (!net->dhcp_path) {
			nk_fail(e, ENOENT, "network %s needs nook-dhcp", c->network->name);
			return nk_hint(e, "it is installed beside nook-init");
		}
		if (c->ips.n) {
			nk_fail(e, 0,
				"an address was asked for on network %s, and its DHCP server "
				"chooses",
				c->network->name);
			return nk_hint(e, "leave --ip away, or tell the server about the card: "
					  "--mac-address");
		}
		/* The first of them leads out where no other card does. */
		c->default_route = !c->network->internal && !out;
		out |= c->default_route;
	}
	return 0;
}
