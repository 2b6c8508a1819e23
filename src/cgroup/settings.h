/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits as files and values of cgroups: Docker's numbers in, what the kernel's
 * version 1 or version 2 wants out. Pure. (cgroup-v1/ and cgroup-v2.rst of the
 * kernel's admin guide.)
 */
#ifndef NK_CGROUP_SETTINGS_H
#define NK_CGROUP_SETTINGS_H

#include "host/cgroups.h"
#include "oci/spec.h"

/* One write into the container's group, in the hierarchy of its controller. */
struct nk_cg_setting {
	enum nk_controller controller;
	const char *file;  /* "memory.max" */
	const char *value; /* "67108864" */
	const char *why;   /* "at most 64 MiB of memory" */
	const char *hint;  /* what to do when the kernel refuses, or NULL */
};
struct nk_cg_settings {
	NK_VEC(struct nk_cg_setting);
};

/* The controllers (NK_CG_BIT) that the spec needs, for nk_cgroups_probe(). */
unsigned nk_cgroup_wanted(const struct nk_spec *spec);

/*
 * The writes, in the order in which a new group takes them. A limit that makes
 * no sense, or that this machine cannot give, is an error that names it.
 * c must have been probed for nk_cgroup_wanted().
 */
int nk_cgroup_settings(struct nk_arena *a, const struct nk_resources *resources,
		       const struct nk_cgroups *c, struct nk_cg_settings *list, struct nk_err *e);

/* The hierarchy of a controller, or an error that names the option and what is missing. */
int nk_cgroup_need(const struct nk_cgroups *c, enum nk_controller k, const char *option,
		   struct nk_err *e);

/* "2-4,7" within "0-7"? Answers 1, 0, or -EINVAL when asked is no such list. */
int nk_cpulist_within(const char *asked, const char *have);

#endif
