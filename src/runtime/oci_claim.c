/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group is one container's. That nobody is in it was seen when the plan was made, without a
 * lock, since two creates that are given one linux.cgroupsPath have no other place in common. So:
 * a group that was not there is ours if mkdir says so, and one that was there if we find nobody
 * but our own process in it once that is there. Of two at once none or one gets it, never both.
 * What turns out to be another's leaves the record first: what is taken away then is ours.
 */
#include <errno.h>
#include <string.h>

#include "cgroup/live.h"
#include "runtime/oci.h"

static int taken(struct nk_err *e, const char *dir)
{
	nk_fail(e, 0, "container's cgroup is not empty: another container is in %s", dir);
	return nk_hint(e, "another container runs there: change linux.cgroupsPath");
}

static bool is_group(const struct nk_strv *groups, const char *dir)
{
	for (size_t i = 0; dir && i < groups->n; i++)
		if (!strcmp(groups->v[i], dir))
			return true;
	return false;
}

/* Of those that make directories in the plan, what came before the one that failed is ours. */
void nk_oci_lost_group(struct nk_oci_create *c, const struct nk_plan *p, struct nk_err *e)
{
	const struct nk_step *s = e->step > 0 ? &p->steps.v[e->step - 1] : NULL;
	const struct nk_strv *groups = &c->record.cgroups;
	struct nk_strv mine = {0};
	struct nk_err ignored = {0};

	if (!s || s->op != NK_OP_MKDIRAT || e->err != EEXIST || !is_group(groups, s->s[0]))
		return;
	for (const struct nk_step *at = p->steps.v; at < s; at++)
		if (at->op == NK_OP_MKDIRAT && is_group(groups, at->s[0]))
			nk_strv_push(c->a, &mine, at->s[0]);
	taken(e, s->s[0]);
	c->record.cgroups = mine;
	nk_oci_save(&c->dir, &c->record, &ignored);
}

int nk_oci_alone(struct nk_oci_create *c, pid_t pid, struct nk_err *e)
{
	const struct nk_strv *kept = &c->record.kept;
	struct nk_err ignored = {0};

	for (size_t i = 0; i < kept->n; i++) {
		if (!nk_cgroup_others(kept->v[i], pid))
			continue;
		int ret = taken(e, kept->v[i]);
		struct nk_strv mine = {0};
		for (size_t k = 0; k < c->record.cgroups.n; k++)
			if (!nk_oci_keeps(&c->record, c->record.cgroups.v[k]))
				nk_strv_push(c->a, &mine, c->record.cgroups.v[k]);
		c->record.cgroups = mine;
		nk_oci_save(&c->dir, &c->record, &ignored);
		return ret;
	}
	return 0;
}
