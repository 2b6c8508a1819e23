/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cell of the planner's matrix: who runs nook on which machine, and what is
 * asked for. Specs and facts are made by hand, so that a plan does not depend
 * on the machine that tests it.
 */
#ifndef NK_TEST_PLAN_MATRIX_H
#define NK_TEST_PLAN_MATRIX_H

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cgroup_layouts.h"
#include "plan/build.h"

enum who { ROOT, USER, SINGLE, FOREIGN, WEAK, UNSHARED, N_WHO };
/* USER: subordinate ids; SINGLE: none; FOREIGN: root of somebody's user namespace; WEAK:
 * root without CAP_SYS_ADMIN, as in Docker; UNSHARED: as in `unshare -r`, among mounts of
 * the users outside. */

enum groups { NONE, V1, V2, HYBRID, N_GROUPS };

enum root { DIR_AS_IS, DIR_OVERLAY, DIR_READ_ONLY, HOST, HOST_READ_ONLY, N_ROOT };

enum {
	PROC_COVERED = 1,
	SYS_COVERED = 2,
	NO_OVERLAY = 4,
	MQUEUE = 8,
	MASKS = 16,
	OLD_KERNEL = 32,
	N_FACTS = 64,
};

enum {
	TERMINAL = 1 << 0,
	VOLUMES = 1 << 1,
	DEVICES = 1 << 2,
	LIMITS = 1 << 3,
	NNP = 1 << 4,
	FILTER = 1 << 5,
	PRIVILEGED = 1 << 6,
	INIT = 1 << 7,
	SYSCTLS = 1 << 8,
	PRESERVE = 1 << 9,
	IDMAP = 1 << 10,
	OFFSETS = 1 << 11,
	AS_USER = 1 << 12,
	ETC = 1 << 13,
	NAMES = 1 << 14,
	RESTRICT = 1 << 15,
	CAPS = 1 << 16,
	PARENT = 1 << 17,
	OVERLAYS = 1 << 18,
	NET = 1 << 19,	     /* a card on a network that others are on */
	NET_FIRST = 1 << 20, /* two, nothing is there yet, published ports */
	PASTA = 1 << 21,     /* an ordinary user's, with published ports */
	SLIRP = 1 << 22,
	WALL = 1 << 23,	  /* a firewall; with a network, names that may be reached */
	LEASED = 1 << 24, /* a card on a LAN with a DHCP server */
	N_WITH = 1 << 25,
};

struct cell {
	const char *name;
	enum who who;
	enum groups groups;
	enum root root;
	/* One letter for each of: user mount uts ipc pid net cgroup time. n new, h the
	 * caller's, j joined, J joined and of other users than the container's. */
	const char *ns;
	unsigned facts, with;
};

struct made {
	struct nk_arena arena;
	struct nk_spec spec;
	struct nk_facts facts;
	struct nk_bpf filter;
	struct nk_plan plan;
	struct nk_plan_cgroup cg;
	struct nk_err e;
	int ret;
};

static inline void made_done(struct made *m)
{
	nk_arena_done(&m->arena);
}
#define _made_ __attribute__((cleanup(made_done)))

static inline void push_map(struct nk_arena *a, struct nk_idmaps *v, uint32_t in, uint32_t out,
			    uint32_t n)
{
	struct nk_idmap *m = NK_PUSH(a, v);

	if (m)
		*m = (struct nk_idmap){in, out, n};
}

static inline void make_who(struct made *m, enum who who)
{
	struct nk_facts *f = &m->facts;

	f->sys_admin = who == ROOT || who == FOREIGN || who == UNSHARED;
	f->foreign_mounts = who == UNSHARED;
	f->maps_ids = who != USER && who != SINGLE && who != UNSHARED;
	f->initial_userns = who != FOREIGN && who != UNSHARED;
	f->last_cap = 40;
	f->caps = (2ull << 40) - 1;
	f->euid = f->egid = who == USER || who == SINGLE ? 1000 : 0;
	f->user_name = f->euid ? "ada" : "root";
	if (who == USER) {
		f->newuidmap = true;
		f->newuidmap_path = "/usr/bin/newuidmap";
		f->newgidmap_path = "/usr/bin/newgidmap";
		push_map(&m->arena, &f->subuids, 0, 100000, 65536);
		push_map(&m->arena, &f->subgids, 0, 100000, 65536);
	} else if (who == UNSHARED) {
		f->single_id = "one id is mapped here";
		push_map(&m->arena, &f->own_uids, 0, 1000, 1);
		push_map(&m->arena, &f->own_gids, 0, 1000, 1);
	} else if (who == SINGLE) {
		f->single_id = "newuidmap and newgidmap are not installed";
	} else if (who == FOREIGN) {
		push_map(&m->arena, &f->own_uids, 0, 100000, 65536);
		push_map(&m->arena, &f->own_gids, 0, 100000, 65536);
	}
}

static inline void make_facts(struct made *m, const struct cell *c)
{
	struct nk_facts *f = &m->facts;
	bool root = c->who != USER && c->who != SINGLE;

	make_who(m, c->who);
	f->kernel_major = 6;
	f->kernel_minor = c->facts & OLD_KERNEL ? 1 : 18;
	f->proc_covered = c->facts & PROC_COVERED;
	f->sys_covered = c->facts & SYS_COVERED;
	f->overlay = !(c->facts & NO_OVERLAY);
	f->mqueue = c->facts & MQUEUE;
	f->cgroups.unified = -1;
	for (int i = 0; i < NK_CG_COUNT; i++)
		f->cgroups.where[i] = -1;
	f->cgroups.probed = ~0u;
	if (c->groups == V2)
		layout_v2(&m->arena, &f->cgroups, root ? "/" : "/user.slice/run-1.scope", root,
			  true);
	else if (c->groups == V1 || c->groups == HYBRID)
		layout_v1(&m->arena, &f->cgroups, c->groups == HYBRID, root);
	if (c->facts & MASKS) {
		f->mask_kinds = nk_alloc(&m->arena, 64 * sizeof(*f->mask_kinds));
		for (size_t i = 0; f->mask_kinds && nk_default_masked[i]; i++) {
			nk_strv_push(&m->arena, &m->spec.masked_paths, nk_default_masked[i]);
			if (strstr(nk_default_masked[i], "scsi") ||
			    strstr(nk_default_masked[i], "firm"))
				f->mask_kinds[i] = NK_MASK_DIR;
			else if (strstr(nk_default_masked[i], "timer") ||
				 strstr(nk_default_masked[i], "asound"))
				f->mask_kinds[i] = NK_MASK_MISSING;
			else
				f->mask_kinds[i] = NK_MASK_FILE;
		}
		for (size_t i = 0; nk_default_readonly[i]; i++)
			nk_strv_push(&m->arena, &m->spec.readonly_paths, nk_default_readonly[i]);
		nk_strv_push(&m->arena, &f->mask_extra,
			     "/sys/devices/system/cpu/cpu0/thermal_throttle");
	}
	static const struct nk_host_dir dirs[] = {{"usr", NULL, false},
						  {"etc", NULL, false},
						  {"opt", NULL, true},
						  {"bin", "usr/bin", false}};
	for (size_t i = 0; i < 4 && c->root >= HOST; i++) {
		struct nk_host_dir *d = NK_PUSH(&m->arena, &f->host_dirs);
		if (d)
			*d = dirs[i];
	}
}

static inline void make_namespaces(struct made *m, const struct cell *c)
{
	struct nk_spec *s = &m->spec;

	for (int k = 0; k < NK_NS_COUNT; k++) {
		char mode = c->ns[k];
		s->ns[k].mode = mode == 'n' ? NK_NS_NEW : mode == 'h' ? NK_NS_HOST : NK_NS_JOIN;
		if (s->ns[k].mode == NK_NS_JOIN)
			s->ns[k].path = nk_fmt(&m->arena, "/proc/4711/ns/%s",
					       nk_ns_name((enum nk_ns_kind)k));
		if (mode == 'J')
			m->facts.foreign_ns |= 1u << k;
	}
	if (s->ns[NK_NS_USER].mode == NK_NS_NEW) {
		uint32_t first = m->facts.euid;
		bool one = m->facts.single_id;
		if (m->facts.sys_admin && !one)
			push_map(&m->arena, &s->uid_maps, 0, 200000, 65536);
		else
			push_map(&m->arena, &s->uid_maps, 0, first, 1);
		if (!m->facts.sys_admin && !one)
			push_map(&m->arena, &s->uid_maps, 1, 100000, 65536);
		s->gid_maps = s->uid_maps;
	}
	if (c->with & OFFSETS && s->ns[NK_NS_TIME].mode == NK_NS_NEW) {
		s->has_time_offset = true;
		s->monotonic_ns = -1500000000;
		s->boottime_ns = 86400000000000;
	}
	if (c->with & NAMES && s->ns[NK_NS_UTS].mode == NK_NS_NEW) {
		s->hostname = "web";
		s->domainname = "example";
	}
}

static inline void add_volume(struct made *m, struct nk_mount_spec v)
{
	struct nk_mount_spec *p = NK_PUSH(&m->arena, &m->spec.mounts);

	if (p)
		*p = v;
}

static inline void make_volumes(struct made *m, const struct cell *c)
{
	if (c->with & VOLUMES) {
		add_volume(m, (struct nk_mount_spec){.source = "/home/ada/src",
						     .target = "/src",
						     .source_is_dir = true,
						     .recursive = true,
						     .attr_set = MOUNT_ATTR_NODEV});
		add_volume(m, (struct nk_mount_spec){.source = "/etc/motd",
						     .target = "/etc/motd",
						     .attr_set =
							     MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY});
		add_volume(m, (struct nk_mount_spec){.source = "/mnt",
						     .target = "/a/b/c",
						     .source_is_dir = true,
						     .recursive = true,
						     .recursive_attr = true,
						     .propagation = MS_SLAVE,
						     .attr_set = MOUNT_ATTR_RDONLY});
		add_volume(m, (struct nk_mount_spec){.kind = NK_MOUNT_TMPFS,
						     .target = "/cache",
						     .size = 65536,
						     .mode = 0700,
						     .attr_set = MOUNT_ATTR_NODEV,
						     .fs_options = "nr_inodes=10,huge=never"});
	}
	if (c->with & OVERLAYS)
		add_volume(m, (struct nk_mount_spec){.kind = NK_MOUNT_OVERLAY,
						     .source = "/data",
						     .target = "/data",
						     .source_is_dir = true,
						     .attr_set = MOUNT_ATTR_NODEV});
	if (c->with & IDMAP)
		add_volume(m, (struct nk_mount_spec){.source = "/srv",
						     .target = "/srv",
						     .source_is_dir = true,
						     .idmap = true});
}

static inline struct nk_ip make_ip(int family, int prefix, int subnet, int host)
{
	struct nk_ip ip = {.family = (uint8_t)family, .prefix = (uint8_t)prefix};

	memcpy(ip.a, family == AF_INET ? "\x0a\x59" : "\xfd\x59", 2);
	ip.a[2] = (uint8_t)subnet;
	ip.a[family == AF_INET ? 3 : 15] = (uint8_t)host;
	return ip;
}

static inline struct nk_net_card *add_card(struct made *m, const char *network, int subnet)
{
	struct nk_arena *a = &m->arena;
	struct nk_network *n = NK_NEW(a, struct nk_network);
	struct nk_net_card *c = NK_PUSH(a, &m->spec.net.cards);

	if (!n || !c)
		return NULL;
	n->name = network;
	n->id = "89abcdef";
	n->link = nk_fmt(a, "nk-%s", network);
	n->dns = true;
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		struct nk_subnet *s = NK_PUSH(a, &n->subnets);
		struct nk_ip *ip = NK_PUSH(a, &c->ips);
		int prefix = family == AF_INET ? 24 : 64;
		if (!s || !ip)
			return NULL;
		s->net = make_ip(family, prefix, subnet, 0);
		s->gateway = make_ip(family, prefix, subnet, 1);
		*ip = make_ip(family, prefix, subnet, 5);
	}
	c->network = n;
	c->ifname = nk_fmt(a, "eth%zu", m->spec.net.cards.n - 1);
	c->host_ifname = nk_fmt(a, "nk01234567%d", subnet);
	memcpy(c->mac, "\x02\x42\x0a\x59\x00\x05", 6);
	c->index = 1 + (uint32_t)m->spec.net.cards.n;
	c->bridge_index = 70 + (uint32_t)subnet;
	c->default_route = true;
	return c;
}

static inline void make_backend(struct made *m, const struct cell *c)
{
	struct nk_net_spec *net = &m->spec.net;
	struct nk_port *tcp = NK_PUSH(&m->arena, &net->ports);
	struct nk_port *udp = NK_PUSH(&m->arena, &net->ports);

	if (!tcp || !udp)
		return;
	net->ports.v[0] = (struct nk_port){.host_port = 8080, .port = 80, .count = 2};
	*udp = (struct nk_port){.proto = NK_UDP,
				.host = make_ip(AF_INET, 32, 9, 9),
				.host_port = 5300,
				.port = 53,
				.count = 1};
	if (c->with & PASTA) {
		net->backend = NK_NET_BACKEND_PASTA;
		net->backend_path = "/usr/bin/pasta";
		net->backend_guest_maps = true;
		net->backend_dns = "169.254.1.1";
		return;
	}
	net->backend = NK_NET_BACKEND_SLIRP;
	net->backend_path = "/usr/bin/slirp4netns";
	net->backend_ip6 = true;
	net->backend_socket = "/run/user/1000/nook/net/slirp-0123456789ab";
}

static inline void make_programs(struct nk_net_spec *net)
{
	net->netd_path = "/usr/libexec/nook/nook-netd";
	net->dhcp_path = "/usr/libexec/nook/nook-dhcp";
	net->root_dir = "/var/lib/nook/networks";
	net->state_dir = "/run/nook/net";
	net->owner = "pid:4711:1:boot";
}

static inline void make_wall(struct made *m)
{
	struct nk_net_spec *net = &m->spec.net;
	struct nk_fw_rule *in = NK_PUSH(&m->arena, &net->firewall);
	struct nk_fw_rule *drop = NK_PUSH(&m->arena, &net->firewall);

	if (!in || !drop)
		return;
	net->firewall.v[0] = (struct nk_fw_rule){.accept = true,
						 .proto = 6,
						 .port_first = 80,
						 .port_last = 80,
						 .peer = make_ip(AF_INET, 32, 1, 7),
						 .words = "in accept tcp 80 from 10.89.1.7"};
	*drop = (struct nk_fw_rule){.any_proto = true, .words = "in drop"};
	net->firewall_given = true;
	make_programs(net);
	net->egress_given = net->cards.n || net->backend != NK_NET_BACKEND_NONE;
	nk_strv_push(&m->arena, &net->egress, "api.example.org");
	nk_strv_push(&m->arena, &net->egress, "*.example.net");
}

/* A macvlan whose address comes from its LAN. */
static inline void make_leased(struct made *m)
{
	struct nk_net_card *c = add_card(m, "home", 3);

	make_programs(&m->spec.net);
	if (!c)
		return;
	struct nk_network *n = (struct nk_network *)(uintptr_t)c->network;
	n->driver = NK_NET_MACVLAN;
	n->ipam = NK_IPAM_DHCP;
	n->dns = false;
	n->subnets.n = c->ips.n = 0;
	n->parent = "eth7";
	c->parent_index = 7;
	c->default_route = m->spec.net.cards.n == 1;
	m->spec.net.hostname = "web";
}

static inline void make_cards(struct made *m, const struct cell *c);
static inline void make_net(struct made *m, const struct cell *c)
{
	make_cards(m, c);
	if (c->ns[NK_NS_NET] != 'n')
		return;
	if (c->with & LEASED && m->spec.net.backend == NK_NET_BACKEND_NONE)
		make_leased(m);
	if (c->with & WALL)
		make_wall(m);
}

static inline void make_cards(struct made *m, const struct cell *c)
{
	struct nk_net_spec *net = &m->spec.net;
	struct nk_arena *a = &m->arena;

	if (!(c->with & (NET | NET_FIRST)) && c->with & (PASTA | SLIRP) && c->ns[NK_NS_NET] == 'n')
		make_backend(m, c);
	if (!(c->with & (NET | NET_FIRST)) || c->ns[NK_NS_NET] != 'n')
		return;
	struct nk_net_card *lan = add_card(m, "lan", 1);
	net->ip6 = true;
	if (!(c->with & NET_FIRST) || !lan)
		return;
	struct nk_net_card *db = add_card(m, "db", 2);
	struct nk_port *tcp = NK_PUSH(a, &net->ports), *udp = NK_PUSH(a, &net->ports);
	if (!db || !udp)
		return;
	net->ports.v[0] = (struct nk_port){.host_port = 8080, .port = 80, .count = 2};
	*udp = (struct nk_port){.proto = NK_UDP,
				.host = make_ip(AF_INET, 32, 9, 9),
				.host_port = 5300,
				.port = 53,
				.count = 1};
	(void)tcp;
	((struct nk_network *)(uintptr_t)db->network)->internal = true;
	((struct nk_network *)(uintptr_t)db->network)->mtu = 1400;
	db->default_route = false;
	lan->bridge_missing = lan->netd_missing = true;
	net->bridge_filter = true;
	net->table_missing = net->forward4 = net->forward6 = true;
	nk_strv_push(a, &net->accept_ra, "eth0");
	make_programs(net);
}

static inline void add_device(struct made *m, struct nk_device_spec d)
{
	struct nk_device_spec *p = NK_PUSH(&m->arena, &m->spec.devices);

	if (p)
		*p = d;
}

static inline void make_process(struct made *m, const struct cell *c)
{
	static const struct sock_filter insns[] = {{.code = 6, .k = 0x7fff0000}};
	struct nk_spec *s = &m->spec;

	nk_strv_push(&m->arena, &s->args, "sh");
	nk_strv_push(&m->arena, &s->env, "PATH=/usr/bin:/bin");
	s->caps.bounding = s->caps.permitted = s->caps.effective = m->facts.caps;
	if (c->with & CAPS)
		s->caps.bounding = s->caps.permitted = s->caps.effective = NK_CAPS_DEFAULT;
	s->interactive = !(c->with & TERMINAL) && c->with & VOLUMES;
	s->terminal = c->with & TERMINAL;
	s->no_new_privs = c->with & NNP;
	s->privileged = c->with & PRIVILEGED;
	if (s->privileged) /* as src/runtime leaves the lists empty */
		s->masked_paths.n = s->readonly_paths.n = m->facts.mask_extra.n = 0;
	s->init_path = c->with & INIT ? "/usr/libexec/nook/nook-init" : NULL;
	s->preserve_fds = c->with & PRESERVE ? 2 : 0;
	if (c->with & FILTER && !s->privileged)
		m->filter = (struct nk_bpf){insns, 1, 0};
	if (c->with & AS_USER) {
		s->uid = s->gid = 33;
		s->cwd = "/var/www";
		gid_t *g = NK_PUSH(&m->arena, &s->groups);
		if (g && !m->facts.single_id)
			*g = 44;
		s->caps.effective = s->caps.permitted = 0;
		struct nk_rlimit *r = NK_PUSH(&m->arena, &s->rlimits);
		if (r)
			*r = (struct nk_rlimit){RLIMIT_NOFILE, 64, 128};
	}
	if (c->with & SYSCTLS) {
		struct nk_keyval *kv = NK_PUSH(&m->arena, &s->sysctls);
		if (kv)
			*kv = (struct nk_keyval){"net.ipv4.ip_forward", "1"};
	}
}

static inline void make_spec(struct made *m, const struct cell *c)
{
	struct nk_spec *s = &m->spec;

	s->id = "0123456789abcdef0123456789abcdef";
	s->rootfs_host = c->root >= HOST;
	s->rootfs = s->rootfs_host ? NULL : "/srv/debian";
	s->rootfs_overlay = c->root == DIR_OVERLAY;
	s->read_only = c->root == DIR_READ_ONLY || c->root == HOST_READ_ONLY;
	nk_resources_init(&s->resources);
	if (c->with & LIMITS) {
		s->resources.memory = s->resources.memory_swap = 64 << 20;
		s->resources.pids = 32;
	}
	if (c->with & PARENT)
		s->cgroup_parent = "/batch";
	if (c->with & ETC) {
		s->etc_hostname = "web\n";
		s->etc_hosts = "127.0.0.1 localhost\n";
		s->etc_resolv = "";
	}
	if (c->with & DEVICES) {
		add_device(m, (struct nk_device_spec){"/dev/net/tun", "/dev/net/tun", "rwm",
						      S_IFCHR | 0660, 10, 200, 0, 5});
		add_device(m, (struct nk_device_spec){"/dev/fuse", "/dev/fuse", "rwm",
						      S_IFCHR | 0666, 10, 229, 0, 0});
	}
	if (c->with & RESTRICT)
		add_device(m, (struct nk_device_spec){"/dev/kmsg", "/dev/kmsg", "r", S_IFCHR | 0600,
						      1, 11, 0, 0});
	make_process(m, c);
	make_volumes(m, c);
	make_net(m, c);
}

static inline int make_plan(struct made *m)
{
	struct nk_plan_input in = {&m->spec, &m->facts, m->filter};

	nk_plan_init(&m->plan, &m->arena);
	return m->ret = nk_plan_run(&m->plan, &in, &m->cg, &m->e);
}

static inline void make_input(struct made *m, const struct cell *c)
{
	make_facts(m, c);
	make_namespaces(m, c);
	make_spec(m, c);
}

/* The errno with which the planner has to refuse this cell, 0 where it plans it; -1: any. */
static inline int refused(const struct cell *c)
{
	bool root = c->who != USER && c->who != SINGLE;
	bool admin = c->who == ROOT || c->who == FOREIGN || c->who == UNSHARED;
	bool groups = c->groups == V2 || (c->groups != NONE && root);

	if (!admin && c->ns[NK_NS_USER] == 'h')
		return EPERM;
	if (c->facts & NO_OVERLAY && (c->root == DIR_OVERLAY || c->with & OVERLAYS))
		return ENODEV;
	if (c->with & IDMAP && (!admin || c->who == UNSHARED || c->ns[NK_NS_USER] != 'n'))
		return EPERM;
	if ((c->with & (LIMITS | PARENT) || (c->with & RESTRICT && !(c->with & PRIVILEGED))) &&
	    !groups)
		return c->groups == NONE ? -1 : EACCES;
	return 0;
}

#endif
