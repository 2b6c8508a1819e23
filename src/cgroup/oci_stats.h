/* SPDX-License-Identifier: Apache-2.0 */
/* What a container uses, from the files of its groups, in the units of cgroup v1 (nanoseconds). */
#ifndef NK_CGROUP_OCI_STATS_H
#define NK_CGROUP_OCI_STATS_H

#include "cgroup/oci.h"

struct nk_cg_count {
	uint64_t limit, usage, max, failcnt;
};

/* One line of a blkio or io file. */
struct nk_cg_io {
	uint64_t major, minor, value;
	const char *op; /* "Read", "Write", … */
};
struct nk_cg_ios {
	NK_VEC(struct nk_cg_io);
};
enum nk_cg_io_kind {
	NK_CG_IO_BYTES,
	NK_CG_IO_SERVICED,
	NK_CG_IO_QUEUED,
	NK_CG_IO_SERVICE_TIME,
	NK_CG_IO_WAIT_TIME,
	NK_CG_IO_MERGED,
	NK_CG_IO_TIME,
	NK_CG_IO_SECTORS,
	NK_CG_IO_KINDS,
};

struct nk_cg_raw {
	const char *key;
	uint64_t value;
};
struct nk_cg_huge {
	const char *size;
	struct nk_cg_count count;
};
struct nk_cg_numbers {
	NK_VEC(uint64_t);
};

struct nk_cg_stats {
	bool v2; /* of memory */
	struct {
		uint64_t total, kernel, user; /* ns */
		struct nk_cg_numbers per_cpu, per_cpu_kernel, per_cpu_user;
		uint64_t periods, throttled, throttled_ns;
	} cpu;
	struct {
		bool there;
		struct nk_cg_numbers cpus, mems;
		uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate,
			memory_spread_page, memory_spread_slab, memory_pressure, sched_load_balance;
		int64_t sched_relax_domain_level;
	} cpuset;
	struct {
		uint64_t cache;
		struct nk_cg_count usage, swap, kernel, kernel_tcp;
		NK_VEC(struct nk_cg_raw) raw;
	} memory;
	struct {
		uint64_t current, limit; /* limit 0: none */
	} pids;
	struct nk_cg_ios io[NK_CG_IO_KINDS];
	NK_VEC(struct nk_cg_huge) huge;
};

/* Files that are not there leave zeros: a group may end while it is read. 0 or -ENOMEM. */
int nk_cg_stats(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_stats *s,
		struct nk_err *e);

#endif
