/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts keep the kernel from giving a user namespace a new /proc or /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/visible.h"

#define PROC "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
#define SYS "23 27 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"

static void test_verdicts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *type, *by; /* by NULL: visible */
	} cases[] = {
		{PROC, "proc", NULL},
		{"", "proc", "no proc is mounted"},
		{"23 27 0:22 / /sys rw,relatime shared:7 - sysfs sysfs rw\n", "sysfs", NULL},
		{SYS, "sysfs", "not mounted relatime"},
		/* systemd's automount stands on a directory made for it. */
		{PROC "30 22 0:30 / /proc/sys/fs/binfmt_misc rw shared:1 - autofs x rw\n", "proc",
		 NULL},
		/* Docker's masks. */
		{PROC "30 22 0:5 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw\n", "proc",
		 "/proc/kcore"},
		{PROC "31 22 0:21 /sys /proc/sys ro,relatime - proc proc rw\n", "proc",
		 "/proc/sys"},
		/* A mount on a mount of another kind, and one that only looks as if below. */
		{PROC "30 99 0:5 / /proc/kcore rw - tmpfs tmpfs rw\n", "proc", NULL},
		{"22 27 0:21 / /proc ro,relatime - proc proc rw\n", "proc", "read-only"},
		{"22 27 0:21 / /proc rw,relatime - proc proc ro\n", "proc", "read-only"},
		{"22 27 0:21 /sys /proc/sys rw,relatime - proc proc rw\n", "proc", "only a part"},
		/* A second, uncovered one anywhere is enough. */
		{PROC "30 22 0:5 /null /proc/kcore rw - tmpfs tmpfs rw\n"
		      "40 27 0:21 / /mnt/p rw,relatime - proc proc rw\n",
		 "proc", NULL},
		/* The tmpfs on /sys/fs/cgroup hides nothing, one on /sys/fs does. */
		{"23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"
		 "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
		 "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
		 "sysfs", NULL},
		{"23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"
		 "31 23 0:28 / /sys/fs rw - tmpfs tmpfs rw\n",
		 "sysfs", "/sys/fs"},
		{"garbage\n22 27\n" PROC, "proc", NULL},
		{"22 27 0:21 / /proc rw,relatime master:1 propagate_from:2 - proc proc rw", "proc",
		 NULL},
	};

	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		_arena_ struct nk_arena a = {0};
		const char *by = "unset";
		bool covered = nk_mounts_cover(&a, cases[i].text, cases[i].type, &by);
		if (covered != !!cases[i].by || (by && !strstr(by, cases[i].by)))
			fail_msg("case %zu: covered %d by %s", i, covered, by ? by : "-");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
