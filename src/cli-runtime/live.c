/* SPDX-License-Identifier: Apache-2.0 */
#include "cli-runtime/live.h"

int nk_rt_live(struct nk_rt *rt, const char *id, struct nk_rt_live *l, struct nk_err *e)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;

	*l = (struct nk_rt_live){0};
	int ret = nk_oci_find(&d, &rt->arena, rt->root, id, &l->record, &l->status, e);
	if (ret == 0)
		ret = nk_cgroups_detect(&rt->arena, &l->cgroups, e);
	if (ret == 0)
		ret = nk_cg_reopen(&rt->arena, &l->cgroups, &l->record.cgroups, &l->groups, e);
	return ret;
}
