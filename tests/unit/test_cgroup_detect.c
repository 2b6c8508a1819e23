/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts of cgroups, from texts as the kernel writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/cgroups.h"

#define ROOTFS "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"

static const struct nk_cg_hierarchy *of(const struct nk_cgroups *c, enum nk_controller k)
{
	return c->where[k] < 0 ? NULL : &c->hierarchies.v[c->where[k]];
}

static void pure_v2(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(&a, &c,
			 ROOTFS "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 "
				"rw,nsdelegate,memory_recursiveprot\n",
			 "0::/user.slice/user-1000.slice/session-3.scope\n");
	assert_int_equal(c.hierarchies.n, 1);
	assert_int_equal(c.unified, 0);
	assert_true(c.hierarchies.v[0].v2);
	assert_string_equal(c.hierarchies.v[0].mount, "/sys/fs/cgroup");
	assert_string_equal(c.hierarchies.v[0].self, "/user.slice/user-1000.slice/session-3.scope");
	assert_string_equal(nk_cg_dir(&a, &c.hierarchies.v[0], c.hierarchies.v[0].self),
			    "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope");
	assert_int_equal(c.where[NK_CG_MEMORY], -1);
	nk_cgroups_v2_controllers(&c, 0,
				  nk_cg_controllers("cpuset cpu io memory hugetlb pids rdma\n"));
	assert_int_equal(c.where[NK_CG_IO], 0);
	assert_int_equal(c.where[NK_CG_PIDS], 0);
	assert_int_equal(c.where[NK_CG_DEVICES], -1);
}

static void v1_with_shared_and_named_hierarchies(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(
		&a, &c,
		ROOTFS "26 25 0:23 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup "
		       "rw,xattr,name=systemd\n"
		       "29 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup "
		       "rw,cpu,cpuacct\n"
		       "30 25 0:27 / /sys/fs/cgroup/memory rw shared:13 - cgroup cgroup rw,memory\n"
		       "31 25 0:28 / /sys/fs/cgroup/net_cls rw - cgroup cgroup rw,net_cls\n",
		"12:memory:/user.slice\n5:cpu,cpuacct:/a:b\n1:name=systemd:/user.slice/x\n");
	assert_int_equal(c.hierarchies.n, 2);
	assert_int_equal(c.unified, -1);
	assert_non_null(of(&c, NK_CG_CPU));
	assert_false(of(&c, NK_CG_CPU)->v2);
	assert_string_equal(of(&c, NK_CG_CPU)->mount, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(of(&c, NK_CG_CPU)->self, "/a:b");
	assert_string_equal(of(&c, NK_CG_MEMORY)->self, "/user.slice");
	assert_null(of(&c, NK_CG_CPUSET)); /* "cpu" is no "cpuset" */
	assert_null(of(&c, NK_CG_PIDS));
}

static void hybrid(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(&a, &c,
			 ROOTFS "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
				"38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
				"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			 "7:blkio:/\n4:memory:/box/1\n0::/\n");
	nk_cgroups_v2_controllers(&c, c.unified, nk_cg_controllers("hugetlb\n"));
	assert_int_equal(c.unified, 2);
	assert_string_equal(of(&c, NK_CG_IO)->mount, "/sys/fs/cgroup/blkio");
	assert_string_equal(of(&c, NK_CG_MEMORY)->self, "/box/1");
	assert_true(of(&c, NK_CG_HUGETLB)->v2);
}

static void part_of_a_hierarchy_as_in_a_container(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	/* Docker on v1: what is mounted is the container's own group. */
	nk_cgroups_parse(
		&a, &c,
		"700 690 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
		"701 690 0:28 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n",
		"3:memory:/docker/abc/deep\n4:pids:/docker/abcd\n");
	const struct nk_cg_hierarchy *m = of(&c, NK_CG_MEMORY);
	assert_string_equal(nk_cg_dir(&a, m, m->self), "/sys/fs/cgroup/memory/deep");
	assert_string_equal(nk_cg_dir(&a, m, m->root), "/sys/fs/cgroup/memory");
	assert_null(of(&c, NK_CG_PIDS)->self); /* abcd is not below abc */
}

static void own_group_outside_of_a_cgroup_namespace(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(&a, &c, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			 "0::/../other\n");
	assert_int_equal(c.unified, 0);
	assert_null(c.hierarchies.v[0].self);
}

static void the_mount_that_shows_more_wins(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(&a, &c,
			 "30 23 0:26 /sub /mnt/part rw - cgroup2 cgroup2 rw\n"
			 "31 23 0:26 / /sys/fs/my\\040cgroup rw - cgroup2 cgroup2 rw\n",
			 "0::/elsewhere\n");
	assert_int_equal(c.hierarchies.n, 1);
	assert_string_equal(c.hierarchies.v[0].mount, "/sys/fs/my cgroup");
}

static void nothing_at_all(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;

	(void)state;
	nk_cgroups_parse(&a, &c, ROOTFS "31 22 0:5 / /x - cgroup rw,memory\nshort - cgroup\n", "");
	assert_int_equal(c.hierarchies.n, 0);
	assert_int_equal(c.unified, -1);
	for (int k = 0; k < NK_CG_COUNT; k++)
		assert_int_equal(c.where[k], -1);
}

static void chains_of_parents(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cg_hierarchy h = {.v2 = true,
				    .mount = "/sys/fs/cgroup",
				    .root = "/",
				    .self = "/mine",
				    .place = "/mine"};
	const char *d[NK_CG_DEPTH];
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_cg_chain(&a, &h, NULL, d, &e), 1);
	assert_string_equal(d[0], "/sys/fs/cgroup/mine");
	assert_int_equal(nk_cg_chain(&a, &h, "/one//two/", d, &e), 3);
	assert_string_equal(d[0], "/sys/fs/cgroup");
	assert_string_equal(d[2], "/sys/fs/cgroup/one/two");
	assert_int_equal(nk_cg_chain(&a, &h, "one", d, &e), 2);
	assert_string_equal(d[1], "/sys/fs/cgroup/mine/one");
	assert_true(nk_cg_chain(&a, &h, "/one/../two", d, &e) < 0);
	assert_true(nk_cg_chain(&a, &h, "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g", d, &e) < 0);
	h.place = NULL;
	assert_int_equal(nk_cg_chain(&a, &h, NULL, d, &e), 0);
}

static void this_machine(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_cgroups c;
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_cgroups_detect(&a, &c, &e), 0);
	assert_int_equal(nk_cgroups_probe(&a, &c, ~0u, NULL, &e), 0);
	assert_true(c.cpus >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pure_v2),
		cmocka_unit_test(v1_with_shared_and_named_hierarchies),
		cmocka_unit_test(hybrid),
		cmocka_unit_test(part_of_a_hierarchy_as_in_a_container),
		cmocka_unit_test(own_group_outside_of_a_cgroup_namespace),
		cmocka_unit_test(the_mount_that_shows_more_wins),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(chains_of_parents),
		cmocka_unit_test(this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
