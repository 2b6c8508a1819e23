/* SPDX-License-Identifier: Apache-2.0 */
/* Who may what: the kernel's rules as a table. User namespaces: 1 is the machine's first (of root),
 * 2 was made in it by uid 1000, 3 in 2 by uid 1000, 9 beside 2 by uid 9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>

#include "ns/can.h"

#define ALL 0x1ffffffffffull
#define WITHOUT(cap) (ALL & ~(1ull << (cap)))

static struct nk_userns_level levels[] = {
	{3, 1000, true},
	{2, 1000, true},
	{NK_USERNS_FIRST, 0, true},
};
static struct nk_userns_level beside[] = {
	{9, 9, true},
	{NK_USERNS_FIRST, 0, true},
};

static struct nk_userns_chain chain(unsigned userns)
{
	size_t skip = userns == 3 ? 0 : userns == 2 ? 1 : 2;

	if (userns == 9)
		return (struct nk_userns_chain){.v = beside, .n = 2, .whole = true};
	return (struct nk_userns_chain){.v = levels + skip, .n = 3 - skip, .whole = true};
}
static uint64_t inode(unsigned userns)
{
	return userns == 1 ? NK_USERNS_FIRST : userns;
}

/* who: in user namespace `from`, as uid; the target: in `to`, which owns all of its others. */
static struct nk_can_facts facts(unsigned from, uid_t uid, uint64_t caps, unsigned to,
				 uid_t target_uid)
{
	struct nk_can_facts f = {
		.process = true, .pid = 50, .what = "process 50", .has = 0xff, .wanted = 0xff};

	f.who.pid = 40;
	f.who.nobody = (uid_t)-1;
	f.who.what = "process 40";
	f.who.status.effective = f.who.status.permitted = caps;
	f.below_pid = f.dumpable = true;
	f.low_port = 1024;
	f.cgroup = "/sys/fs/cgroup/x/cgroup.procs";
	f.cgroup_uid = target_uid;
	f.cgroup_gid = 4;
	f.cgroup_mode = 0644;
	for (int i = 0; i < 3; i++) {
		f.who.status.uid[i] = f.who.status.gid[i] = uid;
		f.status.uid[i] = f.status.gid[i] = target_uid;
	}
	for (int k = 0; k < NK_NS_COUNT; k++) {
		f.who.ns[k] = from * 100 + (unsigned)k;
		f.ns[k] = to * 100 + (unsigned)k;
		f.owner[k] = chain(to);
	}
	f.who.ns[NK_NS_USER] = inode(from);
	f.ns[NK_NS_USER] = inode(to);
	return f;
}

static void capability(void **state)
{
	static const struct {
		unsigned from;
		uid_t uid;
		uint64_t caps;
		unsigned in;
		enum nk_can_how how;
	} rows[] = {
		{1, 0, ALL, 1, NK_CAN_HAS},
		{1, 0, ALL, 3, NK_CAN_HAS},
		{1, 0, WITHOUT(CAP_SYS_ADMIN), 3, NK_CAN_LACKS},
		/* its maker, from where he made it: every capability, also in what lies in it */
		{1, 1000, 0, 2, NK_CAN_CREATOR},
		{1, 1000, 0, 3, NK_CAN_CREATOR},
		{1, 1001, 0, 2, NK_CAN_LACKS},
		{1, 1000, 0, 1, NK_CAN_LACKS},
		{1, 1000, 0, 9, NK_CAN_LACKS},
		{1, 9, 0, 9, NK_CAN_CREATOR},
		{2, 1000, 0, 2, NK_CAN_LACKS}, /* in it, its maker is nobody special */
		{2, 1000, 0, 3, NK_CAN_CREATOR},
		{2, 5, ALL, 3, NK_CAN_HAS},
		{2, 0, ALL, 1, NK_CAN_OUTSIDE},
		{2, 0, ALL, 9, NK_CAN_OUTSIDE},
		{3, 1000, ALL, 2, NK_CAN_OUTSIDE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct nk_can_facts f =
			facts(rows[i].from, rows[i].uid, rows[i].caps, rows[i].in, 0);
		enum nk_can_how how = nk_can_cap(&f.owner[NK_NS_USER], &f.who, CAP_SYS_ADMIN);
		if (how != rows[i].how)
			fail_msg("row %zu: %d", i, (int)how);
	}

	/* The way up ends at the edge of what we see: that is no "no". */
	struct nk_can_facts f = facts(2, 0, ALL, 9, 0);
	struct nk_userns_chain cut = {.v = beside, .n = 1}, none = {0};
	assert_int_equal(nk_can_cap(&cut, &f.who, CAP_KILL), NK_CAN_UNKNOWN);
	assert_int_equal(nk_can_cap(&none, &f.who, CAP_KILL), NK_CAN_UNKNOWN);
}

static bool may(struct nk_arena *a, const char *action, const struct nk_can_facts *f)
{
	const struct nk_can_action *act = nk_can_find(action);
	struct nk_can_verdict v;

	assert_non_null(act);
	nk_can_decide(a, act, f, &v);
	assert_true(strlen(v.why) > 10);
	assert_int_equal(v.why[strlen(v.why) - 1], '.');
	assert_int_equal(v.tried, -1);
	return v.may;
}

static void actions(void **state)
{
	static const struct {
		const char *action;
		bool root, creator, stranger,
			inside_root; /* on a process in 2; the last: from 2 on 1 */
	} rows[] = {
		{"enter", true, true, false, false},
		{"mount", true, true, false, false},
		{"hostname", true, true, false, false},
		{"network", true, true, false, false},
		{"bind-low-port", true, true, false, false},
		{"raw-socket", true, true, false, false},
		{"ipc", true, true, false, false},
		{"reboot", true, true, false, false},
		{"setuid", true, true, false, false},
		{"setgid", true, true, false, false},
		{"chown", true, true, false, false},
		{"chroot", true, true, false, false},
		{"kill", true, true, false, false},
		{"ptrace", true, true, false, false},
		{"mknod", true, false, false, false},
		{"set-clock", true, false, false, false},
		{"load-module", true, false, false, false},
		{"cgroup", true, false, false, false},
	};
	_arena_ struct nk_arena a = {0};
	size_t n = 0;

	(void)state;
	while (nk_can_actions[n].name)
		n++;
	assert_int_equal(n, sizeof(rows) / sizeof(*rows));
	for (size_t i = 0; i < n; i++) {
		struct nk_can_facts root = facts(1, 0, ALL, 2, 500),
				    creator = facts(1, 1000, 0, 2, 500),
				    stranger = facts(1, 1001, 0, 2, 500),
				    inside = facts(2, 1000, ALL, 1, 500);
		if (may(&a, rows[i].action, &root) != rows[i].root ||
		    may(&a, rows[i].action, &creator) != rows[i].creator ||
		    may(&a, rows[i].action, &stranger) != rows[i].stranger ||
		    may(&a, rows[i].action, &inside) != rows[i].inside_root)
			fail_msg("%s", rows[i].action);
	}
}

/* Each needs exactly its capability. */
static void one_capability_less(void **state)
{
	_arena_ struct nk_arena a = {0};

	(void)state;
	for (const struct nk_can_action *act = nk_can_actions; act->name; act++) {
		/* inside its own namespaces, all the same, without and with that capability */
		unsigned home = act->rule == NK_CAN_FIRST || act->rule == NK_CAN_CGROUP ? 1 : 2;
		struct nk_can_facts f = facts(home, 1000, WITHOUT(act->cap), home, 500);
		struct nk_can_facts all = facts(home, 1000, ALL, home, 500);
		struct nk_can_verdict v;

		if (act->rule == NK_CAN_ENTER) {
			assert_true(may(&a, act->name, &f)); /* it is there already */
			continue;
		}
		nk_can_decide(&a, act, &f, &v);
		if (v.may || v.cap != act->cap || strcmp(v.cap_name, act->cap_name) != 0 ||
		    v.userns != inode(home) || !strstr(v.why, "lacks"))
			fail_msg("%s without its capability: %d %s", act->name, v.may, v.why);
		if (!may(&a, act->name, &all))
			fail_msg("%s with its capability", act->name);
	}
}

static void joining(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_can_facts f = facts(1, 0, ALL, 2, 0);
	struct nk_can_verdict v;

	(void)state;
	/* joining a mount namespace needs CAP_SYS_CHROOT at home, too, unless the user namespace
	 * is joined first */
	f.has = f.wanted = 1u << NK_NS_MOUNT;
	f.who.status.effective = WITHOUT(CAP_SYS_CHROOT);
	assert_false(may(&a, "enter", &f));
	f.has = f.wanted |= 1u << NK_NS_USER;
	assert_true(may(&a, "enter", &f));
	/* a PID namespace only downwards */
	f.has = f.wanted = 1u << NK_NS_PID;
	f.who.status.effective = ALL;
	assert_true(may(&a, "enter", &f));
	f.below_pid = false;
	assert_false(may(&a, "enter", &f));
	/* The user namespace does not help with what is owned by the one around it. */
	f = facts(1, 1000, 0, 2, 0);
	f.owner[NK_NS_NET] = chain(1);
	nk_can_decide(&a, nk_can_find("enter"), &f, &v);
	assert_false(v.may);
	for (size_t i = 0; i < v.kinds.n; i++)
		assert_int_equal(v.kinds.v[i].may, v.kinds.v[i].kind != NK_NS_NET);
	assert_int_equal(v.userns, NK_USERNS_FIRST);
	assert_false(may(&a, "network", &f));
	assert_true(may(&a, "hostname", &f));
}

static void processes(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_can_facts f = facts(1, 500, 0, 1, 500);

	(void)state;
	assert_true(may(&a, "kill", &f));
	assert_true(may(&a, "ptrace", &f));
	f.yama = 1;
	assert_false(may(&a, "ptrace", &f));
	f.ancestor = true;
	assert_true(may(&a, "ptrace", &f));
	f.yama = 3;
	assert_false(may(&a, "ptrace", &f));
	f.yama = 0;
	f.dumpable = false;
	assert_false(may(&a, "ptrace", &f));
	f.dumpable = true;
	f.status.permitted = 1;
	assert_false(may(&a, "ptrace", &f));
	assert_true(may(&a, "kill", &f));
	f.status.permitted = 0;
	f.who.nobody = 500; /* two strangers who only look the same */
	assert_false(may(&a, "kill", &f));
	assert_false(may(&a, "ptrace", &f));
	f.who.nobody = (uid_t)-1;
	f.below_pid = false; /* it has no number for us */
	assert_false(may(&a, "kill", &f));
	assert_false(may(&a, "ptrace", &f));
	f.below_pid = true;
	f.status.uid[1] = 7; /* a set-user-ID program: its real and saved ids count for kill */
	assert_true(may(&a, "kill", &f));
	assert_false(may(&a, "ptrace", &f));
	f.who.pid = f.pid;
	assert_false(may(&a, "ptrace", &f));
	/* without reserved ports nobody needs a capability, but has to be there */
	f = facts(1, 500, 0, 1, 500);
	assert_false(may(&a, "bind-low-port", &f));
	f.low_port = 0;
	assert_true(may(&a, "bind-low-port", &f));
	f.ns[NK_NS_NET] = 77;
	assert_false(may(&a, "bind-low-port", &f));
	/* by the group of the cgroup's file */
	f.cgroup_uid = 0;
	f.cgroup_mode = 0664;
	f.who.groups = " 3 4 5";
	assert_true(may(&a, "cgroup", &f));
	f.who.groups = "";
	assert_false(may(&a, "cgroup", &f));
	f.cgroup = NULL;
	assert_false(may(&a, "cgroup", &f));
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static long mallocs_left = -1; /* -1: as many as one likes */

void *__wrap_malloc(size_t size)
{
	if (mallocs_left == 0)
		return NULL;
	if (mallocs_left > 0)
		mallocs_left--;
	return __real_malloc(size);
}

/* Leave so many bytes in the arena's first chunk, of 64 KiB: what needs more fails. */
static void leave(struct nk_arena *a, size_t bytes)
{
	nk_alloc(a, 20000);
	nk_alloc(a, 20000);
	nk_alloc(a, 25488 - bytes);
}

static void out_of_memory(void **state)
{
	unsigned failed = 0;
	struct nk_err e;

	(void)state;
	for (size_t bytes = 0; bytes < 3000; bytes += 24) {
		for (const struct nk_can_action *act = nk_can_actions; act->name; act++) {
			_arena_ struct nk_arena a = {0};
			struct nk_can_facts f = facts(1, 1000, 0, 2, 500);
			struct nk_can_verdict v;
			leave(&a, bytes);
			mallocs_left = 0;
			nk_can_decide(&a, act, &f, &v);
			mallocs_left = -1;
			failed += nk_arena_ok(&a, &e) < 0;
		}
	}
	assert_true(failed > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capability),	       cmocka_unit_test(actions),
		cmocka_unit_test(one_capability_less), cmocka_unit_test(joining),
		cmocka_unit_test(processes),	       cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
