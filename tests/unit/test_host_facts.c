/* SPDX-License-Identifier: Apache-2.0 */
/* Facts are read when a spec needs them, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/facts.h"
#include "host/text.h"

static void collect(struct nk_arena *a, const struct nk_spec *s, struct nk_facts *f)
{
	struct nk_err e = {0};

	if (nk_facts_collect(a, s, f, &e) < 0)
		fail_msg("%s", e.msg);
}

static void test_self(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_spec s = {0};
	struct nk_facts f;
	struct utsname u;
	char release[64];

	nk_resources_init(&s.resources);
	collect(&a, &s, &f);
	uname(&u);
	snprintf(release, sizeof(release), "%u.%u", f.kernel_major, f.kernel_minor);
	assert_memory_equal(u.release, release, strlen(release));
	assert_int_equal(f.euid, geteuid());
	_free_ char *last = nk_text_read("/proc/sys/kernel/cap_last_cap", 64);
	assert_int_equal(f.last_cap, atoi(last));
	_free_ char *status = nk_text_read("/proc/self/status", 65536);
	assert_true(f.caps == strtoull(strstr(status, "CapEff:") + 7, NULL, 16));
	assert_true(f.nofile.hard > 0);
	/* Nothing asked for it. */
	assert_null(f.mask_kinds);
	assert_false(f.proc_covered);
	assert_int_equal(f.subuids.n, 0);
	assert_null(f.single_id);
}

static void test_masks(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_spec s = {0};
	struct nk_facts f;
	size_t n = 0;

	nk_resources_init(&s.resources);
	for (size_t i = 0; nk_default_masked[i]; i++)
		nk_strv_push(&a, &s.masked_paths, nk_default_masked[i]);
	n = s.masked_paths.n;
	assert_true(n >= 12);
	nk_strv_push(&a, &s.masked_paths, "/proc/self/task");
	nk_strv_push(&a, &s.masked_paths, "/sys/nothing");
	nk_strv_push(&a, &s.masked_paths, "/etc/shadow");
	collect(&a, &s, &f);
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		bool missing = stat(nk_default_masked[i], &st) != 0;
		assert_int_equal(f.mask_kinds[i], missing		? NK_MASK_MISSING
						  : S_ISDIR(st.st_mode) ? NK_MASK_DIR
									: NK_MASK_FILE);
	}
	assert_int_equal(f.mask_kinds[n], NK_MASK_DIR);
	assert_int_equal(f.mask_kinds[n + 1], NK_MASK_MISSING);
	assert_int_equal(f.mask_kinds[n + 2], NK_MASK_INSIDE);
	size_t extra = f.mask_extra.n;
	/* Who names other paths wants these, and not those of each CPU. */
	s.masked_paths.n = 1;
	collect(&a, &s, &f);
	assert_int_equal(f.mask_extra.n, 0);
	assert_true(extra == 0 ||
		    access("/sys/devices/system/cpu/cpu0/thermal_throttle", F_OK) == 0);
}

static void test_cgroups_only_where_needed(void **state)
{
	(void)state;
	_arena_ struct nk_arena a = {0};
	struct nk_spec s = {0};
	struct nk_facts f;

	nk_resources_init(&s.resources);
	collect(&a, &s, &f);
	if (geteuid() != 0)
		assert_int_equal(f.cgroups.hierarchies.n, 0);
	s.resources.memory = 1 << 20;
	collect(&a, &s, &f);
	assert_true(f.cgroups.hierarchies.n > 0 || access("/sys/fs/cgroup", F_OK));
}

static void test_text(void **state)
{
	(void)state;
	uint32_t v;
	struct nk_field f[3];

	assert_true(nk_text_u32("4294967295", 10, &v));
	assert_int_equal(v, UINT32_MAX);
	assert_false(nk_text_u32("4294967296", 10, &v));
	assert_false(nk_text_u32("", 0, &v));
	assert_false(nk_text_u32("+1", 2, &v));
	assert_int_equal(nk_text_split("a::b", 4, ':', f, 3), 3);
	assert_int_equal(f[1].n, 0);
	assert_true(nk_field_is(f[2], "b"));
	assert_int_equal(nk_text_split("a:b:c:d", 7, ':', f, 3), 4);
	assert_null(nk_text_read("/nonexistent", 10));
	assert_int_equal(errno, ENOENT);
	assert_null(nk_text_read("/proc/self/status", 10));
	assert_int_equal(errno, EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_cgroups_only_where_needed),
		cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
