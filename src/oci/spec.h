/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container shall be: the runtime-spec's config.json as C structs, with
 * the few things that `nook run` knows and the specification does not. Pure
 * data; strings belong to the arena that the spec was built in. All-zero is
 * "nothing asked for".
 */
#ifndef NK_OCI_SPEC_H
#define NK_OCI_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "oci/net_spec.h"

enum nk_ns_kind {
	NK_NS_USER,
	NK_NS_MOUNT,
	NK_NS_UTS,
	NK_NS_IPC,
	NK_NS_PID,
	NK_NS_NET,
	NK_NS_CGROUP,
	NK_NS_TIME,
	NK_NS_COUNT,
};

enum nk_ns_mode {
	NK_NS_HOST, /* stay in the caller's */
	NK_NS_NEW,
	NK_NS_JOIN, /* the one at path */
};

struct nk_ns_spec {
	enum nk_ns_mode mode;
	const char *path; /* NK_NS_JOIN: /proc/PID/ns/net, /run/netns/NAME, … */
};

struct nk_idmap {
	uint32_t inside, outside, count;
};
struct nk_idmaps {
	NK_VEC(struct nk_idmap);
};

enum nk_mount_kind {
	NK_MOUNT_BIND,
	NK_MOUNT_TMPFS,
	NK_MOUNT_OVERLAY, /* source: lower directory; changes are thrown away */
};

struct nk_mount_spec {
	enum nk_mount_kind kind;
	const char *source;	       /* absolute host path; NULL for tmpfs */
	const char *target;	       /* absolute path inside */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_ bits */
	bool recursive;		       /* bind: with the mounts below it (rbind) */
	bool recursive_attr;	       /* attributes for these too (rro …) */
	uint64_t propagation;	       /* MS_PRIVATE, MS_SLAVE, MS_SHARED or 0 (= private) */
	bool idmap;		       /* ids of the container's user namespace */
	bool must_exist;	/* source has to be there (always, but for -v of a directory) */
	bool source_is_dir;	/* bind: fact about the source, filled when facts are read */
	uint64_t size;		/* tmpfs: bytes, 0 = default */
	int mode;		/* tmpfs: permission bits, -1 = 1777 */
	const char *fs_options; /* tmpfs: further key=value list for fsconfig, or NULL */
};
struct nk_mount_specs {
	NK_VEC(struct nk_mount_spec);
};

struct nk_device_spec {
	const char *source; /* path on the host */
	const char *target; /* path inside */
	const char *access; /* subset of "rwm" */
	uint32_t type; /* S_IFCHR or S_IFBLK with permission bits; with the rest facts about source
			*/
	uint32_t major, minor;
	uint32_t uid, gid;
};

struct nk_rlimit {
	int resource; /* RLIMIT_… */
	uint64_t soft, hard;
};

struct nk_keyval {
	const char *key, *value;
};

/* Capability masks: bit N is CAP_N of <linux/capability.h>. */
struct nk_caps {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* A cgroup limit that was not asked for is NK_UNSET; -1 means "max". */
#define NK_UNSET INT64_MIN
struct nk_blkio_device {
	const char *path; /* /dev/vda */
	uint32_t major, minor;
	uint64_t rate; /* bytes per second */
};
struct nk_resources {
	int64_t memory;		    /* bytes */
	int64_t memory_swap;	    /* bytes, memory + swap as Docker counts; -1 unlimited */
	int64_t memory_reservation; /* bytes */
	int64_t cpu_quota;	    /* microseconds a period */
	int64_t cpu_period;	    /* microseconds */
	int64_t cpu_shares;	    /* 2..262144 as Docker spells it */
	const char *cpuset_cpus, *cpuset_mems;
	int64_t pids;
	int64_t blkio_weight; /* 10..1000 */
	NK_VEC(struct nk_blkio_device) read_bps, write_bps;
};
/* Set every field to "not asked for". */
void nk_resources_init(struct nk_resources *r);
/* True when at least one limit is asked for. */
bool nk_resources_any(const struct nk_resources *r);

enum nk_seccomp_mode {
	NK_SECCOMP_DEFAULT, /* the built-in profile, as Docker's */
	NK_SECCOMP_UNCONFINED,
	NK_SECCOMP_FILE, /* profile in Docker's or the runtime-spec's JSON */
};

struct nk_spec {
	/* process */
	struct nk_strv args, env;
	const char *program; /* what is executed, where that is not args[0] */
	const char *cwd;
	uint32_t uid, gid;
	NK_VEC(gid_t) groups; /* additional */
	struct nk_caps caps;
	NK_VEC(struct nk_rlimit) rlimits;
	bool no_new_privs;
	bool terminal;	       /* own pty */
	bool interactive;      /* stdin goes in */
	unsigned preserve_fds; /* descriptors 3 .. 3+N-1 stay open */
	enum nk_seccomp_mode seccomp;
	const char *seccomp_file;

	/* root */
	const char *rootfs;  /* absolute host path; NULL for `host` */
	bool rootfs_host;    /* the embedded default: this machine's own directories */
	bool rootfs_overlay; /* below a throw-away overlay (DIR:O) */
	bool rootfs_idmap;
	bool read_only;
	uint64_t overlay_size; /* bytes of each throw-away overlay, 0 = default */

	const char *id;	  /* 64 hex digits */
	const char *name; /* what people call it */
	const char *hostname, *domainname;
	struct nk_ns_spec ns[NK_NS_COUNT];
	struct nk_idmaps uid_maps, gid_maps; /* empty in a new user namespace: chosen by facts */
	bool users_as_outside; /* maps chosen by facts: each id is the same number outside */
	bool has_time_offset;
	int64_t monotonic_ns, boottime_ns;

	struct nk_mount_specs mounts; /* volumes, in order */
	NK_VEC(struct nk_device_spec) devices;
	NK_VEC(struct nk_keyval) sysctls;
	struct nk_strv masked_paths, readonly_paths;
	uint64_t shm_size; /* bytes */
	bool privileged;

	/* generated files; NULL = do not mount one */
	const char *etc_hostname, *etc_hosts, *etc_resolv;

	struct nk_net_spec net; /* cards on networks, ports, firewall; only with a new NK_NS_NET */

	/* cgroup */
	const char *cgroup_parent; /* NULL = nook's default */
	struct nk_resources resources;

	const char *init_path; /* --init: host path of nook-init, or NULL */
	int stop_signal;       /* what `nook stop` sends first; 0 = SIGTERM */
};

const char *nk_ns_name(enum nk_ns_kind k); /* "user", "mnt", "uts", … as in /proc/PID/ns */
uint64_t nk_ns_clone_flag(enum nk_ns_kind k);
uint64_t nk_ns_clone_flags(unsigned kinds); /* of all kinds k whose bit k is set */

#endif
