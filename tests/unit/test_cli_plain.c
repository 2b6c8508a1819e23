/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers' text on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/plain.h"

static void nothing_moves_the_cursor(void **state)
{
	static const struct {
		const char *text, *plain;
	} cases[] = {
		{"", ""},
		{"sleep 100", "sleep 100"},
		{"a\tb\nc\r\033[2J\177", "a?b?c??[2J?"},
		{"\xc2\x9b"
		 "31m",
		 "??31m"}, /* begins an escape sequence, in one character */
		{"\x9b"
		 "31m",
		 "?31m"}, /* and in one byte, on old terminals */
		{"grün – 猫 😀", "grün – 猫 😀"},
		{"\xc3", "?"}, /* cut off */
		{"\xe7\x8c", "??"},
		{"\xc0\xaf", "??"}, /* longer than need be */
		{"\xe0\x80\x9b", "???"},
		{"\xf0\x80\x80\x9b", "????"},
		{"\xed\xa0\x80", "???"},      /* half a pair */
		{"\xf4\x90\x80\x80", "????"}, /* beyond the last character */
		{"\xff\xfe", "??"},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		_arena_ struct nk_arena a = {0};

		assert_string_equal(nk_cli_plain(&a, cases[i].text), cases[i].plain);
	}
}

static void cut_between_characters(void **state)
{
	_arena_ struct nk_arena a = {0};

	(void)state;
	assert_int_equal(nk_cli_columns("grün"), 4);
	assert_string_equal(nk_cli_cut(&a, "grün", 4), "grün");
	assert_string_equal(nk_cli_cut(&a, "grün", 3), "gr…");
	assert_string_equal(nk_cli_cut(&a, "üüü", 2), "ü…");
	assert_string_equal(nk_cli_cut(&a, "üüü", 1), "…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_moves_the_cursor),
		cmocka_unit_test(cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
