/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that only limits and --cgroup-parent need. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/cgplace.h"
#include "host/cgroups.h"
#include "host/text.h"

static bool exists(struct nk_arena *a, const char *dir, const char *file)
{
	return dir && faccessat(AT_FDCWD, nk_fmt(a, "%s/%s", dir, file), F_OK, 0) == 0;
}

/* The first line of a small file, "" when it cannot be read. */
static const char *value_of(struct nk_arena *a, const char *dir, const char *file)
{
	_free_ char *text = dir ? nk_text_read(nk_fmt(a, "%s/%s", dir, file), 65536) : NULL;

	return text ? nk_strndup(a, text, strcspn(text, "\n")) : "";
}

/*
 * Weight and bandwidth files of block devices. The top group has no weight file,
 * but what the same part of the kernel puts there shows that others will.
 */
static void probe_io(struct nk_arena *a, struct nk_cgroups *c, const struct nk_cg_hierarchy *h)
{
	const char *own = nk_cg_dir(a, h, h->self);

	if (!h->v2) {
		c->bps = exists(a, h->mount, "blkio.throttle.read_bps_device");
		if (exists(a, h->mount, "blkio.weight"))
			c->weight_file = "blkio.weight";
		else if (exists(a, h->mount, "blkio.bfq.weight") ||
			 exists(a, h->mount, "blkio.bfq.io_service_bytes"))
			c->weight_file = "blkio.bfq.weight";
		return;
	}
	/* io.max is compiled in together with the controller or not at all; where a group with
	 * the controller is in view, it is looked at. */
	c->bps = !exists(a, own, "io.stat") || h->kernel_root || exists(a, own, "io.max");
	if (exists(a, h->mount, "io.cost.qos") || exists(a, own, "io.weight"))
		c->weight_file = "io.weight";
	else if (exists(a, own, "io.bfq.weight") || access("/sys/module/bfq", F_OK) == 0)
		c->weight_file = "io.bfq.weight";
}

/* CPUs and memory nodes that a new group can have: those of the nearest level with any. */
static void probe_cpuset(struct nk_arena *a, struct nk_cgroups *c, const struct nk_cg_hierarchy *h,
			 const char *const *dirs, int n)
{
	c->cpuset_ready = 0;
	for (int i = 0; i < n; i++) {
		const char *cpus =
			value_of(a, dirs[i], h->v2 ? "cpuset.cpus.effective" : "cpuset.cpus");
		const char *mems =
			value_of(a, dirs[i], h->v2 ? "cpuset.mems.effective" : "cpuset.mems");

		if (!*cpus || !*mems)
			break;
		c->cpuset_cpus = cpus;
		c->cpuset_mems = mems;
		c->cpuset_ready++;
	}
}

static int probe_chain(struct nk_arena *a, struct nk_cgroups *c, struct nk_cg_hierarchy *h,
		       unsigned wanted, const char *parent, struct nk_err *e)
{
	const char *dirs[NK_CG_DEPTH];

	if (!h->place)
		nk_cg_find_place(a, h);
	int n = nk_cg_chain(a, h, parent, dirs, e);
	if (n < 0)
		return n;
	int deepest = 0;
	while (deepest + 1 < n && access(dirs[deepest + 1], F_OK) == 0)
		deepest++;
	if (parent)
		h->writable = nk_cg_can_write(a, dirs[deepest]);
	if (h->v2 && n) {
		/* Every group has cgroup.type but the kernel's root. */
		h->kernel_root = !exists(a, h->mount, "cgroup.type");
		for (int i = 0; i <= deepest; i++)
			h->enabled[i] =
				nk_cg_controllers(value_of(a, dirs[i], "cgroup.subtree_control"));
	}
	if ((h->v2 ? wanted : h->controllers) & NK_CG_BIT(NK_CG_CPUSET))
		probe_cpuset(a, c, h, dirs, n);
	return 0;
}

int nk_cgroups_probe(struct nk_arena *a, struct nk_cgroups *c, unsigned controllers,
		     const char *parent, struct nk_err *e)
{
	if (!controllers && !parent)
		return 0;
	for (size_t i = 0; i < c->hierarchies.n; i++) {
		struct nk_cg_hierarchy *h = &c->hierarchies.v[i];
		unsigned wanted = h->controllers & controllers;

		if (!wanted && !h->v2 && !(parent && h->controllers))
			continue;
		int ret = probe_chain(a, c, h, wanted, parent, e);
		if (ret < 0)
			return ret;
		if (wanted & NK_CG_BIT(NK_CG_IO))
			probe_io(a, c, h);
		if (wanted & NK_CG_BIT(NK_CG_MEMORY))
			c->swap = h->v2 ? access("/proc/swaps", F_OK) == 0
					: exists(a, h->mount, "memory.memsw.limit_in_bytes");
	}
	if (controllers & NK_CG_BIT(NK_CG_CPU)) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);
		c->cpus = cpus > 0 ? (unsigned)cpus : 1;
	}
	c->probed |= controllers;
	return nk_arena_ok(a, e);
}
