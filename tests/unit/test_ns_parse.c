/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside namespaces comes as text and bytes in which strangers have a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "ns/cards.h"
#include "ns/compare.h"
#include "ns/idmap.h"
#include "ns/ipc.h"
#include "ns/mountinfo.h"
#include "ns/pids.h"
#include "ns/sockets.h"
#include "ns/status.h"

#define STATUS(chain)                                                                       \
	"Name:\tsleep\nState:\tS (sleeping)\nTgid:\t30268\nPid:\t30268\nPPid:\t30267\n"     \
	"Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n" chain                                        \
	"CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000400\n" \
	"NoNewPrivs:\t1\nSeccomp:\t2\n"

static void reads_the_chain_of_numbers(void **state)
{
	struct nk_ns_status s;

	(void)state;
	assert_int_equal(nk_ns_status_parse(&s, STATUS("NSpid:\t30268\t4\t2\t1\n")), 0);
	assert_int_equal(s.levels, 4);
	assert_int_equal(s.nspid[0], 30268);
	assert_int_equal(s.nspid[3], 1);
	assert_int_equal(s.ppid, 30267);
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.uid[1], 2);
	assert_int_equal(s.gid[2], 7);
	assert_int_equal(s.effective, 0x400);
	assert_int_equal(s.permitted, 0x1ffffffffff);
	assert_true(s.no_new_privs);
	assert_int_equal(s.seccomp, 2);
	assert_int_equal(nk_ns_status_parse(&s, STATUS("")), 0);
	assert_int_equal(s.levels, 0);
}

static void refuses_what_is_no_status(void **state)
{
	static const char *const bad[] = {
		"",
		"Pid:\t1\n",
		STATUS("NSpid:\n"),
		STATUS("NSpid:\t1\tx\n"),
		STATUS("NSpid:\t4294967296\n"),
		STATUS("NSpid:\t3000000000\n"),
		STATUS("NSpid:\t-1\n"),
		STATUS("Uid:\t1\t2\t3\n"),
		STATUS("CapEff:\txyz\n"),
		STATUS("CapEff:\t00000000000000001\n"),
		STATUS("NSpid:\t1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
		       "1\n"),
	};
	struct nk_ns_status s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (nk_ns_status_parse(&s, bad[i]) >= 0)
			fail_msg("believed %zu: %s", i, bad[i]);
}

/* What kernels before 6.11 need, where there is no ioctl for it. */
static void finds_a_number_by_looking_at_all(void **state)
{
	int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC),
	    net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(nk_ns_pid_scan(fd, getpid()), getpid());
	assert_int_equal(nk_ns_pid_from(fd, getpid()), getpid());
	assert_int_equal(nk_ns_pid_scan(fd, INT_MAX), -ESRCH);
	assert_int_equal(nk_ns_pid_from(fd, INT_MAX), -ESRCH);
	assert_int_equal(nk_ns_pid_scan(net, 1), -EXDEV);
	close(fd);
	close(net);
}

static const char *words(struct nk_arena *a, uint32_t in, uint32_t out, uint32_t n)
{
	struct nk_idmap m = {in, out, n};

	return nk_ns_idmap_words(a, &m);
}

static void maps_in_words(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_idmaps m = {0}, none = {0};

	(void)state;
	assert_int_equal(nk_ns_idmap_parse(&a,
					   "         0       1000          1\n"
					   "         1     100000      65536\n",
					   &m),
			 0);
	assert_int_equal(m.n, 2);
	assert_string_equal(nk_ns_idmap_words(&a, &m.v[0]), "0 inside is 1000 outside, 1 id");
	assert_string_equal(nk_ns_idmap_words(&a, &m.v[1]),
			    "1 to 65536 inside are 100000 to 165535 outside, 65536 ids");
	assert_string_equal(words(&a, 0, 0, 4294967295u),
			    "every id is the same inside and outside");
	assert_string_equal(words(&a, 7, 7, 1), "7 is 7 inside and outside, 1 id");
	assert_string_equal(words(&a, 0, 0, 10), "0 to 9 are the same inside and outside, 10 ids");
	assert_int_equal(nk_ns_idmap_out(&m, 0), 1000);
	assert_int_equal(nk_ns_idmap_out(&m, 3), 100002);
	assert_int_equal(nk_ns_idmap_out(&m, 65537), -1);
	assert_int_equal(nk_ns_idmap_parse(&a, "0 0\n", &none), -EINVAL);
	assert_int_equal(nk_ns_idmap_parse(&a, "0 0 0\n", &none), -EINVAL);
	assert_int_equal(nk_ns_idmap_parse(&a, "0 0 1 2\n", &none), -EINVAL);
	assert_int_equal(nk_ns_idmap_parse(&a, "0 -1 1\n", &none), -EINVAL);
	assert_int_equal(nk_ns_idmap_parse(&a, "", &none), 0);
}

static const char here[] =
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
	"23 22 0:5 / /proc rw,nosuid - proc proc rw\n"
	"24 22 0:6 /sub /mnt\\040a\\134b\\012c ro shared:3 master:2 - tmpfs none rw,size=4k\n"
	"25 22 0:7 / /twice rw unbindable - tmpfs below rw\n"
	"26 25 0:8 / /twice rw - tmpfs above rw\n"
	"broken line\n27 22 0:9 / /short rw - tmpfs\n";
static const char there[] = "122 1 8:1 / / rw,relatime shared:77 - ext4 /dev/vda1 rw\n"
			    "123 22 0:5 / /proc rw - proc proc rw\n"
			    "126 25 0:8 / /twice rw - tmpfs above rw\n"
			    "128 22 0:9 / /only rw - tmpfs x rw\n";

static void mounts_that_differ(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ns_mounts x = {0}, y = {0};
	struct nk_ns_mount_diffs d = {0};

	(void)state;
	assert_int_equal(nk_ns_mounts_parse(&a, here, &x), 2);
	assert_int_equal(nk_ns_mounts_parse(&a, there, &y), 0);
	assert_int_equal(x.n, 5);
	assert_string_equal(x.v[2].point, "/mnt a\\b\nc");
	assert_string_equal(x.v[2].root, "/sub");
	assert_string_equal(x.v[2].propagation, "shared,slave");
	assert_string_equal(x.v[3].propagation, "unbindable");
	assert_string_equal(x.v[1].propagation, "private");
	nk_ns_mounts_compare(&a, &x, &y, &d);
	/* "/" differs in the number of its peer group only; "/twice" is the same on top */
	assert_int_equal(d.n, 3);
	assert_int_equal(d.v[0].change, NK_MOUNT_ONLY_HERE);
	assert_string_equal(d.v[0].here->point, "/mnt a\\b\nc");
	assert_int_equal(d.v[1].change, NK_MOUNT_ONLY_THERE);
	assert_string_equal(d.v[1].there->point, "/only");
	assert_int_equal(d.v[2].change, NK_MOUNT_CHANGED);
	assert_string_equal(d.v[2].here->options, "rw,nosuid");
	assert_string_equal(d.v[2].there->options, "rw");
	/* what only spreads otherwise is told apart */
	d = (struct nk_ns_mount_diffs){0};
	y.v[0].propagation = "slave";
	nk_ns_mounts_compare(&a, &x, &y, &d);
	assert_int_equal(d.n, 4);
	assert_int_equal(d.v[0].change, NK_MOUNT_SPREADS);
	assert_string_equal(d.v[0].here->point, "/");
}

static void sockets_that_listen(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ns_sockets s = {0};

	(void)state;
	nk_ns_sockets_parse(&a, "tcp",
			    "  sl  local_address rem_address st …\n"
			    "   0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 33 0 4711 1\n"
			    "   1: 0100007F:1F91 0100007F:0001 01 0:0 00:0 0 33 0 4712 1\n"
			    "   2: 0100007:1F91 0100007F:0001 0A 0:0 00:0 0 33 0 4712 1\n"
			    "   3: 0100007F:11F91 0100007F:0001 0A 0:0 00:0 0 33 0 4712 1\n",
			    &s);
	assert_int_equal(s.n, 1);
	assert_string_equal(nk_ns_socket_words(&a, &s.v[0]), "127.0.0.1:8080");
	assert_int_equal(s.v[0].uid, 33);
	nk_ns_sockets_parse(&a, "udp6",
			    "title\n 9: 00000000000000000000000001000000:0035 "
			    "00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 5 2\n",
			    &s);
	assert_string_equal(nk_ns_socket_words(&a, &s.v[1]), "[::1]:53");
	nk_ns_sockets_parse(&a, "unix",
			    "Num RefCount …\n"
			    "0: 00000002 00000000 00010000 0001 01 99 /run/a b\n"
			    "0: 00000002 00000000 00010000 0001 01 98 @abstract\n"
			    "0: 00000002 00000000 00000000 0001 03 97 /run/connected\n"
			    "0: 00000002 00000000 00010000 0001 01 96\n",
			    &s);
	assert_int_equal(s.n, 4);
	assert_string_equal(s.v[2].address, "/run/a b");
	assert_string_equal(nk_ns_socket_words(&a, &s.v[3]), "@abstract");
}

static void ipc_objects(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ipc_objects o = {0};

	(void)state;
	nk_ipc_parse_sysv(&a, NK_IPC_MSG,
			  "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid s r c\n"
			  "42 7 640 12 1 5 0 1000 1000 1000 1000 1 0 1\n"
			  "43 8 640 12\n",
			  &o);
	nk_ipc_parse_sysv(&a, NK_IPC_SEM, "-1 0 600 3 5 0 0 0 0 1\n", &o);
	nk_ipc_parse_sysv(&a, NK_IPC_SHM, "0 2 1600 4096 1 1 2 6 0 0 0 0 0 0 0 0\n", &o);
	static const char queues[] = "644 9 5 a b\0junk\0"
				     "600 0 0 \x1b[2J\0cut";
	nk_ipc_parse_mqueue(&a, queues, sizeof(queues) - 1, &o);
	assert_int_equal(o.n, 5);
	assert_string_equal(nk_ipc_name(&a, &o.v[0]), "0x0000002a id 7");
	assert_string_equal(nk_ipc_words(&a, &o.v[0]), "1 message, 12 bytes, uid 1000, mode 640");
	assert_string_equal(nk_ipc_name(&a, &o.v[1]), "0xffffffff id 0");
	assert_string_equal(nk_ipc_words(&a, &o.v[1]), "3 semaphores, uid 5, mode 600");
	assert_string_equal(nk_ipc_words(&a, &o.v[2]),
			    "4096 bytes, attached 2 times, uid 6, mode 600");
	assert_string_equal(nk_ipc_name(&a, &o.v[3]), "/a b");
	assert_string_equal(nk_ipc_words(&a, &o.v[3]), "5 bytes waiting, uid 9, mode 644");
	assert_string_equal(nk_ipc_name(&a, &o.v[4]), "/\x1b[2J");
}

static void offsets_and_cgroups(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_inside in = {0};
	int64_t mono = 0, boot = 0;

	(void)state;
	nk_inside_parse_offsets("monotonic       86400         0\nboottime   -2 500000000\nx\n",
				&mono, &boot);
	assert_string_equal(nk_inside_duration(&a, mono), "+86400 s");
	assert_string_equal(nk_inside_duration(&a, boot), "-1.5 s");
	assert_string_equal(nk_inside_duration(&a, 0), "0 s");
	nk_inside_parse_cgroups(&a, "4:memory:/a:b/c\n1:name=systemd:/\n0::/x\nbad\n",
				"4:memory:/\n0::/x\n", &in);
	assert_int_equal(in.cgroups.n, 3);
	assert_string_equal(in.cgroups.v[0].outside, "/a:b/c");
	assert_string_equal(in.cgroups.v[0].inside, "/");
	assert_null(in.cgroups.v[1].inside);
	assert_string_equal(in.cgroups.v[2].controllers, "");
}

/* -- answers of rtnetlink -- */

struct packet {
	char v[2048];
	size_t n, start;
};

static void begin(struct packet *p, unsigned type, const void *body, size_t n)
{
	struct nlmsghdr h = {.nlmsg_type = (uint16_t)type};

	p->start = p->n;
	memcpy(p->v + p->n, &h, sizeof(h));
	memcpy(p->v + p->n + NLMSG_HDRLEN, body, n);
	p->n += NLMSG_HDRLEN + NLMSG_ALIGN(n);
}
static void put(struct packet *p, unsigned type, const void *data, size_t n)
{
	struct rtattr r = {.rta_type = (uint16_t)type, .rta_len = (uint16_t)RTA_LENGTH(n)};

	memcpy(p->v + p->n, &r, sizeof(r));
	memcpy(p->v + p->n + RTA_LENGTH(0), data, n);
	p->n += RTA_SPACE(n);
}
static void end(struct packet *p)
{
	uint32_t len = (uint32_t)(p->n - p->start);

	memcpy(p->v + p->start, &len, sizeof(len));
}

static void link_packet(struct packet *p)
{
	struct ifinfomsg link = {.ifi_index = 2, .ifi_flags = 1 /* IFF_UP */};
	struct {
		struct rtattr r;
		char kind[8];
	} info = {{.rta_len = RTA_LENGTH(5), .rta_type = IFLA_INFO_KIND}, "veth"};

	begin(p, RTM_NEWLINK, &link, sizeof(link));
	put(p, IFLA_IFNAME, "eth0\33", 6);
	put(p, IFLA_MTU, &(uint32_t){1500}, 4);
	put(p, IFLA_ADDRESS, "\2\0\0\0\0\1", 6);
	put(p, IFLA_OPERSTATE, "\6", 1);
	put(p, IFLA_LINK, &(uint32_t){9}, 4);
	put(p, IFLA_LINK_NETNSID, &(uint32_t){0}, 4);
	put(p, IFLA_LINKINFO, &info, sizeof(info));
	end(p);
}

static void cards_and_routes(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2};
	struct rtmsg route = {
		.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct packet links = {0}, addresses = {0}, routes = {0};
	struct nk_cards c = {0};

	(void)state;
	link_packet(&links);
	begin(&addresses, RTM_NEWADDR, &address, sizeof(address));
	put(&addresses, IFA_LOCAL, "\12\0\0\2", 4);
	end(&addresses);
	begin(&routes, RTM_NEWROUTE, &route, sizeof(route));
	put(&routes, RTA_GATEWAY, "\12\0\0\1", 4);
	put(&routes, RTA_OIF, &(uint32_t){2}, 4);
	end(&routes);
	route.rtm_table = RT_TABLE_LOCAL;
	begin(&routes, RTM_NEWROUTE, &route, sizeof(route));
	end(&routes);
	nk_cards_parse_links(&a, links.v, links.n, &c);
	nk_cards_parse_addresses(&a, addresses.v, addresses.n, &c);
	nk_cards_parse_routes(&a, routes.v, routes.n, &c);
	assert_int_equal(c.cards.n, 1);
	assert_string_equal(
		nk_card_words(&a, &c, &c.cards.v[0]),
		"up, mtu 1500, veth, to card 9 of another namespace, 02:00:00:00:00:01");
	assert_string_equal(c.cards.v[0].name, "eth0\33");
	assert_string_equal(c.cards.v[0].addresses.v[0], "10.0.0.2/24");
	assert_int_equal(c.routes.n, 1);
	assert_string_equal(c.routes.v[0].to, "default");
	assert_string_equal(nk_route_words(&a, &c.routes.v[0]), "via 10.0.0.1 dev eth0\33");
}

/* Each byte in turn is something else: nothing is read behind the end (the sanitizers look). */
static void broken_answers(void **state)
{
	struct packet whole = {0};

	(void)state;
	link_packet(&whole);
	for (size_t i = 0; i < whole.n; i++)
		for (int value = 0; value < 256; value += 51) {
			_arena_ struct nk_arena a = {0};
			struct nk_cards c = {0};
			char *copy = malloc(whole.n);
			assert_non_null(copy);
			memcpy(copy, whole.v, whole.n);
			copy[i] = (char)value;
			nk_cards_parse_links(&a, copy, whole.n, &c);
			nk_cards_parse_addresses(&a, copy, whole.n, &c);
			nk_cards_parse_routes(&a, copy, whole.n, &c);
			nk_cards_parse_links(&a, copy, i, &c);
			free(copy);
		}
}

static void cards_from_files(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cards c = {0};
	struct nk_cards_files f = {
		.dev = "Inter-|\n face |\n    lo: 1 2\n  eth0: 3 4\n",
		.if_inet6 = "fe800000000000000000000000000001 02 40 20 80     eth0\n",
		.fib_trie = "Main:\n  +-- 0.0.0.0/0\n     |-- 10.0.0.2\n        /32 host LOCAL\n"
			    "     |-- 10.0.0.255\n        /32 link BROADCAST\nLocal:\n"
			    "     |-- 10.0.0.2\n        /32 host LOCAL\n",
		.route = "Iface\tDestination\nx\neth0\t00000000\t0100000A\t0003\t0\t0\t5\t00000000"
			 "\t0\n",
	};

	(void)state;
	nk_cards_parse_files(&a, &f, &c);
	assert_int_equal(c.cards.n, 2);
	assert_string_equal(c.cards.v[0].name, "lo");
	assert_string_equal(c.cards.v[1].addresses.v[0], "fe80::1/64");
	assert_false(c.cards.v[1].known);
	assert_int_equal(c.loose.n, 1);
	assert_string_equal(c.loose.v[0], "10.0.0.2");
	assert_string_equal(nk_route_words(&a, &c.routes.v[0]), "via 10.0.0.1 dev eth0 metric 5");
}

/* -- comparing -- */

static void add(struct nk_arena *a, struct nk_inside_items *l, const char *key, const char *value)
{
	struct nk_inside_item *i = NK_PUSH(a, l);

	assert_non_null(i);
	*i = (struct nk_inside_item){key, value, l->n};
}

static void what_differs(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_inside_items x = {0}, y = {0};
	struct nk_ns_differences d = {0};

	(void)state;
	add(&a, &x, "lo", "up");
	add(&a, &x, "lo", "127.0.0.1/8");
	add(&a, &x, "eth0", "up");
	add(&a, &x, "eth0", "10.0.0.1/24");
	add(&a, &y, "eth0", "down");
	add(&a, &y, "lo", "127.0.0.1/8");
	add(&a, &y, "lo", "up");
	add(&a, &y, "z", "");
	nk_ns_compare_items(&a, NK_INSIDE_CARDS, &x, &y, &d);
	assert_int_equal(d.n, 3);
	assert_string_equal(d.v[0].key, "eth0");
	assert_string_equal(d.v[0].a, "up");
	assert_string_equal(d.v[0].b, "down");
	assert_string_equal(d.v[1].a, "10.0.0.1/24");
	assert_null(d.v[1].b);
	assert_string_equal(d.v[2].key, "z");
	assert_null(d.v[2].a);
	d = (struct nk_ns_differences){0};
	nk_ns_compare_items(&a, NK_INSIDE_CARDS, &x, &x, &d);
	assert_int_equal(d.n, 0);
}

/* -- no memory -- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static long mallocs_left = -1; /* -1: as many as one likes */

void *__wrap_malloc(size_t size)
{
	if (mallocs_left == 0)
		return NULL;
	if (mallocs_left > 0)
		mallocs_left--;
	return __real_malloc(size);
}

/* Leave so many bytes in the arena's first chunk, of 64 KiB: what needs more fails. */
static void leave(struct nk_arena *a, size_t bytes)
{
	nk_alloc(a, 20000);
	nk_alloc(a, 20000);
	nk_alloc(a, 25488 - bytes);
}

static void everything(struct nk_arena *a, const struct packet *links)
{
	struct nk_ns_mounts x = {0}, y = {0};
	struct nk_ns_mount_diffs d = {0};
	struct nk_ns_differences diffs = {0};
	struct nk_inside in = {
		.there = {true, true, true, true, true, true, true, true, true, true}};
	struct nk_ns_subject subject = NK_NS_SUBJECT_INIT;
	struct nk_inside other = {.there = {false}};

	in.s = other.s = &subject;
	in.hostname = in.domainname = in.setgroups = "";
	nk_ns_mounts_parse(a, here, &x);
	nk_ns_mounts_parse(a, there, &y);
	nk_ns_mounts_compare(a, &x, &y, &d);
	nk_ns_idmap_parse(a, "0 1000 1\n1 100000 65536\n", &in.uids);
	nk_inside_parse_cgroups(a, "4:memory:/a\n0::/x\n", "0::/x\n", &in);
	nk_cards_parse_links(a, links->v, links->n, &in.net);
	nk_ipc_parse_sysv(a, NK_IPC_SEM, "-1 0 600 3 5 0 0 0 0 1\n", &in.ipc);
	nk_ipc_parse_mqueue(a, "644 9 5 q", 10, &in.ipc);
	nk_ns_sockets_parse(a, "unix", "t\n0: 2 0 00010000 0001 01 99 /run/a b\n", &in.sockets);
	in.mounts = x;
	other = in;
	other.uids.n = 0;
	nk_ns_compare(a, &in, &other, &diffs);
}

static void out_of_memory(void **state)
{
	struct packet links = {0};
	unsigned failed = 0;
	struct nk_err e;

	(void)state;
	link_packet(&links);
	for (size_t bytes = 0; bytes < 8000; bytes += 32) {
		_arena_ struct nk_arena a = {0};
		leave(&a, bytes);
		mallocs_left = 0;
		everything(&a, &links);
		mallocs_left = -1;
		failed += nk_arena_ok(&a, &e) < 0;
	}
	assert_true(failed > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_chain_of_numbers),
		cmocka_unit_test(refuses_what_is_no_status),
		cmocka_unit_test(finds_a_number_by_looking_at_all),
		cmocka_unit_test(maps_in_words),
		cmocka_unit_test(mounts_that_differ),
		cmocka_unit_test(sockets_that_listen),
		cmocka_unit_test(ipc_objects),
		cmocka_unit_test(offsets_and_cgroups),
		cmocka_unit_test(cards_and_routes),
		cmocka_unit_test(broken_answers),
		cmocka_unit_test(cards_from_files),
		cmocka_unit_test(what_differs),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
