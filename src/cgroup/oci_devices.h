/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices: rules in order, each allowing or denying some ways (read, write,
 * mknod) to use some devices; for each way the last rule that matches decides. Nothing is allowed
 * to begin with, and the devices that every container has are allowed behind all rules, as runc
 * has it. Lines for version 1, a BPF program for version 2. Pure.
 */
#ifndef NK_CGROUP_OCI_DEVICES_H
#define NK_CGROUP_OCI_DEVICES_H

#include "cgroup/oci_settings.h"

/* The rules of the document and those of every container's devices, without what a later rule
 * for all devices makes void. */
struct nk_cg_devices {
	bool allow; /* what no rule tells of */
	NK_VEC(struct nk_device_rule) rules;
};
int nk_cg_devices(struct nk_arena *a, const struct nk_oci_resources *r, struct nk_cg_devices *d,
		  struct nk_err *e);

/* Everything is allowed: a new group needs nothing. */
bool nk_cg_devices_free(const struct nk_cg_devices *d);

/*
 * v1: writes to devices.deny and devices.allow. The kernel has a default and exceptions to it, and
 * knows no exceptions to exceptions: -EINVAL for a rule that takes a part out of an earlier one.
 */
int nk_cg_devices_v1(struct nk_arena *a, const struct nk_cg_devices *d, const struct nk_cg_group *g,
		     struct nk_cg_writes *writes, struct nk_err *e);

/* v2: the program for BPF_PROG_TYPE_CGROUP_DEVICE. NULL when memory is out. */
const struct bpf_insn *nk_cg_devices_program(struct nk_arena *a, const struct nk_cg_devices *d,
					     size_t *n);

#endif
