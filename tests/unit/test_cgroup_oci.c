/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as writes for cgroup v1 and v2, slices, and rules over devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cgroup/oci_devices.h"
#include "cgroup/oci_scope.h"

static void v2(struct nk_arena *a, struct nk_cg_groups *g)
{
	*NK_PUSH(a, g) = (struct nk_cg_group){.dir = "/c/x",
					      .mount = "/c",
					      .v2 = true,
					      .weight_file = "io.weight",
					      .name = "cpuset cpu io memory hugetlb pids rdma"};
}

static void v1(struct nk_arena *a, struct nk_cg_groups *g)
{
	static const char *const names[] = {"cpu,cpuacct", "memory",	  "cpuset",   "pids",
					    "blkio",	   "net_cls",	  "net_prio", "rdma",
					    "devices",	   "name=systemd"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*NK_PUSH(a, g) = (struct nk_cg_group){
			.dir = nk_fmt(a, "/c/%s/x", names[i]),
			.mount = nk_fmt(a, "/c/%s", names[i]),
			.weight_file = strcmp(names[i], "blkio") ? NULL : "blkio.bfq.weight",
			.name = names[i]};
	*NK_PUSH(a, g) = (struct nk_cg_group){
		.dir = "/c/unified/x", .mount = "/c/unified", .v2 = true, .name = "hugetlb"};
}

/* "file=value;file=value?errno" */
static const char *text_of(struct nk_arena *a, const struct nk_cg_writes *w)
{
	const char *s = "";

	for (size_t i = 0; i < w->n; i++) {
		s = nk_fmt(a, "%s%s%s=%s", s, *s ? ";" : "", w->v[i].file, w->v[i].value);
		if (w->v[i].soft)
			s = nk_fmt(a, "%s?", s);
	}
	return s;
}

enum { V1 = 1, V2 = 2 };

static void expect(struct nk_arena *a, int version, const struct nk_oci_resources *r,
		   const struct nk_cg_now *now, const char *wanted)
{
	struct nk_cg_groups g = {0};
	struct nk_cg_writes w = {0};
	struct nk_err e = {0};

	(version == V1 ? v1 : v2)(a, &g);
	int ret = nk_cg_resources(a, r, &g, now, &w, &e);
	assert_string_equal(ret < 0 ? e.msg : text_of(a, &w), wanted);
}

static void memory(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;
	struct nk_cg_now now = {.memory = 100, .usage = 50, .quota = -1, .period = 100000};

	(void)state;
	nk_oci_resources_init(&r);
	expect(&a, V1, &r, NULL, "");
	expect(&a, V2, &r, NULL, "");
	r.memory = 64;
	r.swap = 100;
	r.reservation = 32;
	expect(&a, V1, &r, NULL,
	       "memory.limit_in_bytes=64;memory.memsw.limit_in_bytes=100;"
	       "memory.soft_limit_in_bytes=32");
	expect(&a, V2, &r, NULL, "memory.swap.max=36;memory.max=64;memory.low=32");
	r.swap = 64;
	expect(&a, V2, &r, NULL, "memory.swap.max=0?;memory.max=64;memory.low=32");
	r.swap = 63;
	expect(&a, V2, &r, NULL, "memory+swap limit should be >= memory limit");
	r.swap = -1;
	expect(&a, V2, &r, NULL, "memory.swap.max=max?;memory.max=64;memory.low=32");
	expect(&a, V1, &r, NULL,
	       "memory.memsw.limit_in_bytes=-1;memory.limit_in_bytes=64;"
	       "memory.soft_limit_in_bytes=32");
	r.reservation = NK_UNSET;
	/* Unlimited memory without a word on swap means both. */
	r.memory = -1;
	r.swap = NK_UNSET;
	expect(&a, V2, &r, NULL, "memory.swap.max=max?;memory.max=max");
	expect(&a, V1, &r, NULL, "memory.memsw.limit_in_bytes=-1?;memory.limit_in_bytes=-1");
	/* Updates: the limit that grows comes first. */
	r.memory = 150;
	r.swap = 200;
	expect(&a, V1, &r, &now, "memory.memsw.limit_in_bytes=200;memory.limit_in_bytes=150");
	r.memory = 40;
	r.swap = 80;
	expect(&a, V1, &r, &now, "memory.limit_in_bytes=40;memory.memsw.limit_in_bytes=80");
	/* What counts together counts from the limit that there is. */
	r.memory = NK_UNSET;
	r.swap = 130;
	expect(&a, V2, &r, &now, "memory.swap.max=30");
	expect(&a, V2, &r, NULL, "unable to set swap limit without memory limit");
	r.memory = 40;
	r.swap = NK_UNSET;
	r.check_before_update = 1;
	expect(&a, V2, &r, &now, "rejecting memory limit 40 < usage 50");
	now.usage = 40;
	expect(&a, V2, &r, &now, "memory.max=40");
}

static void memory_oddities(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;

	(void)state;
	nk_oci_resources_init(&r);
	r.swappiness = 60;
	r.use_hierarchy = 1;
	r.disable_oom_killer = 1;
	r.kernel_tcp = 7;
	expect(&a, V1, &r, NULL,
	       "memory.kmem.tcp.limit_in_bytes=7;memory.use_hierarchy=1?;memory.oom_control=1;"
	       "memory.swappiness=60");
	expect(&a, V2, &r, NULL, "linux.resources.memory.swappiness: cgroup v2 has no swappiness");
	r.swappiness = NK_UNSET;
	expect(&a, V2, &r, NULL,
	       "linux.resources.memory.kernelTCP: cgroup v2 counts it as memory, and has no limit "
	       "of its own");
	r.kernel_tcp = -1;
	expect(&a, V2, &r, NULL,
	       "linux.resources.memory.disableOOMKiller: on cgroup v2 the OOM killer cannot be "
	       "disabled");
	r.swappiness = 101;
	expect(&a, V1, &r, NULL, "invalid memory swappiness value: 101 (valid range is 0-100)");
}

static void cpu(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;
	struct nk_cg_now now = {.memory = -1, .quota = 20000, .period = 50000};

	(void)state;
	nk_oci_resources_init(&r);
	r.shares = 1024;
	r.quota = 50000;
	expect(&a, V1, &r, NULL, "cpu.shares=1024;cpu.cfs_quota_us=50000");
	expect(&a, V2, &r, NULL, "cpu.weight=39;cpu.max=50000 100000");
	r.quota = -1;
	r.period = 200000;
	r.burst = 0;
	expect(&a, V2, &r, NULL, "cpu.weight=39;cpu.max=max 200000;cpu.max.burst=0");
	expect(&a, V1, &r, NULL,
	       "cpu.shares=1024;cpu.cfs_period_us=200000;cpu.cfs_quota_us=-1;"
	       "cpu.cfs_burst_us=0");
	/* An update: the kernel compares each with the others as they are. */
	expect(&a, V1, &r, &now,
	       "cpu.shares=1024;cpu.cfs_period_us=200000?;cpu.cfs_burst_us=0?;"
	       "cpu.cfs_quota_us=-1;cpu.cfs_period_us=200000;cpu.cfs_burst_us=0");
	r.shares = 2;
	r.quota = NK_UNSET;
	r.burst = NK_UNSET;
	expect(&a, V2, &r, &now, "cpu.weight=1;cpu.max=20000 200000");
	r.shares = 262144;
	r.quota = 10000;
	r.period = NK_UNSET;
	r.idle = 1;
	expect(&a, V2, &r, &now, "cpu.weight=10000;cpu.max=10000 50000;cpu.idle=1");
	r.idle = 0;
	expect(&a, V2, &r, &now, "cpu.idle=0;cpu.weight=10000;cpu.max=10000 50000");
	expect(&a, V1, &r, &now, "cpu.idle=0;cpu.shares=262144;cpu.cfs_quota_us=10000");
	r.idle = 1;
	r.shares = 262145;
	expect(&a, V1, &r, NULL, "the maximum allowed cpu-shares is 262144");
	r.shares = 1;
	expect(&a, V1, &r, NULL, "the minimum allowed cpu-shares is 2");
	r.shares = NK_UNSET;
	r.rt_runtime = 5;
	expect(&a, V1, &r, NULL, "cpu.cfs_quota_us=10000;cpu.rt_runtime_us=5;cpu.idle=1");
	expect(&a, V2, &r, NULL,
	       "linux.resources.cpu.realtimeRuntime and realtimePeriod: cgroup v2 has no limit for "
	       "real-time processes");
}

static void the_rest(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;

	(void)state;
	nk_oci_resources_init(&r);
	r.pids = -1;
	r.cpus = "0-1";
	r.mems = "0";
	r.weight = 1000;
	*NK_PUSH(&a, &r.weights) = (struct nk_blkio_weight){8, 0, 10, 0};
	*NK_PUSH(&a, &r.read_bps) = (struct nk_blkio_rate){8, 0, 1048576};
	*NK_PUSH(&a, &r.write_iops) = (struct nk_blkio_rate){8, 16, 0};
	*NK_PUSH(&a, &r.hugepages) = (struct nk_hugepage){"2MB", 4194304};
	*NK_PUSH(&a, &r.rdma) = (struct nk_rdma){"mlx5_0", 3, NK_UNSET};
	expect(&a, V1, &r, NULL,
	       "cpuset.cpus=0-1;cpuset.mems=0;pids.max=max;blkio.bfq.weight=1000;"
	       "blkio.bfq.weight_device=8:0 10;blkio.throttle.read_bps_device=8:0 1048576;"
	       "blkio.throttle.write_iops_device=8:16 0;hugetlb.2MB.max=4194304;"
	       "hugetlb.2MB.rsvd.max=4194304?;rdma.max=mlx5_0 hca_handle=3");
	expect(&a, V2, &r, NULL,
	       "cpuset.cpus=0-1;cpuset.mems=0;pids.max=max;io.weight=10000;io.weight=8:0 1;"
	       "io.max=8:0 rbps=1048576;io.max=8:16 wiops=max;hugetlb.2MB.max=4194304;"
	       "hugetlb.2MB.rsvd.max=4194304?;rdma.max=mlx5_0 hca_handle=3");
	nk_oci_resources_init(&r);
	r.class_id = 1048577;
	*NK_PUSH(&a, &r.net_prios) = (struct nk_net_prio){"lo", 5};
	expect(&a, V1, &r, NULL, "net_cls.classid=1048577;net_prio.ifpriomap=lo 5");
	expect(&a, V2, &r, NULL,
	       "cannot set net_cls limit: container could not join or create cgroup");
}

static void unified(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;

	(void)state;
	nk_oci_resources_init(&r);
	struct nk_keyval *u = NK_PUSH(&a, &r.unified);
	*u = (struct nk_keyval){"io.max", "8:0 rbps=1\n8:16 rbps=2\n"};
	expect(&a, V2, &r, NULL, "io.max=8:0 rbps=1;io.max=8:16 rbps=2");
	expect(&a, V1, &r, NULL, "invalid configuration: cannot use unified on cgroup v1");
	*u = (struct nk_keyval){"../../memory.max", "1"};
	expect(&a, V2, &r, NULL,
	       "unified resource \"../../memory.max\" must be a file name (no slashes)");
	*u = (struct nk_keyval){"nothing", "1"};
	expect(&a, V2, &r, NULL,
	       "unified resource \"nothing\" must be in the form CONTROLLER.PARAMETER");
	*u = (struct nk_keyval){"misc.max", "1"};
	expect(&a, V2, &r, NULL,
	       "unified resource \"misc.max\" can't be set: controller \"misc\" not available");
	*u = (struct nk_keyval){"cgroup.max.depth", "3"};
	expect(&a, V2, &r, NULL, "cgroup.max.depth=3");
}

static void no_groups(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;
	struct nk_cg_groups g = {0};
	struct nk_cg_writes w = {0};
	struct nk_err e = {0};

	(void)state;
	nk_oci_resources_init(&r);
	assert_int_equal(nk_cg_resources(&a, &r, &g, NULL, &w, &e), 0);
	r.pids = 10;
	assert_true(nk_cg_resources(&a, &r, &g, NULL, &w, &e) < 0);
	assert_string_equal(e.msg,
			    "cannot set pids limit: container could not join or create cgroup");
}

/* The instructions of the program; anything else, or no end, is a failure. */
static uint64_t run(const struct bpf_insn *p, size_t n, const uint32_t context[3])
{
	uint64_t r[11] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &p[pc];

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, BPF_REG_1);
			r[i->dst_reg] = context[i->off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)(r[i->dst_reg] & (uint32_t)i->imm);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> i->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint64_t)i->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != (uint64_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == (uint64_t)i->imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			fail_msg("instruction %zu has code %#x", pc, i->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

/* What the rules mean, said in another way: each way of use for itself, first to last. */
static bool meant(const struct nk_device_rule *v, size_t n, char type, int64_t major, int64_t minor,
		  unsigned access)
{
	for (unsigned bit = 1; bit < 8; bit <<= 1) {
		bool allowed = false;

		for (size_t i = 0; i < n; i++) {
			const struct nk_device_rule *r = &v[i];

			if (r->type == 'a' ||
			    (r->type == type && (r->major < 0 || r->major == major) &&
			     (r->minor < 0 || r->minor == minor) && r->access & bit))
				allowed = r->allow;
		}
		bool always = (bit == NK_DEV_MKNOD) ||
			      (type == 'c' &&
			       ((major == 1 && strchr("\3\5\7\10\11", (int)minor) && minor) ||
				(major == 5 && minor <= 2) || major == 136));
		if (access & bit && !allowed && !always)
			return false;
	}
	return true;
}

static void program_means_the_rules(void **state)
{
	static const int64_t majors[] = {1, 5, 8, 10, 136}, minors[] = {0, 1, 2, 3, 5, 11, 200};
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		_arena_ struct nk_arena a = {0};
		struct nk_oci_resources r;
		struct nk_cg_devices d;
		struct nk_err e = {0};
		size_t n;

		nk_oci_resources_init(&r);
		for (int i = 0; i < round % 9; i++) {
#define DICE(m) ((seed = seed * 1103515245u + 12345u) >> 16) % (m)
			struct nk_device_rule rule = {
				.allow = DICE(2), .type = "ccbbba"[DICE(6)], .access = 1 + DICE(7)};
			rule.major = DICE(3) ? majors[DICE(5)] : -1;
			rule.minor = DICE(3) ? minors[DICE(7)] : -1;
			*NK_PUSH(&a, &r.devices) = rule;
		}
		assert_int_equal(nk_cg_devices(&a, &r, &d, &e), 0);
		const struct bpf_insn *p = nk_cg_devices_program(&a, &d, &n);
		for (int t = 0; t < 2 * 5 * 7 * 7; t++) {
			char type = t & 1 ? 'b' : 'c';
			unsigned access = 1 + (unsigned)t / 2 % 7;
			int64_t major = majors[t / 14 % 5], minor = minors[t / 70 % 7];
			const uint32_t context[3] = {
				(access & NK_DEV_MKNOD ? BPF_DEVCG_ACC_MKNOD << 16 : 0) |
					(access & NK_DEV_READ ? BPF_DEVCG_ACC_READ << 16 : 0) |
					(access & NK_DEV_WRITE ? BPF_DEVCG_ACC_WRITE << 16 : 0) |
					(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
				(uint32_t)major, (uint32_t)minor};

			if (run(p, n, context) !=
			    meant(r.devices.v, r.devices.n, type, major, minor, access))
				fail_msg("round %d: %c %d:%d %u", round, type, (int)major,
					 (int)minor, access);
		}
	}
}

static const char *lines(struct nk_arena *a, const struct nk_oci_resources *r)
{
	static const struct nk_cg_group group = {.dir = "/c/devices/x", .name = "devices"};
	struct nk_cg_writes w = {0};
	struct nk_cg_devices d;
	struct nk_err e = {0};

	assert_int_equal(nk_cg_devices(a, r, &d, &e), 0);
	if (nk_cg_devices_v1(a, &d, &group, &w, &e) < 0)
		return nk_strdup(a, e.msg);
	return text_of(a, &w);
}

#define ALWAYS                                                                                     \
	"devices.allow=c *:* m;devices.allow=b *:* m;devices.allow=c 1:3 rwm;devices.allow=c 1:8 " \
	"rwm;devices.allow=c 1:7 rwm;devices.allow=c 5:0 rwm;devices.allow=c 1:5 rwm;"             \
	"devices.allow=c 1:9 rwm;devices.allow=c 5:1 rwm;devices.allow=c 136:* rwm;"               \
	"devices.allow=c 5:2 rwm"

static void device_lines(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;

	(void)state;
	nk_oci_resources_init(&r);
	assert_string_equal(lines(&a, &r), "devices.deny=a;" ALWAYS);
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){false, 'a', -1, -1, NK_DEV_ALL};
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){true, 'c', 10, 229, 3};
	assert_string_equal(lines(&a, &r), "devices.deny=a;devices.allow=c 10:229 rw;" ALWAYS);
	/* Taken back in part: ways of use, not devices. */
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){false, 'c', 10, -1, NK_DEV_WRITE};
	assert_string_equal(lines(&a, &r), "devices.deny=a;devices.allow=c 10:229 r;" ALWAYS);
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){true, 'b', 8, -1, NK_DEV_ALL};
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){false, 'b', 8, 3, NK_DEV_ALL};
	assert_string_equal(lines(&a, &r),
			    "linux.resources.devices: \"deny b 8:3 rwm\" takes a part out of "
			    "\"allow b 8:* rwm\", which cgroup v1 cannot do");
	r.devices.n = 0;
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){true, 'a', -1, -1, NK_DEV_ALL};
	assert_string_equal(lines(&a, &r), "devices.allow=a");
	*NK_PUSH(&a, &r.devices) = (struct nk_device_rule){false, 'b', 8, 0, NK_DEV_WRITE};
	assert_string_equal(lines(&a, &r), "devices.allow=a;devices.deny=b 8:0 w");
}

static void slices(void **state)
{
	_arena_ struct nk_arena a = {0};
	static const struct {
		const char *path, *wanted;
		bool user;
	} t[] = {
		{NULL, "/system.slice/nook-runtime-id.scope", false},
		{NULL, "/user.slice/nook-runtime-id.scope", true},
		{"machine.slice:libpod:9f", "/machine.slice/libpod-9f.scope", false},
		{"a-b-c.slice:x:y", "/a.slice/a-b.slice/a-b-c.slice/x-y.scope", false},
		{"-.slice:x:y", "/x-y.scope", false},
		{":x:y", "/system.slice/x-y.scope", false},
		{"p.slice:x:y.slice", "", false},
		{"p.slice::y", "/p.slice/y.scope", false},
		{"/a/b", "", false},
		{"a:b:c:d", "", false},
		{"a-.slice:x:y", "", false},
		{"a--b.slice:x:y", "", false},
		{"../a.slice:x:y", "", false},
		{"a:x:y", "", false},
		{"a.slice:x:../y", "", false},
		{"a.slice:x:", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nk_cg_unit u = {0};
		struct nk_err e = {0};
		const char *path = "";
		int ret = nk_cg_unit_names(&a, t[i].path, "id", t[i].user, &u, &e);

		if (ret == 0)
			ret = nk_cg_unit_path(&a, &u, &path, &e);
		assert_string_equal(ret < 0 ? "" : path, t[i].wanted);
	}
}

static const char *joined(struct nk_arena *a, const struct nk_strv *v)
{
	const char *s = "";

	for (size_t i = 0; i < v->n; i++)
		s = nk_fmt(a, "%s%s%s", s, *s ? ";" : "", v->v[i]);
	return s;
}

static void annotations(void **state)
{
	static const struct {
		const char *key, *value, *wanted;
	} t[] = {
		{"org.systemd.property.TimeoutStopUSec", "uint64 5000000",
		 "TimeoutStopUSec=5000000"},
		{"org.systemd.property.TimeoutStopSec", "5", "TimeoutStopUSec=5000000"},
		{"org.systemd.property.CollectMode", "'inactive'", "CollectMode=inactive"},
		{"org.systemd.property.Description", "\"a b=c\"", "Description=a b=c"},
		{"org.systemd.property.DefaultDependencies", "true", "DefaultDependencies=true"},
		{"org.systemd.property.After", "['a.target', 'b.target']",
		 "After=a.target b.target"},
		{"org.systemd.property.After", "[]", "After="},
		{"org.systemd.propertys.After", "[]", ""},
		{"io.kubernetes.cri", "x", ""},
		{"org.systemd.property.After", "['a b']", NULL},
		{"org.systemd.property.After", "['a'", NULL},
		{"org.systemd.property.After", "['a'] ", NULL},
		{"org.systemd.property.TasksMax", "uint64 -1", NULL},
		{"org.systemd.property.TasksMax", "", NULL},
		{"org.systemd.property.Description", "'a\\'b'", NULL},
		{"org.systemd.property.Description", "plain", NULL},
		{"org.systemd.property.DefaultDependencies", "yes", NULL},
		{"org.systemd.property.", "'x'", NULL},
		{"org.systemd.property.ExecStop", "'x'", NULL},
		{"org.systemd.property.Wants", "['poweroff.target']", NULL},
		{"org.systemd.property.OnFailure", "['a.service']", NULL},
		{"org.systemd.property.Slice", "'a.slice'", NULL},
		{"org.systemd.property.DevicePolicy", "'auto'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_config c = {0};
		struct nk_strv p = {0};
		struct nk_err e = {0};

		*NK_PUSH(&a, &c.annotations) = (struct nk_keyval){t[i].key, t[i].value};
		int ret = nk_cg_scope_annotations(&a, &c, &p, &e);
		assert_int_equal(ret < 0, !t[i].wanted);
		if (ret == 0)
			assert_string_equal(joined(&a, &p), t[i].wanted);
	}
}

static void limits_as_properties(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_resources r;
	struct nk_strv p = {0}, q = {0};
	struct nk_err e = {0};

	(void)state;
	nk_oci_resources_init(&r);
	r.memory = 100;
	r.swap = 150;
	r.reservation = 50;
	r.shares = 1024;
	r.quota = 15123;
	r.pids = -1;
	r.cpus = "0-1";
	assert_int_equal(nk_cg_scope_limits(&a, &r, true, &p, &e), 0);
	assert_string_equal(joined(&a, &p),
			    "MemoryMax=100;MemoryLow=50;MemorySwapMax=50;CPUWeight=39;"
			    "CPUQuotaPerSecUSec=160000;TasksMax=infinity;AllowedCPUs=0-1");
	assert_int_equal(nk_cg_scope_limits(&a, &r, false, &q, &e), 0);
	assert_string_equal(joined(&a, &q), "MemoryLimit=100;CPUShares=1024;"
					    "CPUQuotaPerSecUSec=160000;TasksMax=infinity");
	r = (struct nk_oci_resources){0};
	nk_oci_resources_init(&r);
	r.quota = INT64_MAX;
	p = (struct nk_strv){0};
	assert_int_equal(nk_cg_scope_limits(&a, &r, true, &p, &e), 0);
	assert_string_equal(joined(&a, &p), "CPUQuotaPerSecUSec=infinity");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(memory_oddities),
		cmocka_unit_test(cpu),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(unified),
		cmocka_unit_test(no_groups),
		cmocka_unit_test(slices),
		cmocka_unit_test(program_means_the_rules),
		cmocka_unit_test(device_lines),
		cmocka_unit_test(annotations),
		cmocka_unit_test(limits_as_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
