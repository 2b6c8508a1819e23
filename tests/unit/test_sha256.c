/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"

static void check(const char *text, size_t times, size_t piece, const char *want)
{
	uint8_t digest[NK_SHA256_SIZE];
	char hex[NK_SHA256_HEX];
	struct nk_sha256 h;
	size_t n = strlen(text);

	nk_sha256_init(&h);
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < n; i += piece)
			nk_sha256_add(&h, text + i, n - i < piece ? n - i : piece);
	nk_sha256_done(&h, digest);
	nk_sha256_hex(digest, hex);
	assert_string_equal(hex, want);
}

/* The examples of FIPS 180-4 and NIST's test vectors. */
static void known_digests(void **state)
{
	const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	(void)state;
	check("", 1, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 1, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check(two, 1, 64, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check(two, 1, 7, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	check("aaaaaaaaaa", 100000, 10,
	      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void strings_are_kept_apart(void **state)
{
	uint8_t a[NK_SHA256_SIZE], b[NK_SHA256_SIZE];
	struct nk_sha256 h;

	(void)state;
	nk_sha256_init(&h);
	nk_sha256_add_string(&h, "ab");
	nk_sha256_add_string(&h, "c");
	nk_sha256_done(&h, a);
	nk_sha256_init(&h);
	nk_sha256_add_string(&h, "a");
	nk_sha256_add_string(&h, "bc");
	nk_sha256_done(&h, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(strings_are_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
