/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about this machine and this user, on which a plan depends. Collected
 * once, by functions that only read; tests of the planner make their own.
 */
#ifndef NK_HOST_FACTS_H
#define NK_HOST_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "host/cgroups.h"
#include "oci/spec.h"

/* What a path that shall be masked is. */
enum nk_mask_kind {
	NK_MASK_MISSING,
	NK_MASK_FILE,
	NK_MASK_DIR,
	NK_MASK_INSIDE, /* neither /proc's nor /sys's: src/runtime looks into the rootfs */
};

/* A directory at the top of this machine's own tree, for `host`. */
struct nk_host_dir {
	const char *name; /* "usr" */
	const char *link; /* where it points, or NULL for a real directory */
	bool covered;	  /* something is mounted below it: no overlay can be made over it */
};

struct nk_facts {
	uid_t euid;
	gid_t egid;
	const char *user_name; /* of euid, or NULL */
	uint64_t caps;	       /* effective capabilities */
	bool sys_admin;	       /* CAP_SYS_ADMIN in the current user namespace */
	bool maps_ids;	       /* CAP_SETUID and CAP_SETGID: any id of ours may be mapped */
	bool foreign_mounts;   /* our mount namespace belongs to users outside (unshare -r) */
	bool setgroups_denied; /* in our user namespace, and so in new ones below it */
	bool no_proc;	       /* nothing is mounted on /proc */
	bool initial_userns;   /* not inside a user namespace with a partial map */
	unsigned last_cap;     /* highest capability the kernel knows */
	unsigned kernel_major, kernel_minor;

	bool newuidmap; /* newuidmap and newgidmap are there */
	const char *newuidmap_path, *newgidmap_path;
	struct nk_idmaps subuids, subgids;   /* ranges of the user (inside is 0); root: those of
					      * the user "nook", else of "containers" */
	struct nk_idmaps own_uids, own_gids; /* !initial_userns: what our own namespace maps */
	const char *single_id; /* why only one id can be mapped ("no subordinate …"), or NULL */
	const char *single_id_mend; /* what to do about it */

	const char *proc_covered_by;   /* what that is, in words */
	bool proc_covered;	       /* something is mounted over parts of /proc: no new procfs */
	bool sys_covered;	       /* the same for /sys */
	bool overlay;		       /* overlayfs is known to the kernel */
	enum nk_mask_kind *mask_kinds; /* one for each of spec->masked_paths */
	struct nk_strv mask_extra;     /* default masked directories whose names depend on the
					* machine (thermal_throttle of each CPU) */
	uint64_t ignored_signals;      /* bit N-1: signal N, by whoever started us */
	struct nk_rlimit nofile;       /* our own hard limits, which --ulimit cannot pass */

	struct nk_strv notices; /* what the container will not have, once it starts: for people */

	bool mqueue;	     /* /dev/mqueue is mounted */
	uint32_t foreign_ns; /* bit k: the namespace k to join is of other users, owner.h */
	NK_VEC(struct nk_host_dir) host_dirs; /* only for spec->rootfs_host */

	struct nk_cgroups cgroups;
};

/*
 * Paths that a container may not read, and those it may not write, by default:
 * the lists that Docker's and Podman's users know. NULL-terminated.
 */
extern const char *const nk_default_masked[];
extern const char *const nk_default_readonly[];

/*
 * Fill *f with what this spec needs to know, and no more: this is on the path
 * of every start. Not read: mountinfo where no new procfs could be refused,
 * subordinate ids where nobody maps them, cgroups (all "not here") for an
 * ordinary user who asks for no limit and has a PID namespace to end with. 0 or -errno.
 */
int nk_facts_collect(struct nk_arena *a, const struct nk_spec *spec, struct nk_facts *f,
		     struct nk_err *e);

/* Our effective capabilities. */
uint64_t nk_own_caps(void);

/* The parts of it, for doctor: identity, capabilities and kernel version; and id maps. */
void nk_facts_self(struct nk_facts *f);
void nk_facts_ids(struct nk_arena *a, struct nk_facts *f);

#endif
