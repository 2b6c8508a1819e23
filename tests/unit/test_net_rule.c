/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall rules in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "net/rule.h"
#include "oci/ip.h"

static void reads_what_it_prints(void **state)
{
	static const char *const same[] = {
		"in accept",
		"in drop",
		"out drop",
		"in accept tcp",
		"in accept tcp 80",
		"in accept tcp 80 from 192.168.0.2",
		"in drop udp 8000-8100 from 10.0.0.0/8",
		"in accept tcp 443 from fd00::/64",
		"in accept from fd00::5",
		"out accept to 192.168.0.1",
		"out accept udp 53 to 10.89.0.1",
		"out drop icmp",
		"out drop icmp to 0.0.0.0/0",
		"in accept tcp 1-65535",
	};
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(same); i++) {
		struct nk_fw_rule r;
		struct nk_err e = {0};

		assert_int_equal(nk_rule_parse(&a, same[i], &r, &e), 0);
		assert_string_equal(r.words, same[i]);
	}
}

static void says_it_in_its_own_words(void **state)
{
	static const char *const pairs[][2] = {
		{"  in\taccept  tcp 080 ", "in accept tcp 80"},
		{"in accept tcp 80-80", "in accept tcp 80"},
		{"in accept from 10.0.0.1/32", "in accept from 10.0.0.1"},
		{"in accept from FD00:0::1/128", "in accept from fd00::1"},
	};
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(pairs); i++) {
		struct nk_fw_rule r;
		struct nk_err e = {0};

		assert_int_equal(nk_rule_parse(&a, pairs[i][0], &r, &e), 0);
		assert_string_equal(r.words, pairs[i][1]);
	}
}

static void members(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_fw_rule r;
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_rule_parse(&a, "out drop udp 5-7 to 10.1.0.0/16", &r, &e), 0);
	assert_true(r.out);
	assert_false(r.accept);
	assert_false(r.any_proto);
	assert_int_equal(r.proto, IPPROTO_UDP);
	assert_int_equal(r.port_first, 5);
	assert_int_equal(r.port_last, 7);
	assert_int_equal(r.peer.family, AF_INET);
	assert_int_equal(r.peer.prefix, 16);
	assert_int_equal(nk_rule_parse(&a, "in accept from fd00::1", &r, &e), 0);
	assert_false(r.out);
	assert_true(r.accept);
	assert_true(r.any_proto);
	assert_int_equal(r.port_first, 0);
	assert_int_equal(r.peer.family, AF_INET6);
}

static void faults_have_a_column(void **state)
{
	static const struct {
		const char *text, *begins, *hint;
	} faults[] = {
		{"", "column 1: the rule ends where \"in\" or \"out\" should be", "PORT"},
		{"  ", "column 3: the rule ends", "PORT"},
		{"inn drop", "column 1: \"inn\" is not \"in\" or \"out\"", "PORT"},
		{"in", "column 3: the rule ends where \"accept\" or \"drop\"", "PORT"},
		{"in acept tcp 80", "column 4: \"acept\" is not \"accept\" or \"drop\"", "PORT"},
		{"in drop sctp", "column 9: \"sctp\" is not a protocol or an address", "tcp"},
		{"in drop tcp 0", "column 13: \"0\" is not a port", "65535"},
		{"in drop tcp 65536", "column 13: \"65536\" is not a port", "65535"},
		{"in drop tcp 99999999999999999999", "column 13: \"9999", "65535"},
		{"in drop tcp 80-", "column 13: \"80-\" is not a port", "65535"},
		{"in drop tcp 80x", "column 13: \"80x\" is not a port", "65535"},
		{"in drop tcp 90-80", "column 13: \"90-80\" is not a range", "first"},
		{"in drop tcp 80,90", "column 13: \"80,90\" is not one port", "each"},
		{"in drop icmp 8", "column 14: \"8\" is not what follows icmp", "ports"},
		{"in drop tcp 80 to 10.0.0.1", "column 16: \"to\" is not \"from\"", "out"},
		{"out drop from 10.0.0.1", "column 10: \"from\" is not \"to\"", "out"},
		{"in drop from", "column 13: the rule ends where an address", "fd00"},
		{"in drop from web", "column 14: \"web\" is not an address", "egress"},
		{"in drop from 10.0.0.1/33", "column 14: \"10.0.0.1/33\" is not", "10.89"},
		{"in drop from 10.0.0.1/24", "column 14: 10.0.0.1/24 is an address inside",
		 "10.0.0.0/24"},
		{"in drop from 10.0.0.1 tcp", "column 23: \"tcp\" is not the end", "PORT"},
	};
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(faults); i++) {
		struct nk_fw_rule r;
		struct nk_err e = {0};

		assert_int_equal(nk_rule_parse(&a, faults[i].text, &r, &e), -EINVAL);
		if (strncmp(e.msg, faults[i].begins, strlen(faults[i].begins)))
			assert_string_equal(e.msg, faults[i].begins);
		assert_non_null(strstr(e.hint, faults[i].hint));
	}
}

static void finds_rules_that_never_decide(void **state)
{
	static const char *const words[] = {"in accept tcp 80", "out drop", "in drop",
					    "in accept udp"};
	_arena_ struct nk_arena a = {0};
	struct nk_fw_rules rules = {0};
	struct nk_err e = {0};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(words); i++)
		assert_int_equal(nk_rule_parse(&a, words[i], NK_PUSH(&a, &rules), &e), 0);
	assert_int_equal(nk_rule_shadow(&rules, 2), -1);
	assert_int_equal(nk_rule_shadow(&rules, 3), 2);
	assert_int_equal(nk_rule_check_order(&rules, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "rule 4, \"in accept udp\", is never reached"));
	rules.n = 3;
	assert_int_equal(nk_rule_check_order(&rules, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_prints),
		cmocka_unit_test(says_it_in_its_own_words),
		cmocka_unit_test(members),
		cmocka_unit_test(faults_have_a_column),
		cmocka_unit_test(finds_rules_that_never_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
