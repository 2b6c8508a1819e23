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

struct nk_cg_group {
	const char *dir;   /* "/sys/fs/cgroup/memory/docker/ID" */
	const char *mount; /* "/sys/fs/cgroup/memory": what lies between the two is made too */
	bool v2;
	unsigned
		controllers; /* NK_CG_BIT of those that live in this hierarchy; 0: name=systemd … */
	const char *name;    /* of v1, as in /proc/self/cgroup: "cpu,cpuacct", "name=systemd" */
};
struct nk_cg_groups {
	NK_VEC(struct nk_cg_group);
};

/* A transient scope that nook-systemd asks systemd for. */
struct nk_cg_unit {
	const char *slice, *name;  /* "machine.slice", "libpod-ID.scope" */
	bool user;		   /* on the user's bus */
	struct nk_strv properties; /* "MemoryMax=67108864", from resources and annotations */
};

/*
 * Where the container's groups are. cgroups_path: linux.cgroupsPath (systemd: "slice:prefix:name"),
 * or NULL: "nook-runtime/ID". All hierarchies that this user may write, as runc does; none where
 * rootless has no delegated group and no limit is asked for (then limits are an error).
 * unit is filled for NK_CG_SYSTEMD (name NULL otherwise).
 */
int nk_cg_place(struct nk_arena *a, const struct nk_cgroups *c, enum nk_cg_manager manager,
		const struct nk_config *config, const char *id, bool rootless,
		struct nk_cg_groups *groups, struct nk_cg_unit *unit, struct nk_err *e);

#endif
