/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of ns run: golden files for chosen cells (data/plan/bare-NAME; UPDATE_GOLDEN=1 writes
 * them anew), and what holds for every set of kinds and whoever asks.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "plan/ns_run.h"
#include "plan_matrix.h"
#include "plan_rules.h"

enum {
	IN_PLACE = 1,
	PROC = 2,
	KEEP = 4,
	CHANGES_USER = 8,
	SELF = 16, /* the caller alone is mapped */
	NO_ROOT = 32,
	N_BARE = 64,
};

struct bare {
	struct cell cell;
	unsigned how;
};

/* user mount uts ipc pid net cgroup time */
static const struct bare golden_cells[] = {
	{{"bare-root-uts", ROOT, NONE, 0, "hhnhhhhh", 0, NAMES}, 0},
	{{"bare-root-all", ROOT, NONE, 0, "nnnnnnnn", 0, 0}, PROC},
	{{"bare-user-all", USER, NONE, 0, "nnnnnnnn", 0, 0}, PROC | SELF},
	{{"bare-user-auto", USER, NONE, 0, "nnhhhhhh", 0, 0}, 0},
	{{"bare-user-no-root", USER, NONE, 0, "nnhhhhhh", 0, 0}, NO_ROOT | CHANGES_USER},
	{{"bare-time-offset", ROOT, NONE, 0, "nhhhnnhn", 0, OFFSETS}, 0},
	{{"bare-keep", ROOT, NONE, 0, "hhhhhnhh", 0, 0}, KEEP},
	{{"bare-as-user", ROOT, NONE, 0, "hnhnnhhh", 0, AS_USER}, PROC | CHANGES_USER},
	{{"bare-in-place", ROOT, NONE, 0, "hnnhhnnh", 0, NAMES}, IN_PLACE},
	{{"bare-in-place-user", SINGLE, NONE, 0, "nnnhnhhn", 0, OFFSETS}, IN_PLACE | SELF},
};

static void make(struct made *m, const struct bare *b)
{
	make_input(m, &b->cell);
	m->spec.args.n = m->spec.env.n = 0;
	nk_strv_push(&m->arena, &m->spec.args, "true");
	nk_strv_push(&m->arena, &m->spec.env, "PATH=/usr/bin:/bin");
	if (b->how & SELF && b->cell.ns[NK_NS_USER] == 'n') {
		m->spec.uid_maps.n = m->spec.gid_maps.n = 0;
		push_map(&m->arena, &m->spec.uid_maps, 0, m->facts.euid, 1);
		push_map(&m->arena, &m->spec.gid_maps, 0, m->facts.euid, 1);
		if (!m->facts.maps_ids || b->how & IN_PLACE)
			m->facts.single_id = "the caller alone is mapped";
	}
	if (b->how & NO_ROOT && m->spec.uid_maps.n)
		m->spec.uid_maps.v[0].inside = 70000;
	nk_plan_init(&m->plan, &m->arena);

	const struct nk_ns_run_input in = {
		.spec = &m->spec,
		.facts = &m->facts,
		.proc = b->how & PROC ? "/proc" : NULL,
		.in_place = b->how & IN_PLACE,
		.holds = b->how & KEEP,
		.changes_user = b->how & CHANGES_USER,
	};
	m->ret = nk_plan_ns_run(&m->plan, &in, &m->e);
}

static char *print(const struct nk_plan *p)
{
	char *text = NULL, call[2048];
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];

		nk_step_call(p, s, call, sizeof(call));
		fprintf(out, "%-6s %-12s %s", nk_actor_name((enum nk_actor)s->actor),
			nk_topic_name((enum nk_topic)s->topic), call);
		for (int j = 0; j < 3; j++)
			if (s->soft[j])
				fprintf(out, " !%s", strerrorname_np(s->soft[j]));
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static void golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < NK_COUNT(golden_cells); i++) {
		const struct bare *b = &golden_cells[i];
		_free_ char *path = NULL, *want = NULL, *got = NULL;
		_made_ struct made m = {0};
		size_t cap = 0;
		bool update = getenv("UPDATE_GOLDEN");

		make(&m, b);
		if (m.ret)
			fail_msg("%s: %s", b->cell.name, m.e.msg);
		got = print(&m.plan);
		assert_true(asprintf(&path, "%s/plan/%s", NK_TEST_DATA, b->cell.name) > 0);
		_fclose_ FILE *file = fopen(path, update ? "w" : "r");
		if (!file)
			fail_msg("%s is missing (UPDATE_GOLDEN=1 makes it)", path);
		if (update) {
			fputs(got, file);
			continue;
		}
		assert_true(getdelim(&want, &cap, '\0', file) > 0);
		assert_string_equal(got, want);
	}
}

/* What a process is in at the end, by the calls of the plan. */
static uint64_t made_kinds(const struct nk_plan *p)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == NK_OP_UNSHARE || p->steps.v[i].op == NK_OP_CLONE3)
			flags |= p->steps.v[i].n[0];
	return flags & (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
			CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME);
}

static bool has(const struct nk_plan *p, enum nk_op op, int actor)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == op && (actor < 0 || p->steps.v[i].actor == actor))
			return true;
	return false;
}

/* Nothing of a container: root, session, descriptors, filter, rights and umask stay. */
static void only_namespaces(const struct nk_plan *p)
{
	static const enum nk_op others[] = {NK_OP_PIVOT_ROOT, NK_OP_SETSID,  NK_OP_CLOSE_RANGE,
					    NK_OP_SECCOMP,    NK_OP_CAPSET,  NK_OP_UMASK,
					    NK_OP_CHDIR,      NK_OP_FCHDIR,  NK_OP_DUP3,
					    NK_OP_KEYRING,    NK_OP_PRLIMIT, NK_OP_UMOUNT2};

	for (size_t i = 0; i < NK_COUNT(others); i++)
		assert_false(has(p, others[i], -1));
}

static void check(const struct made *m, const struct bare *b)
{
	const struct nk_plan *p = &m->plan;
	uint64_t want = 0;

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (b->cell.ns[k] == 'n')
			want |= nk_ns_clone_flag((enum nk_ns_kind)k);
	if (m->ret < 0) { /* nobody else is refused */
		assert_true(!want || (!m->facts.sys_admin && !(want & CLONE_NEWUSER)));
		assert_string_not_equal(m->e.hint, "");
		return;
	}
	assert_int_equal(made_kinds(p), want);
	only_namespaces(p);
	assert_int_equal(p->steps.v[p->steps.n - 1].op, NK_OP_EXECVE);
	if (b->how & IN_PLACE) {
		for (size_t i = 0; i < p->steps.n; i++)
			assert_int_equal(p->steps.v[i].actor, NK_PARENT);
		assert_false(has(p, NK_OP_CLONE3, -1));
		return;
	}
	rule_play(p);
	/* Whoever keeps them, or learns of init from another, has to know it before it runs. */
	if (b->how & KEEP || has(p, NK_OP_EXIT, NK_MIDDLE))
		assert_true(has(p, NK_OP_AWAIT, NK_INIT));
}

static void every_set_of_kinds(void **state)
{
	unsigned planned = 0;

	(void)state;
	for (unsigned i = 0; i < 1u << NK_NS_COUNT; i++)
		for (unsigned who = 0; who < N_WHO; who++)
			for (unsigned how = 0; how < N_BARE; how++) {
				char ns[NK_NS_COUNT + 1] = "";
				struct bare b = {{"", (enum who)who, NONE, 0, ns, 0, 0}, how};
				_made_ struct made m = {0};

				for (int k = 0; k < NK_NS_COUNT; k++)
					ns[k] = i >> k & 1 ? 'n' : 'h';
				/* The command line sees to it. */
				if (how & PROC && (ns[NK_NS_PID] != 'n' || how & IN_PLACE))
					continue;
				if (how & IN_PLACE && !(how & SELF))
					continue;
				b.cell.with = i % 3 ? OFFSETS : NAMES;
				make(&m, &b);
				check(&m, &b);
				planned += m.ret == 0;
			}
	assert_true(planned > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(every_set_of_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
