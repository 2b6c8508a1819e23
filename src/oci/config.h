/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle's config.json (runtime-spec 1.3) as C structs: everything that the
 * specification has for Linux. What `nook run` knows as well stands in .spec,
 * and the same parts of the planner read it from there; the rest stands here.
 * Strings belong to the arena.
 *
 * Strict: an unknown value, a wrong type, a number out of range or two fields
 * that contradict each other are errors that name the field. A field that the
 * specification does not have is ignored, as it demands (config.md,
 * "Extensibility"). docs/oci.md tells of each field what is done with it.
 */
#ifndef NK_OCI_CONFIG_H
#define NK_OCI_CONFIG_H

#include <json-c/json_object.h>

#include "base/json_out.h"
#include "oci/spec.h"

/* ---- mounts ---- */

enum nk_oci_mount_flag {
	NK_MNT_BIND = 1,	  /* option bind or rbind, or type bind */
	NK_MNT_RECURSIVE = 2,	  /* rbind */
	NK_MNT_TMPCOPYUP = 4,	  /* tmpfs: filled with what it covers */
	NK_MNT_IDMAP = 8,	  /* option idmap, or uidMappings given */
	NK_MNT_IDMAP_REC = 16,	  /* ridmap */
	NK_MNT_COPY_SYMLINK = 32, /* crun's copy-symlink: a link as source is made anew inside */
	NK_MNT_REMOUNT = 64,	  /* remount: the attributes of what is mounted there already */
};

/* One of `mounts`, its options sorted by who they are for. */
struct nk_oci_mount {
	const char *destination; /* absolute; a relative one counts from / (1.3: deprecated) */
	const char *type;	 /* "bind", "proc", "tmpfs", …; never NULL */
	const char *source;	 /* bind: absolute host path (relative ones count from the bundle);
				  * else what the file system calls its source, or NULL */
	unsigned flags;		 /* enum nk_oci_mount_flag */
	/* MOUNT_ATTR_ bits for this mount; and (the r… forms) for those below it too */
	uint64_t attr_set, attr_clear, rec_set, rec_clear;
	uint64_t propagation; /* MS_PRIVATE …, | MS_REC for the r forms; 0 = not asked for */
	bool sync, dirsync, lazytime, silent, mand, iversion; /* superblock flags: fsconfig flags */
	bool sb_rdonly;	     /* ro on a new file system: the superblock's flag too */
	struct nk_strv data; /* key=value or key, for fsconfig */
	struct nk_idmaps uid_maps, gid_maps; /* idmap with maps of its own; empty: container's */
	bool source_is_dir, source_is_link;  /* facts, filled by src/runtime */
	const char *source_link;	     /* with copy-symlink: where it leads */
};

/* ---- process ---- */

struct nk_oci_scheduler {
	bool set;
	uint32_t policy; /* SCHED_… */
	int32_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_… */
	uint64_t runtime, deadline, period;
};

struct nk_oci_process {
	/* args, env, cwd, uid, gid, groups, caps, rlimits, no_new_privs, terminal: nk_spec */
	bool given;		/* `create` without process is allowed, `start` then is not */
	unsigned width, height; /* consoleSize, 0 = not given */
	int64_t umask;		/* -1 = not given: 0022 */
	/* Without capabilities the sets in nk_spec are empty (create; as runc and crun drop all
	 * then) or stay the container's (read_process). */
	const char *apparmor; /* profile, NULL or "" = none asked for */
	const char *selinux;
	bool has_oom_score_adj;
	int oom_score_adj;
	struct nk_oci_scheduler scheduler;
	bool has_ioprio;
	int ioprio; /* the value for ioprio_set(2): class << 13 | priority */
	const char *affinity_initial, *affinity_final; /* CPU lists, or NULL */
};

/* ---- hooks ---- */

enum nk_hook_point {
	NK_HOOK_PRESTART,
	NK_HOOK_CREATE_RUNTIME,
	NK_HOOK_CREATE_CONTAINER,
	NK_HOOK_START_CONTAINER,
	NK_HOOK_POSTSTART,
	NK_HOOK_POSTSTOP,
	NK_HOOK_COUNT,
};
struct nk_hook {
	const char *path;    /* absolute */
	struct nk_strv args; /* empty: { path } */
	struct nk_strv env;  /* of the hook; empty: the runtime's */
	unsigned timeout_s;  /* 0 = none */
};
struct nk_hooks {
	NK_VEC(struct nk_hook);
};

/* ---- linux ---- */

/* linux.devices: made in /dev whoever asks. type 'c','b','u' (= 'c') or 'p'. */
struct nk_oci_device {
	const char *path;
	char type;
	int64_t major, minor;
	bool has_mode, has_uid, has_gid;
	uint32_t mode, uid, gid;
};

/* linux.resources.devices, in order; -1 = any number, type 'a' = all */
struct nk_device_rule {
	bool allow;
	char type; /* 'a', 'c', 'b' */
	int64_t major, minor;
	unsigned access; /* NK_DEV_ bits */
};
enum { NK_DEV_READ = 1, NK_DEV_WRITE = 2, NK_DEV_MKNOD = 4, NK_DEV_ALL = 7 };

struct nk_blkio_rate {
	int64_t major, minor;
	uint64_t rate;
};
struct nk_blkio_weight {
	int64_t major, minor;
	uint32_t weight, leaf_weight; /* 0 = not given */
};
struct nk_hugepage {
	const char *size; /* "2MB" */
	uint64_t limit;
};
struct nk_rdma {
	const char *device;
	int64_t handles, objects; /* NK_UNSET */
};
struct nk_net_prio {
	const char *name;
	uint32_t priority;
};

/* linux.resources: NK_UNSET where not given, -1 unlimited where the specification says so.
 * Also the document that `update --resources` reads. */
struct nk_oci_resources {
	bool given;
	int64_t memory, swap, reservation, kernel, kernel_tcp; /* bytes */
	int64_t swappiness;
	int disable_oom_killer, use_hierarchy, check_before_update; /* -1 = not given, 0, 1 */
	int64_t shares, quota, period, burst, idle, rt_runtime, rt_period;
	const char *cpus, *mems; /* NULL = not given */
	int64_t pids;
	int64_t weight, leaf_weight;
	NK_VEC(struct nk_blkio_weight) weights;
	NK_VEC(struct nk_blkio_rate) read_bps, write_bps, read_iops, write_iops;
	NK_VEC(struct nk_hugepage) hugepages;
	int64_t class_id;
	NK_VEC(struct nk_net_prio) net_prios;
	NK_VEC(struct nk_rdma) rdma;
	NK_VEC(struct nk_keyval) unified;
	NK_VEC(struct nk_device_rule) devices;
};
void nk_oci_resources_init(struct nk_oci_resources *r);

struct nk_oci_net_device {
	const char *host_name, *name; /* name inside: the same unless given */
};

struct nk_oci_rdt {
	bool given;
	const char *clos_id, *l3, *mb; /* NULL = not given */
	struct nk_strv schemata;
	bool monitoring;
};

struct nk_oci_mempolicy {
	bool given;
	int mode;	   /* MPOL_… */
	uint32_t flags;	   /* MPOL_F_… */
	const char *nodes; /* "0-3,7", or NULL */
};

struct nk_seccomp_arg {
	unsigned index;
	uint64_t value, value_two;
	int op; /* SCMP_CMP_… of libseccomp, by its number */
};
struct nk_seccomp_call {
	struct nk_strv names;
	const char *action; /* "SCMP_ACT_…", checked */
	int64_t errno_ret;  /* -1 = not given */
	NK_VEC(struct nk_seccomp_arg) args;
};
struct nk_oci_seccomp {
	bool given;
	const char *default_action;
	int64_t default_errno;		     /* -1 = not given */
	struct nk_strv architectures, flags; /* as spelled, checked against the schema */
	bool has_flags;			     /* "flags" is there, if only as [] */
	const char *listener_path, *listener_metadata;
	NK_VEC(struct nk_seccomp_call) calls;
};

struct nk_config {
	const char *version; /* ociVersion */
	const char *bundle;  /* absolute */

	/*
	 * The part that nook run knows: args env cwd uid gid groups caps rlimits no_new_privs
	 * terminal; rootfs read_only; hostname domainname; ns and id maps; time offsets; sysctls;
	 * masked_paths readonly_paths. Not .mounts, .devices, .resources, .seccomp: those below.
	 */
	struct nk_spec spec;

	struct nk_oci_process process;
	NK_VEC(struct nk_oci_mount) mounts;
	struct nk_hooks hooks[NK_HOOK_COUNT];
	NK_VEC(struct nk_keyval) annotations;

	NK_VEC(struct nk_oci_device) devices;
	NK_VEC(struct nk_oci_net_device) net_devices;
	const char *cgroups_path; /* NULL = not given */
	struct nk_oci_resources resources;
	struct nk_oci_rdt rdt;
	struct nk_oci_mempolicy mempolicy;
	struct nk_oci_seccomp seccomp;
	uint64_t rootfs_propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE (with
				      * MS_REC); 0 = not given */
	const char *mount_label;
	bool has_personality;
	unsigned long personality; /* PER_… | flags */

	struct nk_strv warnings; /* one line each, for the log: what was left out, what is old */
};

/* The text of config.json -> *c. bundle: absolute path, for relative ones. 0 or -errno. */
int nk_config_read(struct nk_arena *a, const char *text, size_t len, const char *bundle,
		   struct nk_config *c, struct nk_err *e);

/* A process object alone (`exec --process`) into c->spec and c->process, whose other parts stay.
 * Resets what the document may say: args, env, user, capabilities, limits, … */
int nk_config_read_process(struct nk_arena *a, const char *text, size_t len, struct nk_config *c,
			   struct nk_err *e);

/*
 * Capabilities that cannot be granted are left out, each with a line in c->warnings, as the
 * specification has it (1.1: "SHOULD NOT fail"). have: mask of those of this process.
 */
void nk_config_limit_caps(struct nk_arena *a, struct nk_config *c, uint64_t have);

/* A variable that is there twice has the last value, at the first's place (getenv(3) would find the
 * first). */
void nk_env_last_wins(struct nk_strv *env);

/* A resources object alone (`update --resources`). Fields that are missing stay NK_UNSET. */
int nk_resources_read(struct nk_arena *a, const char *text, size_t len, struct nk_oci_resources *r,
		      struct nk_err *e);

/* One mount option word into *m; -EINVAL only for words that contradict the mount's kind. What is
 * no known word goes to m->data. */
int nk_oci_mount_option(struct nk_arena *a, struct nk_oci_mount *m, const char *word,
			struct nk_err *e);

const char *nk_hook_point_name(enum nk_hook_point p); /* "createRuntime" */

/* The default config.json that `spec` writes; rootless as runc's `spec --rootless`. cgroup_ns: with
 * a cgroup namespace, which runc has on version 2 alone. */
void nk_config_default(struct nk_json_out *j, bool rootless, bool cgroup_ns, uint32_t uid,
		       uint32_t gid);

#endif
