/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How cgroups are laid out on this machine: version 2, version 1, or both
 * (hybrid), which controller lives in which hierarchy, and where this process is.
 *
 * Two stages, since most containers ask for no limit: nk_cgroups_detect() is on
 * every start's path and reads three small files; nk_cgroups_probe() looks at
 * what only limits and --cgroup-parent need.
 */
#ifndef NK_HOST_CGROUPS_H
#define NK_HOST_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum nk_controller {
	NK_CG_MEMORY,
	NK_CG_CPU,
	NK_CG_CPUSET,
	NK_CG_PIDS,
	NK_CG_IO /* blkio on v1 */,
	NK_CG_DEVICES /* v1 only; eBPF on v2 */,
	NK_CG_FREEZER /* v1 only; built in on v2 */,
	NK_CG_HUGETLB,
	NK_CG_COUNT,
};
#define NK_CG_BIT(k) (1u << (k))

/* Levels from the group that a --cgroup-parent starts at down to its end. */
enum { NK_CG_DEPTH = 16 };

/* More hierarchies than a kernel has controllers, with some that only have a name. */
enum { NK_CG_GROUPS_MAX = 24 };

struct nk_cg_hierarchy {
	bool v2;
	const char *name;     /* v1: as in /proc/self/cgroup, "cpu,cpuacct", "name=systemd" */
	const char *mount;    /* "/sys/fs/cgroup/memory" */
	const char *root;     /* part of the hierarchy that is mounted there, usually "/" */
	const char *self;     /* this process' group in it, "/" for the top; NULL = not in view */
	unsigned controllers; /* NK_CG_BIT of each that lives here (v2: that we can enable) */
	const char *place;    /* group below which ours are made: root, or self for an ordinary
				 user with a delegated one; NULL = not known, or nowhere */
	bool writable;	      /* this user can make groups there (or at --cgroup-parent) */
	bool kernel_root;     /* v2, probed: the mount shows the kernel's own root group */
	unsigned enabled[NK_CG_DEPTH]; /* v2, probed: cgroup.subtree_control of each level */
};

struct nk_cgroups {
	NK_VEC(struct nk_cg_hierarchy) hierarchies;
	NK_VEC(struct nk_cg_hierarchy)
	others;			/* v1, with none of the controllers above: named
				 * ones, cpuacct, net_cls, … */
	int where[NK_CG_COUNT]; /* index of the hierarchy of each controller, -1 = not here */
	int unified;		/* index of the v2 hierarchy, -1 = none */

	/* From here on filled by nk_cgroups_probe(), for what was asked. */
	unsigned probed;	 /* NK_CG_BIT of each controller looked at */
	unsigned cpus;		 /* online */
	const char *cpuset_cpus; /* what a new group may use: "0-3"; "" = unknown */
	const char *cpuset_mems;
	unsigned cpuset_ready;	 /* v1: levels that have cpus and mems already */
	bool swap;		 /* swap can be limited */
	bool bps;		 /* bytes per second of a device can be limited */
	const char *weight_file; /* io.weight, io.bfq.weight, blkio.weight, … or NULL */
};

/* Read /proc/self/mountinfo, /proc/self/cgroup and v2's cgroup.controllers. 0 or -errno. */
int nk_cgroups_detect(struct nk_arena *a, struct nk_cgroups *c, struct nk_err *e);

/* The pure part: the texts of the two files. Controllers of v2 are not known by it. */
void nk_cgroups_parse(struct nk_arena *a, struct nk_cgroups *c, const char *mountinfo,
		      const char *self_cgroup);

/* The text of a cgroup.controllers or cgroup.subtree_control file as bits. */
unsigned nk_cg_controllers(const char *text);

/* Take v2's controllers for the hierarchy at index: fills where[]. */
void nk_cgroups_v2_controllers(struct nk_cgroups *c, int index, unsigned controllers);

/*
 * Facts for limits. controllers: bits of those that will be used; parent: the
 * value of --cgroup-parent or NULL, of which every hierarchy has to know. Only
 * looks. 0 at once if there is neither.
 */
int nk_cgroups_probe(struct nk_arena *a, struct nk_cgroups *c, unsigned controllers,
		     const char *parent, struct nk_err *e);

/* Absolute directory of a group of the hierarchy, NULL when the mount does not show it. */
const char *nk_cg_dir(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *group);

/*
 * The directories from where groups begin down to the one that will hold the
 * container's: one without --cgroup-parent; with it, an absolute path counts
 * from the top of the mount, a relative one from our place. Answers how many
 * (1..NK_CG_DEPTH), 0 when there is no place, -EINVAL for a bad path.
 */
int nk_cg_chain(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *parent,
		const char *dirs[NK_CG_DEPTH], struct nk_err *e);

/*
 * Of version 1, the hierarchy that serves best to hold processes together which have no
 * limits: the freezer's, whose groups can be ended in one go. -1: none.
 */
int nk_cg_holder(const struct nk_cgroups *c);

/* May this user make groups in the directory and move processes into them? */
bool nk_cg_can_write(struct nk_arena *a, const char *dir);

const char *nk_controller_name(enum nk_controller k, bool v2);

#endif
