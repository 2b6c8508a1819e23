/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt: a container's class of service (shares of cache and memory bandwidth) is a
 * directory of the resctrl file system with its processes in it, as a cgroup is one.
 */
#ifndef NK_RUNTIME_OCI_RDT_H
#define NK_RUNTIME_OCI_RDT_H

#include "oci/config.h"

struct nk_rdt {
	const char *dir;  /* the class: closID, or the container's own; NULL: nothing asked for */
	const char *mon;  /* group below it that only counts, or NULL */
	bool exists;	  /* the class was there before, and is as it was asked for */
	const char *gone; /* what goes with the container, or NULL */
};

/* Where it will be; looks only. root: where resctrl is mounted, NULL: wherever it is. */
int nk_rdt_place(struct nk_arena *a, const struct nk_oci_rdt *want, const char *id,
		 const char *root, struct nk_rdt *out, struct nk_err *e);

/* Make what is not there. What fails is taken away again. */
int nk_rdt_make(struct nk_arena *a, const struct nk_rdt *r, const struct nk_oci_rdt *want,
		struct nk_err *e);

/* Put a process into it. */
int nk_rdt_enter(struct nk_arena *a, const struct nk_rdt *r, pid_t pid, struct nk_err *e);

#endif
