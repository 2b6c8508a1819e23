/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of a spec comes back from its JSON; hostile JSON is refused by name. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "data/json_in.h"
#include "oci/spec_json.h"

static struct nk_err e;

static struct nk_network lan = {
	.name = "lan",
	.id = "0123",
	.driver = NK_NET_MACVLAN,
	.link = "nk-lan",
	.parent = "eth0",
	.ipam = NK_IPAM_NONE,
	.internal = true,
	.isolate = true,
	.dns = true,
	.mtu = 1400,
};

static void fill_net(struct nk_arena *a, struct nk_net_spec *net)
{
	struct nk_net_card card = {
		.network = &lan,
		.ifname = "eth0",
		.host_ifname = "nk0",
		.mac = {2, 0, 0xff, 1, 2, 3},
		.default_route = true,
	};
	struct nk_ip four = {.family = AF_INET, .prefix = 24, .a = {10, 1, 2, 3}};
	struct nk_ip six = {.family = AF_INET6, .prefix = 64, .a = {0xfd, 1, [15] = 9}};

	lan.subnets.n = lan.subnets.cap = 0;
	lan.subnets.v = NULL;
	*NK_PUSH(a, &lan.subnets) = (struct nk_subnet){.net = four, .gateway = four};
	*NK_PUSH(a, &lan.subnets) = (struct nk_subnet){.net = six};
	*NK_PUSH(a, &card.ips) = four;
	*NK_PUSH(a, &card.ips) = six;
	nk_strv_push(a, &card.aliases, "www");
	*NK_PUSH(a, &net->cards) = card;
	*NK_PUSH(a, &net->ports) = (struct nk_port){
		.proto = NK_UDP, .host = six, .host_port = 5300, .port = 53, .count = 3};
	*NK_PUSH(a, &net->ports) = (struct nk_port){.host_port = 65535, .port = 1, .count = 1};
	*NK_PUSH(a, &net->exposed) = (struct nk_port){.port = 8080, .count = 2};
	net->root_dir = "/var/lib/nook/networks";
	net->state_dir = "/run/nook/net";
	net->firewall_given = net->egress_given = true;
	*NK_PUSH(a, &net->firewall) = (struct nk_fw_rule){.out = true,
							  .accept = true,
							  .proto = 6,
							  .port_first = 80,
							  .port_last = 90,
							  .peer = four,
							  .words = "out accept tcp 80-90"};
	*NK_PUSH(a, &net->firewall) = (struct nk_fw_rule){.any_proto = true, .words = "in drop"};
	nk_strv_push(a, &net->egress, "example.org");
}

static void fill(struct nk_arena *a, struct nk_spec *s)
{
	nk_resources_init(&s->resources);
	nk_strv_push(a, &s->args, "/bin/sh");
	nk_strv_push(a, &s->args, "-c");
	nk_strv_push(a, &s->args, "echo \"a\\b\"\n\t\x01\x7f ä \xff end");
	nk_strv_push(a, &s->env, "EMPTY=");
	s->cwd = "/srv";
	s->uid = 4294967294u;
	s->gid = 7;
	*NK_PUSH(a, &s->groups) = 44;
	*NK_PUSH(a, &s->groups) = 4294967294u;
	s->caps = (struct nk_caps){1, 2, UINT64_MAX, 4, 1ull << 40};
	*NK_PUSH(a, &s->rlimits) = (struct nk_rlimit){RLIMIT_NOFILE, 8, UINT64_MAX};
	*NK_PUSH(a, &s->rlimits) = (struct nk_rlimit){RLIMIT_RTTIME, 1, 2};
	s->no_new_privs = s->terminal = s->interactive = true;
	s->preserve_fds = 3;
	s->seccomp = NK_SECCOMP_FILE;
	s->seccomp_file = "/etc/p.json";
	s->rootfs = "/srv/root";
	s->rootfs_host = s->rootfs_overlay = s->rootfs_idmap = s->read_only = true;
	s->overlay_size = 1ull << 63;
	s->hostname = "h";
	s->domainname = "d";
	s->ns[NK_NS_USER].mode = NK_NS_NEW;
	s->ns[NK_NS_MOUNT].mode = NK_NS_NEW;
	s->ns[NK_NS_NET] = (struct nk_ns_spec){NK_NS_JOIN, "/run/netns/x"};
	s->ns[NK_NS_TIME].mode = NK_NS_NEW;
	*NK_PUSH(a, &s->uid_maps) = (struct nk_idmap){0, 100000, 65536};
	*NK_PUSH(a, &s->gid_maps) = (struct nk_idmap){5, 6, 4294967295u};
	s->has_time_offset = true;
	s->monotonic_ns = INT64_MIN;
	s->boottime_ns = 5;
	*NK_PUSH(a, &s->mounts) =
		(struct nk_mount_spec){NK_MOUNT_BIND, "/a", "/b", 1,	2, true, true,
				       1 << 18,	      true, true, true, 9, 0755, "x=y"};
	*NK_PUSH(a, &s->mounts) =
		(struct nk_mount_spec){.kind = NK_MOUNT_TMPFS, .target = "/t", .mode = -1};
	*NK_PUSH(a, &s->devices) =
		(struct nk_device_spec){"/dev/a", "/dev/b", "rw", S_IFCHR | 0660, 1, 3, 5, 6};
	*NK_PUSH(a, &s->sysctls) = (struct nk_keyval){"net.x", "1 2"};
	nk_strv_push(a, &s->masked_paths, "/proc/kcore");
	nk_strv_push(a, &s->readonly_paths, "/proc/sys");
	s->shm_size = 77;
	s->privileged = true;
	s->etc_hostname = "h\n";
	s->etc_hosts = "127.0.0.1 h\n";
	s->etc_resolv = "";
	s->cgroup_parent = "/p";

	struct nk_resources *r = &s->resources;

	r->memory = 1;
	r->memory_swap = -1;
	r->memory_reservation = INT64_MAX;
	r->cpu_quota = 4;
	r->cpu_period = 5;
	r->cpu_shares = 6;
	r->cpuset_cpus = "0-1";
	r->cpuset_mems = "0";
	r->pids = -1;
	r->blkio_weight = 500;
	*NK_PUSH(a, &r->read_bps) = (struct nk_blkio_device){"/dev/vda", 8, 16, UINT64_MAX};
	*NK_PUSH(a, &r->write_bps) = (struct nk_blkio_device){"/dev/vdb", 8, 17, 1};
	fill_net(a, &s->net);
	s->init_path = "/usr/libexec/nook-init";
	s->stop_signal = 3;
}

static int read_text(struct nk_arena *a, const char *text, struct nk_spec *s)
{
	_json_object_ struct json_object *o = NULL;

	assert_int_equal(nk_json_parse(text, strlen(text), "text", &o, &e), 0);
	return nk_spec_read(a, o, s, &e);
}

#define NUM(f) assert_true(b.f == s.f)
#define STR(f) assert_string_equal(b.f, s.f)
#define STRV(f)                                    \
	do {                                       \
		assert_int_equal(b.f.n, s.f.n);    \
		for (size_t i = 0; i < s.f.n; i++) \
			STR(f.v[i]);               \
	} while (0)
#define BYTES(f)                                                           \
	do {                                                               \
		assert_int_equal(b.f.n, s.f.n);                            \
		assert_memory_equal(b.f.v, s.f.v, s.f.n * sizeof(*s.f.v)); \
	} while (0)

static void same_net(const struct nk_net_spec *b, const struct nk_net_spec *s)
{
	const struct nk_net_card *got = &b->cards.v[0], *want = &s->cards.v[0];
	const struct nk_network *n = got->network;

	assert_string_equal(b->root_dir, s->root_dir);
	assert_string_equal(b->state_dir, s->state_dir);
	assert_int_equal(b->cards.n, 1);
	assert_string_equal(got->ifname, want->ifname);
	assert_string_equal(got->host_ifname, want->host_ifname);
	assert_memory_equal(got->mac, want->mac, 6);
	assert_true(got->default_route);
	assert_int_equal(got->ips.n, 2);
	assert_memory_equal(got->ips.v, want->ips.v, 2 * sizeof(struct nk_ip));
	assert_string_equal(got->aliases.v[0], "www");
	assert_string_equal(n->name, "lan");
	assert_string_equal(n->id, "0123");
	assert_string_equal(n->link, "nk-lan");
	assert_string_equal(n->parent, "eth0");
	assert_true(n->driver == NK_NET_MACVLAN && n->ipam == NK_IPAM_NONE && n->internal &&
		    n->isolate && n->dns && n->mtu == 1400);
	assert_int_equal(n->subnets.n, 2);
	assert_memory_equal(n->subnets.v, lan.subnets.v, 2 * sizeof(struct nk_subnet));
	assert_int_equal(b->ports.n, 2);
	assert_memory_equal(b->ports.v, s->ports.v, 2 * sizeof(struct nk_port));
	assert_int_equal(b->exposed.n, 1);
	assert_memory_equal(b->exposed.v, s->exposed.v, sizeof(struct nk_port));
	assert_true(b->firewall_given && b->egress_given);
	assert_int_equal(b->firewall.n, 2);
	assert_string_equal(b->firewall.v[0].words, "out accept tcp 80-90");
	assert_true(b->firewall.v[0].out && b->firewall.v[0].accept &&
		    b->firewall.v[0].proto == 6 && b->firewall.v[0].port_last == 90 &&
		    b->firewall.v[0].peer.family == AF_INET && b->firewall.v[1].any_proto);
	assert_string_equal(b->egress.v[0], "example.org");
}

static void every_field_comes_back(void **state)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out j = {0}, again = {0};
	struct nk_spec s = {0}, b = {0};

	(void)state;
	fill(&a, &s);
	nk_spec_write(&j, NULL, &s);
	assert_false(j.failed);
	assert_int_equal(read_text(&a, j.buf, &b), 0);

	STRV(args);
	STRV(env);
	STR(cwd);
	NUM(uid);
	NUM(gid);
	BYTES(groups);
	assert_memory_equal(&b.caps, &s.caps, sizeof(s.caps));
	BYTES(rlimits);
	NUM(no_new_privs);
	NUM(terminal);
	NUM(interactive);
	NUM(preserve_fds);
	NUM(seccomp);
	STR(seccomp_file);
	STR(rootfs);
	NUM(rootfs_host);
	NUM(rootfs_overlay);
	NUM(rootfs_idmap);
	NUM(read_only);
	NUM(overlay_size);
	STR(hostname);
	STR(domainname);
	for (int k = 0; k < NK_NS_COUNT; k++)
		NUM(ns[k].mode);
	STR(ns[NK_NS_NET].path);
	BYTES(uid_maps);
	BYTES(gid_maps);
	NUM(has_time_offset);
	NUM(monotonic_ns);
	NUM(boottime_ns);
	assert_int_equal(b.mounts.n, 2);
	for (size_t i = 0; i < 2; i++) {
		NUM(mounts.v[i].kind);
		STR(mounts.v[i].target);
		NUM(mounts.v[i].attr_set);
		NUM(mounts.v[i].attr_clear);
		NUM(mounts.v[i].recursive);
		NUM(mounts.v[i].recursive_attr);
		NUM(mounts.v[i].propagation);
		NUM(mounts.v[i].idmap);
		NUM(mounts.v[i].must_exist);
		NUM(mounts.v[i].source_is_dir);
		NUM(mounts.v[i].size);
		NUM(mounts.v[i].mode);
	}
	STR(mounts.v[0].source);
	STR(mounts.v[0].fs_options);
	assert_null(b.mounts.v[1].source);
	STR(devices.v[0].source);
	STR(devices.v[0].target);
	STR(devices.v[0].access);
	NUM(devices.v[0].type);
	NUM(devices.v[0].major);
	NUM(devices.v[0].minor);
	NUM(devices.v[0].uid);
	NUM(devices.v[0].gid);
	STR(sysctls.v[0].key);
	STR(sysctls.v[0].value);
	STRV(masked_paths);
	STRV(readonly_paths);
	NUM(shm_size);
	NUM(privileged);
	STR(etc_hostname);
	STR(etc_hosts);
	STR(etc_resolv);
	STR(cgroup_parent);
	NUM(resources.memory);
	NUM(resources.memory_swap);
	NUM(resources.memory_reservation);
	NUM(resources.cpu_quota);
	NUM(resources.cpu_period);
	NUM(resources.cpu_shares);
	STR(resources.cpuset_cpus);
	STR(resources.cpuset_mems);
	NUM(resources.pids);
	NUM(resources.blkio_weight);
	STR(resources.read_bps.v[0].path);
	NUM(resources.read_bps.v[0].rate);
	NUM(resources.read_bps.v[0].major);
	NUM(resources.write_bps.v[0].minor);
	STR(init_path);
	NUM(stop_signal);
	same_net(&b.net, &s.net);

	nk_spec_write(&again, NULL, &b);
	assert_string_equal(again.buf, j.buf);
}

static void nothing_asked_for_stays_nothing(void **state)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out j = {0};
	struct nk_spec s = {0}, b = {0};

	(void)state;
	nk_resources_init(&s.resources);
	nk_spec_write(&j, NULL, &s);
	assert_int_equal(read_text(&a, j.buf, &b), 0);
	assert_false(nk_resources_any(&b.resources));
	assert_int_equal(b.resources.memory, NK_UNSET);
	assert_null(b.hostname);
	assert_null(b.etc_hosts);
	assert_int_equal(b.args.n + b.mounts.n + b.uid_maps.n, 0);
	assert_false(b.has_time_offset);
	for (int k = 0; k < NK_NS_COUNT; k++)
		assert_int_equal(b.ns[k].mode, NK_NS_HOST);
}

static void faults_name_their_field(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[]", "\"root\" is missing"},
		{"{\"root\":{}}", "\"process\" is missing"},
		{"{\"root\":{\"path\":1}}", "\"path\" is not a string"},
		{"{\"root\":{},\"process\":{\"user\":{\"uid\":4294967296}}}",
		 "\"uid\" is out of range"},
		{"{\"root\":{},\"process\":{\"user\":{\"uid\":-1}}}", "\"uid\" is out of range"},
		{"{\"root\":{},\"process\":{\"user\":{},\"args\":[1]}}",
		 "\"args\" is not a string"},
		{"{\"root\":{},\"process\":{\"user\":{},\"rlimits\":[{\"type\":\"RLIMIT_X\"}]}}",
		 "\"type\" has an unknown value"},
		{"{\"root\":{},\"process\":{\"user\":{},\"rlimits\":[7]}}", "\"type\" is missing"},
		{"{\"root\":{},\"process\":{\"user\":{}},\"mounts\":[{}]}", "\"type\" is missing"},
		{"{\"root\":{},\"process\":{\"user\":{}},\"linux\":{\"namespaces\":[{\"type\":"
		 "\"x\"}]}}",
		 "\"type\" has an unknown value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_spec s = {0};

		assert_int_equal(read_text(&a, cases[i].text, &s), -EINVAL);
		assert_string_equal(e.msg, cases[i].message);
	}
}

static void output_can_be_kept_to_utf8(void **state)
{
	_json_ struct nk_json_out j = {.utf8_only = true};

	(void)state;
	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "k\n", "ä€😀\xff\xc0\xaf\xed\xa0\x80\"\x1f");
	nk_json_int(&j, "min", INT64_MIN);
	nk_json_uint(&j, "max", UINT64_MAX);
	nk_json_close(&j);
	assert_string_equal(j.buf, "{\"k\\n\":\"ä€😀\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\\""
				   "\\u001f\",\"min\":-9223372036854775808,"
				   "\"max\":18446744073709551615}");
}

static void levels_are_indented(void **state)
{
	_json_ struct nk_json_out j = {.indent = 2};

	(void)state;
	nk_json_open(&j, NULL, '[');
	nk_json_open(&j, NULL, '{');
	nk_json_bool(&j, "a", true);
	nk_json_open(&j, "none", '[');
	nk_json_close(&j);
	nk_json_close(&j);
	nk_json_close(&j);
	assert_string_equal(j.buf, "[\n  {\n    \"a\": true,\n    \"none\": []\n  }\n]");
	nk_json_close(&j);
	assert_true(j.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(nothing_asked_for_stays_nothing),
		cmocka_unit_test(faults_name_their_field),
		cmocka_unit_test(output_can_be_kept_to_utf8),
		cmocka_unit_test(levels_are_indented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
