/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How cgroups are laid out on this machine: version 2, version 1, or both
 * (hybrid), which controller lives in which hierarchy, and where this process is.
 */
#ifndef NK_HOST_CGROUPS_H
#define NK_HOST_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum nk_controller {
	NK_CG_MEMORY, NK_CG_CPU, NK_CG_CPUSET, NK_CG_PIDS, NK_CG_IO /* blkio on v1 */,
	NK_CG_DEVICES /* v1 only; eBPF on v2 */, NK_CG_FREEZER /* v1 only; built in on v2 */,
	NK_CG_HUGETLB,
	NK_CG_COUNT,
};

struct nk_cg_hierarchy {
	bool v2;
	const char *mount;	/* "/sys/fs/cgroup/memory" */
	const char *root;	/* part of the hierarchy that is mounted there, usually "/" */
	const char *self;	/* this process' group in it, "/" for the top */
	bool writable;		/* this user can make groups at our default place */
};

struct nk_cgroups {
	NK_VEC(struct nk_cg_hierarchy) hierarchies;
	int where[NK_CG_COUNT]; /* index of the hierarchy of each controller, -1 = not here */
	int unified;		/* index of the v2 hierarchy, -1 = none */
};

/* Read /proc/self/mountinfo and /proc/self/cgroup. 0 or -errno. */
int nk_cgroups_detect(struct nk_arena *a, struct nk_cgroups *c, struct nk_err *e);
const char *nk_controller_name(enum nk_controller k, bool v2);

#endif
