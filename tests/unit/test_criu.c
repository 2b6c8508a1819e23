/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's messages: bytes that the encoding's specification fixes, and answers of all kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/criu.h"

static void written(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_pb inner = {.a = &a}, m = {.a = &a};
	static const uint8_t wanted[] = {
		0x08, 0x96, 0x01,						  /* 1: 150 */
		0xf8, 0x02, 0x00,						  /* 47: 0 */
		0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, /* 2: -1 */
		0x12, 0x07, 't',  'e',	's',  't',  'i',  'n',	'g',		  /* 2 */
		0x1a, 0x04, 0x0a, 0x02, 'a',  'b'};				  /* 3: {1} */

	(void)state;
	nk_pb_number(&m, 1, 150);
	nk_pb_number(&m, 47, 0);
	nk_pb_number(&m, 2, -1);
	nk_pb_text(&m, 2, "testing");
	nk_pb_text(&inner, 1, "ab");
	nk_pb_message(&m, 3, &inner);
	assert_int_equal(m.n, sizeof(wanted));
	assert_memory_equal(m.v, wanted, sizeof(wanted));
}

static void answers(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_pb inner = {.a = &a}, m = {.a = &a};
	struct nk_criu_answer r;

	(void)state;
	nk_pb_number(&inner, 1, 4711);
	nk_pb_number(&m, 1, NK_CRIU_RESTORE);
	nk_pb_number(&m, 2, 1);
	nk_pb_message(&m, 4, &inner);
	nk_pb_text(&m, 99, "of a later version");
	assert_int_equal(nk_criu_read(m.v, m.n, &r), 0);
	assert_true(r.type == NK_CRIU_RESTORE && r.success && r.pid == 4711);

	inner.n = m.n = 0;
	nk_pb_text(&inner, 1, "post-restore");
	nk_pb_number(&inner, 2, 12);
	nk_pb_number(&m, 1, NK_CRIU_NOTIFY);
	nk_pb_number(&m, 2, 1);
	nk_pb_message(&m, 5, &inner);
	assert_int_equal(nk_criu_read(m.v, m.n, &r), 0);
	assert_true(r.type == NK_CRIU_NOTIFY && r.pid == 12);
	assert_string_equal(r.script, "post-restore");

	m.n = 0;
	nk_pb_number(&m, 1, NK_CRIU_DUMP);
	nk_pb_number(&m, 2, 0);
	nk_pb_number(&m, 7, 52);
	nk_pb_text(&m, 9, "no\nsecond line");
	assert_int_equal(nk_criu_read(m.v, m.n, &r), 0);
	assert_true(!r.success && r.err == 52);
	assert_string_equal(r.message, "no");
	/* Cut anywhere it is an error or a shorter message, never more than there is. */
	for (size_t n = 0; n < m.n; n++)
		nk_criu_read(m.v, n, &r);
	assert_true(nk_criu_read(m.v, 0, &r) < 0);
	assert_true(nk_criu_read(m.v, m.n - 1, &r) < 0);
}

static void nonsense(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} t[] = {
		{"\x08", 1},
		{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
		{"\x08\x01\x12\x05"
		 "abc",
		 7},
		{"\x08\x01\x0f", 3},
		{"\x00\x01", 2},
		{"\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 12},
		{"\x08\x01\x19"
		 "1234567",
		 10},
		{"\x10\x01", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nk_criu_answer r;

		assert_true(nk_criu_read((const uint8_t *)t[i].bytes, t[i].n, &r) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(answers),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
