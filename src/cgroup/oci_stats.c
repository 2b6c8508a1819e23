/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/text.h"

struct reading {
	struct nk_arena *a;
	struct nk_cg_stats *s;
};

/* A file of a group, "" when it cannot be read. */
static const char *file_of(struct reading *r, const struct nk_cg_group *g, const char *name)
{
	_free_ char *text = nk_text_read(nk_fmt(r->a, "%s/%s", g->dir, name), 1 << 20);

	return text ? nk_strdup(r->a, text) : "";
}

/* "max" is the largest number, as version 1's "no limit" nearly is. */
static uint64_t value(const char *text)
{
	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static uint64_t number(struct reading *r, const struct nk_cg_group *g, const char *name)
{
	return value(file_of(r, g, name));
}

/* The number behind "KEY " in a file of keys and numbers. */
static uint64_t keyed(const char *text, const char *key)
{
	size_t n = strlen(key), len;
	const char *line;

	while ((line = nk_text_line(&text, &len)))
		if (len > n && strncmp(line, key, n) == 0 && line[n] == ' ')
			return value(line + n + 1);
	return 0;
}

static void add_number(struct reading *r, struct nk_cg_numbers *list, uint64_t n)
{
	uint64_t *p = NK_PUSH(r->a, list);

	if (p)
		*p = n;
}

/* "0-3,7" */
static void list_of(struct reading *r, struct nk_cg_numbers *list, const char *text)
{
	while (*text >= '0' && *text <= '9') {
		char *end;
		uint64_t first = strtoull(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoull(end + 1, &end, 10);
		for (uint64_t i = first; i <= last && i - first < 8192; i++)
			add_number(r, list, i);
		text = *end == ',' ? end + 1 : end;
	}
}

/* "1 2 3" */
static void row_of(struct reading *r, struct nk_cg_numbers *list, const char *text)
{
	for (; *(text += strspn(text, " \n")); text += strcspn(text, " \n"))
		add_number(r, list, value(text));
}

static void cpu_v2(struct reading *r, const struct nk_cg_group *g)
{
	const char *text = file_of(r, g, "cpu.stat");

	r->s->cpu.total = keyed(text, "usage_usec") * 1000;
	r->s->cpu.user = keyed(text, "user_usec") * 1000;
	r->s->cpu.kernel = keyed(text, "system_usec") * 1000;
	r->s->cpu.periods = keyed(text, "nr_periods");
	r->s->cpu.throttled = keyed(text, "nr_throttled");
	r->s->cpu.throttled_ns = keyed(text, "throttled_usec") * 1000;
}

static void cpuacct(struct reading *r, const struct nk_cg_group *g)
{
	r->s->cpu.total = number(r, g, "cpuacct.usage");
	r->s->cpu.user = number(r, g, "cpuacct.usage_user");
	r->s->cpu.kernel = number(r, g, "cpuacct.usage_sys");
	row_of(r, &r->s->cpu.per_cpu, file_of(r, g, "cpuacct.usage_percpu"));
	row_of(r, &r->s->cpu.per_cpu_user, file_of(r, g, "cpuacct.usage_percpu_user"));
	row_of(r, &r->s->cpu.per_cpu_kernel, file_of(r, g, "cpuacct.usage_percpu_sys"));
}

static void read_cpu(struct reading *r, const struct nk_cg_groups *groups)
{
	const struct nk_cg_group *g = nk_cg_of(groups, "cpu");
	const struct nk_cg_group *acct = nk_cg_of(groups, "cpuacct");

	if (g && !g->v2) {
		const char *text = file_of(r, g, "cpu.stat");

		r->s->cpu.periods = keyed(text, "nr_periods");
		r->s->cpu.throttled = keyed(text, "nr_throttled");
		r->s->cpu.throttled_ns = keyed(text, "throttled_time");
	}
	/* Version 2 counts the time in every group, with the controller or without. */
	if (acct)
		cpuacct(r, acct);
	else if (nk_cg_unified(groups))
		cpu_v2(r, nk_cg_unified(groups));
}

static void read_cpuset(struct reading *r, const struct nk_cg_groups *groups)
{
	const struct nk_cg_group *g = nk_cg_of(groups, "cpuset");

	if (!g)
		return;
	r->s->cpuset.there = true;
	list_of(r, &r->s->cpuset.cpus,
		file_of(r, g, g->v2 ? "cpuset.cpus.effective" : "cpuset.cpus"));
	list_of(r, &r->s->cpuset.mems,
		file_of(r, g, g->v2 ? "cpuset.mems.effective" : "cpuset.mems"));
	if (g->v2)
		return;
	r->s->cpuset.cpu_exclusive = number(r, g, "cpuset.cpu_exclusive");
	r->s->cpuset.mem_hardwall = number(r, g, "cpuset.mem_hardwall");
	r->s->cpuset.mem_exclusive = number(r, g, "cpuset.mem_exclusive");
	r->s->cpuset.memory_migrate = number(r, g, "cpuset.memory_migrate");
	r->s->cpuset.memory_spread_page = number(r, g, "cpuset.memory_spread_page");
	r->s->cpuset.memory_spread_slab = number(r, g, "cpuset.memory_spread_slab");
	r->s->cpuset.memory_pressure = number(r, g, "cpuset.memory_pressure");
	r->s->cpuset.sched_load_balance = number(r, g, "cpuset.sched_load_balance");
	r->s->cpuset.sched_relax_domain_level =
		strtoll(file_of(r, g, "cpuset.sched_relax_domain_level"), NULL, 10);
}

static void count_v1(struct reading *r, const struct nk_cg_group *g, const char *name,
		     struct nk_cg_count *c)
{
	c->usage = number(r, g, nk_fmt(r->a, "%s.usage_in_bytes", name));
	c->max = number(r, g, nk_fmt(r->a, "%s.max_usage_in_bytes", name));
	c->failcnt = number(r, g, nk_fmt(r->a, "%s.failcnt", name));
	c->limit = number(r, g, nk_fmt(r->a, "%s.limit_in_bytes", name));
}

/* Version 1 counts memory and swap together, and that is what readers know. */
static void memory_v2(struct reading *r, const struct nk_cg_group *g)
{
	struct nk_cg_count *m = &r->s->memory.usage, *swap = &r->s->memory.swap;

	m->usage = number(r, g, "memory.current");
	m->max = number(r, g, "memory.peak");
	m->limit = number(r, g, "memory.max");
	swap->usage = number(r, g, "memory.swap.current") + m->usage;
	swap->limit = number(r, g, "memory.swap.max");
	if (swap->limit != UINT64_MAX)
		swap->limit = m->limit == UINT64_MAX ? UINT64_MAX : swap->limit + m->limit;
}

static void read_memory(struct reading *r, const struct nk_cg_groups *groups)
{
	const struct nk_cg_group *g = nk_cg_of(groups, "memory");
	const char *text = g ? file_of(r, g, "memory.stat") : "", *line;
	size_t n;

	if (!g)
		return;
	r->s->v2 = g->v2;
	r->s->memory.cache = keyed(text, g->v2 ? "file" : "cache");
	while ((line = nk_text_line(&text, &n))) {
		const char *blank = memchr(line, ' ', n);
		struct nk_cg_raw *raw = blank ? NK_PUSH(r->a, &r->s->memory.raw) : NULL;

		if (raw)
			*raw = (struct nk_cg_raw){nk_strndup(r->a, line, (size_t)(blank - line)),
						  value(blank + 1)};
	}
	if (g->v2) {
		memory_v2(r, g);
		return;
	}
	count_v1(r, g, "memory", &r->s->memory.usage);
	count_v1(r, g, "memory.memsw", &r->s->memory.swap);
	count_v1(r, g, "memory.kmem", &r->s->memory.kernel);
	count_v1(r, g, "memory.kmem.tcp", &r->s->memory.kernel_tcp);
}

static void read_pids(struct reading *r, const struct nk_cg_groups *groups)
{
	const struct nk_cg_group *g = nk_cg_of(groups, "pids");

	if (!g)
		return;
	r->s->pids.current = number(r, g, "pids.current");
	r->s->pids.limit = number(r, g, "pids.max");
	if (r->s->pids.limit == UINT64_MAX)
		r->s->pids.limit = 0;
}

static void add_io(struct reading *r, enum nk_cg_io_kind kind, const char *device, const char *op,
		   size_t op_n, uint64_t v)
{
	struct nk_cg_io *io = NK_PUSH(r->a, &r->s->io[kind]);
	char *colon;

	if (!io)
		return;
	io->major = strtoull(device, &colon, 10);
	io->minor = *colon == ':' ? strtoull(colon + 1, NULL, 10) : 0;
	io->op = nk_strndup(r->a, op, op_n);
	io->value = v;
}

/* "8:0 Read 4096", and "Total 4096" at the end; or "8:0 12". */
static void blkio_file(struct reading *r, enum nk_cg_io_kind kind, const char *text)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[3];
		size_t words = nk_text_split(line, n, ' ', f, 3);

		if (words < 2 || words > 3 || !memchr(f[0].s, ':', f[0].n))
			continue;
		add_io(r, kind, f[0].s, words == 3 ? f[1].s : "", words == 3 ? f[1].n : 0,
		       value(f[words - 1].s));
	}
}

static void blkio_v1(struct reading *r, const struct nk_cg_group *g)
{
	static const char *const names[NK_CG_IO_KINDS] = {
		[NK_CG_IO_BYTES] = "io_service_bytes",
		[NK_CG_IO_SERVICED] = "io_serviced",
		[NK_CG_IO_QUEUED] = "io_queued",
		[NK_CG_IO_SERVICE_TIME] = "io_service_time",
		[NK_CG_IO_WAIT_TIME] = "io_wait_time",
		[NK_CG_IO_MERGED] = "io_merged",
		[NK_CG_IO_TIME] = "time",
		[NK_CG_IO_SECTORS] = "sectors",
	};

	for (int k = 0; k < NK_CG_IO_KINDS; k++)
		blkio_file(r, (enum nk_cg_io_kind)k,
			   file_of(r, g, nk_fmt(r->a, "blkio.bfq.%s_recursive", names[k])));
	/* No disk is scheduled by BFQ: the throttle counts as well. */
	for (int k = NK_CG_IO_BYTES; k <= NK_CG_IO_SERVICED; k++)
		if (!r->s->io[k].n)
			blkio_file(r, (enum nk_cg_io_kind)k,
				   file_of(r, g,
					   nk_fmt(r->a, "blkio.throttle.%s_recursive", names[k])));
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void io_stat(struct reading *r, const char *text)
{
	static const struct {
		const char *key, *op;
		enum nk_cg_io_kind kind;
	} keys[] = {
		{"rbytes", "Read", NK_CG_IO_BYTES},    {"wbytes", "Write", NK_CG_IO_BYTES},
		{"dbytes", "Discard", NK_CG_IO_BYTES}, {"rios", "Read", NK_CG_IO_SERVICED},
		{"wios", "Write", NK_CG_IO_SERVICED},  {"dios", "Discard", NK_CG_IO_SERVICED},
	};
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[32];
		size_t words = nk_text_split(line, n, ' ', f, NK_COUNT(f));

		for (size_t i = 1; i < words && i < NK_COUNT(f); i++)
			for (size_t k = 0; k < NK_COUNT(keys); k++) {
				size_t len = strlen(keys[k].key);

				if (f[i].n > len && f[i].s[len] == '=' &&
				    memcmp(f[i].s, keys[k].key, len) == 0)
					add_io(r, keys[k].kind, f[0].s, keys[k].op,
					       strlen(keys[k].op), value(f[i].s + len + 1));
			}
	}
}

static void read_huge(struct reading *r, const struct nk_cg_groups *groups)
{
	const struct nk_cg_group *g = nk_cg_of(groups, "hugetlb");
	_closedir_ DIR *d = g ? opendir("/sys/kernel/mm/hugepages") : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		unsigned long kb = strncmp(entry->d_name, "hugepages-", 10) == 0
					   ? strtoul(entry->d_name + 10, NULL, 10)
					   : 0;
		struct nk_cg_huge *h = kb ? NK_PUSH(r->a, &r->s->huge) : NULL;
		if (!h)
			continue;
		h->size = kb >= 1 << 20	  ? nk_fmt(r->a, "%luGB", kb >> 20)
			  : kb >= 1 << 10 ? nk_fmt(r->a, "%luMB", kb >> 10)
					  : nk_fmt(r->a, "%luKB", kb);
		const char *name = nk_fmt(r->a, "hugetlb.%s", h->size);
		if (!g->v2) {
			count_v1(r, g, name, &h->count);
			continue;
		}
		h->count.usage = number(r, g, nk_fmt(r->a, "%s.current", name));
		h->count.failcnt = keyed(file_of(r, g, nk_fmt(r->a, "%s.events", name)), "max");
	}
}

int nk_cg_stats(struct nk_arena *a, const struct nk_cg_groups *g, struct nk_cg_stats *s,
		struct nk_err *e)
{
	struct reading r = {a, s};
	const struct nk_cg_group *io = nk_cg_of(g, "blkio");

	*s = (struct nk_cg_stats){0};
	read_cpu(&r, g);
	read_cpuset(&r, g);
	read_memory(&r, g);
	read_pids(&r, g);
	if (io)
		blkio_v1(&r, io);
	else if (nk_cg_of(g, "io"))
		io_stat(&r, file_of(&r, nk_cg_of(g, "io"), "io.stat"));
	read_huge(&r, g);
	return nk_arena_ok(a, e);
}
