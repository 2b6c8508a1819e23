/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes into the container's groups, in the order in which they have to be
 * made. Pure; the arithmetic between version 1's numbers (those of the document) and version 2's
 * is runc's, which callers expect. Devices are rules of their own: oci_devices.h.
 */
#ifndef NK_CGROUP_OCI_SETTINGS_H
#define NK_CGROUP_OCI_SETTINGS_H

#include "cgroup/oci.h"

struct nk_cg_write {
	const struct nk_cg_group *group;
	const char *file;  /* "memory.max" */
	const char *value; /* "67108864" */
	const char *why;   /* "at most 64 MiB of memory" */
	const char *hint;  /* what to do when the kernel refuses, or NULL */
	int soft;	   /* an errno that is no failure, or 0 */
};
struct nk_cg_writes {
	NK_VEC(struct nk_cg_write);
};

/* What an update has to know of the groups as they are; for a new group NULL is given. */
struct nk_cg_now {
	int64_t memory; /* the limit, -1 = none, NK_UNSET = not known */
	int64_t usage;
	int64_t quota, period; /* us */
	bool idle;
};

int nk_cg_resources(struct nk_arena *a, const struct nk_oci_resources *r,
		    const struct nk_cg_groups *groups, const struct nk_cg_now *now,
		    struct nk_cg_writes *list, struct nk_err *e);

#endif
