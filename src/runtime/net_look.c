/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container is now: connect and disconnect change it while it runs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/net.h"

int nk_net_cards_of(const char *root, const char *state, struct nk_arena *a, const char *id,
		    struct nk_net_seats *out, struct nk_err *e)
{
	_net_store_ struct nk_net_store s = {.fd = -EBADF, .state_fd = -EBADF};
	struct nk_networks all = {0};
	int rc;

	/* Who only looks makes no directories. */
	if (access(nk_fmt(a, "%s/net", state), F_OK) < 0)
		return 0;
	if ((rc = nk_net_store_open(&s, a, root, state, e)) < 0 ||
	    (rc = nk_net_list(&s, a, &all, e)) < 0)
		return rc;
	for (size_t i = 0; i < all.n; i++) {
		struct nk_net_leases leases = {0};

		rc = nk_net_leases(&s, a, all.v[i].name, &leases, NULL, NULL, e);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < leases.n; k++) {
			if (strcmp(leases.v[k].id, id) != 0)
				continue;
			struct nk_net_seat *seat = NK_PUSH(a, out);
			if (seat)
				*seat = (struct nk_net_seat){&all.v[i], &leases.v[k]};
		}
	}
	return nk_arena_ok(a, e);
}
