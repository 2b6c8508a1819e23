/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/spec.h"

#include <linux/sched.h>

static const struct {
	const char *name;
	uint64_t flag;
} kinds[NK_NS_COUNT] = {
	[NK_NS_USER] = {"user", CLONE_NEWUSER},	      [NK_NS_MOUNT] = {"mnt", CLONE_NEWNS},
	[NK_NS_UTS] = {"uts", CLONE_NEWUTS},	      [NK_NS_IPC] = {"ipc", CLONE_NEWIPC},
	[NK_NS_PID] = {"pid", CLONE_NEWPID},	      [NK_NS_NET] = {"net", CLONE_NEWNET},
	[NK_NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP}, [NK_NS_TIME] = {"time", CLONE_NEWTIME},
};

const char *nk_ns_name(enum nk_ns_kind k)
{
	return kinds[k].name;
}

uint64_t nk_ns_clone_flag(enum nk_ns_kind k)
{
	return kinds[k].flag;
}

uint64_t nk_ns_clone_flags(unsigned set)
{
	uint64_t flags = 0;

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (set >> k & 1)
			flags |= kinds[k].flag;
	return flags;
}

void nk_resources_init(struct nk_resources *r)
{
	*r = (struct nk_resources){
		.memory = NK_UNSET,
		.memory_swap = NK_UNSET,
		.memory_reservation = NK_UNSET,
		.cpu_quota = NK_UNSET,
		.cpu_period = NK_UNSET,
		.cpu_shares = NK_UNSET,
		.pids = NK_UNSET,
		.blkio_weight = NK_UNSET,
	};
}

bool nk_resources_any(const struct nk_resources *r)
{
	return r->memory != NK_UNSET || r->memory_swap != NK_UNSET ||
	       r->memory_reservation != NK_UNSET || r->cpu_quota != NK_UNSET ||
	       r->cpu_period != NK_UNSET || r->cpu_shares != NK_UNSET || r->cpuset_cpus ||
	       r->cpuset_mems || r->pids != NK_UNSET || r->blkio_weight != NK_UNSET ||
	       r->read_bps.n || r->write_bps.n;
}
