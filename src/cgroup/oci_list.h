/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/cgroup only: the list of writes while oci_settings.c and oci_blkio.c make it. */
#ifndef NK_CGROUP_OCI_LIST_H
#define NK_CGROUP_OCI_LIST_H

#include "cgroup/oci_settings.h"

struct nk_cg_list {
	struct nk_arena *a;
	const struct nk_cg_groups *groups;
	const struct nk_cg_now *now;
	struct nk_cg_writes *writes;
	struct nk_err *e;
};

void nk_cg_list_add(struct nk_cg_list *l, const struct nk_cg_group *g, const char *file,
		    const char *value, const char *why, int soft);
/* What to do when the write that was added last is refused. */
void nk_cg_list_hint(struct nk_cg_list *l, const char *hint);
const char *nk_cg_list_number(struct nk_cg_list *l, int64_t n);

/* The group of a controller, by its names in version 1 and 2 (NULL: not there), or NULL with the
 * error. */
const struct nk_cg_group *nk_cg_list_need(struct nk_cg_list *l, const char *v1, const char *v2);

int nk_cg_list_blkio(struct nk_cg_list *l, const struct nk_oci_resources *r);
int nk_cg_list_hugepages(struct nk_cg_list *l, const struct nk_oci_resources *r);
int nk_cg_list_network(struct nk_cg_list *l, const struct nk_oci_resources *r);
int nk_cg_list_rdma(struct nk_cg_list *l, const struct nk_oci_resources *r);
int nk_cg_list_unified(struct nk_cg_list *l, const struct nk_oci_resources *r);

#endif
