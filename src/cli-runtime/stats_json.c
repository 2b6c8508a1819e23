/* SPDX-License-Identifier: Apache-2.0 */
/* A container's use as runc's `events` writes it: what is zero is left out where it does so. */
#include "cli-runtime/stats_json.h"

#include "base/cleanup.h"

static void some(struct nk_json_out *j, const char *key, uint64_t v)
{
	if (v)
		nk_json_uint(j, key, v);
}

static void numbers(struct nk_json_out *j, const char *key, const struct nk_cg_numbers *list)
{
	if (!list->n)
		return;
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < list->n; i++)
		nk_json_uint(j, NULL, list->v[i]);
	nk_json_close(j);
}

static void count(struct nk_json_out *j, const char *key, const struct nk_cg_count *c)
{
	nk_json_open(j, key, '{');
	nk_json_uint(j, "limit", c->limit);
	some(j, "usage", c->usage);
	some(j, "max", c->max);
	nk_json_uint(j, "failcnt", c->failcnt);
	nk_json_close(j);
}

static void cpu(struct nk_json_out *j, const struct nk_cg_stats *s)
{
	nk_json_open(j, "cpu", '{');
	nk_json_open(j, "usage", '{');
	some(j, "total", s->cpu.total);
	numbers(j, "percpu", &s->cpu.per_cpu);
	numbers(j, "percpu_kernel", &s->cpu.per_cpu_kernel);
	numbers(j, "percpu_user", &s->cpu.per_cpu_user);
	nk_json_uint(j, "kernel", s->cpu.kernel);
	nk_json_uint(j, "user", s->cpu.user);
	nk_json_close(j);
	nk_json_open(j, "throttling", '{');
	some(j, "periods", s->cpu.periods);
	some(j, "throttledPeriods", s->cpu.throttled);
	some(j, "throttledTime", s->cpu.throttled_ns);
	nk_json_close(j);
	nk_json_close(j);
}

static void cpuset(struct nk_json_out *j, const struct nk_cg_stats *s)
{
	nk_json_open(j, "cpuset", '{');
	numbers(j, "cpus", &s->cpuset.cpus);
	nk_json_uint(j, "cpu_exclusive", s->cpuset.cpu_exclusive);
	numbers(j, "mems", &s->cpuset.mems);
	nk_json_uint(j, "mem_hardwall", s->cpuset.mem_hardwall);
	nk_json_uint(j, "mem_exclusive", s->cpuset.mem_exclusive);
	nk_json_uint(j, "memory_migrate", s->cpuset.memory_migrate);
	nk_json_uint(j, "memory_spread_page", s->cpuset.memory_spread_page);
	nk_json_uint(j, "memory_spread_slab", s->cpuset.memory_spread_slab);
	nk_json_uint(j, "memory_pressure", s->cpuset.memory_pressure);
	nk_json_uint(j, "sched_load_balance", s->cpuset.sched_load_balance);
	nk_json_int(j, "sched_relax_domain_level", s->cpuset.sched_relax_domain_level);
	nk_json_close(j);
}

static void memory(struct nk_json_out *j, const struct nk_cg_stats *s)
{
	nk_json_open(j, "memory", '{');
	some(j, "cache", s->memory.cache);
	count(j, "usage", &s->memory.usage);
	count(j, "swap", &s->memory.swap);
	count(j, "kernel", &s->memory.kernel);
	count(j, "kernelTCP", &s->memory.kernel_tcp);
	nk_json_open(j, "raw", '{');
	for (size_t i = 0; i < s->memory.raw.n; i++)
		nk_json_uint(j, s->memory.raw.v[i].key, s->memory.raw.v[i].value);
	nk_json_close(j);
	nk_json_close(j);
}

static void blkio(struct nk_json_out *j, const struct nk_cg_stats *s)
{
	static const char *const names[NK_CG_IO_KINDS] = {
		[NK_CG_IO_BYTES] = "ioServiceBytesRecursive",
		[NK_CG_IO_SERVICED] = "ioServicedRecursive",
		[NK_CG_IO_QUEUED] = "ioQueueRecursive",
		[NK_CG_IO_SERVICE_TIME] = "ioServiceTimeRecursive",
		[NK_CG_IO_WAIT_TIME] = "ioWaitTimeRecursive",
		[NK_CG_IO_MERGED] = "ioMergedRecursive",
		[NK_CG_IO_TIME] = "ioTimeRecursive",
		[NK_CG_IO_SECTORS] = "sectorsRecursive",
	};

	nk_json_open(j, "blkio", '{');
	for (int k = 0; k < NK_CG_IO_KINDS; k++) {
		if (!s->io[k].n)
			continue;
		nk_json_open(j, names[k], '[');
		for (size_t i = 0; i < s->io[k].n; i++) {
			const struct nk_cg_io *io = &s->io[k].v[i];

			nk_json_open(j, NULL, '{');
			some(j, "major", io->major);
			some(j, "minor", io->minor);
			if (*io->op)
				nk_json_str(j, "op", io->op);
			some(j, "value", io->value);
			nk_json_close(j);
		}
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void huge(struct nk_json_out *j, const struct nk_cg_stats *s)
{
	nk_json_open(j, "hugetlb", '{');
	for (size_t i = 0; i < s->huge.n; i++) {
		nk_json_open(j, s->huge.v[i].size, '{');
		some(j, "usage", s->huge.v[i].count.usage);
		some(j, "max", s->huge.v[i].count.max);
		nk_json_uint(j, "failcnt", s->huge.v[i].count.failcnt);
		nk_json_close(j);
	}
	nk_json_close(j);
}

void nk_rt_stats_json(struct nk_json_out *j, const char *id, const struct nk_cg_stats *s)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "type", "stats");
	nk_json_str(j, "id", id);
	nk_json_open(j, "data", '{');
	cpu(j, s);
	cpuset(j, s);
	memory(j, s);
	nk_json_open(j, "pids", '{');
	some(j, "current", s->pids.current);
	some(j, "limit", s->pids.limit);
	nk_json_close(j);
	blkio(j, s);
	huge(j, s);
	nk_json_open(j, "intel_rdt", '{');
	nk_json_close(j);
	nk_json_null(j, "network_interfaces");
	nk_json_close(j);
	nk_json_close(j);
}
