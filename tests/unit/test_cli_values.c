/* SPDX-License-Identifier: Apache-2.0 */
/* The strict readers of sizes, times, lists and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/value.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"1", 1},
		{"4096", 4096},
		{"64m", 64ull << 20},
		{"64M", 64ull << 20},
		{"1g", 1ull << 30},
		{"10mb", 10ull << 20},
		{"4MiB", 4ull << 20},
		{"1.5k", 1536},
		{"2t", 2ull << 40},
		{"12b", 12},
		{"0.5g", 1ull << 29},
	};
	static const char *const bad[] = {
		"",	   "m",	      "12x",	      "-1",
		"+1",	   "1 m",     "1mm",	      "1.m",
		".5m",	   "1..2",    "0x10",	      "1bb",
		"1bib",	   "1e3",     "99999999999g", "9223372036854775808",
		"1.2345k", "\xc2\xb2"};
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		uint64_t n = 42;
		if (nk_value_size(good[i].text, &n) < 0 || n != good[i].bytes)
			fail_msg("%s: %llu", good[i].text, (unsigned long long)n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint64_t n = 42;
		if (nk_value_size(bad[i], &n) >= 0)
			fail_msg("%s was taken for %llu", bad[i], (unsigned long long)n);
		assert_int_equal(n, 42);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"0", 0},
		{"90", 90000000000},
		{"-1.5", -1500000000},
		{"10m", 600000000000},
		{"2h", 7200000000000},
		{"+1d", 86400000000000},
		{"250ms", 250000000},
		{"0.000000001", 1},
		{"1.5us", 1500},
		{"7ns", 7},
	};
	static const char *const bad[] = {
		"",    "s",   "1x",	      "1 s",	      "1.",
		"--1", "1e9", "99999999999d", "0.0000000001", "9223372036854775808",
		"1hh"};
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t n = 42;
		if (nk_value_duration(good[i].text, strlen(good[i].text), &n) < 0 ||
		    n != good[i].ns)
			fail_msg("%s: %lld", good[i].text, (long long)n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int64_t n;
		if (nk_value_duration(bad[i], strlen(bad[i]), &n) >= 0)
			fail_msg("%s was taken for %lld", bad[i], (long long)n);
	}
}

static void numbers(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(nk_value_number("4294967295", 10, UINT32_MAX, &n), 0);
	assert_true(n == UINT32_MAX);
	assert_int_equal(nk_value_number("18446744073709551615", 20, UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_true(nk_value_number("18446744073709551616", 20, UINT64_MAX, &n) < 0);
	assert_true(nk_value_number("4294967296", 10, UINT32_MAX, &n) < 0);
	assert_true(nk_value_number("", 0, 9, &n) < 0);
	assert_true(nk_value_number("-1", 2, 9, &n) < 0);
	assert_true(nk_value_number(" 1", 2, 9, &n) < 0);
}

static void cpu_lists(void **state)
{
	(void)state;
	assert_int_equal(nk_value_cpu_list("0"), 0);
	assert_int_equal(nk_value_cpu_list("0-3,7,9-9"), 0);
	const char *bad[] = {"",   ",",	   "1,",    "3-1",  "a",    "1-",
			     "-1", "1--2", "1-2-3", "1 ,2", "99999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (nk_value_cpu_list(bad[i]) >= 0)
			fail_msg("\"%s\" was taken", bad[i]);
}

static void paths(void **state)
{
	static const char *const pairs[][2] = {
		{"/", "/"},	    {"//", "/"},       {"/a//b/", "/a/b"},
		{"/a/./b", "/a/b"}, {"/a/../b", "/b"}, {"/../../a", "/a"},
		{"/a/b/..", "/a"},  {"/..", "/"},      {"/a/..b/...", "/a/..b/..."},
	};
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(nk_value_clean_path(&a, pairs[i][0]), pairs[i][1]);
}

static void parts(void **state)
{
	_arena_ struct nk_arena a = {0};
	const char *rest = "a::b";

	(void)state;
	assert_string_equal(nk_value_part(&a, &rest, ':'), "a");
	assert_string_equal(nk_value_part(&a, &rest, ':'), "");
	assert_string_equal(nk_value_part(&a, &rest, ':'), "b");
	assert_null(nk_value_part(&a, &rest, ':'));
	rest = "";
	assert_string_equal(nk_value_part(&a, &rest, ':'), "");
	assert_null(nk_value_part(&a, &rest, ':'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),     cmocka_unit_test(durations), cmocka_unit_test(numbers),
		cmocka_unit_test(cpu_lists), cmocka_unit_test(paths),	  cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
