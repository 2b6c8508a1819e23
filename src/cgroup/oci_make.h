/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a container that no plan makes (restore): as plan/oci_cgroup.c, by calls. */
#ifndef NK_CGROUP_OCI_MAKE_H
#define NK_CGROUP_OCI_MAKE_H

#include "cgroup/oci.h"

int nk_cg_make(struct nk_arena *a, const struct nk_cg_groups *groups,
	       const struct nk_oci_resources *r, bool rootless, struct nk_err *e);

#endif
