/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

#define MIB ((int64_t)1 << 20)
#define MEMORY_MIN (6 * MIB) /* Docker's: below it not even the start fits */
#define PERIOD 100000	     /* microseconds; the kernel's default */

struct out {
	struct nk_arena *a;
	const struct nk_cgroups *c;
	struct nk_cg_settings *list;
};

static bool on_v2(const struct nk_cgroups *c, enum nk_controller k)
{
	return c->hierarchies.v[c->where[k]].v2;
}

static bool asked(int64_t v)
{
	return v != NK_UNSET;
}

static struct nk_cg_setting *add(struct out *o, enum nk_controller k, const char *file,
				 const char *value)
{
	static struct nk_cg_setting spare;
	struct nk_cg_setting *s = NK_PUSH(o->a, o->list);

	if (!s)
		s = &spare;
	*s = (struct nk_cg_setting){.controller = k, .file = file, .value = value, .why = ""};
	return s;
}

static const char *bytes(struct nk_arena *a, int64_t n)
{
	static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	if (n < 0)
		return "any amount";
	while (n && n % 1024 == 0 && i < 4) {
		n /= 1024;
		i++;
	}
	return nk_fmt(a, "%" PRId64 " %s", n, unit[i]);
}

/* -1 is "no limit": "max" on v2, "-1" on v1. */
static const char *amount(struct nk_arena *a, int64_t n, bool v2)
{
	return n < 0 ? (v2 ? "max" : "-1") : nk_fmt(a, "%" PRId64, n);
}

static bool full_access(const char *access)
{
	return !access || (strchr(access, 'r') && strchr(access, 'w') && strchr(access, 'm'));
}

unsigned nk_cgroup_wanted(const struct nk_spec *spec)
{
	const struct nk_resources *r = &spec->resources;
	unsigned w = 0;

	if (asked(r->memory) || asked(r->memory_swap) || asked(r->memory_reservation))
		w |= NK_CG_BIT(NK_CG_MEMORY);
	if (asked(r->cpu_quota) || asked(r->cpu_period) || asked(r->cpu_shares))
		w |= NK_CG_BIT(NK_CG_CPU);
	if (r->cpuset_cpus || r->cpuset_mems)
		w |= NK_CG_BIT(NK_CG_CPUSET);
	if (asked(r->pids))
		w |= NK_CG_BIT(NK_CG_PIDS);
	if (asked(r->blkio_weight) || r->read_bps.n || r->write_bps.n)
		w |= NK_CG_BIT(NK_CG_IO);
	for (size_t i = 0; i < spec->devices.n && !spec->privileged; i++)
		if (!full_access(spec->devices.v[i].access))
			w |= NK_CG_BIT(NK_CG_DEVICES);
	return w;
}

int nk_cgroup_need(const struct nk_cgroups *c, enum nk_controller k, const char *option,
		   struct nk_err *e)
{
	bool only_v2 = c->unified >= 0 && c->hierarchies.n == 1;
	const char *name = nk_controller_name(k, only_v2);

	if (c->where[k] >= 0)
		return c->where[k];
	if (!c->hierarchies.n) {
		nk_fail(e, 0,
			"%s needs the cgroup controller %s, but no cgroup file system is mounted",
			option, name);
		e->err = ENOENT;
		return nk_hint(e, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	}
	const struct nk_cg_hierarchy *h = only_v2 ? &c->hierarchies.v[0] : NULL;
	if (h && (!h->place || strcmp(h->place, h->root) != 0)) {
		nk_fail(e, 0,
			"%s needs the cgroup controller %s, which is not delegated to this user",
			option, name);
		e->err = EACCES;
		return nk_hint(e,
			       "systemd-run --user --scope -p Delegate=yes nook run …; controllers "
			       "that are missing there: Delegate=cpu cpuset io memory pids in a "
			       "drop-in of user@.service; or run nook as root");
	}
	nk_fail(e, 0, "%s needs the cgroup controller %s, which this machine does not have", option,
		name);
	e->err = ENOENT;
	return nk_hint(e,
		       "nook doctor lists the controllers that are here; cgroup_disable= on the "
		       "kernel's command line may have switched %s off",
		       name);
}

static int refuse(struct nk_err *e, const char *hint)
{
	e->err = EINVAL;
	nk_hint(e, "%s", hint);
	return -EINVAL;
}

static int check_memory(const struct nk_resources *r, struct nk_arena *a, struct nk_err *e)
{
	if (asked(r->memory) && r->memory >= 0 && r->memory < MEMORY_MIN) {
		nk_fail(e, 0, "--memory %s is too little", bytes(a, r->memory));
		return refuse(e, "the least is 6m (6 MiB)");
	}
	if (asked(r->memory_reservation) && r->memory_reservation < MEMORY_MIN) {
		nk_fail(e, 0, "--memory-reservation %s is too little",
			bytes(a, r->memory_reservation));
		return refuse(e, "the least is 6m (6 MiB)");
	}
	if (asked(r->memory_reservation) && asked(r->memory) && r->memory > 0 &&
	    r->memory_reservation > r->memory) {
		nk_fail(e, 0, "--memory-reservation %s is more than --memory %s",
			bytes(a, r->memory_reservation), bytes(a, r->memory));
		return refuse(e, "the reservation is a soft limit below the hard one");
	}
	if (asked(r->memory_swap) && r->memory_swap >= 0 && (!asked(r->memory) || r->memory < 0)) {
		nk_fail(e, 0, "--memory-swap without --memory");
		return refuse(e, "--memory-swap is memory and swap together: give --memory too");
	}
	if (asked(r->memory_swap) && r->memory_swap >= 0 && r->memory_swap < r->memory) {
		nk_fail(e, 0, "--memory-swap %s is less than --memory %s", bytes(a, r->memory_swap),
			bytes(a, r->memory));
		return refuse(
			e, "--memory-swap is memory and swap together; as much as --memory means "
			   "no swap, -1 means any amount");
	}
	return 0;
}

/*
 * Swap. Docker counts memory and swap together and gives twice the memory when
 * only that is asked for. v1 counts together too; v2 counts swap alone.
 */
static int add_swap(struct out *o, const struct nk_resources *r, bool v2, struct nk_err *e)
{
	struct nk_cg_setting *s;
	int64_t both = r->memory_swap;

	if (!asked(both)) {
		if (!asked(r->memory) || r->memory < 0 || !o->c->swap)
			return 0;
		both = r->memory > INT64_MAX / 2 ? -1 : r->memory * 2;
	} else if (!o->c->swap) {
		nk_fail(e, 0, "--memory-swap: this kernel does not count swap (%s is not there)",
			v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
		return refuse(e, "leave it out, or start the kernel with swapaccount=1");
	}
	if (v2) {
		s = add(o, NK_CG_MEMORY, "memory.swap.max",
			amount(o->a, both < 0 ? -1 : both - r->memory, true));
		s->why = nk_fmt(o->a, "%s of swap on top",
				both < 0 ? "any amount" : bytes(o->a, both - r->memory));
	} else {
		/* After limit_in_bytes: memory and swap together are never less than memory. */
		s = add(o, NK_CG_MEMORY, "memory.memsw.limit_in_bytes", amount(o->a, both, false));
		s->why = nk_fmt(o->a, "%s of memory and swap together", bytes(o->a, both));
	}
	return 0;
}

static int add_memory(struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	int ret = check_memory(r, o->a, e);

	if (ret < 0)
		return ret;
	if (!asked(r->memory) && !asked(r->memory_swap) && !asked(r->memory_reservation))
		return 0;
	ret = nk_cgroup_need(o->c, NK_CG_MEMORY,
			     asked(r->memory)	     ? "--memory"
			     : asked(r->memory_swap) ? "--memory-swap"
						     : "--memory-reservation",
			     e);
	if (ret < 0)
		return ret;
	bool v2 = on_v2(o->c, NK_CG_MEMORY);
	struct nk_cg_setting *s;

	if (asked(r->memory)) {
		s = add(o, NK_CG_MEMORY, v2 ? "memory.max" : "memory.limit_in_bytes",
			amount(o->a, r->memory, v2));
		s->why = nk_fmt(o->a, "at most %s of memory", bytes(o->a, r->memory));
	}
	if (asked(r->memory_reservation)) {
		s = add(o, NK_CG_MEMORY, v2 ? "memory.low" : "memory.soft_limit_in_bytes",
			amount(o->a, r->memory_reservation, v2));
		s->why = nk_fmt(o->a, "%s of memory are its own when memory is short",
				bytes(o->a, r->memory_reservation));
	}
	return add_swap(o, r, v2, e);
}

static int check_cpu(const struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	int64_t period = asked(r->cpu_period) ? r->cpu_period : PERIOD;

	if (period < 1000 || period > 1000000) {
		nk_fail(e, 0, "a CPU period of %" PRId64 " microseconds", period);
		return refuse(e, "possible are 1000 to 1000000");
	}
	if (asked(r->cpu_quota) && r->cpu_quota >= 0 && r->cpu_quota < 1000) {
		nk_fail(e, 0, "--cpus: %" PRId64 " microseconds in %" PRId64 " are too little",
			r->cpu_quota, period);
		return refuse(e, "the least is --cpus 0.01");
	}
	if (asked(r->cpu_quota) && o->c->cpus && r->cpu_quota > period * o->c->cpus) {
		nk_fail(e, 0, "--cpus %.2f: this machine has %u",
			(double)r->cpu_quota / (double)period, o->c->cpus);
		e->err = EINVAL;
		nk_hint(e, "possible are 0.01 to %u", o->c->cpus);
		return -EINVAL;
	}
	if (asked(r->cpu_shares) && (r->cpu_shares < 2 || r->cpu_shares > 262144)) {
		nk_fail(e, 0, "--cpu-shares %" PRId64 " is out of range", r->cpu_shares);
		return refuse(e, "possible are 2 to 262144; 1024 is what every container has");
	}
	return 0;
}

static int add_cpu(struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	bool quota = asked(r->cpu_quota) || asked(r->cpu_period);

	if (!quota && !asked(r->cpu_shares))
		return 0;
	int ret = check_cpu(o, r, e);
	if (ret == 0)
		ret = nk_cgroup_need(o->c, NK_CG_CPU, quota ? "--cpus" : "--cpu-shares", e);
	if (ret < 0)
		return ret;
	bool v2 = on_v2(o->c, NK_CG_CPU);
	int64_t period = asked(r->cpu_period) ? r->cpu_period : PERIOD;
	int64_t us = asked(r->cpu_quota) ? r->cpu_quota : -1;
	struct nk_cg_setting *s;

	if (asked(r->cpu_shares)) {
		/* v1's 2..262144 on v2's 1..10000. */
		int64_t weight = 1 + (r->cpu_shares - 2) * 9999 / 262142;

		s = add(o, NK_CG_CPU, v2 ? "cpu.weight" : "cpu.shares",
			nk_fmt(o->a, "%" PRId64, v2 ? weight : r->cpu_shares));
		s->why = nk_fmt(o->a, "%" PRId64 " shares of the CPUs when they are short",
				r->cpu_shares);
	}
	if (quota && v2) {
		s = add(o, NK_CG_CPU, "cpu.max",
			nk_fmt(o->a, "%s %" PRId64, amount(o->a, us, true), period));
	} else if (quota) {
		s = add(o, NK_CG_CPU, "cpu.cfs_period_us", nk_fmt(o->a, "%" PRId64, period));
		s->why = "the period in which CPU time is counted";
		s = add(o, NK_CG_CPU, "cpu.cfs_quota_us", amount(o->a, us, false));
	}
	if (quota) {
		s->why = us < 0 ? "any amount of CPU time"
				: nk_fmt(o->a, "at most %.2f CPUs", (double)us / (double)period);
		s->hint = "a group above has less CPU time than this; cpu.max or cpu.cfs_quota_us "
			  "there";
	}
	return 0;
}

static int add_cpulist(struct out *o, const char *list, const char *option, const char *have,
		       const char *file, const char *what, struct nk_err *e)
{
	int ret = list ? nk_cpulist_within(list, have) : 1;

	if (ret < 0) {
		nk_fail(e, 0, "%s %s is no list of numbers", option, list);
		return refuse(e, "like 0-2,5");
	}
	if (ret == 0) {
		nk_fail(e, 0, "%s %s: not all of these are here", option, list);
		e->err = EINVAL;
		nk_hint(e, "possible are %s", *have ? have : "none that nook can see");
		return -EINVAL;
	}
	/* A new group of v1 has no CPU and no memory node, and an attach fails (ENOSPC) until it
	 * has both: what was not asked for is what the group above has. */
	bool v2 = on_v2(o->c, NK_CG_CPUSET);
	if (!list && v2)
		return 0;
	struct nk_cg_setting *s = add(o, NK_CG_CPUSET, file, list ? list : have);
	s->why = nk_fmt(o->a, "%s %s%s", what, s->value, list ? "" : ", as the group above");
	s->hint = "a group above allows less, or another one has them for itself alone";
	return 0;
}

static int add_cpuset(struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	if (!r->cpuset_cpus && !r->cpuset_mems)
		return 0;
	int ret = nk_cgroup_need(o->c, NK_CG_CPUSET,
				 r->cpuset_cpus ? "--cpuset-cpus" : "--cpuset-mems", e);
	if (ret >= 0)
		ret = add_cpulist(o, r->cpuset_cpus, "--cpuset-cpus", o->c->cpuset_cpus,
				  "cpuset.cpus", "only on the CPUs", e);
	if (ret >= 0)
		ret = add_cpulist(o, r->cpuset_mems, "--cpuset-mems", o->c->cpuset_mems,
				  "cpuset.mems", "only memory of the nodes", e);
	return ret;
}

static int add_pids(struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	if (!asked(r->pids))
		return 0;
	int ret = nk_cgroup_need(o->c, NK_CG_PIDS, "--pids-limit", e);
	if (ret < 0)
		return ret;
	/* Docker's 0 is "no limit" too; the kernel's would be "no process". */
	struct nk_cg_setting *s = add(o, NK_CG_PIDS, "pids.max",
				      r->pids <= 0 ? "max" : nk_fmt(o->a, "%" PRId64, r->pids));
	s->why = r->pids <= 0 ? "any number of processes"
			      : nk_fmt(o->a, "at most %" PRId64 " processes and threads", r->pids);
	return 0;
}

static int add_weight(struct out *o, int64_t weight, struct nk_err *e)
{
	const char *file = o->c->weight_file;

	if (weight < 10 || weight > 1000) {
		nk_fail(e, 0, "--blkio-weight %" PRId64 " is out of range", weight);
		return refuse(e, "possible are 10 to 1000");
	}
	int ret = nk_cgroup_need(o->c, NK_CG_IO, "--blkio-weight", e);
	if (ret < 0)
		return ret;
	bool v2 = on_v2(o->c, NK_CG_IO);
	if (!file) {
		nk_fail(e, 0,
			"--blkio-weight: the cgroup controller %s of this kernel has no weight",
			nk_controller_name(NK_CG_IO, v2));
		e->err = ENOENT;
		return nk_hint(e, "%s: modprobe bfq, and use it as the scheduler of the disk",
			       v2 ? "neither io.weight nor io.bfq.weight is there"
				  : "neither blkio.weight nor blkio.bfq.weight is there");
	}
	/* Only io.weight has a range of its own, 1..10000. */
	int64_t value = strcmp(file, "io.weight") == 0 ? 1 + (weight - 10) * 9999 / 990 : weight;
	struct nk_cg_setting *s = add(o, NK_CG_IO, file, nk_fmt(o->a, "%" PRId64, value));
	s->why = nk_fmt(o->a, "weight %" PRId64 " of 10 to 1000 at the disks", weight);
	s->hint = "this file needs the disk scheduler bfq, or on cgroup v2 io.cost: modprobe bfq";
	return 0;
}

static int add_bps(struct out *o, const struct nk_blkio_device *d, bool write, struct nk_err *e)
{
	const char *option = write ? "--device-write-bps" : "--device-read-bps";
	int ret = nk_cgroup_need(o->c, NK_CG_IO, option, e);

	if (ret < 0)
		return ret;
	bool v2 = on_v2(o->c, NK_CG_IO);
	if (!o->c->bps) {
		nk_fail(e, 0, "%s: the cgroup controller %s of this kernel cannot throttle", option,
			nk_controller_name(NK_CG_IO, v2));
		return refuse(e, "a kernel with CONFIG_BLK_DEV_THROTTLING is needed");
	}
	const char *rate = d->rate ? nk_fmt(o->a, "%" PRIu64, d->rate) : (v2 ? "max" : "0");
	struct nk_cg_setting *s = add(o, NK_CG_IO,
				      v2      ? "io.max"
				      : write ? "blkio.throttle.write_bps_device"
					      : "blkio.throttle.read_bps_device",
				      nk_fmt(o->a, "%u:%u %s%s", d->major, d->minor,
					     v2 ? (write ? "wbps=" : "rbps=") : "", rate));
	s->why = nk_fmt(o->a, "at most %s a second %s %s",
			d->rate ? bytes(o->a, (int64_t)d->rate) : "any amount",
			write ? "written to" : "read from", d->path ? d->path : "the device");
	s->hint = "only a whole disk can be throttled: /dev/sda, not /dev/sda1";
	return 0;
}

static int add_io(struct out *o, const struct nk_resources *r, struct nk_err *e)
{
	int ret = 0;

	if (asked(r->blkio_weight))
		ret = add_weight(o, r->blkio_weight, e);
	for (size_t i = 0; ret >= 0 && i < r->read_bps.n; i++)
		ret = add_bps(o, &r->read_bps.v[i], false, e);
	for (size_t i = 0; ret >= 0 && i < r->write_bps.n; i++)
		ret = add_bps(o, &r->write_bps.v[i], true, e);
	return ret;
}

/* Docker's 0 is "not asked for" (for pids it is "no limit"). */
static void drop_zeros(struct nk_resources *r)
{
	int64_t *const v[] = {&r->memory,      &r->memory_swap, &r->memory_reservation,
			      &r->cpu_quota,   &r->cpu_period,	&r->cpu_shares,
			      &r->blkio_weight};

	for (size_t i = 0; i < NK_COUNT(v); i++)
		if (*v[i] == 0)
			*v[i] = NK_UNSET;
}

int nk_cgroup_settings(struct nk_arena *a, const struct nk_resources *resources,
		       const struct nk_cgroups *c, struct nk_cg_settings *list, struct nk_err *e)
{
	struct nk_resources copy = *resources, *r = &copy;
	struct out o = {a, c, list};

	drop_zeros(r);
	int ret = add_memory(&o, r, e);

	if (ret >= 0)
		ret = add_cpu(&o, r, e);
	if (ret >= 0)
		ret = add_cpuset(&o, r, e);
	if (ret >= 0)
		ret = add_pids(&o, r, e);
	if (ret >= 0)
		ret = add_io(&o, r, e);
	return ret < 0 ? ret : nk_arena_ok(a, e);
}
