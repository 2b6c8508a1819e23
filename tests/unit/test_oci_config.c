/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of config.json arrives where config.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "oci/config.h"

static struct nk_arena arena;
static struct nk_config c;
static struct nk_err e;

static void read_text(const char *text)
{
	if (nk_config_read(&arena, text, strlen(text), "/bundle", &c, &e) < 0)
		fail_msg("%s", e.msg);
}

static int setup(void **state)
{
	static char text[1 << 16];
	_fclose_ FILE *f = fopen(NK_TEST_DATA "/oci/full.json", "r");

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	read_text(text);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nk_arena_done(&arena);
	return 0;
}

static void top(void **state)
{
	(void)state;
	assert_string_equal(c.version, "1.3.0");
	assert_string_equal(c.bundle, "/bundle");
	assert_string_equal(c.spec.rootfs, "/bundle/rootfs");
	assert_true(c.spec.read_only);
	assert_string_equal(c.spec.hostname, "web");
	assert_string_equal(c.spec.domainname, "example.org");
	assert_int_equal(c.annotations.n, 2);
	assert_string_equal(c.annotations.v[0].key, "org.example.key");
	assert_string_equal(c.annotations.v[0].value, "value");
	assert_string_equal(c.annotations.v[1].value, "");
	/* the relative destination */
	assert_int_equal(c.warnings.n, 1);
}

static void process(void **state)
{
	const struct nk_spec *s = &c.spec;
	const struct nk_oci_process *p = &c.process;

	(void)state;
	assert_true(p->given && s->terminal && s->no_new_privs);
	assert_int_equal(p->height, 40);
	assert_int_equal(p->width, 132);
	assert_int_equal(s->uid, 1000);
	assert_int_equal(s->gid, 1001);
	assert_int_equal(p->umask, 077);
	assert_int_equal(s->groups.n, 2);
	assert_int_equal(s->groups.v[1], 6);
	assert_int_equal(s->env.n, 2);
	assert_string_equal(s->env.v[1], "EMPTY=");
	assert_string_equal(s->cwd, "/srv");
	assert_int_equal(s->args.n, 3);
	assert_string_equal(s->args.v[2], "echo ä");
	assert_null(s->args.v[3]);
	assert_int_equal(s->caps.bounding, 1ull | 1ull << 12 | 1ull << 40);
	assert_int_equal(s->caps.permitted, 1ull | 1ull << 12);
	assert_int_equal(s->caps.effective, 1);
	assert_int_equal(s->caps.inheritable, 1ull << 12);
	assert_int_equal(s->caps.ambient, 1ull << 12);
	assert_int_equal(s->rlimits.n, 2);
	assert_int_equal(s->rlimits.v[0].resource, RLIMIT_NOFILE);
	assert_int_equal(s->rlimits.v[0].soft, 1024);
	assert_int_equal(s->rlimits.v[0].hard, 4096);
	assert_true(s->rlimits.v[1].hard == RLIM_INFINITY);
	assert_string_equal(p->apparmor, "docker-default");
	assert_string_equal(p->selinux, "system_u:system_r:container_t:s0");
	assert_true(p->has_oom_score_adj);
	assert_int_equal(p->oom_score_adj, -17);
}

static void scheduling(void **state)
{
	const struct nk_oci_process *p = &c.process;

	(void)state;
	assert_true(p->scheduler.set);
	assert_int_equal(p->scheduler.policy, 6);
	assert_int_equal(p->scheduler.flags, 2 | 4);
	assert_int_equal(p->scheduler.runtime, 1000000);
	assert_int_equal(p->scheduler.deadline, 2000000);
	assert_int_equal(p->scheduler.period, 3000000);
	assert_true(p->has_ioprio);
	assert_int_equal(p->ioprio, 2 << 13 | 5);
	assert_string_equal(p->affinity_initial, "0-3,7");
	assert_string_equal(p->affinity_final, "1");
}

static void mounts(void **state)
{
	const struct nk_oci_mount *m = c.mounts.v;

	(void)state;
	assert_int_equal(c.mounts.n, 4);
	assert_string_equal(m[0].destination, "/proc");
	assert_int_equal(m[0].flags, 0);
	assert_string_equal(m[1].destination, "/dev/pts");
	assert_int_equal(m[1].attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	assert_int_equal(m[1].data.n, 3);
	assert_string_equal(m[1].data.v[0], "newinstance");
	assert_string_equal(m[1].data.v[2], "gid=5");
	assert_string_equal(m[2].destination, "/data");
	assert_string_equal(m[2].type, "bind");
	assert_string_equal(m[2].source, "/bundle/volumes/data");
	assert_int_equal(m[2].flags, NK_MNT_BIND | NK_MNT_RECURSIVE | NK_MNT_IDMAP);
	assert_int_equal(m[2].rec_set, MOUNT_ATTR_RDONLY);
	assert_int_equal(m[2].propagation, MS_SLAVE | MS_REC);
	assert_int_equal(m[2].uid_maps.v[0].outside, 5000);
	assert_int_equal(m[2].gid_maps.v[0].count, 20);
	assert_int_equal(m[3].flags, NK_MNT_TMPCOPYUP);
	assert_true(m[3].sb_rdonly && m[3].sync && !m[3].dirsync);
	assert_int_equal(m[3].attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
	assert_int_equal(m[3].attr_clear, MOUNT_ATTR__ATIME);
}

static void hooks(void **state)
{
	static const char *const paths[] = {"/bin/a", "/bin/b", "/bin/c",
					    "/bin/d", "/bin/e", "/bin/f"};
	const struct nk_hook *h = c.hooks[NK_HOOK_PRESTART].v;

	(void)state;
	for (int p = 0; p < NK_HOOK_COUNT; p++)
		assert_string_equal(c.hooks[p].v[0].path, paths[p]);
	assert_int_equal(c.hooks[NK_HOOK_PRESTART].n, 2);
	assert_int_equal(h[0].timeout_s, 5);
	assert_string_equal(h[0].args.v[1], "b");
	assert_string_equal(h[0].env.v[0], "X=1");
	assert_int_equal(h[1].timeout_s, 0);
	assert_int_equal(h[1].args.n, 0);
	assert_string_equal(nk_hook_point_name(NK_HOOK_CREATE_CONTAINER), "createContainer");
}

static void namespaces(void **state)
{
	const struct nk_spec *s = &c.spec;

	(void)state;
	for (int k = 0; k < NK_NS_COUNT; k++)
		assert_int_equal(s->ns[k].mode, k == NK_NS_NET ? NK_NS_JOIN : NK_NS_NEW);
	assert_string_equal(s->ns[NK_NS_NET].path, "/run/netns/x");
	assert_int_equal(s->uid_maps.n, 1);
	assert_int_equal(s->uid_maps.v[0].outside, 100000);
	assert_int_equal(s->gid_maps.n, 2);
	assert_int_equal(s->gid_maps.v[1].inside, 1000);
	assert_true(s->has_time_offset);
	assert_true(s->monotonic_ns == 10000000005);
	assert_true(s->boottime_ns == -2750000000);
}

static void devices(void **state)
{
	const struct nk_oci_device *d = c.devices.v;

	(void)state;
	assert_int_equal(c.devices.n, 2);
	assert_string_equal(d[0].path, "/dev/fuse");
	assert_int_equal(d[0].type, 'c');
	assert_int_equal(d[0].major, 10);
	assert_int_equal(d[0].minor, 229);
	assert_true(d[0].has_mode && d[0].has_uid && d[0].has_gid);
	assert_int_equal(d[0].mode, 0666);
	assert_int_equal(d[0].gid, 3);
	assert_int_equal(d[1].type, 'p');
	assert_false(d[1].has_mode || d[1].has_uid || d[1].has_gid);
	assert_int_equal(c.net_devices.n, 2);
	assert_string_equal(c.net_devices.v[0].host_name, "eth1");
	assert_string_equal(c.net_devices.v[0].name, "ctr0");
	assert_string_equal(c.net_devices.v[1].name, "eth2");
}

static void limits(void **state)
{
	const struct nk_oci_resources *r = &c.resources;

	(void)state;
	assert_true(r->given);
	assert_int_equal(r->memory, 67108864);
	assert_int_equal(r->swap, -1);
	assert_int_equal(r->reservation, 33554432);
	assert_true(r->kernel == NK_UNSET); /* 0: not given */
	assert_int_equal(r->kernel_tcp, -1);
	assert_int_equal(r->swappiness, 0);
	assert_int_equal(r->disable_oom_killer, 0);
	assert_int_equal(r->use_hierarchy, 1);
	assert_int_equal(r->check_before_update, 1);
	assert_int_equal(r->shares, 512);
	assert_int_equal(r->quota, 50000);
	assert_int_equal(r->period, 100000);
	assert_int_equal(r->burst, 0);
	assert_int_equal(r->idle, 1);
	assert_int_equal(r->rt_runtime, 950);
	assert_int_equal(r->rt_period, 1000);
	assert_string_equal(r->cpus, "0-1");
	assert_string_equal(r->mems, "0");
	assert_int_equal(r->pids, 0);
	assert_int_equal(r->hugepages.n, 1);
	assert_string_equal(r->hugepages.v[0].size, "2MB");
	assert_true(r->hugepages.v[0].limit == INT64_MAX);
	assert_int_equal(r->class_id, 1048577);
	assert_string_equal(r->net_prios.v[0].name, "eth0");
	assert_int_equal(r->net_prios.v[0].priority, 500);
	assert_int_equal(r->rdma.v[0].handles, 3);
	assert_true(r->rdma.v[0].objects == NK_UNSET);
	assert_string_equal(r->rdma.v[1].device, "mlx4");
	assert_int_equal(r->rdma.v[1].objects, 10000);
	assert_string_equal(r->unified.v[0].key, "memory.high");
	assert_string_equal(r->unified.v[0].value, "50000000");
}

static void limits_of_devices(void **state)
{
	const struct nk_oci_resources *r = &c.resources;
	const struct nk_device_rule *d = r->devices.v;

	(void)state;
	assert_int_equal(r->weight, 300);
	assert_true(r->leaf_weight == NK_UNSET);
	assert_int_equal(r->weights.v[0].weight, 500);
	assert_int_equal(r->weights.v[0].leaf_weight, 10);
	assert_int_equal(r->read_bps.v[0].rate, 1);
	assert_int_equal(r->write_bps.v[0].minor, 1);
	assert_int_equal(r->read_iops.v[0].major, 8);
	assert_true(r->write_iops.v[0].rate == UINT64_MAX);
	assert_int_equal(r->devices.n, 3);
	assert_false(d[0].allow);
	assert_int_equal(d[0].type, 'a');
	assert_int_equal(d[0].major, -1);
	assert_int_equal(d[0].access, NK_DEV_ALL);
	assert_true(d[1].allow);
	assert_int_equal(d[1].minor, 229);
	assert_int_equal(d[1].access, NK_DEV_READ | NK_DEV_WRITE);
	assert_int_equal(d[2].type, 'b');
	assert_int_equal(d[2].major, -1);
	assert_int_equal(d[2].minor, 3);
	assert_int_equal(d[2].access, NK_DEV_MKNOD);
}

static void seccomp(void **state)
{
	const struct nk_oci_seccomp *s = &c.seccomp;
	const struct nk_seccomp_call *call = s->calls.v;

	(void)state;
	assert_true(s->given && s->has_flags);
	assert_string_equal(s->default_action, "SCMP_ACT_ERRNO");
	assert_int_equal(s->default_errno, 38);
	assert_int_equal(s->architectures.n, 2);
	assert_string_equal(s->architectures.v[1], "SCMP_ARCH_X32");
	assert_string_equal(s->flags.v[0], "SECCOMP_FILTER_FLAG_LOG");
	assert_string_equal(s->listener_path, "/run/agent.sock");
	assert_string_equal(s->listener_metadata, "m");
	assert_int_equal(s->calls.n, 3);
	assert_string_equal(call[0].names.v[1], "write");
	assert_int_equal(call[0].errno_ret, -1);
	assert_int_equal(call[1].errno_ret, 1);
	assert_int_equal(call[1].args.n, 1);
	assert_int_equal(call[1].args.v[0].index, 1);
	assert_true(call[1].args.v[0].value == UINT64_MAX);
	assert_int_equal(call[1].args.v[0].value_two, 4);
	assert_int_equal(call[1].args.v[0].op, 7);
	assert_string_equal(call[2].action, "SCMP_ACT_NOTIFY");
}

static void rest_of_linux(void **state)
{
	(void)state;
	assert_string_equal(c.cgroups_path, "/nook/web");
	assert_int_equal(c.rootfs_propagation, MS_SLAVE | MS_REC);
	assert_int_equal(c.spec.sysctls.n, 3);
	assert_string_equal(c.spec.sysctls.v[1].key, "net.ipv4.conf.eth0/1.rp_filter");
	assert_string_equal(c.spec.sysctls.v[2].value, "1 2 3 4");
	assert_string_equal(c.spec.masked_paths.v[0], "/proc/kcore");
	assert_int_equal(c.spec.readonly_paths.n, 2);
	assert_string_equal(c.mount_label, "system_u:object_r:container_file_t:s0");
	assert_true(c.rdt.given && c.rdt.monitoring);
	assert_string_equal(c.rdt.clos_id, "gold");
	assert_string_equal(c.rdt.l3, "L3:0=f");
	assert_string_equal(c.rdt.mb, "MB:0=20");
	assert_string_equal(c.rdt.schemata.v[0], "L2:0=1");
	assert_true(c.mempolicy.given);
	assert_int_equal(c.mempolicy.mode, MPOL_INTERLEAVE);
	assert_int_equal(c.mempolicy.flags, MPOL_F_STATIC_NODES);
	assert_string_equal(c.mempolicy.nodes, "0-1");
	assert_true(c.has_personality);
	assert_int_equal(c.personality, PER_LINUX32);
}

/* What is not given is told apart from what is 0. */
static void smallest(void **state)
{
	(void)state;
	read_text("{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"/r\"},\"process\":null}");
	assert_string_equal(c.spec.rootfs, "/r");
	assert_false(c.process.given || c.process.has_oom_score_adj);
	assert_false(c.process.scheduler.set || c.process.has_ioprio || c.has_personality);
	assert_int_equal(c.process.umask, -1);
	assert_int_equal(c.spec.caps.bounding, 0);
	assert_false(c.resources.given || c.seccomp.given || c.rdt.given || c.mempolicy.given);
	assert_true(c.resources.memory == NK_UNSET && c.resources.pids == NK_UNSET);
	assert_int_equal(c.resources.disable_oom_killer, -1);
	assert_int_equal(c.rootfs_propagation, 0);
	assert_null(c.cgroups_path);
	for (int k = 0; k < NK_NS_COUNT; k++)
		assert_int_equal(c.spec.ns[k].mode, NK_NS_HOST);
}

/* A name that is not known is left out and told, as runc does it. */
static void unknown_capabilities(void **state)
{
	(void)state;
	read_text(
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/\","
		"\"args\":[\"x\"],\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_TIME_TRAVEL\","
		"\"kill\"],\"ambient\":[\"CAP_KILL\"]}}}");
	assert_int_equal(c.spec.caps.bounding, 1 << 5);
	assert_int_equal(c.spec.caps.ambient, 0);
	assert_int_equal(c.warnings.n, 3);
	assert_string_equal(c.warnings.v[0], "process.capabilities.bounding: ignoring the unknown "
					     "capability \"CAP_TIME_TRAVEL\"");
}

/* A name that is known, but not ours to give. */
static void capabilities_that_we_lack(void **state)
{
	(void)state;
	read_text("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/\","
		  "\"args\":[\"x\"],\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_"
		  "RESOURCE\"],"
		  "\"permitted\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"effective\":[\"CAP_CHOWN\"]}}}");
	nk_config_limit_caps(&arena, &c, 1 << 5);
	assert_int_equal(c.spec.caps.bounding, 1 << 5);
	assert_int_equal(c.spec.caps.permitted, 1 << 5);
	assert_int_equal(c.spec.caps.effective, 0);
	assert_int_equal(c.warnings.n, 2);
	assert_string_equal(c.warnings.v[0], "process.capabilities: CAP_CHOWN cannot be granted, "
					     "since nook-runtime itself does not have it");
}

/* What has no effect is told. */
static void without_effect(void **state)
{
	(void)state;
	read_text(
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"mounts\":[{\"destination\":"
		"\"/m\",\"source\":\"/"
		"s\",\"options\":[\"bind\",\"sync\"]}],\"process\":{\"cwd\":\"/\","
		"\"args\":[\"x\"],\"consoleSize\":{\"height\":1,\"width\":1}},\"linux\":{"
		"\"resources\":{"
		"\"memory\":{\"kernel\":5}}}}");
	assert_int_equal(c.warnings.n, 3);
	assert_non_null(strstr(c.warnings.v[0], "mounts[0]: sync, dirsync"));
	assert_string_equal(c.warnings.v[1], "process.consoleSize: there is no terminal");
	assert_non_null(strstr(c.warnings.v[2], "linux.resources.memory.kernel: "));
}

/* exec --process: the process is a new one, but without capabilities it has the container's. */
static void another_process(void **state)
{
	const char *text = "{\"cwd\":\"/tmp\",\"args\":[\"id\"],\"user\":{\"uid\":7}}";

	setup(state);
	assert_int_equal(nk_config_read_process(&arena, text, strlen(text), &c, &e), 0);
	assert_string_equal(c.spec.args.v[0], "id");
	assert_int_equal(c.spec.args.n, 1);
	assert_int_equal(c.spec.env.n, 0);
	assert_int_equal(c.spec.uid, 7);
	assert_int_equal(c.spec.gid, 0);
	assert_int_equal(c.spec.groups.n, 0);
	assert_int_equal(c.spec.rlimits.n, 0);
	assert_int_equal(c.process.umask, -1);
	assert_false(c.spec.terminal || c.spec.no_new_privs);
	assert_null(c.process.apparmor);
	assert_int_equal(c.spec.caps.effective, 1);
	assert_string_equal(c.spec.hostname, "web"); /* the rest stays */
}

static void resources_alone(void **state)
{
	const char *text = "{\"pids\":{\"limit\":-1},\"cpu\":{\"quota\":0,\"shares\":0}}";
	struct nk_oci_resources r;

	(void)state;
	assert_int_equal(nk_resources_read(&arena, text, strlen(text), &r, &e), 0);
	assert_int_equal(r.pids, -1);
	assert_true(r.quota == NK_UNSET && r.shares == NK_UNSET && r.memory == NK_UNSET);
}

/* What `spec` writes can be read, without a warning. */
static void default_document(void **state)
{
	(void)state;
	for (int rootless = 0; rootless < 2; rootless++) {
		_json_ struct nk_json_out j = {.indent = 4};

		nk_config_default(&j, rootless, true, 1000, 1001);
		read_text(j.buf);
		assert_int_equal(c.warnings.n, 0);
		assert_string_equal(c.spec.args.v[0], "sh");
		assert_int_equal(c.spec.ns[NK_NS_NET].mode, rootless ? NK_NS_HOST : NK_NS_NEW);
		assert_int_equal(c.spec.ns[NK_NS_USER].mode, rootless ? NK_NS_NEW : NK_NS_HOST);
		assert_int_equal(c.spec.gid_maps.n, rootless);
		if (rootless)
			assert_int_equal(c.spec.gid_maps.v[0].outside, 1001);
		assert_int_equal(c.mounts.v[2].data.n, rootless ? 3 : 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top),
		cmocka_unit_test(process),
		cmocka_unit_test(scheduling),
		cmocka_unit_test(mounts),
		cmocka_unit_test(hooks),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(devices),
		cmocka_unit_test(limits),
		cmocka_unit_test(limits_of_devices),
		cmocka_unit_test(seccomp),
		cmocka_unit_test(rest_of_linux),
		cmocka_unit_test(smallest),
		cmocka_unit_test(unknown_capabilities),
		cmocka_unit_test(without_effect),
		cmocka_unit_test(capabilities_that_we_lack),
		cmocka_unit_test(another_process),
		cmocka_unit_test(resources_alone),
		cmocka_unit_test(default_document),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
