/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (size_t size = 1; size < 300; size++) {
		unsigned char *p = nk_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
}

static void blocks_do_not_overlap(void **state)
{
	_arena_ struct nk_arena a = {0};
	/* A block larger than a chunk lies between small ones. */
	char *small = nk_strdup(&a, "small");
	char *large = nk_alloc(&a, 200 * 1024);
	char *again = nk_strdup(&a, "again");

	(void)state;
	memset(large, 'x', 200 * 1024);
	assert_string_equal(small, "small");
	assert_string_equal(again, "again");
}

static void strings_of_any_length(void **state)
{
	_arena_ struct nk_arena a = {0};
	char text[1000];

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_string_equal(nk_fmt(&a, "%s", text), text);
	assert_string_equal(nk_fmt(&a, "%d-%s", 7, "b"), "7-b");
	assert_string_equal(nk_strndup(&a, "abcdef", 3), "abc");
}

static void vectors_keep_what_was_pushed(void **state)
{
	_arena_ struct nk_arena a = {0};
	NK_VEC(int) vec = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		*NK_PUSH(&a, &vec) = i;
	assert_int_equal(vec.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(vec.v[i], i);
}

static void string_lists_end_with_null(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_strv sv = {0};

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		nk_strv_push(&a, &sv, "word");
		assert_int_equal(sv.n, i + 1);
		assert_string_equal(sv.v[i], "word");
		assert_null(sv.v[sv.n]);
	}
}

static void no_memory_is_remembered(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_err e;

	(void)state;
	assert_int_equal(nk_arena_ok(&a, &e), 0);
	assert_null(nk_alloc(&a, SIZE_MAX));
	assert_int_equal(nk_arena_ok(&a, &e), -ENOMEM);
	/* Later blocks may come again, but the arena does not forget. */
	assert_non_null(nk_alloc(&a, 16));
	assert_int_equal(nk_arena_ok(&a, &e), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(blocks_do_not_overlap),
		cmocka_unit_test(strings_of_any_length),
		cmocka_unit_test(vectors_keep_what_was_pushed),
		cmocka_unit_test(string_lists_end_with_null),
		cmocka_unit_test(no_memory_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
