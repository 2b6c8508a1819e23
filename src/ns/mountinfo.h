/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a process (proc_pid_mountinfo(5)) and what two processes see differently. Names in
 * it are those of whoever mounted: any byte may be in them.
 */
#ifndef NK_NS_MOUNTINFO_H
#define NK_NS_MOUNTINFO_H

#include <stdint.h>

#include "base/arena.h"

struct nk_ns_mount {
	unsigned id;
	const char *point;	 /* where */
	const char *root;	 /* which part of the file system stands there */
	const char *type;	 /* "ext4" */
	const char *source;	 /* "/dev/vda1" */
	const char *options;	 /* of the mount: "rw,nosuid" */
	const char *superblock;	 /* of the file system */
	const char *propagation; /* "shared", "slave", "shared,slave", "private", "unbindable" */
};
struct nk_ns_mounts {
	NK_VEC(struct nk_ns_mount);
};

/* Lines that are not right are left out: how many. */
unsigned nk_ns_mounts_parse(struct nk_arena *a, const char *text, struct nk_ns_mounts *out);

enum nk_ns_mount_change {
	NK_MOUNT_ONLY_HERE,
	NK_MOUNT_ONLY_THERE,
	NK_MOUNT_CHANGED,
	NK_MOUNT_SPREADS, /* the same, but for the propagation */
};

struct nk_ns_mount_diff {
	enum nk_ns_mount_change change;
	const struct nk_ns_mount *here, *there; /* NULL where there is none */
};
struct nk_ns_mount_diffs {
	NK_VEC(struct nk_ns_mount_diff);
};

/*
 * What differs between the mounts of two processes, by mount point; of several on one point the
 * topmost counts, because the others cannot be seen. Order: by mount point.
 * The numbers of peer groups and mounts, which always differ, do not count.
 */
void nk_ns_mounts_compare(struct nk_arena *a, const struct nk_ns_mounts *here,
			  const struct nk_ns_mounts *there, struct nk_ns_mount_diffs *out);

#endif
