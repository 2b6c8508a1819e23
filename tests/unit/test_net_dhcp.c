/* SPDX-License-Identifier: Apache-2.0 */
/* DHCP messages as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/dhcp_packet.h"
#include "oci/ip.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 5};
enum { XID = 0x12345678, HEAD = 28 };

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static unsigned sum(const uint8_t *at, size_t n, unsigned start)
{
	unsigned s = start;

	for (size_t i = 0; i < n; i++)
		s += i % 2 ? at[i] : (unsigned)at[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* A server's packet with these options; its size. */
static size_t answer(uint8_t *p, const uint8_t *options, size_t n)
{
	size_t total = HEAD + 240 + n;
	uint8_t *m = p + HEAD;

	memset(p, 0, NK_DHCP_FRAME);
	p[0] = 0x45;
	put16(p + 2, (unsigned)total);
	p[8] = 64;
	p[9] = 17;
	memcpy(p + 12, (uint8_t[]){10, 9, 0, 1, 255, 255, 255, 255}, 8);
	put16(p + 10, ~sum(p, 20, 0) & 0xffff);
	put16(p + 20, 67);
	put16(p + 22, 68);
	put16(p + 24, (unsigned)(total - 20));
	m[0] = 2;
	m[1] = 1;
	m[2] = 6;
	put16(m + 4, XID >> 16);
	put16(m + 6, XID & 0xffff);
	memcpy(m + 16, (uint8_t[]){10, 9, 0, 77}, 4);
	memcpy(m + 28, mac, 6);
	memcpy(m + 236, (uint8_t[]){0x63, 0x82, 0x53, 0x63}, 4);
	memcpy(m + 240, options, n);
	return total;
}

#define READ(a, ...)                                                       \
	({                                                                 \
		uint8_t p_[NK_DHCP_FRAME], o_[] = {__VA_ARGS__};           \
		nk_dhcp_read(p_, answer(p_, o_, sizeof(o_)), XID, mac, a); \
	})

static const char *text(const struct nk_ip *ip)
{
	static char buf[NK_IP_TEXT];

	return nk_ip_text(ip, true, buf);
}

static void reads_a_lease(void **state)
{
	struct nk_dhcp_answer a;

	(void)state;
	assert_int_equal(READ(&a, 53, 1, 5, 0, 0, 1, 4, 255, 255, 255, 128, 3, 8, 10, 9, 0, 1, 10,
			      9, 0, 2, 54, 4, 10, 9, 0, 1, 51, 4, 0, 0, 0, 120, 6, 8, 9, 9, 9, 9, 1,
			      1, 1, 1, 26, 2, 5, 120, 200, 1, 7, 255),
			 0);
	assert_int_equal(a.type, NK_DHCP_ACK);
	assert_string_equal(text(&a.ip), "10.9.0.77/25");
	assert_string_equal(text(&a.router), "10.9.0.1/32");
	assert_string_equal(text(&a.server), "10.9.0.1/32");
	assert_int_equal(a.n_dns, 2);
	assert_int_equal(a.mtu, 1400);
	assert_int_equal(a.seconds, 120);
	assert_int_equal(a.t1, 60);
	assert_int_equal(a.t2, 105);
}

static void times_make_sense(void **state)
{
	struct nk_dhcp_answer a;

	(void)state;
	/* T1 behind T2, T2 behind the end */
	assert_int_equal(READ(&a, 53, 1, 2, 54, 4, 10, 9, 0, 1, 51, 4, 0, 0, 0, 80, 58, 4, 0, 0, 0,
			      200, 59, 4, 0, 0, 1, 0, 255),
			 0);
	assert_true(a.t1 < a.t2 && a.t2 < a.seconds);
	/* A lease for ever. */
	assert_int_equal(READ(&a, 53, 1, 2, 54, 4, 10, 9, 0, 1, 51, 4, 255, 255, 255, 255), 0);
	assert_int_equal(a.seconds, UINT32_MAX);
	assert_true(a.t1 < a.t2 && a.t2 < a.seconds);
	assert_int_equal(a.ip.prefix, 8); /* by its class */
}

static void routes_of_rfc_3442(void **state)
{
	struct nk_dhcp_answer a;

	(void)state;
	assert_int_equal(READ(&a, 53, 1, 5, 54, 4, 10, 9, 0, 1, 51, 4, 0, 0, 0, 80, 121, 22, 0, 10,
			      9, 0, 1, 20, 172, 16, 255, 10, 9, 0, 2, 32, 1, 2, 3, 4, 0, 0, 0, 0),
			 0);
	assert_int_equal(a.n_routes, 3);
	assert_string_equal(text(&a.routes[0].to), "0.0.0.0/0");
	assert_string_equal(text(&a.routes[1].to), "172.16.240.0/20");
	assert_string_equal(text(&a.routes[1].via), "10.9.0.2/32");
	assert_string_equal(text(&a.routes[2].to), "1.2.3.4/32");
}

static void options_in_other_fields(void **state)
{
	uint8_t p[NK_DHCP_FRAME], options[] = {53, 1, 5, 54, 4, 10, 9, 0, 1, 52, 1, 3, 255};
	size_t n = answer(p, options, sizeof(options));
	struct nk_dhcp_answer a;

	(void)state;
	memcpy(p + HEAD + 108, (uint8_t[]){51, 4, 0, 0, 1, 0, 255}, 7);
	memcpy(p + HEAD + 44, (uint8_t[]){1, 4, 255, 255, 0, 0, 255}, 7);
	assert_int_equal(nk_dhcp_read(p, n, XID, mac, &a), 0);
	assert_int_equal(a.seconds, 256);
	assert_int_equal(a.ip.prefix, 16);
}

static void refuses(void **state)
{
	uint8_t p[NK_DHCP_FRAME], good[] = {53, 1, 5, 54, 4, 10, 9, 0, 1, 51, 4, 0, 0, 0, 80};
	size_t n = answer(p, good, sizeof(good));
	struct nk_dhcp_answer a;
	uint8_t other[6] = {2, 0, 0, 0, 0, 6};

	(void)state;
	assert_int_equal(nk_dhcp_read(p, n, XID, mac, &a), 0);
	assert_int_equal(nk_dhcp_read(p, n, XID + 1, mac, &a), -ENOMSG);
	assert_int_equal(nk_dhcp_read(p, n, XID, other, &a), -ENOMSG);
	for (size_t i = 0; i < n; i++) /* cut off anywhere */
		assert_true(nk_dhcp_read(p, i, XID, mac, &a) < 0);
	p[8]++; /* checksum of the header */
	assert_int_equal(nk_dhcp_read(p, n, XID, mac, &a), -ENOMSG);
	assert_int_equal(READ(&a, 53, 1, 6), 0); /* NAK needs nothing more */
	assert_int_equal(a.type, NK_DHCP_NAK);
	assert_int_equal(READ(&a, 53, 1, 1), -ENOMSG);
	assert_int_equal(READ(&a, 53, 1, 5, 54, 4, 10, 9, 0, 1), -EBADMSG);   /* no time */
	assert_int_equal(READ(&a, 53, 1, 5, 51, 4, 0, 0, 0, 80), -EBADMSG);   /* no server */
	assert_int_equal(READ(&a, 53, 1, 5, 1, 4, 255, 0, 255, 0), -EBADMSG); /* mask with a hole */
	assert_int_equal(READ(&a, 53, 1, 5, 51, 200), -EBADMSG);	      /* beyond the end */
	assert_int_equal(READ(&a, 53, 1, 5, 51), -EBADMSG);
	assert_int_equal(READ(&a, 53, 1, 5, 121, 1, 33), -EBADMSG);
	assert_int_equal(READ(&a, 53, 1, 5, 3, 3, 1, 2, 3), -EBADMSG);
}

static const uint8_t *find(const uint8_t *p, size_t n, uint8_t code)
{
	for (const uint8_t *at = p + HEAD + 240; at < p + n && *at != 255; at += 2 + at[1])
		if (*at == code)
			return at + 1;
	return NULL;
}

static void writes(void **state)
{
	uint8_t p[NK_DHCP_FRAME];
	struct nk_dhcp_request q = {
		.type = NK_DHCP_REQUEST, .xid = XID, .elapsed = 3, .hostname = "web"};
	struct nk_err e;
	size_t n;

	(void)state;
	memcpy(q.mac, mac, 6);
	assert_int_equal(nk_ip_parse("10.9.0.77", false, &q.wanted, &e), 0);
	assert_int_equal(nk_ip_parse("10.9.0.1", false, &q.server, &e), 0);
	n = nk_dhcp_write(&q, p);
	assert_true(n >= HEAD + 300);
	assert_int_equal(sum(p, 20, 0), 0xffff);
	/* the pseudo header: addresses, protocol, length */
	assert_int_equal(sum(p + 20, n - 20, sum(p + 12, 8, 17 + (unsigned)n - 20)), 0xffff);
	assert_memory_equal(p + 16, "\xff\xff\xff\xff", 4);
	assert_memory_equal(find(p, n, 53), "\x01\x03", 2);
	assert_memory_equal(find(p, n, 50), "\x04\x0a\x09\x00\x4d", 5);
	assert_memory_equal(find(p, n, 54), "\x04\x0a\x09\x00\x01", 5);
	assert_memory_equal(find(p, n, 12), "\x03web", 4);
	assert_memory_equal(find(p, n, 61), "\x07\x01\x02\x00\x00\x00\x00\x05", 8);
	q.type = NK_DHCP_RELEASE;
	n = nk_dhcp_write(&q, p);
	assert_null(find(p, n, 12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_lease),
		cmocka_unit_test(times_make_sense),
		cmocka_unit_test(routes_of_rfc_3442),
		cmocka_unit_test(options_in_other_fields),
		cmocka_unit_test(refuses),
		cmocka_unit_test(writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
