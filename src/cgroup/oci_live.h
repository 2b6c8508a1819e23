/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a container that exists, by the directories of its record. */
#ifndef NK_CGROUP_OCI_LIVE_H
#define NK_CGROUP_OCI_LIVE_H

#include <sys/types.h>

#include "cgroup/oci_settings.h"

/* Which hierarchy each directory belongs to and what can be set in it. Those that are gone, or
 * in no hierarchy that is mounted here, are left out. */
int nk_cg_reopen(struct nk_arena *a, const struct nk_cgroups *c, const struct nk_strv *dirs,
		 struct nk_cg_groups *groups, struct nk_err *e);

/* Stop every process of the groups, newborn ones too, or let them go on; waits until all have. A
 * group that cannot be stopped is let go on again. */
int nk_cg_freeze(const struct nk_cg_groups *g, bool stop, struct nk_err *e);

/* 1 frozen (or about to be), 0 not. */
int nk_cg_frozen(const struct nk_cg_groups *g);

/* The highest frozen group of version 1 around a process, whoever has put it there: no signal
 * reaches it until that is thawed. NULL: it is in none. */
const char *nk_cg_frozen_around(struct nk_arena *a, pid_t pid);

/* Every process in the container and in the groups below its own, ascending; those that are not in
 * our PID namespace are left out. */
struct nk_cg_pids {
	NK_VEC(pid_t);
};
int nk_cg_pids(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_pids *pids,
	       struct nk_err *e);

/* What nk_cg_resources() wants to know for an update. */
void nk_cg_now(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_now *now);

/* Make the writes. */
int nk_cg_apply(const struct nk_cg_writes *w, struct nk_err *e);

#endif
