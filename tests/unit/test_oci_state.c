/* SPDX-License-Identifier: Apache-2.0 */
/* What nook-runtime keeps about a container: ids, the record as text, directories and locks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "state/oci_record.h"
#include "state/process.h"

static char root[] = "/tmp/test_oci_state.XXXXXX";

static void ids(void **state)
{
	static const char *const good[] = {"a", "web-1", "A_b+c.d", "...", ".a", "0"};
	static const char *const bad[] = {"",	 ".",	"..",	    "a/b",	"/", "a b",
					  "a\n", "a:b", "\xc3\xa4", "@filters", "a%"};
	struct nk_err e;
	char long_id[NK_OCI_ID_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(nk_oci_check_id(good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(nk_oci_check_id(bad[i], &e), -EINVAL);
	memset(long_id, 'a', sizeof(long_id) - 1);
	long_id[NK_OCI_ID_MAX + 1] = '\0';
	assert_int_equal(nk_oci_check_id(long_id, &e), -EINVAL);
	long_id[NK_OCI_ID_MAX] = '\0';
	assert_int_equal(nk_oci_check_id(long_id, &e), 0);
}

static void sample(struct nk_arena *a, struct nk_oci_record *r)
{
	*r = (struct nk_oci_record){
		.id = "web",
		.bundle = "/b\"\\\n",
		.rootfs = "/b/rootfs",
		.version = "1.3.0",
		.creating = true,
		.unclaimed = true,
		.pid = 4711,
		.pid_start = UINT64_MAX,
		.boot_id = "0b",
		.created = {1700000000, 123456789},
		.owner = 1000,
		.scope = "x.scope",
		.user_bus = true,
		.own_pids = true,
		.hooks = 5,
		.command = "sh",
	};
	nk_strv_push(a, &r->cgroups, "/sys/fs/cgroup/memory/web");
	nk_strv_push(a, &r->cgroups, "/sys/fs/cgroup/pids/web");
	nk_strv_push(a, &r->kept, "/sys/fs/cgroup/pids/web");
	*NK_PUSH(a, &r->annotations) = (struct nk_keyval){"k.v/x", "\x01 \xe2\x82\xac"};
	*NK_PUSH(a, &r->last_steps) = (struct nk_oci_last_step){7, "become the command", true};
}

static void round_trip(void **state)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out j = {0}, again = {0};
	struct nk_oci_record r, b;
	struct nk_err e = {0};

	(void)state;
	sample(&a, &r);
	nk_oci_record_write(&j, &r);
	assert_int_equal(nk_oci_record_parse(&a, j.buf, j.n, &b, &e), 0);
	assert_string_equal(b.bundle, r.bundle);
	assert_int_equal(b.pid, 4711);
	assert_true(b.pid_start == UINT64_MAX);
	assert_true(b.created.tv_nsec == 123456789 && b.creating && b.unclaimed && b.own_pids &&
		    b.user_bus);
	assert_int_equal(b.cgroups.n, 2);
	assert_string_equal(b.kept.v[0], "/sys/fs/cgroup/pids/web");
	assert_string_equal(b.annotations.v[0].value, "\x01 \xe2\x82\xac");
	assert_true(b.last_steps.v[0].is_exec && b.last_steps.v[0].index == 7);
	nk_oci_record_write(&again, &b);
	assert_string_equal(j.buf, again.buf);
}

/* Each beginning of a record is an error, and none of it is believed. */
static void cut_short(void **state)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out j = {0};
	struct nk_oci_record r, b;
	struct nk_err e;

	(void)state;
	sample(&a, &r);
	nk_oci_record_write(&j, &r);
	for (size_t n = 0; n < j.n; n++)
		assert_true(nk_oci_record_parse(&a, j.buf, n, &b, &e) < 0);
}

static int parse(const char *text)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_record r;
	struct nk_err e = {0};

	return nk_oci_record_parse(&a, text, strlen(text), &r, &e);
}

static void hostile(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"version\":1}"), 0);
	assert_true(parse("[]") < 0);
	assert_true(parse("{\"version\":2}") < 0);
	assert_true(parse("{}") < 0);
	assert_true(parse("{\"version\":1,\"pid\":-1}") < 0);
	assert_true(parse("{\"version\":1,\"cgroups\":[\"/sys/../etc\"]}") < 0);
	assert_true(parse("{\"version\":1,\"cgroups\":[\"relative\"]}") < 0);
	assert_true(parse("{\"version\":1,\"cgroups\":[\"/\"]}") < 0);
	assert_true(parse("{\"version\":1,\"cgroups\":[\"/sys/fs/cgroup/..\"]}") < 0);
	assert_true(parse("{\"version\":1,\"cgroups\":[\"/.\"]}") < 0);
	assert_int_equal(parse("{\"version\":1,\"cgroups\":[\"/a/b..\"]}"), 0);
	assert_true(parse("{\"version\":1,\"intelRdt\":\"/a/../b\"}") < 0);
	assert_true(parse("{\"version\":1,\"annotations\":{\"a\":1}}") < 0);
}

static void directories(void **state)
{
	_arena_ struct nk_arena a = {0};
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED, other = NK_OCI_DIR_CLOSED,
				    third = NK_OCI_DIR_CLOSED;
	struct nk_oci_record r, b;
	enum nk_oci_status status;
	struct nk_err e = {0};

	(void)state;
	sample(&a, &r);
	assert_int_equal(nk_oci_open(&d, root, "web", &e), -ENOENT);
	nk_oci_dir_close(&d);
	assert_int_equal(nk_oci_new(&d, root, "web", &e), 0);
	/* Not written yet: there is none, and nobody else may make it. */
	assert_int_equal(nk_oci_open(&other, root, "web", &e), 0);
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), -ENOENT);
	assert_int_equal(nk_oci_lock(&other, 0, &e), -EAGAIN);
	assert_int_equal(nk_oci_new(&third, root, "web", &e), -EEXIST);
	/* Being made, by somebody who is there. */
	assert_int_equal(nk_oci_save(&d, &r, &e), 0);
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), 0);
	assert_int_equal(status, NK_OCI_CREATING);
	/* Who made it is gone. */
	close(d.lock_fd);
	d.lock_fd = -EBADF;
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), 0);
	assert_int_equal(status, NK_OCI_STOPPED);
	nk_oci_dir_close(&third);
	assert_int_equal(nk_oci_new(&third, root, "web", &e), -EEXIST);
	/* A process that lives; another one of its number; another boot. */
	r.creating = false;
	r.boot_id = NULL;
	r.pid = getpid();
	r.pid_start = nk_process_start(r.pid);
	assert_int_equal(nk_oci_save(&d, &r, &e), 0);
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), 0);
	assert_int_equal(status, NK_OCI_RUNNING);
	r.pid_start++;
	assert_int_equal(nk_oci_save(&d, &r, &e), 0);
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), 0);
	assert_int_equal(status, NK_OCI_STOPPED);
	r.pid_start--;
	r.boot_id = "00000000-0000-0000-0000-000000000000";
	assert_int_equal(nk_oci_save(&d, &r, &e), 0);
	assert_int_equal(nk_oci_look(&other, &a, &b, &status, &e), 0);
	assert_int_equal(status, NK_OCI_STOPPED);
}

static void removed(void **state)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED, late = NK_OCI_DIR_CLOSED,
				    anew = NK_OCI_DIR_CLOSED;
	_arena_ struct nk_arena a = {0};
	struct nk_strv list = {0};
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_oci_open(&d, root, "web", &e), 0);
	assert_int_equal(nk_oci_open(&late, root, "web", &e), 0);
	assert_int_equal(nk_oci_lock(&d, 0, &e), 0);
	assert_int_equal(nk_oci_remove(&d, &e), 0);
	/* Who opened it before finds that it is gone, also when there is a new one of the name. */
	nk_oci_dir_close(&d);
	assert_int_equal(nk_oci_new(&anew, root, "web", &e), 0);
	assert_int_equal(nk_oci_lock(&late, 0, &e), -ENOENT);
	assert_int_equal(nk_oci_ids(&a, root, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(nk_oci_remove(&anew, &e), 0);
	assert_int_equal(nk_oci_ids(&a, "/nowhere/at/all", &list, &e), 0);
}

/* --root above a bundle: its config.json is not ours, neither to replace nor to delete. */
static void foreign(void **state)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED, seen = NK_OCI_DIR_CLOSED;
	char path[64];
	struct nk_err e = {0};

	(void)state;
	snprintf(path, sizeof(path), "%s/bundle", root);
	assert_int_equal(mkdir(path, 0755), 0);
	/* Empty: what a create leaves that is killed between mkdir and lock. */
	assert_int_equal(nk_oci_open(&seen, root, "bundle", &e), 0);
	assert_int_equal(nk_oci_lock(&seen, 0, &e), -ENOENT);
	assert_int_equal(nk_oci_new(&d, root, "bundle", &e), 0);
	assert_int_equal(nk_oci_remove(&d, &e), 0);
	nk_oci_dir_close(&d);
	nk_oci_dir_close(&seen);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/bundle/config.json", root);
	fclose(fopen(path, "w"));
	assert_int_equal(nk_oci_new(&d, root, "bundle", &e), -EEXIST);
	assert_true(d.fd < 0);
	assert_int_equal(nk_oci_open(&seen, root, "bundle", &e), 0);
	assert_int_equal(nk_oci_lock(&seen, 0, &e), -ENOENT);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/bundle", root);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),	       cmocka_unit_test(round_trip),
		cmocka_unit_test(cut_short),   cmocka_unit_test(hostile),
		cmocka_unit_test(directories), cmocka_unit_test(removed),
		cmocka_unit_test(foreign),
	};

	if (!mkdtemp(root))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(root);
	return failed;
}
