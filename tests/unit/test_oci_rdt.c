/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of service, on a directory that looks like the resctrl file system: few machines have
 * one. What the kernel puts into a new directory, mkdir() does here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/oci_rdt.h"

static struct nk_arena a;
static char root[] = "/tmp/nook-rdt-XXXXXX";
static struct nk_err e;

static void put(const char *path, const char *text)
{
	_fclose_ FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
}

static void expect_file(const char *path, const char *text)
{
	_fclose_ FILE *f = fopen(nk_fmt(&a, "%s/%s", root, path), "r");
	char is[256] = "";

	assert_non_null(f);
	is[fread(is, 1, sizeof(is) - 1, f)] = 0;
	assert_string_equal(is, text);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	if (!strstr(path, "nook-rdt-") || strstr(path, "mon_groups/not"))
		return __real_mkdir(path, mode);
	if (strstr(path, "/full")) {
		errno = ENOSPC;
		return -1;
	}
	if (__real_mkdir(path, mode) < 0)
		return -1;
	put(nk_fmt(&a, "%s/tasks", path), "");
	put(nk_fmt(&a, "%s/schemata", path), "");
	if (!strstr(path, "mon_groups"))
		__real_mkdir(nk_fmt(&a, "%s/mon_groups", path), mode);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(mkdir(nk_fmt(&a, "%s/gold", root), 0755), 0);
	put(nk_fmt(&a, "%s/gold/schemata", root), "    L3:0=ff;1=ff\n    MB:0= 20\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (system(nk_fmt(&a, "rm -r %s", root)))
		return -1;
	nk_arena_done(&a);
	return 0;
}

static void nothing_asked_for(void **state)
{
	struct nk_oci_rdt want = {0};
	struct nk_rdt r;

	(void)state;
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_null(r.dir);
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), 0);
	assert_int_equal(nk_rdt_enter(&a, &r, 1, &e), 0);
}

static void class_of_its_own(void **state)
{
	struct nk_oci_rdt want = {.given = true,
				  .l3 = "L3:0=f0;1=f\nMB:0=70\nL2:0=1",
				  .mb = "MB:0=20",
				  .monitoring = true};
	struct nk_rdt r;

	(void)state;
	nk_strv_push(&a, &want.schemata, "L3:1=3");
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_false(r.exists);
	assert_string_equal(r.gone, nk_fmt(&a, "%s/id", root));
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), 0);
	assert_int_equal(nk_rdt_enter(&a, &r, 123, &e), 0);
	/* memBwSchema, not the MB: of l3CacheSchema; schemata last */
	expect_file("id/schemata", "L3:0=f0;1=f\nL2:0=1\nMB:0=20\nL3:1=3\n");
	expect_file("id/tasks", "123\n");
	expect_file("id/mon_groups/id/tasks", "123\n");
	/* the name is taken now */
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), -EEXIST);
}

static void class_that_is_there(void **state)
{
	struct nk_oci_rdt want = {.given = true, .clos_id = "gold"};
	struct nk_rdt r;

	(void)state;
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_true(r.exists);
	assert_null(r.gone);
	want.l3 = "L3:0=ff;1=ff";
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), 0);
	assert_int_equal(nk_rdt_enter(&a, &r, 7, &e), 0);
	expect_file("gold/tasks", "7\n");
	expect_file("gold/schemata", "    L3:0=ff;1=ff\n    MB:0= 20\n");
	/* only what counts goes with the container */
	want.monitoring = true;
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_string_equal(r.gone, nk_fmt(&a, "%s/gold/mon_groups/id", root));
	want.l3 = "L3:0=ff";
	assert_true(nk_rdt_place(&a, &want, "id", root, &r, &e) < 0);
	assert_string_equal(e.msg, nk_fmt(&a,
					  "linux.intelRdt: the class %s/gold is there and does "
					  "not have \"L3:0=ff\"",
					  root));
}

static void class_that_is_made(void **state)
{
	struct nk_oci_rdt want = {.given = true, .clos_id = "new", .mb = "MB:0=20"};
	struct nk_rdt r;

	(void)state;
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_false(r.exists);
	assert_null(r.gone); /* it has a name: others may use it */
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), 0);
	expect_file("new/schemata", "MB:0=20\n");
}

static void refused(void **state)
{
	struct nk_oci_rdt want = {.given = true, .clos_id = "absent"};
	struct nk_rdt r;

	(void)state;
	assert_true(nk_rdt_place(&a, &want, "id", root, &r, &e) < 0);
	assert_string_equal(e.msg,
			    nk_fmt(&a, "linux.intelRdt.closID: there is no class %s/absent", root));
	want.clos_id = "full";
	want.mb = "MB:0=1";
	assert_int_equal(nk_rdt_place(&a, &want, "id", root, &r, &e), 0);
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), -ENOSPC);
	/* the group that counts cannot be made */
	want.clos_id = "half";
	want.monitoring = true;
	assert_int_equal(nk_rdt_place(&a, &want, "not/there", root, &r, &e), 0);
	assert_int_equal(nk_rdt_make(&a, &r, &want, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(class_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(class_that_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(class_that_is_made, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
