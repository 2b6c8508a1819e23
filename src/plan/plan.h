/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: spec + facts -> steps. Pure: the same input gives the same list,
 * nothing of the machine is looked at or changed. One file per topic.
 */
#ifndef NK_PLAN_PLAN_H
#define NK_PLAN_PLAN_H

#include "host/facts.h"
#include "oci/spec.h"
#include "security/seccomp.h"
#include "step/step.h"

#define NK_IDMAPPED_MAX 32 /* mounts with an id map, the rootfs among them */

struct nk_plan_input {
	const struct nk_spec *spec;
	const struct nk_facts *facts;
	struct nk_bpf filter;
};

/*
 * plan/cgroup.c. Parent steps that make the container's groups and set its
 * limits, with the after-steps that remove them. Fills *cg for the later parts.
 */
struct nk_plan_cgroup {
	int v2_fd; /* slot: the group to be born in (CLONE_INTO_CGROUP), or NK_NOFD */
	int v1_procs[NK_CG_GROUPS_MAX]; /* slots: cgroup.procs files of v1 groups, opened for
					   writing */
	int n_v1;
	bool by_itself; /* these are `tasks` files, into which the process writes itself */
	bool meanwhile; /* v1 groups are made while init mounts, which opens their files itself */
	bool placed;	/* meanwhile: and is in them by now */
	const char *paths[NK_CG_GROUPS_MAX +
			  1]; /* absolute directories of all groups made, for the state file */
	int n_paths;
};
int nk_plan_cgroup(struct nk_plan *p, const struct nk_plan_input *in, struct nk_plan_cgroup *cg,
		   struct nk_err *e);

/* The plan of `nook run`. *cg tells the groups that it makes. 0, or -errno where spec and
 * facts do not fit together. */
int nk_plan_run(struct nk_plan *p, const struct nk_plan_input *in, struct nk_plan_cgroup *cg,
		struct nk_err *e);

#endif
