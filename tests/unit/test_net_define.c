/* SPDX-License-Identifier: Apache-2.0 */
/* A network's definition: what is refused, what is chosen, what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "net/define.h"
#include "oci/ip.h"

static struct nk_arena a;

static struct nk_ip ip(const char *text)
{
	struct nk_ip out;
	struct nk_err e;

	assert_int_equal(nk_ip_parse(text, true, &out, &e), 0);
	return out;
}

static void use(struct nk_net_taken *t, const char *net, const char *who)
{
	*NK_PUSH(&a, t) = (struct nk_net_used){.net = ip(net), .who = who};
}

static void subnet(struct nk_network *n, const char *net, const char *gateway, const char *range)
{
	struct nk_subnet *s = NK_PUSH(&a, &n->subnets);

	s->net = ip(net);
	if (gateway)
		s->gateway = ip(gateway);
	if (range)
		s->range = ip(range);
}

static void option(struct nk_network *n, const char *key, const char *value)
{
	*NK_PUSH(&a, &n->options) = (struct nk_net_option){key, value};
}

static void free_subnets(void **state)
{
	struct nk_net_taken t = {0};
	struct nk_err e = {0};
	struct nk_ip net, again;
	char buf[NK_IP_TEXT];

	(void)state;
	assert_int_equal(nk_net_choose4(&t, &net, &e), 0);
	assert_string_equal(nk_ip_text(&net, true, buf), "10.89.0.0/24");
	use(&t, "10.89.0.0/24", "a");
	use(&t, "10.89.1.128/25", "b");
	use(&t, "10.89.2.7/32", "c");
	assert_int_equal(nk_net_choose4(&t, &net, &e), 0);
	assert_string_equal(nk_ip_text(&net, true, buf), "10.89.3.0/24");
	use(&t, "10.0.0.0/8", "a VPN");
	assert_int_equal(nk_net_choose4(&t, &net, &e), 0);
	assert_string_equal(nk_ip_text(&net, true, buf), "172.20.0.0/24");
	use(&t, "172.16.0.0/12", "d");
	use(&t, "192.168.0.0/17", "e");
	assert_int_equal(nk_net_choose4(&t, &net, &e), 0);
	assert_string_equal(nk_ip_text(&net, true, buf), "192.168.128.0/24");
	use(&t, "192.168.0.0/16", "f");
	assert_true(nk_net_choose4(&t, &net, &e) < 0);

	assert_int_equal(nk_net_choose6(&t, "seed", &net, &e), 0);
	assert_int_equal(net.a[0], 0xfd);
	assert_int_equal(net.prefix, 64);
	use(&t, nk_strdup(&a, nk_ip_text(&net, true, buf)), "g");
	assert_int_equal(nk_net_choose6(&t, "seed", &again, &e), 0);
	assert_false(nk_ip_equal(&net, &again));
}

static void bridges_have_names(void **state)
{
	struct nk_net_taken t = {0};
	struct nk_network n = {.name = "nook"};
	const char *link;

	(void)state;
	assert_string_equal(nk_net_choose_link(&a, &n, &t), "nook0");
	nk_strv_push(&a, &t.links, "nook0");
	assert_string_equal(nk_net_choose_link(&a, &n, &t), "nook1");
	n.name = "web";
	assert_string_equal(nk_net_choose_link(&a, &n, &t), "nk-web");
	nk_strv_push(&a, &t.links, "nk-web");
	assert_string_not_equal(nk_net_choose_link(&a, &n, &t), "nk-web");
	n.name = "twelve-chars";
	assert_string_equal(nk_net_choose_link(&a, &n, &t), "nk-twelve-chars");
	n.name = "thirteen-char";
	link = nk_net_choose_link(&a, &n, &t);
	assert_int_equal(strlen(link), 15);
	assert_int_equal(strncmp(link, "nk-thirt", 8), 0);
}

/* What is refused, and a word of why. */
static void bad_subnets(void **state)
{
	static const struct {
		const char *net, *gateway, *range, *word;
	} bad[] = {
		{"10.5.0.1/24", NULL, NULL, "not a subnet"},
		{"10.5.0.0/31", NULL, NULL, "too small"},
		{"0.0.0.0/0", NULL, NULL, "too large"},
		{"127.1.0.0/16", NULL, NULL, "loopback"},
		{"169.254.0.0/16", NULL, NULL, "link-local"},
		{"169.254.169.0/24", NULL, NULL, "link-local"},
		{"224.0.0.0/24", NULL, NULL, "multicast"},
		{"fe80::/64", NULL, NULL, "link-local"},
		{"10.5.0.0/24", "10.6.0.1", NULL, "outside"},
		{"10.5.0.0/24", "fd00::1", NULL, "outside"},
		{"10.5.0.0/24", "10.5.0.0", NULL, "itself"},
		{"10.5.0.0/24", "10.5.0.255", NULL, "broadcast"},
		{"10.5.0.0/24", NULL, "10.5.0.0/23", "range"},
		{"10.5.0.0/24", NULL, "10.6.0.0/25", "range"},
		{"10.5.0.0/24", NULL, "10.5.0.7/25", "range"},
		{"10.4.0.0/15", NULL, NULL, "overlaps the route"},
		{"10.4.7.0/24", NULL, NULL, "overlaps the route"},
	};
	struct nk_net_taken t = {0};
	struct nk_err e;

	(void)state;
	use(&t, "10.4.0.0/16", "the route to 10.4.0.0/16 over eth0");
	for (size_t i = 0; i < NK_COUNT(bad); i++) {
		struct nk_network n = {.name = "x"};

		e = (struct nk_err){0};
		subnet(&n, bad[i].net, bad[i].gateway, bad[i].range);
		assert_true(nk_net_check_subnets(&n, &t, &e) < 0);
		if (!strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].net, e.msg);
	}
	/* Where the host's own LAN is shared, it is meant to be the same. */
	struct nk_network shared = {.name = "x", .parent = "eth0"};
	subnet(&shared, "10.4.0.0/16", NULL, NULL);
	assert_int_equal(nk_net_check_subnets(&shared, &t, &e), 0);
	/* The first address is the gateway's. */
	char buf[NK_IP_TEXT];
	assert_string_equal(nk_ip_text(&shared.subnets.v[0].gateway, true, buf), "10.4.0.1/16");
	/* Two of one definition. */
	struct nk_network twice = {.name = "x"};
	subnet(&twice, "10.5.0.0/24", NULL, NULL);
	subnet(&twice, "10.5.0.0/16", NULL, NULL);
	assert_true(nk_net_check_subnets(&twice, &t, &e) < 0);
	assert_non_null(strstr(e.msg, "overlap"));
}

static void bad_names(void **state)
{
	static const char *const bad[] = {
		"",
		"-a",
		"a/b",
		"host",
		"none",
		"container",
		"a b",
		".x",
		"a:b",
		"bridge",
		"..",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaa"};
	static const char *const good[] = {"a", "web", "10", "a_b.c-d", "nook"};
	struct nk_err e;

	(void)state;
	for (size_t i = 0; i < NK_COUNT(bad); i++) {
		assert_true(nk_net_check_name(bad[i], &e) < 0);
		assert_true(e.hint[0]);
	}
	for (size_t i = 0; i < NK_COUNT(good); i++)
		assert_int_equal(nk_net_check_name(good[i], &e), 0);
}

static void options_become_members(void **state)
{
	struct nk_network n = {.name = "x"};
	struct nk_err e = {0};

	(void)state;
	option(&n, "mtu", "1400");
	option(&n, "isolate", "true");
	option(&n, "com.docker.network.bridge.name", "br7");
	assert_int_equal(nk_net_options(&n, &e), 0);
	assert_int_equal(n.mtu, 1400);
	assert_true(n.isolate);
	assert_string_equal(n.link, "br7");
	assert_int_equal(n.options.n, 0);

	static const char *const bad[][2] = {
		{"vlan", "5"},	    {"mtu", "x"},	    {"mtu", "70000"},
		{"isolate", "yes"}, {"bridge.name", "a/b"}, {"bridge.name", "sixteen-letters-"}};
	for (size_t i = 0; i < NK_COUNT(bad); i++) {
		n = (struct nk_network){.name = "x"};
		option(&n, bad[i][0], bad[i][1]);
		assert_true(nk_net_options(&n, &e) < 0);
		assert_non_null(strstr(e.msg, bad[i][0]));
	}
}

static void what_does_not_go_together(void **state)
{
	struct nk_network bad[] = {
		{.name = "x", .driver = NK_NET_MACVLAN},
		{.name = "x", .driver = NK_NET_MACVLAN, .parent = "e", .mode = "l2"},
		{.name = "x", .driver = NK_NET_IPVLAN, .parent = "e", .mode = "bridge"},
		{.name = "x", .driver = NK_NET_IPVLAN, .parent = "e", .ipam = NK_IPAM_DHCP},
		{.name = "x", .driver = NK_NET_MACVLAN, .parent = "e", .dns = true},
		{.name = "x", .driver = NK_NET_MACVLAN, .parent = "e", .isolate = true},
		{.name = "x", .mode = "bridge"},
		{.name = "x", .mtu = 67},
		{.name = "x", .mtu = 65536},
		{.name = "x", .ipam = NK_IPAM_NONE, .dns = true},
	};
	struct nk_network good[] = {
		{.name = "x"},
		{.name = "x", .mtu = 68},
		{.name = "x", .driver = NK_NET_MACVLAN, .parent = "e", .mode = "vepa"},
		{.name = "x", .driver = NK_NET_IPVLAN, .parent = "e", .mode = "l3s"},
		{.name = "x", .ipam = NK_IPAM_NONE},
	};
	struct nk_network six = {.name = "x", .mtu = 1279};
	struct nk_err e;

	(void)state;
	for (size_t i = 0; i < NK_COUNT(bad); i++) {
		assert_true(nk_net_check(&bad[i], &e) < 0);
		assert_true(e.hint[0]);
	}
	for (size_t i = 0; i < NK_COUNT(good); i++)
		assert_int_equal(nk_net_check(&good[i], &e), 0);
	subnet(&six, "fd00::/64", NULL, NULL);
	assert_true(nk_net_check(&six, &e) < 0);
}

static void json_comes_back(void **state)
{
	struct nk_network n = {.name = "lan",
			       .id = "ab12",
			       .link = "nk-lan",
			       .parent = "eth7",
			       .mtu = 1400,
			       .internal = true,
			       .isolate = true,
			       .dns = true,
			       .created = 1700000000},
			  back;
	struct nk_err e = {0};
	char buf[NK_IP_TEXT];

	(void)state;
	subnet(&n, "10.89.0.0/24", "10.89.0.1", "10.89.0.128/25");
	subnet(&n, "fd00::/64", NULL, NULL);
	*NK_PUSH(&a, &n.labels) = (struct nk_net_option){"owner", "me"};

	_json_ struct nk_json_out j = {0};
	nk_json_open(&j, NULL, '{');
	nk_net_write(&j, &n);
	nk_json_close(&j);
	assert_int_equal(nk_net_read(&a, j.buf, j.n, &back, &e), 0);
	assert_string_equal(back.name, "lan");
	assert_string_equal(back.id, "ab12");
	assert_string_equal(back.link, "nk-lan");
	assert_string_equal(back.parent, "eth7");
	assert_null(back.mode);
	assert_int_equal(back.mtu, 1400);
	assert_true(back.internal && back.isolate && back.dns);
	assert_int_equal(back.created, 1700000000);
	assert_int_equal(back.subnets.n, 2);
	assert_string_equal(nk_ip_text(&back.subnets.v[0].gateway, true, buf), "10.89.0.1/24");
	assert_string_equal(nk_ip_text(&back.subnets.v[0].range, true, buf), "10.89.0.128/25");
	assert_int_equal(back.subnets.v[1].gateway.family, 0);
	assert_string_equal(back.labels.v[0].value, "me");

	_json_ struct nk_json_out again = {0};
	nk_json_open(&again, NULL, '{');
	nk_net_write(&again, &back);
	nk_json_close(&again);
	assert_string_equal(again.buf, j.buf);

	static const char *const bad[] = {"",
					  "[]",
					  "{}",
					  "{\"name\":\"x\",\"driver\":\"y\"}",
					  "{\"name\":\"x\",\"subnets\":[{}]}",
					  "{\"name\":\"x\",\"subnets\":[{\"subnet\":\"y\"}]}",
					  "{\"name\":\"../x\"}"};
	for (size_t i = 0; i < NK_COUNT(bad); i++)
		assert_true(nk_net_read(&a, bad[i], strlen(bad[i]), &back, &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_subnets),
		cmocka_unit_test(bridges_have_names),
		cmocka_unit_test(bad_subnets),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(options_become_members),
		cmocka_unit_test(what_does_not_go_together),
		cmocka_unit_test(json_comes_back),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	nk_arena_done(&a);
	return failed;
}
