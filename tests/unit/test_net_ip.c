/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and subnets as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "oci/ip.h"

static struct nk_ip ip(const char *text)
{
	struct nk_ip out;
	struct nk_err e = {0};

	assert_int_equal(nk_ip_parse(text, true, &out, &e), 0);
	return out;
}

#define assert_text(value, prefix, text)                                      \
	do {                                                                  \
		struct nk_ip v_ = (value);                                    \
		char buf_[NK_IP_TEXT];                                        \
		assert_string_equal(nk_ip_text(&v_, (prefix), buf_), (text)); \
	} while (0)

static void reads_and_prints(void **state)
{
	(void)state;
	assert_text(ip("10.89.0.5/24"), true, "10.89.0.5/24");
	assert_text(ip("10.89.0.5"), true, "10.89.0.5/32");
	assert_text(ip("FD00:0:0::5/64"), true, "fd00::5/64");
	assert_text(ip("::/0"), true, "::/0");
	assert_text(ip("0.0.0.0/0"), false, "0.0.0.0");
	assert_text((struct nk_ip){0}, true, "");
}

static void refuses_what_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"10.0.0",
		"10.0.0.256",
		"010.0.0.1",
		"10.0.0.1/33",
		"10.0.0.1/",
		"10.0.0.1/-1",
		"10.0.0.1/1x",
		"fd00::1/129",
		"fd00::g",
		"10.0.0.1 ",
		"1.2.3.4/99999999999999999999",
		"/24",
		"fe80::1%eth0",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct nk_ip out;
	struct nk_err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		e = (struct nk_err){0};
		assert_true(nk_ip_parse(bad[i], true, &out, &e) < 0);
		assert_true(e.hint[0]);
	}
	assert_true(nk_ip_parse("10.0.0.1/24", false, &out, &e) < 0);
}

static void compares(void **state)
{
	struct nk_ip a = ip("10.0.0.1"), b = ip("10.0.1.0"), six = ip("::1");

	(void)state;
	assert_int_equal(nk_ip_compare(&a, &b), -1);
	assert_int_equal(nk_ip_compare(&b, &a), 1);
	assert_int_equal(nk_ip_compare(&a, &six), -1);
	a.prefix = 8;
	struct nk_ip other = ip("10.0.0.1");
	assert_true(nk_ip_equal(&a, &other));
}

static void knows_inside_and_overlap(void **state)
{
	struct nk_ip net = ip("10.89.0.0/22"), in = ip("10.89.3.255"), out = ip("10.89.4.0"),
		     half = ip("10.89.2.0/23"), wide = ip("10.0.0.0/8"), all = ip("0.0.0.0/0"),
		     six = ip("::/0"), lan6 = ip("fd00:1::/64"), in6 = ip("fd00:1::ffff");

	(void)state;
	assert_true(nk_ip_inside(&in, &net));
	assert_false(nk_ip_inside(&out, &net));
	assert_true(nk_ip_overlap(&net, &half) && nk_ip_overlap(&half, &net));
	assert_true(nk_ip_overlap(&net, &wide) && nk_ip_overlap(&wide, &net));
	assert_true(nk_ip_overlap(&net, &all));
	assert_false(nk_ip_overlap(&net, &six));
	assert_true(nk_ip_inside(&in6, &lan6));
	assert_false(nk_ip_inside(&in, &lan6));
}

static void finds_the_ends(void **state)
{
	struct nk_ip net = ip("10.89.5.77/22"), six = ip("fd00::5/63"), end = ip("10.89.0.255"),
		     top = ip("255.255.255.255");

	(void)state;
	assert_text(nk_ip_first(&net), true, "10.89.4.0/22");
	assert_text(nk_ip_last(&net), false, "10.89.7.255");
	assert_text(nk_ip_first(&six), false, "fd00::");
	assert_text(nk_ip_last(&six), false, "fd00::1:ffff:ffff:ffff:ffff");
	assert_text(nk_ip_next(&end), false, "10.89.1.0");
	assert_text(nk_ip_next(&top), false, "0.0.0.0");
}

static void reads_cards_addresses(void **state)
{
	static const char *const bad[] = {"",
					  "02:00:00:00:00",
					  "02:00:00:00:00:0g",
					  "01:00:00:00:00:05",
					  "02-00-00-00-00-05",
					  "02:00:00:00:00:055",
					  "0x:00:00:00:00:05"};
	uint8_t mac[6];
	char buf[18];
	struct nk_err e;

	(void)state;
	assert_int_equal(nk_mac_parse("02:42:0A:59:00:05", mac, &e), 0);
	assert_string_equal(nk_mac_text(mac, buf), "02:42:0a:59:00:05");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(nk_mac_parse(bad[i], mac, &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints), cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(compares),	    cmocka_unit_test(knows_inside_and_overlap),
		cmocka_unit_test(finds_the_ends),   cmocka_unit_test(reads_cards_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
