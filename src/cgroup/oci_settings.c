/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/oci_list.h"

/* Limits of 0 mean "not asked for" to those who write these documents. */
static bool asked(int64_t v)
{
	return v != NK_UNSET && v != 0;
}

void nk_cg_list_add(struct nk_cg_list *l, const struct nk_cg_group *g, const char *file,
		    const char *value, const char *why, int soft)
{
	struct nk_cg_write *w = NK_PUSH(l->a, l->writes);

	if (w)
		*w = (struct nk_cg_write){g, file, value, why, NULL, soft};
}

void nk_cg_list_hint(struct nk_cg_list *l, const char *hint)
{
	if (l->writes->n)
		l->writes->v[l->writes->n - 1].hint = hint;
}

const struct nk_cg_group *nk_cg_list_need(struct nk_cg_list *l, const char *v1, const char *v2)
{
	const struct nk_cg_group *g = nk_cg_of(l->groups, v1);

	if (!g || g->v2)
		g = v2 && nk_cg_of(l->groups, v2) ? nk_cg_of(l->groups, v2) : g;
	if (g)
		return g;
	nk_fail(l->e, 0, "cannot set %s limit: container could not join or create cgroup", v1);
	nk_hint(l->e, "%s",
		l->groups->n ? "the controller is missing, or not delegated to this user "
			       "(systemd-run --user --scope -p Delegate=yes …)"
			     : "there are no cgroups for this container: leave linux.resources "
			       "away, or use another --cgroup-manager or a delegated group");
	return NULL;
}

const char *nk_cg_list_number(struct nk_cg_list *l, int64_t n)
{
	return nk_fmt(l->a, "%" PRId64, n);
}

/* -1 is "no limit": "max" on v2, "-1" on v1. */
static const char *amount(struct nk_cg_list *l, int64_t n, bool v2)
{
	return n < 0 ? (v2 ? "max" : "-1") : nk_cg_list_number(l, n);
}

static int invalid(struct nk_cg_list *l, const char *text)
{
	return nk_fail(l->e, 0, "%s", text);
}

/* What both together may be, as the swap alone that version 2 counts. NK_UNSET: left as it is. */
static int swap_alone(struct nk_cg_list *l, const struct nk_oci_resources *r, int64_t *swap)
{
	*swap = NK_UNSET;
	if (!asked(r->swap)) {
		if (asked(r->memory) && r->memory < 0)
			*swap = -1;
		return 0;
	}
	int64_t memory = asked(r->memory) ? r->memory : l->now ? l->now->memory : NK_UNSET;
	if (r->swap < 0 || (memory != NK_UNSET && memory < 0))
		*swap = r->swap < 0 ? -1 : r->swap;
	else if (memory == NK_UNSET)
		return invalid(l, "unable to set swap limit without memory limit");
	else if (r->swap < memory)
		return invalid(l, "memory+swap limit should be >= memory limit");
	else
		*swap = r->swap - memory;
	return 0;
}

static int memory_v2(struct nk_cg_list *l, const struct nk_oci_resources *r,
		     const struct nk_cg_group *g)
{
	int64_t swap;
	int ret = swap_alone(l, r, &swap);

	if (ret < 0)
		return ret;
	if (asked(r->swappiness))
		return invalid(l, "linux.resources.memory.swappiness: cgroup v2 has no swappiness");
	if (asked(r->kernel_tcp) && r->kernel_tcp >= 0)
		return invalid(l, "linux.resources.memory.kernelTCP: cgroup v2 counts it as "
				  "memory, and has no limit of its own");
	if (r->disable_oom_killer == 1)
		return invalid(l, "linux.resources.memory.disableOOMKiller: on cgroup v2 the OOM "
				  "killer cannot be disabled");
	if (r->use_hierarchy == 0)
		return invalid(l, "linux.resources.memory.useHierarchy: cgroup v2 is always "
				  "hierarchical");
	/* A kernel without swap has no such file: then there is none, and any is as good. */
	if (swap != NK_UNSET)
		nk_cg_list_add(l, g, "memory.swap.max", amount(l, swap, true),
			       "how much swap on top of the memory", swap <= 0 ? ENOENT : 0);
	if (asked(r->memory))
		nk_cg_list_add(l, g, "memory.max", amount(l, r->memory, true),
			       "at most so much memory", 0);
	if (asked(r->reservation))
		nk_cg_list_add(l, g, "memory.low", amount(l, r->reservation, true),
			       "its own when memory is short", 0);
	return 0;
}

static const char both_hint[] =
	"memory and swap together may not be less than memory alone, and a limit may not be set "
	"below what cannot be reclaimed";

static void set_memory_v1(struct nk_cg_list *l, const struct nk_oci_resources *r,
			  const struct nk_cg_group *g)
{
	if (asked(r->memory)) {
		nk_cg_list_add(l, g, "memory.limit_in_bytes", amount(l, r->memory, false),
			       "at most so much memory", 0);
		nk_cg_list_hint(l, both_hint);
	}
}

static void set_swap_v1(struct nk_cg_list *l, int64_t swap, bool soft, const struct nk_cg_group *g)
{
	if (swap == NK_UNSET)
		return;
	nk_cg_list_add(l, g, "memory.memsw.limit_in_bytes", amount(l, swap, false),
		       "at most so much memory and swap together", soft ? ENOENT : 0);
	nk_cg_list_hint(l, both_hint);
}

/*
 * The kernel holds that the limit of both is never below that of memory, at any moment: so the
 * one that grows is written first. A new group has none.
 */
static int memory_v1(struct nk_cg_list *l, const struct nk_oci_resources *r,
		     const struct nk_cg_group *g)
{
	int64_t swap = asked(r->swap) ? r->swap : NK_UNSET;
	bool implied = swap == NK_UNSET && asked(r->memory) && r->memory < 0;
	int64_t now = l->now ? l->now->memory : -1;

	if (implied)
		swap = -1;
	if (swap != NK_UNSET && (swap < 0 || (now >= 0 && now < swap))) {
		set_swap_v1(l, swap, implied, g);
		set_memory_v1(l, r, g);
	} else {
		set_memory_v1(l, r, g);
		set_swap_v1(l, swap, false, g);
	}
	if (asked(r->reservation))
		nk_cg_list_add(l, g, "memory.soft_limit_in_bytes", amount(l, r->reservation, false),
			       "its own when memory is short", 0);
	if (asked(r->kernel_tcp))
		nk_cg_list_add(l, g, "memory.kmem.tcp.limit_in_bytes",
			       amount(l, r->kernel_tcp, false), "at most so much for TCP buffers",
			       0);
	if (r->use_hierarchy >= 0)
		nk_cg_list_add(l, g, "memory.use_hierarchy", r->use_hierarchy ? "1" : "0",
			       "whether groups below count, too", r->use_hierarchy ? ENOENT : 0);
	if (r->disable_oom_killer == 1)
		nk_cg_list_add(l, g, "memory.oom_control", "1",
			       "who has no memory left waits, and is not killed", 0);
	if (r->swappiness != NK_UNSET)
		nk_cg_list_add(l, g, "memory.swappiness", nk_cg_list_number(l, r->swappiness),
			       "how readily its memory is swapped out", 0);
	return 0;
}

static int add_memory(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	bool any = asked(r->memory) || asked(r->swap) || asked(r->reservation) ||
		   asked(r->kernel_tcp) || r->swappiness != NK_UNSET || r->use_hierarchy >= 0 ||
		   r->disable_oom_killer == 1;

	if (r->swappiness != NK_UNSET && (r->swappiness < 0 || r->swappiness > 100))
		return nk_fail(l->e, 0,
			       "invalid memory swappiness value: %" PRId64
			       " (valid range is 0-100)",
			       r->swappiness);
	const struct nk_cg_group *g = any ? nk_cg_list_need(l, "memory", "memory") : NULL;
	if (!g)
		return any ? -EINVAL : 0;
	/* --check-before-update: rather no new limit than a killed process. */
	if (r->check_before_update == 1 && l->now && asked(r->memory) && r->memory >= 0 &&
	    l->now->usage > r->memory)
		return nk_fail(l->e, 0, "rejecting memory limit %" PRId64 " < usage %" PRId64,
			       r->memory, l->now->usage);
	return g->v2 ? memory_v2(l, r, g) : memory_v1(l, r, g);
}

static int64_t weight_of(int64_t shares)
{
	if (shares < 2)
		return 1;
	return shares > 262144 ? 10000 : 1 + (shares - 2) * 9999 / 262142;
}

static const char quota_hint[] =
	"a group above has less CPU time than this, or the period is not in 1000..1000000";

static void cpu_v2(struct nk_cg_list *l, const struct nk_oci_resources *r,
		   const struct nk_cg_group *g)
{
	int64_t quota = r->quota, period = r->period;

	if (asked(r->shares))
		nk_cg_list_add(l, g, "cpu.weight", nk_cg_list_number(l, weight_of(r->shares)),
			       "its share of the CPUs when they are short", 0);
	if (r->burst != NK_UNSET && l->now)
		nk_cg_list_add(l, g, "cpu.max.burst", nk_cg_list_number(l, r->burst),
			       "quota saved up for bursts", EINVAL);
	if (asked(quota) || asked(period)) {
		if (!asked(quota))
			quota = l->now ? l->now->quota : -1;
		if (!asked(period))
			period = l->now && l->now->period > 0 ? l->now->period : 100000;
		nk_cg_list_add(l, g, "cpu.max",
			       nk_fmt(l->a, "%s %" PRId64,
				      quota > 0 ? nk_cg_list_number(l, quota) : "max", period),
			       "at most so many microseconds in so many", 0);
		nk_cg_list_hint(l, quota_hint);
	}
	if (r->burst != NK_UNSET)
		nk_cg_list_add(l, g, "cpu.max.burst", nk_cg_list_number(l, r->burst),
			       "quota saved up for bursts", 0);
}

/* The kernel compares quota with period and burst at each write: an update tries before the new
 * quota and again behind it. */
static void cpu_v1(struct nk_cg_list *l, const struct nk_oci_resources *r,
		   const struct nk_cg_group *g)
{
	const char *period = asked(r->period) ? nk_cg_list_number(l, r->period) : NULL;
	const char *burst = r->burst != NK_UNSET ? nk_cg_list_number(l, r->burst) : NULL;

	if (asked(r->shares))
		nk_cg_list_add(l, g, "cpu.shares", nk_cg_list_number(l, r->shares),
			       "its share of the CPUs when they are short", 0);
	if (period && (asked(r->quota) || !l->now)) {
		nk_cg_list_add(l, g, "cpu.cfs_period_us", period,
			       "the period in which CPU time is counted", l->now ? EINVAL : 0);
		nk_cg_list_hint(l, quota_hint);
	}
	if (burst && asked(r->quota) && l->now)
		nk_cg_list_add(l, g, "cpu.cfs_burst_us", burst, "quota saved up for bursts",
			       EINVAL);
	if (asked(r->quota)) {
		nk_cg_list_add(l, g, "cpu.cfs_quota_us", amount(l, r->quota, false),
			       "at most so many microseconds in each period", 0);
		nk_cg_list_hint(l, quota_hint);
	}
	if (period && l->now) {
		nk_cg_list_add(l, g, "cpu.cfs_period_us", period,
			       "the period in which CPU time is counted", 0);
		nk_cg_list_hint(l, quota_hint);
	}
	if (burst)
		nk_cg_list_add(l, g, "cpu.cfs_burst_us", burst, "quota saved up for bursts", 0);
	if (asked(r->rt_period))
		nk_cg_list_add(l, g, "cpu.rt_period_us", nk_cg_list_number(l, r->rt_period),
			       "the period of real-time processes", 0);
	if (asked(r->rt_runtime))
		nk_cg_list_add(l, g, "cpu.rt_runtime_us", nk_cg_list_number(l, r->rt_runtime),
			       "how long they run in it", 0);
}

static void set_idle(struct nk_cg_list *l, const struct nk_oci_resources *r,
		     const struct nk_cg_group *g)
{
	nk_cg_list_add(l, g, "cpu.idle", nk_cg_list_number(l, r->idle),
		       "whether it runs only when nobody else wants to", 0);
}

static int add_cpu(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	bool rt = asked(r->rt_period) || asked(r->rt_runtime);
	bool any = asked(r->shares) || asked(r->quota) || asked(r->period) ||
		   r->burst != NK_UNSET || r->idle != NK_UNSET || rt;
	const struct nk_cg_group *g = any ? nk_cg_list_need(l, "cpu", "cpu") : NULL;

	if (!g)
		return any ? -EINVAL : 0;
	if (g->v2 && rt)
		return invalid(l, "linux.resources.cpu.realtimeRuntime and realtimePeriod: cgroup "
				  "v2 has no limit for real-time processes");
	/* cpu.shares would silently take the nearest. */
	if (!g->v2 && asked(r->shares) && r->shares < 2)
		return invalid(l, "the minimum allowed cpu-shares is 2");
	if (!g->v2 && r->shares > 262144)
		return invalid(l, "the maximum allowed cpu-shares is 262144");
	/* An idle group takes no weight: no more idle before it, idle behind it. */
	if (r->idle == 0)
		set_idle(l, r, g);
	if (g->v2)
		cpu_v2(l, r, g);
	else
		cpu_v1(l, r, g);
	if (r->idle != NK_UNSET && r->idle != 0)
		set_idle(l, r, g);
	return 0;
}

static int add_cpuset(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	bool cpus = r->cpus && *r->cpus, mems = r->mems && *r->mems;
	const struct nk_cg_group *g = cpus || mems ? nk_cg_list_need(l, "cpuset", "cpuset") : NULL;

	if (!g)
		return cpus || mems ? -EINVAL : 0;
	if (cpus)
		nk_cg_list_add(l, g, "cpuset.cpus", r->cpus, "only on these CPUs", 0);
	if (mems)
		nk_cg_list_add(l, g, "cpuset.mems", r->mems, "only memory of these nodes", 0);
	return 0;
}

static int add_pids(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	const struct nk_cg_group *g = asked(r->pids) ? nk_cg_list_need(l, "pids", "pids") : NULL;

	if (!g)
		return asked(r->pids) ? -EINVAL : 0;
	nk_cg_list_add(l, g, "pids.max", amount(l, r->pids, true), "at most so many processes", 0);
	return 0;
}

int nk_cg_resources(struct nk_arena *a, const struct nk_oci_resources *r,
		    const struct nk_cg_groups *groups, const struct nk_cg_now *now,
		    struct nk_cg_writes *writes, struct nk_err *e)
{
	struct nk_cg_list l = {a, groups, now, writes, e};
	static int (*const parts[])(struct nk_cg_list *, const struct nk_oci_resources *) = {
		add_memory,	    add_cpu,	      add_cpuset,
		add_pids,	    nk_cg_list_blkio, nk_cg_list_hugepages,
		nk_cg_list_network, nk_cg_list_rdma,  nk_cg_list_unified,
	};

	for (size_t i = 0; i < NK_COUNT(parts); i++) {
		int ret = parts[i](&l, r);

		if (ret < 0)
			return ret;
	}
	return nk_arena_ok(a, e);
}
