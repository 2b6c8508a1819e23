/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void fail_says_what_and_why(void **state)
{
	struct nk_err e;

	(void)state;
	assert_int_equal(nk_fail(&e, EPERM, "mount %s", "/proc"), -EPERM);
	assert_string_equal(e.msg, "mount /proc: Operation not permitted");
	assert_int_equal(e.err, EPERM);
	assert_string_equal(e.hint, "");
}

static void fail_without_errno_is_bad_input(void **state)
{
	struct nk_err e;

	(void)state;
	assert_int_equal(nk_fail(&e, 0, "no such option"), -EINVAL);
	assert_string_equal(e.msg, "no such option");
}

static void fail_forgets_the_error_before(void **state)
{
	struct nk_err e;

	(void)state;
	nk_fail(&e, EPERM, "first");
	nk_hint(&e, "try this");
	e.step = 7;
	nk_fail(&e, ENOENT, "second");
	assert_string_equal(e.hint, "");
	assert_int_equal(e.step, 0);
}

static void context_goes_in_front(void **state)
{
	struct nk_err e;

	(void)state;
	nk_fail(&e, ENOENT, "open passwd");
	assert_int_equal(nk_ctx(&e, "user of %s", "web"), -ENOENT);
	assert_string_equal(e.msg, "user of web: open passwd: No such file or directory");
}

static void long_messages_are_cut_not_overrun(void **state)
{
	struct nk_err e;
	char name[2000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	nk_fail(&e, EIO, "read %s", name);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	nk_ctx(&e, "image %s", name);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	nk_hint(&e, "%s", name);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_says_what_and_why),
		cmocka_unit_test(fail_without_errno_is_bad_input),
		cmocka_unit_test(fail_forgets_the_error_before),
		cmocka_unit_test(context_goes_in_front),
		cmocka_unit_test(long_messages_are_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
