/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of an OCI container: where cgroupsPath leads in every hierarchy (v2, v1, hybrid), by
 * cgroupfs or as a systemd scope; its resources as writes; and what is done with groups that
 * exist: freeze, list, count, update. Paths are absolute directories.
 */
#ifndef NK_CGROUP_OCI_H
#define NK_CGROUP_OCI_H

#include "cgroup/devices.h"
#include "cgroup/settings.h"
#include "host/cgroups.h"
#include "oci/config.h"

enum nk_cg_manager { NK_CG_CGROUPFS, NK_CG_SYSTEMD, NK_CG_DISABLED };

/* A directory above the container's group, from the mount down. */
struct nk_cg_level {
	const char *dir;
	bool exists;
	bool bare;	    /* v1's cpuset: without CPUs or memory nodes, so nobody can be in it */
	const char *enable; /* v2: "+cpu +io", had here but not enabled for those below; or NULL */
};

struct nk_cg_group {
	const char *dir;   /* "/sys/fs/cgroup/memory/docker/ID" */
	const char *mount; /* "/sys/fs/cgroup/memory": what lies between the two is made too */
	bool v2;
	/* NK_CG_BIT of those that can be set in this group; 0: name=systemd, cpuacct … */
	unsigned controllers;
	/* v1: as in /proc/self/cgroup, "cpu,cpuacct", "name=systemd"; v2: what cgroup.controllers
	 * says or will say there, "cpuset cpu io" */
	const char *name;
	bool existed; /* it was there before: it is the caller's, who removes it */
	NK_VEC(struct nk_cg_level) levels; /* mount … the directory above dir; empty for a scope */
	const char *cpus, *mems;	   /* v1's cpuset: what a new group gets from above */
	const char *weight_file; /* of blkio and io: blkio.bfq.weight, io.weight …; NULL: none */
};
struct nk_cg_groups {
	NK_VEC(struct nk_cg_group);
};

/* Does this controller ("cpuacct", "name=systemd", v2: "rdma") live in this group? */
bool nk_cg_has(const struct nk_cg_group *g, const char *controller);

/* The group of a controller, v1's before v2's; NULL: none. */
const struct nk_cg_group *nk_cg_of(const struct nk_cg_groups *g, const char *controller);

/* The group of version 2, pure or hybrid; NULL: none. */
const struct nk_cg_group *nk_cg_unified(const struct nk_cg_groups *g);

/* No hierarchy but version 2's: what crun and runc call unified mode. */
bool nk_cg_pure_v2(const struct nk_cg_groups *g);

/* A transient scope that nook-systemd asks systemd for. */
struct nk_cg_unit {
	const char *slice, *name;  /* "machine.slice", "libpod-ID.scope" */
	bool user;		   /* on the user's bus */
	const char *program;	   /* nook-systemd */
	struct nk_strv properties; /* "MemoryMax=67108864", from resources and annotations */
};

/* Which file takes blkio's or io's weight of a group; dir: it, or the deepest above that exists. */
void nk_cg_find_weight(struct nk_arena *a, struct nk_cg_group *g, const char *dir);

/*
 * Where the container's groups are. cgroups_path of the configuration: an absolute one counts from
 * the mount, a relative one from where this user may make groups (root: the mount, too); "." and
 * ".." are worked out in the text, so that it never leads out (systemd: "slice:prefix:name").
 * Without one: ID. All hierarchies, as runc has it; those that a rootless user may
 * not write are left out when no path is asked for (a limit that needs one of them is an error
 * then). A group that is there already is taken if it is empty and not frozen.
 * unit is filled for NK_CG_SYSTEMD (name NULL otherwise).
 */
int nk_cg_place(struct nk_arena *a, const struct nk_cgroups *c, enum nk_cg_manager manager,
		const struct nk_config *config, const char *id, bool rootless,
		struct nk_cg_groups *groups, struct nk_cg_unit *unit, struct nk_err *e);

/* ---- cgroup/oci_unit.c: systemd's names ---- */

/* "machine.slice:libpod:ID", or NULL: unit->slice and ->name. */
int nk_cg_unit_names(struct nk_arena *a, const char *cgroups_path, const char *id, bool user,
		     struct nk_cg_unit *unit, struct nk_err *e);

/* Where systemd puts the unit: "/a.slice/a-b.slice/x.scope". -EINVAL: no slice's name. */
int nk_cg_unit_path(struct nk_arena *a, const struct nk_cg_unit *unit, const char **path,
		    struct nk_err *e);

#endif
