/* SPDX-License-Identifier: Apache-2.0 */
/* What `nook run` is told of networks and ports, and the words for each fault. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/run_options.h"
#include "oci/ip.h"

static struct nk_arena arena;
static struct nk_run_request r;
static struct nk_run_world world = {.hostname = "machine", .etc = "/nowhere", .bash = true};
static struct nk_err e;

static int parse(const char *line)
{
	char *argv[64] = {(char *)"run"};
	int argc = 1;

	nk_arena_done(&arena);
	arena = (struct nk_arena){0};
	e = (struct nk_err){0};
	for (char *s = strtok(nk_strdup(&arena, line), " "); s; s = strtok(NULL, " "))
		argv[argc++] = s;
	argv[argc++] = (char *)"host";
	nk_run_request_init(&r);
	int n = nk_options_parse(nk_run_table, &arena, argc, argv, &r, &e);
	return n < 0 ? n : nk_run_finish(&r, &arena, &world, argc - n, argv + n, &e);
}

static void good(const char *line)
{
	if (parse(line) < 0)
		fail_msg("%s: %s", line, e.msg);
}

static void bad(const char *line, const char *message)
{
	if (parse(line) >= 0)
		fail_msg("%s was taken", line);
	if (strcmp(e.msg, message))
		fail_msg("%s: \"%s\", not \"%s\"", line, e.msg, message);
	if (!e.hint[0])
		fail_msg("%s: no hint", line);
}

/* "eth0 lan 10.0.0.5 fd00::5 02:00:00:00:00:01 www,web" for each card. */
static const char *cards(void)
{
	static const uint8_t none[6];
	const char *text = "";

	for (size_t i = 0; i < r.spec.net.cards.n; i++) {
		const struct nk_net_card *c = &r.spec.net.cards.v[i];
		char buf[NK_IP_TEXT];

		text = nk_fmt(&arena, "%s%s%s %s", text, i ? "; " : "", c->ifname,
			      c->network->name);
		for (size_t k = 0; k < c->ips.n; k++)
			text = nk_fmt(&arena, "%s %s", text, nk_ip_text(&c->ips.v[k], false, buf));
		if (memcmp(c->mac, none, 6) != 0)
			text = nk_fmt(&arena, "%s %s", text, nk_mac_text(c->mac, buf));
		for (size_t k = 0; k < c->aliases.n; k++)
			text = nk_fmt(&arena, "%s%s%s", text, k ? "," : " ", c->aliases.v[k]);
	}
	return text;
}

/* "ADDRESS:HOST>PORT+COUNT/udp" for each. */
static const char *ports(void)
{
	const char *text = "";

	for (size_t i = 0; i < r.spec.net.ports.n; i++) {
		const struct nk_port *p = &r.spec.net.ports.v[i];
		char buf[NK_IP_TEXT];

		text = nk_fmt(&arena, "%s%s%s:%u>%u+%u%s", text, i ? " " : "",
			      p->host.family ? nk_ip_text(&p->host, false, buf) : "*", p->host_port,
			      p->port, p->count, p->proto == NK_UDP ? "/udp" : "");
	}
	return text;
}

static void networks_by_name(void **state)
{
	(void)state;
	good("--network lan");
	assert_string_equal(cards(), "eth0 lan");
	assert_int_equal(r.spec.ns[NK_NS_NET].mode, NK_NS_NEW);
	assert_null(r.spec.etc_hosts); /* once the addresses are known */
	good("--network lan:ip=10.0.0.5,mac=02:00:00:00:00:01,ifname=lan0,alias=www,alias=web,"
	     "ip6=fd00::5");
	assert_string_equal(cards(), "lan0 lan 10.0.0.5 fd00::5 02:00:00:00:00:01 www,web");
	good("--network lan:ip=fd00::5,interface_name=x1 --net name=other,alias=db");
	assert_string_equal(cards(), "x1 lan fd00::5; eth0 other db");
	good("--network a --network b:ifname=eth0 --network c");
	assert_string_equal(cards(), "eth1 a; eth0 b; eth2 c");
	good("--network bridge");
	assert_string_equal(cards(), "eth0 nook");
	good("--network default:alias=x");
	assert_string_equal(cards(), "eth0 nook x");
	good("--network lan --ip 10.0.0.9 --ip6 fd00::9 --mac-address 06:00:00:00:00:02 "
	     "--network-alias one --network-alias two");
	assert_string_equal(cards(), "eth0 lan 10.0.0.9 fd00::9 06:00:00:00:00:02 one,two");
}

static void options_that_want_a_network(void **state)
{
	static const char *const lines[] = {"-p 80", "--ip 10.0.0.1", "--network-alias x", "-P"};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(lines); i++) {
		good(lines[i]);
		assert_int_equal(r.spec.net.cards.n, 1);
		assert_string_equal(r.spec.net.cards.v[0].network->name, "nook");
	}
	bad("-p 80:80 --network none", "--publish does not go with --network none");
	bad("-P --network host", "--publish-all does not go with --network host");
	bad("--ip 10.0.0.1 --network container:x", "--ip does not go with --network container:x");
	bad("--network host --network lan", "--network host does not go with --network lan");
	bad("--network lan --network none", "--network none does not go with --network lan");
	bad("--network a --network b --ip 10.0.0.1", "--ip with 2 networks: which one?");
	assert_string_equal(e.hint, "say it with the network: --network a:ip=…");
	bad("--network a --network b --network-alias x",
	    "--network-alias with 2 networks: which one?");
	bad("--network a --network a", "--network a is given twice: File exists");
	bad("--network a:ifname=x --network b:ifname=x", "two cards with the name x: File exists");
	bad("--network lan:ip=10.0.0.5 --ip 10.0.0.6",
	    "--network lan has an IPv4 address already: --ip 10.0.0.6");
}

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

static void defaults(void **state)
{
	(void)state;
	world.makes_links = yes;
	good("");
	assert_string_equal(cards(), "eth0 nook");
	good("--network none");
	assert_string_equal(cards(), "");
	assert_false(r.no_network);
	good("--network host");
	assert_int_equal(r.spec.ns[NK_NS_NET].mode, NK_NS_HOST);
	good("--network lan");
	assert_string_equal(cards(), "eth0 lan");
	world.network = "none";
	good("");
	assert_string_equal(cards(), "");
	assert_int_equal(r.spec.ns[NK_NS_NET].mode, NK_NS_NEW);
	good("-p 80");
	assert_string_equal(cards(), "eth0 nook");
	world.network = "lan:alias=x";
	good("");
	assert_string_equal(cards(), "eth0 lan x");
	good("--network other");
	assert_string_equal(cards(), "eth0 other");
	world.network = "lan:speed=9";
	bad("", "NOOK_NETWORK lan:speed=9: a card has no \"speed\"");
	world.network = "";
	world.makes_links = no;
	good("");
	assert_string_equal(cards(), "");
	assert_true(r.no_network);
	world.euid = 1000;
	good("");
	assert_true(r.rootless_net && !r.no_network);
	world.network = "none";
	good("");
	assert_false(r.rootless_net);
	good("-p 8080:80");
	assert_true(r.rootless_net);
	world.euid = 0;
	world.network = NULL;
	world.makes_links = NULL;
}

static void faults_of_a_card(void **state)
{
	(void)state;
	bad("--network :ip=10.0.0.1", "--network :ip=10.0.0.1: which network?");
	bad("--network a:ip", "--network a:ip: \"ip\" is not KEY=VALUE");
	bad("--network a:speed=9", "--network a:speed=9: a card has no \"speed\"");
	bad("--network a:ip=10.0.0", "--network a:ip=10.0.0: \"10.0.0\" is not an IP address");
	bad("--network a:ip=10.0.0.1,ip=10.0.0.2",
	    "--network a:ip=10.0.0.1,ip=10.0.0.2: a second IPv4 address: 10.0.0.2");
	bad("--network a:mac=1", "--network a:mac=1: \"1\" is not the hardware address of a card");
	bad("--network a:mac=01:00:00:00:00:00",
	    "--network a:mac=01:00:00:00:00:00: \"01:00:00:00:00:00\" is not the hardware address "
	    "of a card");
	bad("--mac-address 00:00:00:00:00:00",
	    "--mac-address 00:00:00:00:00:00: 00:00:00:00:00:00 is no card's address");
	bad("--network a:ifname=0123456789abcdef",
	    "--network a:ifname=0123456789abcdef: the card's name \"0123456789abcdef\" has 16 "
	    "characters, not 1 to 15");
	bad("--network a:ifname=a/b",
	    "--network a:ifname=a/b: \"a/b\" (3 characters) is no name for a card");
	bad("--network a:ifname=lo", "--network a:ifname=lo: the card's name lo: File exists");
	bad("--network a:alias=-x", "--network a:alias=-x: \"-x\" is no name for the resolver");
	bad("--ip fd00::1", "--ip fd00::1: fd00::1 is not an IPv4 address");
	bad("--ip6 10.0.0.1", "--ip6 10.0.0.1: 10.0.0.1 is not an IPv6 address");
}

static void published_ports(void **state)
{
	static const struct {
		const char *words, *means;
	} cases[] = {
		{"80", "*:0>80+1"},
		{":80", "*:0>80+1"},
		{"0:80", "*:0>80+1"},
		{"8080:80", "*:8080>80+1"},
		{"8080:80/tcp", "*:8080>80+1"},
		{"5300:53/udp", "*:5300>53+1/udp"},
		{"127.0.0.1:8080:80", "127.0.0.1:8080>80+1"},
		{"0.0.0.0:8080:80", "0.0.0.0:8080>80+1"},
		{"127.0.0.1::80", "127.0.0.1:0>80+1"},
		{"[::1]:8080:80", "::1:8080>80+1"},
		{"[::]:8080:80/udp", ":::8080>80+1/udp"},
		{"[fd00::1]::80", "fd00::1:0>80+1"},
		{"8000-8009:80-89", "*:8000>80+10"},
		{"127.0.0.1:1-65535:1-65535", "127.0.0.1:1>1+65535"},
		{"80-82", "*:0>80+1 *:0>81+1 *:0>82+1"},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		char line[64]; /* not in the arena, which good() begins anew */

		snprintf(line, sizeof(line), "-p %s", cases[i].words);
		good(line);
		assert_string_equal(ports(), cases[i].means);
	}
	good("-p 80:80 -p 80:80/udp -p 127.0.0.1:81:80 -p 127.0.0.2:81:80 -p [::1]:81:80");
	assert_int_equal(r.spec.net.ports.n, 5);
}

static void faults_of_ports(void **state)
{
	static const struct {
		const char *words, *message;
	} cases[] = {
		{"", "which port of the container?"},
		{"x", "\"x\" is no port"},
		{"8080:", "which port of the container?"},
		{"8080:0", "which port of the container?"},
		{"8080:65536", "\"65536\" is no port"},
		{"65536:80", "\"65536\" is no port"},
		{"8080:80/sctp", "\"sctp\" cannot be published"},
		{"8080:-1", "\"-1\" is no port"},
		{"8009-8000:80-89", "\"8009-8000\" is no port"},
		{"8000-8009:80", "10 ports outside and 1 inside"},
		{"1:2:3:4", "not a port to publish"},
		{"1.2.3:80:80", "\"1.2.3\" is not an IP address"},
		{"localhost:80:80", "\"localhost\" is not an IP address"},
		{"::1:80:80", "not a port to publish"},
		{"[::1:80:80", "an IPv6 address stands in brackets, with a colon behind"},
		{"8080/tcp:80", "not a port to publish"},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		const char *line = nk_fmt(&arena, "--publish=%s", cases[i].words);
		char whole[200], keep[100];

		snprintf(keep, sizeof(keep), "%s", line);
		snprintf(whole, sizeof(whole), "--publish %s: %s", cases[i].words,
			 cases[i].message);
		bad(keep, whole);
	}
	bad("-p 80:80 -p 80:81",
	    "port 80/tcp of the host is published twice: Address already in use");
	bad("-p 79-81:1-3 -p 127.0.0.1:81:81",
	    "port 81/tcp of the host is published twice: Address already in use");
	bad("-p 127.0.0.1:81:1 -p 0.0.0.0:81:2",
	    "port 81/tcp of the host is published twice: Address already in use");
}

static void exposed_ports(void **state)
{
	(void)state;
	good("--expose 80 --expose 5000-5001/udp --network none");
	assert_int_equal(r.spec.net.exposed.n, 2);
	assert_string_equal(ports(), "");
	good("--expose 80 --expose 5000-5001/udp -P -p 8080:80");
	assert_string_equal(ports(), "*:8080>80+1 *:0>5000+1/udp *:0>5001+1/udp");
	bad("--expose 0", "--expose 0: which port?");
	bad("--expose 80:80", "--expose 80:80: \"80:80\" is no port");
}

/* As nk_net_prepare() does. */
static void lease(struct nk_network *n, bool dns, bool six)
{
	struct nk_net_card *c = &r.spec.net.cards.v[0];
	struct nk_ip ip;

	*n = (struct nk_network){.name = "lan", .dns = dns};
	for (int i = 0; i < 1 + six; i++) {
		struct nk_subnet *s = NK_PUSH(&arena, &n->subnets);

		nk_ip_parse(i ? "fd00::1/64" : "10.0.0.1/24", true, &s->gateway, &e);
		nk_ip_parse(i ? "fd00::5/64" : "10.0.0.5/24", true, &ip, &e);
		*NK_PUSH(&arena, &c->ips) = ip;
	}
	c->network = n;
	r.spec.name = "web";
	assert_int_equal(nk_run_finish_etc(&r, &arena, &world, &e), 0);
}

static void etc_files(void **state)
{
	char dir[] = "/tmp/nook-test-etc.XXXXXX", path[64];
	struct nk_network lan;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	world.etc = dir;
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	file = fopen(path, "w");
	fputs("nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch home\noptions edns0\n", file);
	fclose(file);

	good("--network lan --hostname h --add-host gw:host-gateway --add-host x=10.9.9.9");
	lease(&lan, true, true);
	assert_string_equal(r.spec.etc_hosts,
			    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "10.0.0.5\th web\nfd00::5\th web\n10.0.0.1\tgw\n10.9.9.9\tx\n");
	assert_string_equal(r.spec.etc_hostname, "h\n");
	assert_string_equal(r.spec.etc_resolv,
			    "nameserver 10.0.0.1\nsearch home\noptions edns0\noptions ndots:0\n");
	good("--network lan --hostname web");
	lease(&lan, false, false);
	assert_string_equal(r.spec.etc_hosts,
			    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "10.0.0.5\tweb\n");
	/* The host's own resolver cannot be reached. */
	assert_string_equal(r.spec.etc_resolv, "nameserver 9.9.9.9\nsearch home\noptions edns0\n");
	good("--network lan --dns 1.1.1.1 --dns-search . --dns-option ndots:1");
	lease(&lan, true, false);
	assert_string_equal(r.spec.etc_resolv, "nameserver 1.1.1.1\noptions ndots:1\n");
	unlink(path);
	rmdir(dir);
	world.etc = "/nowhere";
	bad("--add-host gw:host-gateway",
	    "--add-host gw:host-gateway: this network has no gateway");
	good("--network host --add-host gw:host-gateway");
	assert_string_equal(r.spec.etc_hosts, "127.0.0.1\tgw\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_by_name),
		cmocka_unit_test(defaults),
		cmocka_unit_test(options_that_want_a_network),
		cmocka_unit_test(faults_of_a_card),
		cmocka_unit_test(published_ports),
		cmocka_unit_test(faults_of_ports),
		cmocka_unit_test(exposed_ports),
		cmocka_unit_test(etc_files),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	nk_arena_done(&arena);
	return failed;
}
