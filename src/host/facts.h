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

struct nk_facts {
	uid_t euid;
	gid_t egid;
	const char *user_name;	/* of euid, or NULL */
	uint64_t caps;		/* effective capabilities */
	bool sys_admin;		/* CAP_SYS_ADMIN in the current user namespace */
	bool initial_userns;	/* not inside a user namespace with a partial map */
	unsigned last_cap;	/* highest capability the kernel knows */
	unsigned kernel_major, kernel_minor;

	bool newuidmap;			    /* newuidmap and newgidmap are there */
	const char *newuidmap_path, *newgidmap_path;
	struct nk_idmaps subuids, subgids;  /* ranges of the user (inside is 0) */

	bool proc_covered; /* something is mounted over parts of /proc: no new procfs */
	bool sys_covered;  /* the same for /sys */
	bool overlay;	   /* overlayfs is known to the kernel */
	uint64_t mask_dirs; /* bit i: default masked path i is a directory, see facts.c */
	uint64_t mask_missing;
	struct nk_rlimit nofile; /* our own hard limits, which --ulimit cannot pass */

	struct nk_cgroups cgroups;
};

#endif
