/* SPDX-License-Identifier: Apache-2.0 */
/* nook-netd's pure parts: words of --egress, resolv.conf, names, the cache, kinds of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/egress.h"
#include "netd/cache.h"
#include "netd/names.h"
#include "netd/upstream.h"

static struct nk_ip ip(const char *text)
{
	struct nk_ip out;
	struct nk_err e;

	assert_int_equal(nk_ip_parse(text, true, &out, &e), 0);
	return out;
}

static bool reads(struct nk_arena *a, const char *word, struct nk_egress_word *w)
{
	struct nk_err e = {0};
	int r = nk_egress_read(a, word, w, &e);

	assert_true(r == 0 || e.msg[0]);
	return r == 0;
}

static void words_of_egress(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_egress_word w;

	(void)state;
	assert_true(reads(&a, "API.Example.org.", &w));
	assert_string_equal(w.name, "api.example.org");
	assert_true(nk_egress_matches(&w, "api.example.org"));
	assert_false(nk_egress_matches(&w, "x.api.example.org"));
	assert_false(nk_egress_matches(&w, "xapi.example.org"));
	assert_true(reads(&a, "*.example.org@private", &w));
	assert_true(w.below && w.private);
	assert_true(nk_egress_matches(&w, "a.b.example.org"));
	assert_false(nk_egress_matches(&w, "example.org"));
	assert_false(nk_egress_matches(&w, "xexample.org"));
	assert_false(nk_egress_matches(&w, ".example.org"));
	assert_true(reads(&a, "192.0.2.7", &w));
	assert_true(w.ip.family == AF_INET && !nk_egress_matches(&w, "192.0.2.7"));
	assert_true(reads(&a, "2001:db8::7", &w) && w.ip.family == AF_INET6);

	static const char *const bad[] = {"",	     ".",	 "*",	"*.",  "a..b",
					  ".a",	     "*.*.org",	 "a b", "a/8", "10.0.0.0/8",
					  "a@other", "@private", "a:b", "a\nb"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(reads(&a, bad[i], &w));
	char label[66] = {0};
	memset(label, 'a', 64);
	assert_false(reads(&a, label, &w));
	label[63] = '\0';
	assert_true(reads(&a, label, &w));
}

static void kinds_of_addresses(void **state)
{
	static const char *const around[] = {"10.1.2.3",
					     "172.16.0.1",
					     "172.31.255.255",
					     "192.168.1.1",
					     "127.0.0.53",
					     "169.254.169.254",
					     "100.64.0.1",
					     "100.127.255.255",
					     "0.0.0.0",
					     "224.0.0.251",
					     "255.255.255.255",
					     "198.18.0.1",
					     "::",
					     "::1",
					     "fe80::1",
					     "fd00:ec2::254",
					     "ff02::1",
					     "::ffff:10.0.0.1",
					     "64:ff9b::10.0.0.1",
					     "2002:a00:1::1",
					     "::127.0.0.1",
					     "64:ff9b:1::1",
					     "fec0::1",
					     "2001::1"};
	static const char *const world[] = {
		"1.1.1.1",	  "172.32.0.1",	      "100.128.0.1",
		"203.0.113.5",	  "2606:4700::1111",  "2001:db8::1",
		"::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		struct nk_ip at = ip(around[i]);
		if (!nk_egress_kind(&at))
			fail_msg("%s", around[i]);
	}
	for (size_t i = 0; i < sizeof(world) / sizeof(world[0]); i++) {
		struct nk_ip at = ip(world[i]);
		if (nk_egress_kind(&at))
			fail_msg("%s: %s", world[i], nk_egress_kind(&at));
	}
}

static void resolv_conf(void **state)
{
	struct nk_upstreams u = {0};
	char text[NK_IP_TEXT];

	(void)state;
	nk_upstreams_read(&u,
			  "# nameserver 9.9.9.9\nsearch a b\nnameserver 127.0.0.53\n"
			  "nameserver\t fd00::1 # mine\nnameserver rubbish\nnameserverx 1.1.1.1\n"
			  "options edns0\nnameserver fe80::1%7");
	assert_int_equal(u.n, 3);
	struct nk_ip at = nk_address_ip(&u.v[1].address);
	assert_string_equal(nk_ip_text(&at, false, text), "fd00::1");
	assert_int_equal(ntohs(u.v[0].address.four.sin_port), 53);
	assert_int_equal(u.v[2].address.six.sin6_scope_id, 7);
	nk_upstreams_read(&u, "");
	assert_int_equal(u.n, 1);
	at = nk_address_ip(&u.v[0].address);
	assert_string_equal(nk_ip_text(&at, false, text), "127.0.0.1");
	/* The rested ones first, each once. */
	nk_upstreams_read(&u, "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n");
	u.v[0].rests_until = 100;
	assert_int_equal(nk_upstreams_pick(&u, 0, 50), 1);
	assert_int_equal(nk_upstreams_pick(&u, 2, 50), 2);
	assert_int_equal(nk_upstreams_pick(&u, 6, 50), 0);
	assert_int_equal(nk_upstreams_pick(&u, 7, 50), -1);
	assert_int_equal(nk_upstreams_pick(&u, 0, 100), 0);
}

static void reverse_names(void **state)
{
	struct nk_ip at;
	unsigned bits;

	(void)state;
	assert_true(nk_reverse_read("5.0.89.10.in-addr.arpa", &at, &bits));
	assert_int_equal(bits, 32);
	assert_memory_equal(at.a, ((uint8_t[]){10, 89, 0, 5}), 4);
	assert_true(nk_reverse_read("89.10.in-addr.arpa", &at, &bits) && bits == 16);
	assert_true(nk_reverse_read("9.8.d.f.ip6.arpa", &at, &bits) && bits == 16);
	assert_memory_equal(at.a, ((uint8_t[]){0xfd, 0x89}), 2);
	static const char *const none[] = {"a.in-addr.arpa",	"256.1.in-addr.arpa",
					   "01.1.in-addr.arpa", "1.2.3.4.5.in-addr.arpa",
					   "10.ip6.arpa",	"g.ip6.arpa",
					   "in-addr.arpa",	"web",
					   "1..2.in-addr.arpa", ""};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (nk_reverse_read(none[i], &at, &bits))
			fail_msg("%s", none[i]);
}

static struct nk_query question(const char *name, uint16_t type)
{
	struct nk_query q = {.q = {.type = type, .class = 1}};

	for (const char *at = name; *at;) {
		size_t n = strcspn(at, ".");
		q.q.name[q.q.name_len] = (uint8_t)n;
		memcpy(q.q.name + q.q.name_len + 1, at, n);
		q.q.name_len += n + 1;
		at += n + (at[n] == '.');
	}
	q.q.name_len++;
	memcpy(q.q.asked, q.q.name, q.q.name_len);
	snprintf(q.q.text, sizeof(q.q.text), "%s", name);
	return q;
}

static void cache_is_bounded(void **state)
{
	static struct nk_cache c;
	struct nk_query q = question("a.example", 1);
	_pkt_ ldns_pkt *pkt = nk_reply_new(0);
	_pkt_ ldns_pkt *found = NULL;
	uint8_t *data;
	size_t n;
	char name[32];

	(void)state;
	struct nk_ip at = ip("203.0.113.1");
	nk_reply_address(pkt, &q.q, &at, 100);
	assert_int_equal(nk_reply_write(&q, pkt, 512, -1, &data, &n), 0);
	nk_cache_keep(&c, &q, data, n, 100, 1000);
	found = nk_cache_find(&c, &q, 31000);
	assert_non_null(found);
	assert_int_equal(ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(found), 0)), 70);
	q.cd = true;
	assert_null(nk_cache_find(&c, &q, 31000));
	q.cd = false;
	assert_null(nk_cache_find(&c, &q, 101000));
	assert_int_equal(c.n, 0);
	for (int i = 0; i < 2 * NK_CACHE_ANSWERS; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		q = question(name, 1);
		nk_cache_keep(&c, &q, data, n, 100, 1000);
	}
	assert_int_equal(c.n, NK_CACHE_ANSWERS);
	nk_cache_clear(&c);
	assert_int_equal(c.n + c.bytes, 0);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_egress),  cmocka_unit_test(kinds_of_addresses),
		cmocka_unit_test(resolv_conf),	    cmocka_unit_test(reverse_names),
		cmocka_unit_test(cache_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
