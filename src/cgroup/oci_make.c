/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_make.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/group.h"
#include "cgroup/oci_devices.h"
#include "cgroup/oci_live.h"

static int put(const char *path, const char *file, const char *value, struct nk_err *e)
{
	_close_ int dir = nk_group_open(path);
	int ret = dir < 0 ? dir : nk_group_write(dir, file, value);

	return ret < 0 ? nk_fail(e, -ret, "write %s to %s/%s", value, path, file) : 0;
}

static int inherit_cpuset(const struct nk_cg_group *g, const char *dir, struct nk_err *e)
{
	int ret = put(dir, "cpuset.cpus", g->cpus, e);

	return ret < 0 ? ret : put(dir, "cpuset.mems", g->mems, e);
}

/* Each controller for itself: one that cannot be had is missed by the limit that needs it. */
static void enable(struct nk_arena *a, const struct nk_cg_level *l)
{
	struct nk_err ignored;

	for (const char *at = l->enable; at && *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		put(l->dir, "cgroup.subtree_control", nk_strndup(a, at, n), &ignored);
		at += n;
	}
}

static int make_one(struct nk_arena *a, const struct nk_cg_group *g, struct nk_err *e)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < g->levels.n; i++) {
		const struct nk_cg_level *l = &g->levels.v[i];

		if (!l->exists && mkdir(l->dir, 0755) < 0 && errno != EEXIST)
			return nk_fail(e, errno, "make cgroup %s", l->dir);
		if (l->bare && g->cpus)
			ret = inherit_cpuset(g, l->dir, e);
		enable(a, l);
	}
	if (ret == 0 && !g->existed && mkdir(g->dir, 0755) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make cgroup %s", g->dir);
	return ret < 0 || g->v2 || !g->cpus || g->existed ? ret : inherit_cpuset(g, g->dir, e);
}

static int load_devices(struct nk_arena *a, const struct nk_cg_devices *d,
			const struct nk_cg_group *g, struct nk_err *e)
{
	size_t n;
	union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
			       .license = (uint64_t)(uintptr_t) "Apache-2.0"};

	load.insns = (uint64_t)(uintptr_t)nk_cg_devices_program(a, d, &n);
	load.insn_cnt = (uint32_t)n;
	_close_ int prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		return nk_fail(e, errno, "load the program for devices");
	_close_ int dir = nk_group_open(g->dir);
	union bpf_attr attach = {.attach_type = BPF_CGROUP_DEVICE,
				 .attach_flags = BPF_F_ALLOW_MULTI,
				 .attach_bpf_fd = (uint32_t)prog,
				 .target_fd = (uint32_t)dir};
	if (dir < 0 || syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
		return nk_fail(e, errno, "attach the program for devices to %s", g->dir);
	return 0;
}

int nk_cg_make(struct nk_arena *a, const struct nk_cg_groups *groups,
	       const struct nk_oci_resources *r, bool rootless, struct nk_err *e)
{
	const struct nk_cg_group *v1 = nk_cg_of(groups, "devices"), *v2 = nk_cg_unified(groups);
	struct nk_cg_writes writes = {0};
	struct nk_cg_devices devices;
	int ret = nk_cg_resources(a, r, groups, NULL, &writes, e);

	if (ret == 0)
		ret = nk_cg_devices(a, r, &devices, e);
	bool rules = ret == 0 && !rootless && !nk_cg_devices_free(&devices);
	if (rules && v1)
		ret = nk_cg_devices_v1(a, &devices, v1, &writes, e);
	for (size_t i = 0; ret == 0 && i < groups->n; i++)
		ret = make_one(a, &groups->v[i], e);
	if (ret == 0)
		ret = nk_cg_apply(&writes, e);
	return ret == 0 && rules && !v1 && v2 ? load_devices(a, &devices, v2, e) : ret;
}
