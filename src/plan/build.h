/* SPDX-License-Identifier: Apache-2.0 */
/* Short constructors for the steps that every part of a plan needs. */
#ifndef NK_PLAN_BUILD_H
#define NK_PLAN_BUILD_H

#include "plan/oci.h"
#include "plan/plan.h"
#include "security/caps.h"

#define NK_INIT_INSIDE "/dev/nook-init" /* where --init's PID 1 is seen */

/* What the parts of one plan share while it is being made. */
struct nk_build {
	struct nk_plan *p;
	const struct nk_spec *spec;
	const struct nk_facts *facts;
	struct nk_bpf filter;
	enum nk_actor trees; /* who may copy mounts of the host: parent, or init when rootless */
	bool new_user;	     /* init runs in a user namespace made for it, or joined */
	bool middle;
	bool joins_root;       /* exec: the root directory is the container's, not our own work */
	bool makes_cwd;	       /* run: a missing working directory is made, as Docker does */
	bool setgroups_denied; /* a user namespace without help from newgidmap */
	bool bare;	/* ns run: the caller's own root, session and descriptors, no container */
	bool keeps_ids; /* bare: who starts it stays who it is in the new user namespace */
	bool holds;	/* nook keeps the namespaces: init waits until it has them */

	/* Slots of what several parts use, NK_NOFD until it is there. */
	int rootfs;  /* the root mount */
	int scratch; /* tmpfs for generated files, device nodes and overlays' upper layers */
	int proc, sys, dev, pts, shm, mqueue;
	int null;     /* the null device as a mount: masks files */
	int empty;    /* an empty read-only directory as a mount: masks directories */
	int init;     /* nook-init */
	int slave;    /* of the new terminal */
	int *nodes;   /* slot of each device node */
	int *volumes; /* slot of each of spec->mounts */
	int idmapped[NK_IDMAPPED_MAX];	  /* trees that get the container's ids */
	bool idmap_flat[NK_IDMAPPED_MAX]; /* without what is mounted below */
	size_t n_idmapped;
	bool wait_place;		/* init waits until nook has placed it */
	const struct nk_oci_input *oci; /* the plan of nook-runtime; NULL: nook run */
	bool clones;			/* oci: a whole container, not only its groups */
	bool chroots;			/* oci: no mount namespace whose root may be moved */
	int writable_proc;		/* oci: where sysctls are written, or NK_NOFD */
	bool own_dev;			/* oci: /dev is a new tmpfs, nothing in it is the rootfs' */
	struct nk_plan_cgroup cg;
	int net_conf; /* directory of the settings of cards inside, or NK_NOFD */
	int net_route, net_filter,
		net_inner;		/* the parent's netlink sockets, where there are cards */
	NK_VEC(int) net_listen;		/* slots of bound sockets of published ports */
	const char *apparmor, *selinux; /* profile and label of the command, or NULL */
	int lsm_proc;			/* the host's procfs, where they are written */
};

/* May init mount what shows this namespace? Only where it belongs to its own users. */
bool nk_b_owns(const struct nk_build *b, enum nk_ns_kind k);

/* Joined from other users: the process in between, which is root of the host, mounts it. */
bool nk_b_middle_mounts(const struct nk_build *b, enum nk_ns_kind k);

/* /proc inside is a copy of the outer one, with all that is mounted in it. */
bool nk_b_proc_is_outer(const struct nk_build *b);

void nk_actor_topic(struct nk_plan *p, enum nk_actor actor, enum nk_topic topic);

/* The step tolerates these errnos (0 = none). */
void nk_tolerate(struct nk_step *s, int err1, int err2, int err3);

/* openat2 -> the new slot */
int nk_b_open(struct nk_plan *p, int dir, const char *path, uint64_t flags, uint64_t resolve,
	      const char *slot, const char *why);
/* mkdirat, happy when the directory is already there */
struct nk_step *nk_b_mkdir(struct nk_plan *p, int dir, const char *path, unsigned mode,
			   const char *why);
/* open_tree(OPEN_TREE_CLONE) -> the new slot */
int nk_b_copy_mount(struct nk_plan *p, int dir, const char *path, bool recursive, const char *slot,
		    const char *why);
/* move_mount onto a path below a descriptor, or onto the descriptor (path "") */
struct nk_step *nk_b_attach(struct nk_plan *p, int mount, int dir, const char *path,
			    const char *why);
struct nk_step *nk_b_setattr(struct nk_plan *p, int mount, bool recursive, uint64_t set,
			     uint64_t clear, uint64_t propagation, const char *why);

struct nk_fs_option {
	const char *key, *value; /* value NULL: a flag */
};
/* fsopen, fsconfig…, fsmount -> the slot of the detached mount */
int nk_b_filesystem(struct nk_plan *p, const char *type, const struct nk_fs_option *options,
		    size_t n, uint64_t attr, const char *slot, const char *why);

/*
 * A place for a mount inside the rootfs: makes what is missing of an absolute
 * path and opens it, never leaving the rootfs -> slot. follow: a link at the
 * end is followed (inside), otherwise the place is the link itself, or, for
 * directories, a link is refused.
 */
int nk_b_target(struct nk_build *b, const char *path, bool dir, bool follow, const char *slot);

/* A volume of the user's own lies exactly there: what nook would mount is left away. */
bool nk_b_user_mounts(const struct nk_build *b, const char *target);

/* The protocol of src/child/protocol.h. slot: what goes along, out: where what comes goes. */
void nk_b_socketpair(struct nk_plan *p);
void nk_b_tell(struct nk_plan *p, enum nk_msg m, int slot, const char *why);
void nk_b_await(struct nk_plan *p, enum nk_msg m, int out, const char *why);
void nk_b_close_peer(struct nk_plan *p, const char *why);

/* "host name, network": the kinds of these CLONE_NEW flags. */
const char *nk_b_kinds_in_words(struct nk_build *b, uint64_t flags);

/* Root of the user namespace, new or joined, with no groups of the host. */
void nk_b_become_root(struct nk_build *b, bool joined);

/* A file with this text below a directory descriptor (openat2, write, close). */
void nk_b_text_file(struct nk_plan *p, int dir, const char *path, const char *text,
		    const char *why);

/* Parts of `run`, in the order of the plan. */
void nk_part_begin(struct nk_build *b); /* socket pair, variants */
void nk_part_trees(struct nk_build *b); /* copies of host mounts, by whoever may */
void nk_part_rootfs_tree(struct nk_build *b);
void nk_part_proc_trees(struct nk_build *b);
void nk_part_ipc_trees(struct nk_build *b);
void nk_part_dev_trees(struct nk_build *b);
void nk_part_clone(struct nk_build *b);	       /* namespaces, id maps, placing in cgroups */
void nk_part_own_map(struct nk_build *b);      /* a single id, without help */
void nk_part_time_offsets(struct nk_build *b); /* own clocks for children, and their offsets */
void nk_part_names(struct nk_build *b);
void nk_part_network(struct nk_build *b);	/* lo */
void nk_part_joined_mounts(struct nk_build *b); /* by the middle, for init */
void nk_part_mounts_begin(struct nk_build *b);	/* private propagation, scratch */
void nk_part_rootfs(struct nk_build *b);
void nk_part_proc(struct nk_build *b);
void nk_part_sys(struct nk_build *b);
void nk_part_dev(struct nk_build *b);
void nk_part_tmpfs(struct nk_build *b);
void nk_part_etc(struct nk_build *b);
void nk_part_volumes(struct nk_build *b);
void nk_part_masks(struct nk_build *b);
void nk_part_terminal(struct nk_build *b);
void nk_part_pty(struct nk_build *b, int master); /* unlock, other end, hand to nook */
void nk_part_cgroup_namespace(struct nk_build *b);
void nk_part_cgroupfs(struct nk_build *b);
void nk_part_pivot(struct nk_build *b);
void nk_part_process(struct nk_build *b);	    /* from descriptors to exec */
void nk_part_close_all(struct nk_build *b);	    /* of it: no descriptor of the caller */
void nk_part_working_directory(struct nk_build *b); /* of it: spec->cwd */
/* AppArmor and SELinux (oci_lsm.c): hold the host's procfs, by who still sees it; and init. */
void nk_part_lsm_open(struct nk_build *b);
void nk_part_lsm(struct nk_build *b);
void nk_part_ids(struct nk_build *b);	/* of it: the user */
void nk_part_execs(struct nk_build *b); /* of it: the command, in each place of PATH */

/* plan/oci_cgroup.c: the groups of an OCI container, before nk_part_clone(); fills b->cg. */
int nk_part_oci_cgroup(struct nk_build *b, struct nk_err *e);
/* By the parent with init's pid, for place() of namespaces.c: systemd's scope and what is set in
 * it. */
void nk_part_oci_scope(struct nk_build *b);
/* With b->cg.meanwhile: those of version 1, by the parent while init mounts; and init enters them.
 */
void nk_part_oci_groups(struct nk_build *b);
void nk_part_oci_enter_groups(struct nk_build *b);
/* Init goes on when it is in its groups: before the first mount of them, or the last of mounts. */
void nk_part_oci_placed(struct nk_build *b);

/* Pieces of nk_part_process that nook-runtime puts in another order. */
void nk_part_limits(struct nk_build *b);
void nk_part_limits_by_parent(struct nk_build *b); /* of init */
void nk_part_no_new_privs(struct nk_build *b);
void nk_part_bounding(struct nk_build *b); /* capabilities that never come back */
void nk_part_capabilities(struct nk_build *b);
struct nk_step *nk_part_seccomp(struct nk_build *b); /* NULL: no filter */
void nk_part_signals(struct nk_build *b);
void nk_part_terminal_stdio(struct nk_build *b);   /* the slave as descriptors 0 to 2 */
void nk_part_terminal_session(struct nk_build *b); /* and as the new session's own */

/* The places where the command may be, by PATH of its environment. */
struct nk_strv nk_b_command_paths(struct nk_build *b);

/* Parts of `nook-runtime create`. */
void nk_part_oci_rootfs_tree(struct nk_build *b); /* copies of host mounts, by whoever may */
void nk_part_oci_mount_trees(struct nk_build *b);
void nk_part_oci_dev_trees(struct nk_build *b);
void nk_part_oci_begin(struct nk_build *b);  /* propagation of the old root */
void nk_part_oci_rootfs(struct nk_build *b); /* in its place */
int nk_part_oci_check_mounts(struct nk_build *b, struct nk_err *e); /* can they be made? */
void nk_part_oci_mounts(struct nk_build *b);			    /* of config.json, in order */
void nk_part_oci_cgroupfs(struct nk_build *b, size_t i, const char *path); /* one of them */
void nk_part_oci_dev(struct nk_build *b);
void nk_part_oci_null(struct nk_build *b); /* b->null, checked */
void nk_part_oci_terminal(struct nk_build *b);
void nk_part_oci_late(struct nk_build *b); /* what becomes read-only once all is in its place */
void nk_part_oci_pivot(struct nk_build *b);
void nk_part_oci_process(struct nk_build *b);
void nk_part_oci_parent_end(struct nk_build *b);	/* READY, what is left to the parent, GO */
void nk_part_oci_oom(struct nk_build *b, int pid_slot); /* by the parent */
uint64_t nk_b_base_propagation(const struct nk_build *b); /* of what is copied from the host */
void nk_b_affinity(struct nk_build *b, const char *list, const char *why);

/* A path without "//", "." and "..", worked out in the text; "/" at least. */
const char *nk_b_clean_path(struct nk_build *b, const char *path);
/* The process writes itself into these files. */
void nk_b_enter_groups(struct nk_plan *p, const int *tasks, int n);
const char *nk_b_map_text(struct nk_build *b, const struct nk_idmaps *maps);
bool nk_b_maps_gid(const struct nk_build *b, uint32_t gid);
bool nk_b_may_mknod(const struct nk_build *b);
/* One id, mapped by the process itself. */
bool nk_b_own_single_map(const struct nk_build *b);
bool nk_b_proc_is_bound(const struct nk_build *b);
bool nk_b_sys_is_bound(const struct nk_build *b);
/* A directory or file of the rootfs, made where it is missing -> slot. strict: no link. */
int nk_b_place(struct nk_build *b, const char *path, bool dir, bool strict, const char *slot);
/* A file below /proc/PID or /proc/self of the host, in one write; the step that writes. */
struct nk_step *nk_b_write_proc(struct nk_build *b, const char *path, int pid_slot,
				const char *text, const char *slot, const char *why);

/* An overlay of a host directory whose changes are thrown away -> slot. */
int nk_b_overlay(struct nk_build *b, const char *lower, const char *name, const char *why);

#endif
