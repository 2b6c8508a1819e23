/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's numbers in, files and values out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cgroup/settings.h"
#include "cgroup_layouts.h"

#define M (1 << 20)

static struct nk_arena arena;

static int arena_free(void **state)
{
	(void)state;
	nk_arena_done(&arena);
	arena = (struct nk_arena){0};
	return 0;
}

/* "memory.max=67108864;…" */
static char *translate(const struct nk_cgroups *c, const struct nk_resources *r)
{
	struct nk_cg_settings list = {0};
	struct nk_err e = {0};
	char *text = nk_strdup(&arena, "");

	if (nk_cgroup_settings(&arena, r, c, &list, &e) < 0)
		return nk_fmt(&arena, "error: %s (%s)", e.msg, e.hint);
	for (size_t i = 0; i < list.n; i++) {
		text = nk_fmt(&arena, "%s%s=%s;", text, list.v[i].file, list.v[i].value);
		assert_string_not_equal(list.v[i].why, "");
	}
	return text;
}

static void check(const struct nk_resources *r, const char *v2, const char *v1)
{
	struct nk_cgroups two, one;

	layout_v2(&arena, &two, "/", true, true);
	layout_v1(&arena, &one, false, true);
	if (v2)
		assert_string_equal(translate(&two, r), v2);
	if (v1)
		assert_string_equal(translate(&one, r), v1);
}

#define RESOURCES(r, ...)      \
	struct nk_resources r; \
	nk_resources_init(&r); \
	__VA_ARGS__

static void memory(void **state)
{
	(void)state;
	{
		RESOURCES(r, r.memory = 64 * M);
		check(&r, "memory.max=67108864;memory.swap.max=67108864;",
		      "memory.limit_in_bytes=67108864;memory.memsw.limit_in_bytes=134217728;");
	}
	{
		RESOURCES(r, r.memory = 64 * M, r.memory_swap = 64 * M);
		check(&r, "memory.max=67108864;memory.swap.max=0;",
		      "memory.limit_in_bytes=67108864;memory.memsw.limit_in_bytes=67108864;");
	}
	{
		RESOURCES(r, r.memory = 64 * M, r.memory_swap = -1);
		check(&r, "memory.max=67108864;memory.swap.max=max;",
		      "memory.limit_in_bytes=67108864;memory.memsw.limit_in_bytes=-1;");
	}
	{
		RESOURCES(r, r.memory = 64 * M, r.memory_swap = 96 * M,
			  r.memory_reservation = 16 * M);
		check(&r, "memory.max=67108864;memory.low=16777216;memory.swap.max=33554432;",
		      "memory.limit_in_bytes=67108864;memory.soft_limit_in_bytes=16777216;"
		      "memory.memsw.limit_in_bytes=100663296;");
	}
	{
		RESOURCES(r, r.memory = -1);
		check(&r, "memory.max=max;", "memory.limit_in_bytes=-1;");
	}
	{
		RESOURCES(r, r.memory = 0, r.memory_swap = 0, r.cpu_shares = 0, r.blkio_weight = 0);
		check(&r, "", "");
	}
}

static void memory_that_makes_no_sense(void **state)
{
	(void)state;
	{
		RESOURCES(r, r.memory = 6 * M - 1);
		check(&r, "error: --memory 6291455 bytes is too little (the least is 6m (6 MiB))",
		      NULL);
		r.memory = 6 * M;
		check(&r, "memory.max=6291456;memory.swap.max=6291456;", NULL);
	}
	{
		RESOURCES(r, r.memory = 64 * M, r.memory_swap = 63 * M);
		assert_non_null(strstr(translate(&(struct nk_cgroups){0}, &r),
				       "--memory-swap 63 MiB is less than --memory 64 MiB"));
	}
	{
		RESOURCES(r, r.memory_swap = 64 * M);
		assert_non_null(strstr(translate(&(struct nk_cgroups){0}, &r),
				       "--memory-swap without --memory"));
	}
	{
		RESOURCES(r, r.memory = 64 * M, r.memory_reservation = 65 * M);
		assert_non_null(
			strstr(translate(&(struct nk_cgroups){0}, &r), "is more than --memory"));
	}
}

static void swap_that_is_not_counted(void **state)
{
	struct nk_cgroups c;

	(void)state;
	layout_v1(&arena, &c, false, true);
	c.swap = false;
	RESOURCES(r, r.memory = 64 * M);
	assert_string_equal(translate(&c, &r), "memory.limit_in_bytes=67108864;");
	r.memory_swap = 64 * M; /* asked for: never silence */
	assert_non_null(strstr(translate(&c, &r), "memory.memsw.limit_in_bytes is not there"));
}

static void cpu(void **state)
{
	(void)state;
	{
		RESOURCES(r, r.cpu_quota = 150000, r.cpu_period = 100000);
		check(&r, "cpu.max=150000 100000;",
		      "cpu.cfs_period_us=100000;cpu.cfs_quota_us=150000;");
	}
	{
		RESOURCES(r, r.cpu_quota = -1);
		check(&r, "cpu.max=max 100000;", "cpu.cfs_period_us=100000;cpu.cfs_quota_us=-1;");
	}
	static const struct {
		int64_t shares;
		const char *v2, *v1;
	} t[] = {
		{2, "cpu.weight=1;", "cpu.shares=2;"},
		{1024, "cpu.weight=39;", "cpu.shares=1024;"},
		{262144, "cpu.weight=10000;", "cpu.shares=262144;"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		RESOURCES(r, r.cpu_shares = t[i].shares);
		check(&r, t[i].v2, t[i].v1);
	}
	{
		RESOURCES(r, r.cpu_quota = 400001, r.cpu_period = 100000);
		check(&r, "error: --cpus 4.00: this machine has 4 (possible are 0.01 to 4)", NULL);
		r.cpu_quota = 400000;
		check(&r, "cpu.max=400000 100000;", NULL);
		r.cpu_quota = 999;
		assert_non_null(strstr(translate(&(struct nk_cgroups){0}, &r), "too little"));
	}
	{
		RESOURCES(r, r.cpu_shares = 262145);
		check(&r,
		      "error: --cpu-shares 262145 is out of range (possible are 2 to 262144; 1024 "
		      "is "
		      "what every container has)",
		      NULL);
	}
}

static void cpusets(void **state)
{
	(void)state;
	{
		RESOURCES(r, r.cpuset_cpus = "1,3");
		/* v1 needs both, or the attach fails */
		check(&r, "cpuset.cpus=1,3;", "cpuset.cpus=1,3;cpuset.mems=0;");
	}
	{
		RESOURCES(r, r.cpuset_mems = "0");
		check(&r, "cpuset.mems=0;", "cpuset.cpus=0-3;cpuset.mems=0;");
	}
	{
		RESOURCES(r, r.cpuset_cpus = "2-4");
		check(&r, "error: --cpuset-cpus 2-4: not all of these are here (possible are 0-3)",
		      NULL);
	}
	{
		RESOURCES(r, r.cpuset_mems = "0,");
		check(&r, "error: --cpuset-mems 0, is no list of numbers (like 0-2,5)", NULL);
	}
}

static void cpu_lists(void **state)
{
	(void)state;
	assert_int_equal(nk_cpulist_within("0", "0-1"), 1);
	assert_int_equal(nk_cpulist_within("0-1,7-8", "0-15"), 1);
	assert_int_equal(nk_cpulist_within("2", "0-1"), 0);
	assert_int_equal(nk_cpulist_within("1", ""), 0);
	assert_int_equal(nk_cpulist_within("8191", "0-8191"), 1);
	const char *bad[] = {"",     "a",   "1-",   "-1",	   "3-1",
			     "1,,2", "1 2", "8192", "99999999999", "1-2-3"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nk_cpulist_within(bad[i], "0-3"), -EINVAL);
}

static void pids(void **state)
{
	(void)state;
	static const int64_t none[] = {0, -1};

	for (int i = 0; i < 2; i++) {
		RESOURCES(r, r.pids = none[i]);
		check(&r, "pids.max=max;", "pids.max=max;");
	}
	RESOURCES(r, r.pids = 100);
	check(&r, "pids.max=100;", "pids.max=100;");
}

static void block_devices(void **state)
{
	(void)state;
	{
		RESOURCES(r, r.blkio_weight = 10);
		check(&r, "io.weight=1;", "blkio.bfq.weight=10;");
		r.blkio_weight = 1000;
		check(&r, "io.weight=10000;", "blkio.bfq.weight=1000;");
		r.blkio_weight = 9;
		check(&r, "error: --blkio-weight 9 is out of range (possible are 10 to 1000)",
		      NULL);
	}
	RESOURCES(r, );
	*NK_PUSH(&arena, &r.read_bps) = (struct nk_blkio_device){"/dev/vda", 254, 0, M};
	*NK_PUSH(&arena, &r.write_bps) = (struct nk_blkio_device){"/dev/vda", 254, 0, 0};
	check(&r, "io.max=254:0 rbps=1048576;io.max=254:0 wbps=max;",
	      "blkio.throttle.read_bps_device=254:0 1048576;"
	      "blkio.throttle.write_bps_device=254:0 0;");
}

static void what_is_not_there_is_named(void **state)
{
	struct nk_cgroups c;

	(void)state;
	layout_v2(&arena, &c, "/user.slice/mine.scope", false, true);
	{
		RESOURCES(r, r.blkio_weight = 100);
		const char *text = translate(&c, &r);
		assert_non_null(strstr(text,
				       "--blkio-weight needs the cgroup controller io, which is "
				       "not delegated"));
		assert_non_null(strstr(text, "Delegate="));
	}
	layout_v2(&arena, &c, "/", true, true);
	c.weight_file = NULL;
	{
		RESOURCES(r, r.blkio_weight = 100);
		assert_non_null(strstr(translate(&c, &r), "has no weight"));
	}
	c.where[NK_CG_PIDS] = -1;
	{
		RESOURCES(r, r.pids = 5);
		assert_non_null(strstr(translate(&c, &r),
				       "--pids-limit needs the cgroup controller pids, "
				       "which this machine does not have"));
	}
	nk_cgroups_parse(&arena, &c, "", "");
	{
		RESOURCES(r, r.memory = 64 * M);
		assert_non_null(strstr(translate(&c, &r), "no cgroup file system is mounted"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(memory, arena_free),
		cmocka_unit_test_teardown(memory_that_makes_no_sense, arena_free),
		cmocka_unit_test_teardown(swap_that_is_not_counted, arena_free),
		cmocka_unit_test_teardown(cpu, arena_free),
		cmocka_unit_test_teardown(cpusets, arena_free),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test_teardown(pids, arena_free),
		cmocka_unit_test_teardown(block_devices, arena_free),
		cmocka_unit_test_teardown(what_is_not_there_is_named, arena_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
