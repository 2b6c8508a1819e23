/* SPDX-License-Identifier: Apache-2.0 */
#include "cli-runtime/live.h"

static int find(struct nk_rt *rt, const char *id, struct nk_oci_dir *d, struct nk_rt_live *l,
		struct nk_err *e)
{
	*l = (struct nk_rt_live){0};
	int ret = nk_oci_find(d, &rt->arena, rt->root, id, &l->record, &l->status, e);
	if (ret == 0)
		ret = nk_cgroups_detect(&rt->arena, &l->cgroups, e);
	if (ret == 0)
		ret = nk_cg_reopen(&rt->arena, &l->cgroups, &l->record.cgroups, &l->groups, e);
	return ret;
}

int nk_rt_live(struct nk_rt *rt, const char *id, struct nk_rt_live *l, struct nk_err *e)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;

	return find(rt, id, &d, l, e);
}

int nk_rt_live_locked(struct nk_rt *rt, const char *id, struct nk_oci_dir *d, struct nk_rt_live *l,
		      struct nk_err *e)
{
	int ret = nk_oci_open(d, rt->root, id, e);

	if (ret == 0)
		ret = nk_oci_lock(d, NK_OCI_LOCK_MS, e);
	return ret < 0 ? ret : find(rt, id, d, l, e);
}
