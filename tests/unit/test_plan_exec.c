/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of exec: what has to come before what. */
#include <linux/prctl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/exec.h"

struct fixture {
	struct nk_arena a;
	struct nk_spec spec;
	struct nk_facts facts;
	struct nk_exec_input in;
	struct nk_plan p;
	struct nk_err e;
};

static void fixture(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	nk_resources_init(&f->spec.resources);
	nk_strv_push(&f->a, &f->spec.args, "true");
	nk_strv_push(&f->a, &f->spec.env, "PATH=/bin:/usr/bin");
	f->facts.last_cap = 40;
	f->facts.sys_admin = true;
	f->in = (struct nk_exec_input){
		.spec = &f->spec,
		.facts = &f->facts,
		.pid = 4711,
		.join = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET,
	};
	nk_strv_push(&f->a, &f->in.cgroups, "/cg/memory/x");
	nk_strv_push(&f->a, &f->in.cgroups, "/cg/pids/x");
	nk_plan_init(&f->p, &f->a);
}

static void plan(struct fixture *f)
{
	assert_int_equal(nk_plan_exec(&f->p, &f->in, &f->e), 0);
}

/* Index of the nth step (from 0) of an actor with that op, -1 if there is none. */
static int at(const struct fixture *f, enum nk_actor actor, enum nk_op op, int nth)
{
	for (size_t i = 0; i < f->p.steps.n; i++)
		if (f->p.steps.v[i].actor == actor && f->p.steps.v[i].op == op && nth-- == 0)
			return (int)i;
	return -1;
}

static void protected_before_it_joins(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	plan(&f);

	int dumpable = at(&f, NK_MIDDLE, NK_OP_PRCTL, 0),
	    placed = at(&f, NK_MIDDLE, NK_OP_AWAIT, 0);
	int join = at(&f, NK_MIDDLE, NK_OP_SETNS, 0), clone = at(&f, NK_MIDDLE, NK_OP_CLONE3, 0);

	assert_true(dumpable >= 0 && dumpable < placed && placed < join && join < clone);
	assert_int_equal(f.p.steps.v[dumpable].n[0], PR_SET_DUMPABLE);
	assert_int_equal(f.p.steps.v[dumpable].n[1], 0);
	assert_int_equal(f.p.steps.v[placed].n[0], NK_MSG_PLACED);
	assert_int_equal(f.p.steps.v[join].n[0], f.in.join);
	assert_int_equal(f.p.steps.v[clone].n[0], CLONE_PARENT);
	assert_int_equal(at(&f, NK_MIDDLE, NK_OP_SETNS, 1), -1);
	nk_arena_done(&f.a);
}

static void in_every_cgroup_before_it_is_let_go(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	plan(&f);

	int told = at(&f, NK_PARENT, NK_OP_TELL, 0);

	assert_int_equal(f.p.steps.v[told].n[0], NK_MSG_PLACED);
	for (int i = 0; i < 2; i++) {
		int write = at(&f, NK_PARENT, NK_OP_WRITE, i);

		assert_true(write >= 0 && write < told);
		assert_int_equal(f.p.steps.v[write].fd[1], NK_SLOT_MIDDLE_PID);
	}
	assert_int_equal(at(&f, NK_PARENT, NK_OP_WRITE, 2), -1);
	/* The descriptors are opened before the clone, while the container is held. */
	assert_string_equal(f.p.steps.v[at(&f, NK_PARENT, NK_OP_OPENAT2, 0)].s[0],
			    "/cg/memory/x/cgroup.procs");
	assert_true(at(&f, NK_PARENT, NK_OP_OPENAT2, 1) < at(&f, NK_PARENT, NK_OP_CLONE3, 0));
	nk_arena_done(&f.a);
}

/* nk_spawn calls `started` at the pidfd; the command must not run before. */
static void init_waits_until_it_is_known(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	plan(&f);

	int pid = at(&f, NK_PARENT, NK_OP_AWAIT, 0), pidfd = at(&f, NK_PARENT, NK_OP_PIDFD_OPEN, 1);
	int go = at(&f, NK_PARENT, NK_OP_TELL, 1);
	size_t first = 0;

	assert_true(pid < pidfd && pidfd < go);
	assert_int_equal(f.p.steps.v[pidfd].out, NK_SLOT_PIDFD);
	while (f.p.steps.v[first].actor != NK_INIT)
		first++;
	assert_int_equal(f.p.steps.v[first].op, NK_OP_AWAIT);
	nk_arena_done(&f.a);
}

static void nothing_to_join_is_no_step(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	f.in.join = 0;
	f.in.cgroups = (struct nk_strv){0};
	plan(&f);
	assert_int_equal(at(&f, NK_MIDDLE, NK_OP_SETNS, 0), -1);
	assert_int_equal(at(&f, NK_PARENT, NK_OP_WRITE, 0), -1);
	assert_true(at(&f, NK_INIT, NK_OP_EXECVE, 0) > 0);
	nk_arena_done(&f.a);
}

static void root_of_the_joined_users_first(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	f.in.join |= CLONE_NEWUSER;
	f.spec.uid = 1000;
	f.spec.terminal = true;
	plan(&f);

	int root = at(&f, NK_INIT, NK_OP_SETRESUID, 0), user = at(&f, NK_INIT, NK_OP_SETRESUID, 1);
	int ptmx = at(&f, NK_INIT, NK_OP_OPENAT2, 0);

	assert_int_equal(f.p.steps.v[root].n[0], 0);
	assert_int_equal(f.p.steps.v[user].n[0], 1000);
	assert_string_equal(f.p.steps.v[ptmx].s[0], "/dev/pts/ptmx");
	assert_true(f.p.steps.v[ptmx].n[2] != 0);
	assert_true(root < ptmx && ptmx < user);
	assert_int_equal(at(&f, NK_INIT, NK_OP_SETGROUPS, 0) < root, true);
	nk_arena_done(&f.a);

	fixture(&f);
	f.in.join |= CLONE_NEWUSER;
	f.in.setgroups_denied = true;
	plan(&f);
	assert_int_equal(at(&f, NK_INIT, NK_OP_SETGROUPS, 0), -1);
	nk_arena_done(&f.a);
}

static void no_command_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	fixture(&f);
	f.spec.args = (struct nk_strv){0};
	assert_true(nk_plan_exec(&f.p, &f.in, &f.e) < 0);
	nk_arena_done(&f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protected_before_it_joins),
		cmocka_unit_test(in_every_cgroup_before_it_is_let_go),
		cmocka_unit_test(init_waits_until_it_is_known),
		cmocka_unit_test(nothing_to_join_is_no_step),
		cmocka_unit_test(root_of_the_joined_users_first),
		cmocka_unit_test(no_command_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
