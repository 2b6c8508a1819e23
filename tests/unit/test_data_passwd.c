/* SPDX-License-Identifier: Apache-2.0 */
/* The container's passwd and group are hostile: what is believed, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/passwd.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "web:x:33:34:web:/var/www:/bin/false\n"
			     "1000:x:7:8:a name of digits:/seven:/bin/sh\n"
			     "other:x:1000:1001::/home/other:/bin/sh\n"
			     "bad:x:0x10:0::/:/bin/sh\n"
			     "half:x:5:\n"
			     "many:x:6:6::/:/bin/sh:more\n"
			     "minus:x:-1:0::/:/bin/sh\n"
			     "large:x:4294967296:0::/:/bin/sh\n"
			     "none:x:4294967295:0::/:/bin/sh\n"
			     "space:x: 3:0::/:/bin/sh\n"
			     "octal:x:010:0::/:/bin/sh\n"
			     "relative:x:9:9::home:/bin/sh\n"
			     "last:x:4294967294:12::/l:/bin/sh";
static const char group[] = "root:x:0:\nweb:x:34:web\nadm:x:4:root,web\ndisk:x:6:webmaster,xweb\n"
			    "again:x:4:web\nbroken:x:y:web\nwheel:x:10:other,web\n";

static struct nk_text text(const char *s)
{
	return (struct nk_text){s, strlen(s)};
}

static int resolve(struct nk_user *u, struct nk_arena *a, const char *who, struct nk_err *e)
{
	return nk_user_resolve(u, a, text(passwd), text(group), who, NULL, e);
}

static void finds_names_and_numbers(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_err e;
	struct nk_user u;

	(void)state;
	assert_int_equal(resolve(&u, &a, NULL, &e), 0);
	assert_int_equal(u.uid, 0);
	assert_string_equal(u.home, "/root");
	assert_int_equal(resolve(&u, &a, "web", &e), 0);
	assert_int_equal(u.uid, 33);
	assert_int_equal(u.gid, 34);
	assert_string_equal(u.home, "/var/www");
	assert_int_equal(u.groups.n, 2);
	assert_int_equal(u.groups.v[0], 4);
	assert_int_equal(u.groups.v[1], 10);
	/* a name of digits comes before the number */
	assert_int_equal(resolve(&u, &a, "1000", &e), 0);
	assert_int_equal(u.uid, 7);
	assert_int_equal(resolve(&u, &a, "33", &e), 0);
	assert_string_equal(u.name, "web");
	assert_int_equal(u.groups.n, 2);
	assert_int_equal(resolve(&u, &a, "last", &e), 0);
	assert_int_equal(u.uid, 4294967294u);
	assert_int_equal(resolve(&u, &a, "relative", &e), 0);
	assert_string_equal(u.home, "/");
}

static void numbers_need_no_file(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_err e;
	struct nk_user u;

	(void)state;
	assert_int_equal(nk_user_resolve(&u, &a, (struct nk_text){0}, (struct nk_text){0},
					 "65534:12", NULL, &e),
			 0);
	assert_int_equal(u.uid, 65534);
	assert_int_equal(u.gid, 12);
	assert_string_equal(u.home, "/");
	assert_null(u.name);
	assert_int_equal(
		nk_user_resolve(&u, &a, (struct nk_text){0}, (struct nk_text){0}, "77", NULL, &e),
		0);
	assert_int_equal(u.gid, 0);
}

static void a_named_group_is_the_only_one(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_strv more = {0};
	struct nk_err e;
	struct nk_user u;

	(void)state;
	assert_int_equal(resolve(&u, &a, "web:adm", &e), 0);
	assert_int_equal(u.gid, 4);
	assert_int_equal(u.groups.n, 0);
	nk_strv_push(&a, &more, "disk");
	nk_strv_push(&a, &more, "4");
	nk_strv_push(&a, &more, "500");
	nk_strv_push(&a, &more, "disk");
	assert_int_equal(nk_user_resolve(&u, &a, text(passwd), text(group), "web:adm", &more, &e),
			 0);
	assert_int_equal(u.groups.n, 2); /* 4 is the main group already */
	assert_int_equal(u.groups.v[0], 6);
	assert_int_equal(u.groups.v[1], 500);
}

static void malformed_lines_are_skipped(void **state)
{
	static const char *const names[] = {
		"bad", "half", "many", "minus", "large", "none", "space", "octal",   "4294967295",
		"-1",  "+web", "web ", "0x21",	"033",	 ":web", "web:",  "web:nope"};
	_arena_ struct nk_arena a = {0};
	struct nk_err e;
	struct nk_user u;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int r = resolve(&u, &a, names[i], &e);
		if (!strcmp(names[i], ":web")) { /* root, in the group web */
			assert_int_equal(r, 0);
			assert_int_equal(u.uid, 0);
			assert_int_equal(u.gid, 34);
			continue;
		}
		if (r >= 0)
			fail_msg("%s was believed", names[i]);
		assert_true(e.hint[0]);
		assert_int_equal(e.exit, 0);
	}
	assert_string_equal(e.msg, "no group \"nope\" in the command's /etc/group");
}

static void hides_nothing_behind_control_characters(void **state)
{
	static const char tricky[] = "evil\0:x:1:1::/:/bin/sh\nevil:x:2:2::/\r:/bin/sh\n"
				     "\nevil:x:3:3::/h:/bin/sh\n";
	_arena_ struct nk_arena a = {0};
	struct nk_err e;
	struct nk_user u;

	(void)state;
	assert_int_equal(nk_user_resolve(&u, &a, (struct nk_text){tricky, sizeof(tricky) - 1},
					 (struct nk_text){0}, "evil", NULL, &e),
			 0);
	assert_int_equal(u.uid, 3);
}

static void large_files_and_lines(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_err e;
	struct nk_user u;
	size_t size = NK_PASSWD_LARGEST + 1;
	char *big = malloc(size);

	(void)state;
	assert_non_null(big);
	memset(big, 'a', size);
	assert_true(nk_user_resolve(&u, &a, (struct nk_text){big, size}, (struct nk_text){0}, "a",
				    NULL, &e) < 0);
	assert_non_null(strstr(e.msg, "larger than 1 MiB"));
	/* a line over the limit, right in its form, is skipped; the one behind it counts */
	size_t n = (size_t)snprintf(big, size, "a:x:5:5::/");
	memset(big + n, 'h', NK_PASSWD_LONGEST_LINE);
	n += NK_PASSWD_LONGEST_LINE;
	n += (size_t)snprintf(big + n, size - n, ":/bin/sh\na:x:6:6::/:/bin/sh\n");
	assert_int_equal(nk_user_resolve(&u, &a, (struct nk_text){big, n}, (struct nk_text){0}, "a",
					 NULL, &e),
			 0);
	assert_int_equal(u.uid, 6);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_names_and_numbers),
		cmocka_unit_test(numbers_need_no_file),
		cmocka_unit_test(a_named_group_is_the_only_one),
		cmocka_unit_test(malformed_lines_are_skipped),
		cmocka_unit_test(hides_nothing_behind_control_characters),
		cmocka_unit_test(large_files_and_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
