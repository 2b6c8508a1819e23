/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a group may use: lines for v1's devices controller, a BPF
 * program for v2. Pure.
 *
 * nook needs it only where a --device asks for less than rwm: the mounts of a
 * container are nodev and its device nodes are the host's, so that nothing else
 * can be opened or made anyway.
 */
#ifndef NK_CGROUP_DEVICES_H
#define NK_CGROUP_DEVICES_H

#include <linux/bpf.h>

#include "oci/spec.h"

/* One line of what is allowed; -1 is any number. */
struct nk_cg_device_rule {
	char type; /* 'c' or 'b' */
	int64_t major, minor;
	const char *access; /* subset of "rwm" */
};
struct nk_cg_device_rules {
	NK_VEC(struct nk_cg_device_rule);
};

/* True when a device of the spec is to be had with less than rwm. */
bool nk_cgroup_devices_needed(const struct nk_spec *spec);

/* What is allowed: the nodes that every container has, and those of the spec. */
void nk_cgroup_device_rules(struct nk_arena *a, const struct nk_spec *spec,
			    struct nk_cg_device_rules *rules);

/* "c 1:3 rwm", for devices.allow (after "a" to devices.deny). */
const char *nk_cgroup_device_line(struct nk_arena *a, const struct nk_cg_device_rule *rule);

/* The program for BPF_PROG_TYPE_CGROUP_DEVICE. NULL when memory is out. */
const struct bpf_insn *nk_cgroup_device_program(struct nk_arena *a,
						const struct nk_cg_device_rules *rules, size_t *n);

#endif
