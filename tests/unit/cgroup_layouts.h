/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts of cgroups for the tests of limits and of their plans. */
#ifndef NK_TEST_CGROUP_LAYOUTS_H
#define NK_TEST_CGROUP_LAYOUTS_H

#include "host/cgroups.h"

static inline void layout_probed(struct nk_cgroups *c, bool v2)
{
	c->probed = ~0u;
	c->cpus = 4;
	c->cpuset_cpus = "0-3";
	c->cpuset_mems = "0";
	c->cpuset_ready = 1;
	c->swap = c->bps = true;
	c->weight_file = v2 ? "io.weight" : "blkio.bfq.weight";
}

static inline struct nk_cg_hierarchy *layout_unified(struct nk_cgroups *c)
{
	return &c->hierarchies.v[c->unified];
}

/* v2 with systemd; own: the group of this process; delegated: it may be written. */
static inline void layout_v2(struct nk_arena *a, struct nk_cgroups *c, const char *own, bool root,
			     bool delegated)
{
	nk_cgroups_parse(a, c, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			 nk_fmt(a, "0::%s\n", own));
	layout_probed(c, true);
	struct nk_cg_hierarchy *h = layout_unified(c);
	h->kernel_root = true;
	h->place = root ? "/" : delegated ? h->self : NULL;
	h->writable = root || delegated;
	if (root)
		h->enabled[0] = nk_cg_controllers("cpu memory pids");
	nk_cgroups_v2_controllers(
		c, c->unified,
		nk_cg_controllers(root ? "cpuset cpu io memory hugetlb pids" : "memory pids"));
}

#define LAYOUT_V1                                                                     \
	"30 25 0:20 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" \
	"31 25 0:21 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"           \
	"32 25 0:22 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"           \
	"33 25 0:23 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"               \
	"34 25 0:24 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"             \
	"35 25 0:25 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
#define LAYOUT_V1_SELF "1:cpu,cpuacct:/\n2:memory:/\n3:cpuset:/\n4:pids:/\n5:blkio:/\n6:devices:/\n"

static inline void layout_v1(struct nk_arena *a, struct nk_cgroups *c, bool hybrid, bool root)
{
	nk_cgroups_parse(a, c,
			 hybrid ? LAYOUT_V1 "40 25 0:29 / /sys/fs/cgroup/unified rw - cgroup2 "
					    "cgroup2 rw\n"
				: LAYOUT_V1,
			 LAYOUT_V1_SELF "0::/\n");
	layout_probed(c, false);
	for (size_t i = 0; i < c->hierarchies.n; i++) {
		c->hierarchies.v[i].place = root ? "/" : NULL;
		c->hierarchies.v[i].writable = root;
	}
	if (hybrid)
		layout_unified(c)->kernel_root = true;
}

#endif
