/* SPDX-License-Identifier: Apache-2.0 */
/* What --egress needs beside the cards. */
#include <errno.h>

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
