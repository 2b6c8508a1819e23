/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/live.h"
#include "runtime/net.h"
#include "runtime/runtime.h"

/* Deepest last in the list, so from its end: a group goes after those below it. */
static int reap(const struct nk_state_record *r, struct nk_err *e)
{
	for (size_t i = 0; i < r->cgroups.n; i++) {
		int rc = nk_cgroup_kill(r->cgroups.v[i], e);

		if (rc < 0)
			return rc;
	}
	for (size_t i = r->cgroups.n; i-- > 0;) {
		int rc = nk_cgroup_remove(r->cgroups.v[i], e);

		if (rc < 0)
			return rc;
	}
	return nk_net_reap_record(r, e);
}

int nk_runtime_open(struct nk_state *st, const char *dir, struct nk_err *e)
{
	return nk_state_open(st, dir, reap, e);
}
