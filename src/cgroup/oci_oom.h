/* SPDX-License-Identifier: Apache-2.0 */
/* Hearing that the kernel has killed a process of a group for want of memory. */
#ifndef NK_CGROUP_OCI_OOM_H
#define NK_CGROUP_OCI_OOM_H

#include "cgroup/oci.h"

struct nk_cg_oom {
	const struct nk_cg_group *group;
	int fd;	       /* poll it for POLLIN; -1: the container has no memory group */
	uint64_t last; /* v2: how many there were */
};

int nk_cg_oom_open(struct nk_cg_oom *o, const struct nk_cg_groups *g, struct nk_err *e);
void nk_cg_oom_close(struct nk_cg_oom *o);
#define _cg_oom_ __attribute__((cleanup(nk_cg_oom_close)))

/* What fd has said: was there a kill? False, too, when the group has gone. */
bool nk_cg_oom_happened(struct nk_cg_oom *o);

#endif
