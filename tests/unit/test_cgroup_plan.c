/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup part of a plan over v1, v2, hybrid × root, rootless, against golden files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cgroup_layouts.h"
#include "plan/plan.h"

struct fixture {
	struct nk_arena arena;
	struct nk_spec spec;
	struct nk_facts facts;
	struct nk_plan plan;
	struct nk_plan_cgroup cg;
	struct nk_err e;
	enum nk_ns_mode pid;
};

#define NEW_FIXTURE              \
	{                        \
		.pid = NK_NS_NEW \
	}

static void done(struct fixture *f)
{
	nk_arena_done(&f->arena);
}
#define _fixture_ __attribute__((cleanup(done)))

static int make(struct fixture *f)
{
	struct nk_plan_input in = {.spec = &f->spec, .facts = &f->facts};

	f->spec.id = "0123456789abcdef0123456789abcdef";
	f->spec.ns[NK_NS_PID].mode = f->pid;
	nk_plan_init(&f->plan, &f->arena);
	return nk_plan_cgroup(&f->plan, &in, &f->cg, &f->e);
}

static void some_limits(struct nk_resources *r)
{
	nk_resources_init(r);
	r->memory = r->memory_swap = 64 << 20;
	r->pids = 32;
}

/* One line a step: actor, call, what is tolerated, what it undoes. */
static char *print(struct fixture *f)
{
	char *text = NULL, call[1024];
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < f->plan.steps.n; i++) {
		const struct nk_step *s = &f->plan.steps.v[i];

		nk_step_call(&f->plan, s, call, sizeof(call));
		fprintf(out, "%zu %s %s", i, s->actor == NK_AFTER ? "after" : "parent", call);
		if (strstr(call, "…")) /* the printer cuts long strings */
			fprintf(out, " [%s]", s->s[0]);
		for (int j = 0; j < 3 && s->soft[j]; j++)
			fprintf(out, " !%s", strerrorname_np(s->soft[j]));
		if (s->undo_of >= 0)
			fprintf(out, " undoes %d", s->undo_of);
		fprintf(out, "\n");
	}
	fprintf(out, "v2 %s\n", f->cg.v2_fd >= 0 ? f->plan.slot_name[f->cg.v2_fd] : "-");
	for (int i = 0; i < f->cg.n_v1; i++)
		fprintf(out, "v1 %s\n", f->plan.slot_name[f->cg.v1_procs[i]]);
	for (int i = 0; i < f->cg.n_paths; i++)
		fprintf(out, "group %s\n", f->cg.paths[i]);
	fclose(out);
	return text;
}

static void golden(struct fixture *f, const char *name)
{
	_free_ char *path = NULL, *want = NULL, *got = print(f);
	size_t cap = 0;

	assert_true(asprintf(&path, "%s/cgroup/%s", NK_TEST_DATA, name) > 0);
	_fclose_ FILE *file = fopen(path, getenv("UPDATE_GOLDEN") ? "w" : "r");
	if (!file)
		fail_msg("%s is missing (UPDATE_GOLDEN=1 makes it)", path);
	if (getenv("UPDATE_GOLDEN")) {
		fputs(got, file);
		return;
	}
	assert_true(getdelim(&want, &cap, '\0', file) >= 0);
	assert_string_equal(got, want);
}

static void v2_root_without_limits(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	nk_resources_init(&f.spec.resources);
	layout_v2(&f.arena, &f.facts.cgroups, "/", true, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "v2-root-none");
}

static void v2_root_with_limits(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	f.spec.resources.cpuset_cpus = "0";
	layout_v2(&f.arena, &f.facts.cgroups, "/", true, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "v2-root-limits"); /* cpuset has to be enabled, memory and pids are */
}

static void v2_parent(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	f.spec.cgroup_parent = "/batch/night";
	layout_v2(&f.arena, &f.facts.cgroups, "/", true, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "v2-root-parent");
}

static void v2_delegated(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	f.facts.euid = 1000;
	layout_v2(&f.arena, &f.facts.cgroups, "/user.slice/run-1.scope", false, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "v2-delegated-limits");

	nk_resources_init(&f.spec.resources);
	assert_int_equal(make(&f), 0);
	golden(&f, "v2-delegated-none"); /* no controllers, so no leaf */
}

/* In a container with a cgroup namespace the top of the mount is not the kernel's root. */
static void v2_top_that_is_not_the_root(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	layout_v2(&f.arena, &f.facts.cgroups, "/", true, true);
	layout_unified(&f.facts.cgroups)->kernel_root = false;
	layout_unified(&f.facts.cgroups)->enabled[0] = 0;
	assert_int_equal(make(&f), 0);
	assert_string_equal(f.plan.steps.v[0].s[0], "/sys/fs/cgroup/nook-0123456789ab.self");
}

static void v2_not_delegated(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	f.facts.euid = 1000;
	layout_v2(&f.arena, &f.facts.cgroups, "/user.slice/session-3.scope", false, false);
	nk_resources_init(&f.spec.resources);
	assert_int_equal(make(&f), 0); /* silently none */
	assert_int_equal(f.plan.steps.n, 0);
	assert_int_equal(f.cg.v2_fd, NK_NOFD);

	some_limits(&f.spec.resources);
	assert_true(make(&f) < 0);
	assert_non_null(strstr(f.e.hint, "Delegate=yes"));
}

static void v1_root(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	layout_v1(&f.arena, &f.facts.cgroups, false, true);
	nk_resources_init(&f.spec.resources);
	assert_int_equal(make(&f), 0);
	assert_int_equal(f.plan.steps.n, 0); /* each attach costs */

	some_limits(&f.spec.resources);
	f.spec.resources.cpuset_cpus = "0";
	f.spec.cgroup_parent = "/batch";
	assert_int_equal(make(&f), 0);
	golden(&f, "v1-root-parent");
}

static void hybrid_root(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	layout_v1(&f.arena, &f.facts.cgroups, true, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "hybrid-root-limits");
}

/* The parent's own limits are meant, in whichever hierarchy they are. */
static void hybrid_parent_without_limits(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	nk_resources_init(&f.spec.resources);
	f.spec.cgroup_parent = "/batch";
	layout_v1(&f.arena, &f.facts.cgroups, true, true);
	assert_int_equal(make(&f), 0);
	golden(&f, "hybrid-root-parent");

	/* One that cannot be written is not needed, as long as there is another. */
	f.facts.cgroups.hierarchies.v[f.facts.cgroups.where[NK_CG_MEMORY]].writable = false;
	assert_int_equal(make(&f), 0);
	assert_int_equal(f.cg.n_v1, 5);
	for (size_t i = 0; i < f.facts.cgroups.hierarchies.n; i++)
		f.facts.cgroups.hierarchies.v[i].writable = false;
	assert_true(make(&f) < 0);
	f.facts.cgroups.hierarchies.n = 0;
	f.facts.cgroups.unified = -1;
	assert_true(make(&f) < 0);
	assert_non_null(strstr(f.e.hint, "mount -t cgroup2"));
}

/* Nothing ends its processes but a group. */
static void v1_without_a_pid_namespace(void **state)
{
	static const enum nk_ns_mode modes[] = {NK_NS_HOST, NK_NS_JOIN};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_fixture_ struct fixture f = {.pid = modes[i]};

		nk_resources_init(&f.spec.resources);
		layout_v1(&f.arena, &f.facts.cgroups, false, true);
		assert_int_equal(make(&f), 0);
		assert_int_equal(f.cg.n_paths, 1);
		assert_string_equal(f.cg.paths[0], "/sys/fs/cgroup/pids/nook-0123456789ab");
		/* Limits bring a group, too. */
		some_limits(&f.spec.resources);
		f.spec.resources.pids = NK_UNSET;
		assert_int_equal(make(&f), 0);
		assert_int_equal(f.cg.n_paths, 1);
		assert_string_equal(f.cg.paths[0], "/sys/fs/cgroup/memory/nook-0123456789ab");
		/* And in a hybrid there is one anyway. */
		nk_resources_init(&f.spec.resources);
		layout_v1(&f.arena, &f.facts.cgroups, true, true);
		assert_int_equal(make(&f), 0);
		assert_int_equal(f.cg.n_v1, 0);
		layout_unified(&f.facts.cgroups)->writable = false;
		assert_int_equal(make(&f), 0);
		assert_int_equal(f.cg.n_v1, 1);
	}
}

static void hybrid_rootless(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	f.facts.euid = 1000;
	layout_v1(&f.arena, &f.facts.cgroups, true, false);
	nk_resources_init(&f.spec.resources);
	assert_int_equal(make(&f), 0);
	assert_int_equal(f.plan.steps.n, 0);
	some_limits(&f.spec.resources);
	assert_true(make(&f) < 0);
	assert_int_equal(f.e.err, EACCES);
	assert_string_not_equal(f.e.hint, "");
}

static void restrict_a_device(struct fixture *f)
{
	nk_resources_init(&f->spec.resources);
	*NK_PUSH(&f->arena, &f->spec.devices) =
		(struct nk_device_spec){"/dev/kmsg", "/dev/kmsg", "r", S_IFCHR, 1, 11};
}

static void devices(void **state)
{
	_fixture_ struct fixture one = NEW_FIXTURE, two = NEW_FIXTURE;

	(void)state;
	restrict_a_device(&one);
	layout_v1(&one.arena, &one.facts.cgroups, true, true);
	assert_int_equal(make(&one), 0);
	golden(&one, "hybrid-root-devices");

	restrict_a_device(&two);
	layout_v2(&two.arena, &two.facts.cgroups, "/", true, true);
	assert_int_equal(make(&two), 0);
	size_t loads = 0;
	for (size_t i = 0; i < two.plan.steps.n; i++)
		loads += two.plan.steps.v[i].op == NK_OP_BPF_LOAD ||
			 two.plan.steps.v[i].op == NK_OP_BPF_ATTACH;
	assert_int_equal(loads, 2);

	/* rwm is what a bind-mounted node gives anyway */
	two.spec.devices.v[0].access = "rwm";
	assert_int_equal(make(&two), 0);
	for (size_t i = 0; i < two.plan.steps.n; i++)
		assert_int_not_equal(two.plan.steps.v[i].op, NK_OP_BPF_LOAD);
}

static void facts_for_other_limits(void **state)
{
	_fixture_ struct fixture f = NEW_FIXTURE;

	(void)state;
	some_limits(&f.spec.resources);
	layout_v2(&f.arena, &f.facts.cgroups, "/", true, true);
	f.facts.cgroups.probed = NK_CG_BIT(NK_CG_PIDS);
	assert_true(make(&f) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_root_without_limits),
		cmocka_unit_test(v2_root_with_limits),
		cmocka_unit_test(v2_parent),
		cmocka_unit_test(v2_delegated),
		cmocka_unit_test(v2_top_that_is_not_the_root),
		cmocka_unit_test(v2_not_delegated),
		cmocka_unit_test(v1_root),
		cmocka_unit_test(hybrid_root),
		cmocka_unit_test(hybrid_parent_without_limits),
		cmocka_unit_test(v1_without_a_pid_namespace),
		cmocka_unit_test(hybrid_rootless),
		cmocka_unit_test(devices),
		cmocka_unit_test(facts_for_other_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
