/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of ns enter: what has to come before what, for whatever is joined. */
#include <errno.h>
#include <linux/close_range.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "plan/ns_enter.h"

enum { USER = 1 << NK_NS_USER, MOUNT = 1 << NK_NS_MOUNT, UTS = 1 << NK_NS_UTS };
enum { PID = 1 << NK_NS_PID, NET = 1 << NK_NS_NET, ALL = (1 << NK_NS_COUNT) - 1 };

struct fixture {
	struct nk_arena a;
	struct nk_spec spec;
	struct nk_facts facts;
	struct nk_ns_enter_input in;
	struct nk_plan p;
	struct nk_err e;
};

static void fixture(struct fixture *f, unsigned kinds)
{
	memset(f, 0, sizeof(*f));
	nk_strv_push(&f->a, &f->spec.args, "true");
	nk_strv_push(&f->a, &f->spec.env, "PATH=/bin:/usr/bin");
	f->facts.sys_admin = true;
	f->in = (struct nk_ns_enter_input){
		.spec = &f->spec,
		.facts = &f->facts,
		.what = "process 4711",
		.pid = 4711,
		.kinds = kinds,
	};
	for (int k = 0; k < NK_NS_COUNT; k++)
		f->in.paths[k] = nk_fmt(&f->a, "/run/x/%s", nk_ns_name((enum nk_ns_kind)k));
	nk_plan_init(&f->p, &f->a);
}

static void plan(struct fixture *f)
{
	assert_int_equal(nk_plan_ns_enter(&f->p, &f->in, &f->e), 0);
}

/* Index of the nth step (from 0) of an actor with that op, -1 if there is none. */
static int at(const struct fixture *f, enum nk_actor actor, enum nk_op op, int nth)
{
	for (size_t i = 0; i < f->p.steps.n; i++)
		if (f->p.steps.v[i].actor == actor && f->p.steps.v[i].op == op && nth-- == 0)
			return (int)i;
	return -1;
}

static int prctl_at(const struct fixture *f, enum nk_actor actor, uint64_t option)
{
	for (int nth = 0, i; (i = at(f, actor, NK_OP_PRCTL, nth)) >= 0; nth++)
		if (f->p.steps.v[i].n[0] == option)
			return i;
	return -1;
}

/* For every set of kinds: who joins cannot be traced, waits for nook's word, and joins once. */
static void protected_and_told_before_it_joins(void **state)
{
	(void)state;
	for (unsigned kinds = 1; kinds <= ALL; kinds++) {
		struct fixture f;

		fixture(&f, kinds);
		plan(&f);

		enum nk_actor who = kinds & PID ? NK_MIDDLE : NK_INIT;
		int join = at(&f, who, NK_OP_SETNS, 0), placed = at(&f, who, NK_OP_AWAIT, 0);
		int dumpable = prctl_at(&f, who, PR_SET_DUMPABLE);

		assert_true(dumpable >= 0 && dumpable < placed && placed < join);
		assert_int_equal(f.p.steps.v[placed].n[0], NK_MSG_PLACED);
		assert_int_equal(at(&f, who, NK_OP_SETNS, 1), -1);
		assert_int_equal(at(&f, NK_INIT, NK_OP_SETNS, 0) >= 0, !(kinds & PID));
		assert_int_equal(at(&f, NK_PARENT, NK_OP_SETNS, 0), -1);
		/* nook asks whether the process still lives once it knows the new one. */
		assert_true(at(&f, NK_PARENT, NK_OP_CLONE3, 0) < at(&f, NK_PARENT, NK_OP_TELL, 0));
		for (int k = 0; k < NK_NS_COUNT; k++)
			assert_int_equal(
				!!(f.p.steps.v[join].n[0] & nk_ns_clone_flag((enum nk_ns_kind)k)),
				kinds >> k & 1);
		nk_arena_done(&f.a);
	}
}

static void a_pid_namespace_needs_a_child(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, PID | UTS);
	plan(&f);

	int clone = at(&f, NK_MIDDLE, NK_OP_CLONE3, 0);

	assert_true(at(&f, NK_MIDDLE, NK_OP_SETNS, 0) < clone);
	assert_int_equal(f.p.steps.v[clone].n[0], CLONE_PARENT);
	/* Its number is known before it goes on. */
	size_t first = 0;

	while (f.p.steps.v[first].actor != NK_INIT)
		first++;
	assert_int_equal(f.p.steps.v[first].op, NK_OP_AWAIT);
	assert_true(at(&f, NK_PARENT, NK_OP_PIDFD_OPEN, 1) < at(&f, NK_PARENT, NK_OP_TELL, 1));
	nk_arena_done(&f.a);
}

/* Which kinds the setns steps of files join, in their order. */
static uint64_t join_of(const struct fixture *f, int nth)
{
	int i = at(f, NK_INIT, NK_OP_SETNS, nth);

	return i < 0 ? 0 : f->p.steps.v[i].n[0];
}

static void files_users_last_with_rights_first_without(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, USER | MOUNT | UTS | NET);
	f.in.pid = 0;
	plan(&f);
	assert_int_equal(join_of(&f, 3), CLONE_NEWUSER);
	assert_int_equal(join_of(&f, 2), CLONE_NEWNS);
	assert_int_equal(join_of(&f, 4), 0);
	assert_string_equal(f.p.steps.v[at(&f, NK_PARENT, NK_OP_OPENAT2, 0)].s[0], "/run/x/user");
	/* While it still may: users that are joined may forbid it. */
	assert_true(at(&f, NK_INIT, NK_OP_SETGROUPS, 0) == -1);
	nk_arena_done(&f.a);

	fixture(&f, USER | MOUNT | UTS | NET);
	f.in.pid = 0;
	f.in.ids = NK_IDS_ROOT;
	f.facts.sys_admin = false;
	plan(&f);
	assert_int_equal(join_of(&f, 0), CLONE_NEWUSER);
	assert_int_equal(join_of(&f, 3), CLONE_NEWNS);
	nk_arena_done(&f.a);
}

static void root_of_the_users_where_there_is_one(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, USER);
	f.in.ids = NK_IDS_ROOT;
	f.in.stays = true;
	plan(&f);

	int uid = at(&f, NK_INIT, NK_OP_SETRESUID, 0), gid = at(&f, NK_INIT, NK_OP_SETRESGID, 0);
	int join = at(&f, NK_INIT, NK_OP_SETNS, 0);

	assert_true(join < gid && gid < uid);
	assert_true(at(&f, NK_INIT, NK_OP_SETGROUPS, 0) < join);
	assert_int_equal(f.p.steps.v[uid].soft[0], EINVAL);
	assert_int_equal(f.p.steps.v[gid].soft[0], EINVAL);
	nk_arena_done(&f.a);

	/* Who is not mapped there either does not stay. */
	fixture(&f, USER);
	f.in.ids = NK_IDS_ROOT;
	plan(&f);
	uid = at(&f, NK_INIT, NK_OP_SETRESUID, 0);
	gid = at(&f, NK_INIT, NK_OP_SETRESGID, 0);
	assert_int_equal(f.p.steps.v[uid].soft[0], 0);
	assert_int_equal(f.p.steps.v[gid].soft[0], 0);
	nk_arena_done(&f.a);

	/* Named ones must be there. */
	fixture(&f, USER);
	f.in.ids = NK_IDS_GIVEN;
	f.spec.uid = 7;
	plan(&f);
	uid = at(&f, NK_INIT, NK_OP_SETRESUID, 0);
	assert_int_equal(f.p.steps.v[uid].n[0], 7);
	assert_int_equal(f.p.steps.v[uid].soft[0], 0);
	nk_arena_done(&f.a);
}

static void nothing_stays_open_and_nook_is_followed(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, USER | MOUNT);
	f.in.root = f.in.cwd = true;
	f.in.ids = NK_IDS_ROOT;
	plan(&f);

	int root = at(&f, NK_INIT, NK_OP_CHROOT, 0), cwd = at(&f, NK_INIT, NK_OP_FCHDIR, 1);
	int closed = at(&f, NK_INIT, NK_OP_CLOSE_RANGE, 0);
	int uid = at(&f, NK_INIT, NK_OP_SETRESUID, 0);
	int death = prctl_at(&f, NK_INIT, PR_SET_PDEATHSIG);
	int exec = at(&f, NK_INIT, NK_OP_EXECVE, 0);

	/* Both through descriptors of before the join, and chroot while root may. */
	assert_true(at(&f, NK_PARENT, NK_OP_OPENAT2, 1) < at(&f, NK_PARENT, NK_OP_CLONE3, 0));
	assert_true(at(&f, NK_INIT, NK_OP_FCHDIR, 0) < root && root < cwd && cwd < closed);
	assert_true(root < uid && closed < exec);
	assert_int_equal(f.p.steps.v[closed].n[0], 3);
	assert_int_equal(f.p.steps.v[closed].n[2], 0);
	/* A change of credentials would clear it. */
	assert_true(uid < death && death < exec);
	nk_arena_done(&f.a);
}

static void files_of_a_named_network_after_it_is_joined(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, NET);
	f.in.pid = 0;
	f.in.netns_files = f.in.sysfs = true;

	struct nk_etc_file *file = NK_PUSH(&f.a, &f.in.etc);

	assert_non_null(file);
	*file = (struct nk_etc_file){"/etc/netns/red/hosts", "/etc/hosts"};
	plan(&f);

	int join = at(&f, NK_INIT, NK_OP_SETNS, 0), own = at(&f, NK_INIT, NK_OP_UNSHARE, 0);
	int sys = at(&f, NK_INIT, NK_OP_FSOPEN, 0), apart = at(&f, NK_INIT, NK_OP_MOUNT_SETATTR, 0);

	assert_true(join < own && own < apart && apart < sys);
	assert_int_equal(f.p.steps.v[own].n[0], CLONE_NEWNS);
	assert_true(at(&f, NK_INIT, NK_OP_OPEN_TREE, 0) > apart);
	assert_true(at(&f, NK_INIT, NK_OP_MOVE_MOUNT, 1) > 0);
	nk_arena_done(&f.a);
}

static void in_the_cgroups_before_it_goes_on(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, UTS);
	nk_strv_push(&f.a, &f.in.cgroups, "/cg/memory/x");
	nk_strv_push(&f.a, &f.in.cgroups, "/cg/pids/x");
	plan(&f);
	for (int i = 0; i < 2; i++)
		assert_true(at(&f, NK_PARENT, NK_OP_WRITE, i) < at(&f, NK_PARENT, NK_OP_TELL, 0));
	assert_int_equal(f.p.steps.v[at(&f, NK_PARENT, NK_OP_WRITE, 0)].fd[1], NK_SLOT_PID);
	nk_arena_done(&f.a);

	/* By the one in between: what it clones is born there. */
	fixture(&f, PID);
	nk_strv_push(&f.a, &f.in.cgroups, "/cg/pids/x");
	plan(&f);
	assert_int_equal(f.p.steps.v[at(&f, NK_PARENT, NK_OP_WRITE, 0)].fd[1], NK_SLOT_MIDDLE_PID);
	nk_arena_done(&f.a);
}

static void no_command(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f, UTS);
	f.spec.args = (struct nk_strv){0};
	assert_int_equal(nk_plan_ns_enter(&f.p, &f.in, &f.e), -EINVAL);
	nk_arena_done(&f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protected_and_told_before_it_joins),
		cmocka_unit_test(a_pid_namespace_needs_a_child),
		cmocka_unit_test(files_users_last_with_rights_first_without),
		cmocka_unit_test(root_of_the_users_where_there_is_one),
		cmocka_unit_test(nothing_stays_open_and_nook_is_followed),
		cmocka_unit_test(files_of_a_named_network_after_it_is_joined),
		cmocka_unit_test(in_the_cgroups_before_it_goes_on),
		cmocka_unit_test(no_command),
	};

	return cmocka_run_group_tests_name("plan_ns_enter", tests, NULL, NULL);
}
