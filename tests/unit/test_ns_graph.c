/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of namespaces: what can be said of it without making any. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "ns/collector.h"

static void words(void **state)
{
	static const struct {
		const char *word;
		int kind;
		uint64_t inode;
	} cases[] = {
		{"net:[4026531840]", NK_NS_NET, 4026531840},
		{"mnt:[1]", NK_NS_MOUNT, 1},
		{"user:[18446744073709551600]", NK_NS_USER, 18446744073709551600u},
		{"time:[0]", NK_NS_TIME, 0},
		{"net:[18446744073709551616]", -EINVAL, 0},
		{"net:[99999999999999999999999]", -EINVAL, 0},
		{"mount:[1]", -EINVAL, 0},
		{"ne:[1]", -EINVAL, 0},
		{"nett:[1]", -EINVAL, 0},
		{"net:[]", -EINVAL, 0},
		{"net:[1", -EINVAL, 0},
		{"net:[1]x", -EINVAL, 0},
		{"net:[-1]", -EINVAL, 0},
		{"net:[ 1]", -EINVAL, 0},
		{"net:1", -EINVAL, 0},
		{"socket:[4711]", -EINVAL, 0},
		{"pipe:[4711]", -EINVAL, 0},
		{"/net:[1]", -EINVAL, 0},
		{":[1]", -EINVAL, 0},
		{"net:", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cases); i++) {
		enum nk_ns_kind kind = NK_NS_COUNT;
		uint64_t inode = 0;
		int r = nk_ns_parse(cases[i].word, &kind, &inode);

		if (r != cases[i].kind)
			fail_msg("%s: %d", cases[i].word, r);
		assert_int_equal(kind, r < 0 ? NK_NS_COUNT : (unsigned)cases[i].kind);
		assert_true(inode == cases[i].inode);
	}
}

/* -- mounts -- */

struct made {
	struct nk_arena a;
	struct nk_ns_look look;
	struct nk_ns_graph g;
	struct nk_ns_collector c;
};

static void make(struct made *m)
{
	m->c = (struct nk_ns_collector){
		.a = &m->a,
		.look = &m->look,
		.g = &m->g,
		.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.kinds = m->look.kinds ? m->look.kinds : 0xff,
	};
	assert_true(m->c.proc >= 0);
}

static void done(struct made *m)
{
	close(m->c.proc);
	nk_arena_done(&m->a);
}

static const struct nk_ns_node *node_of(const struct nk_ns_graph *g, uint64_t inode)
{
	int idx = nk_ns_by_inode(g, 0, inode);

	if (idx < 0)
		fail_msg("no node %ju", (uintmax_t)inode);
	return &g->nodes.v[idx];
}

#define LINE(root, point) "300 20 0:4 " root " " point " rw shared:3 - nsfs nsfs rw\n"

static void mounts(void **state)
{
	static const char text[] = "20 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n" LINE(
		"net:[5000]", "/run/netns/blue") LINE("net:[5001]", "/run/netns/a\\040b\\134c")
		LINE("uts:[5002]", "/state/ns/red/uts")
			LINE("uts:[5003]", "/state/ns/red/net") /* a file of another kind */
		LINE("net:[5004]", "/run/netns/deeper/down") LINE("net:[5005]", "/run/netns")
			LINE("net:[5006]", "/state/ns/red/net")
				LINE("net:[5006]", "/run/netns/second")
					LINE("uts:[5007]", "/run/netns/host")
		/* Not of nsfs, and no namespaces: */
		"301 20 0:4 net:[6000] /x rw - tmpfs tmpfs rw\n"
		"301 20 0:4 / /a\\040-\\040nsfs\\040b rw - tmpfs - nsfs rw\n" LINE(
			"pidfd:[6001]", "/x") "302 20 0:4 net:[6002] /x rw - nsfs\n"
					      "garbage - nsfs \n\n" LINE("ipc:[5008]", "/last");
	struct made m = {.look = {.state = "/state"}};

	(void)state;
	make(&m);
	nk_ns_mountinfo(&m.c, text, 7, true);
	assert_int_equal(m.g.nodes.n, 9);
	assert_string_equal(node_of(&m.g, 5000)->name, "blue");
	assert_int_equal(node_of(&m.g, 5000)->kind, NK_NS_NET);
	assert_string_equal(node_of(&m.g, 5001)->name, "a b\\c");
	assert_string_equal(node_of(&m.g, 5002)->name, "red");
	assert_null(node_of(&m.g, 5003)->name);
	assert_null(node_of(&m.g, 5004)->name);
	assert_null(node_of(&m.g, 5005)->name);
	assert_string_equal(node_of(&m.g, 5006)->name, "red");
	assert_int_equal(node_of(&m.g, 5006)->holders.n, 2);
	assert_null(node_of(&m.g, 5007)->name);
	assert_string_equal(node_of(&m.g, 5008)->holders.v[0].path, "/last");
	assert_int_equal(node_of(&m.g, 5008)->holders.v[0].pid, 7);

	/* The same in another mount namespace: counted, and names there are not ours. */
	nk_ns_mountinfo(&m.c,
			LINE("net:[5000]", "/run/netns/blue") LINE("net:[5009]", "/run/netns/x"), 8,
			false);
	assert_int_equal(node_of(&m.g, 5000)->holders.n, 1);
	assert_int_equal(node_of(&m.g, 5000)->holders.v[0].count, 2);
	assert_int_equal(node_of(&m.g, 5000)->holders.v[0].pid, 7);
	assert_null(node_of(&m.g, 5009)->name);
	done(&m);

	/* Only what was asked for becomes a node. */
	struct made few = {.look = {.kinds = 1u << NK_NS_IPC}};
	make(&few);
	nk_ns_mountinfo(&few.c, text, 7, true);
	assert_int_equal(few.g.nodes.n, 1);
	done(&few);

	/* Of one process: what it is in, and no others. */
	struct made one = {.look = {.pid = 12}};
	make(&one);
	assert_int_equal(nk_ns_node(&one.c, NK_NS_IPC, 5008), 0);
	nk_ns_mountinfo(&one.c, text, 7, true);
	assert_int_equal(one.g.nodes.n, 1);
	assert_int_equal(one.g.nodes.v[0].holders.n, 1);
	done(&one);
}

/* Thousands of them in each other, which anybody may have: nobody waits for that. */
static void mounts_in_each_other(void **state)
{
	enum { MOUNTS = 6000 };
	struct made m = {0}, loop = {0};
	char *text = malloc((size_t)MOUNTS * 80), *to = text;

	(void)state;
	assert_non_null(text);
	make(&m);
	/* The innermost first: each way up reads nearly all of the list at each step. */
	for (int i = MOUNTS; i > 0; i--)
		to += sprintf(to, "%d %d 0:4 net:[%d] /deep rw - nsfs nsfs rw\n", i + 100, i + 99,
			      i + 10000);
	alarm(10);
	nk_ns_mountinfo(&m.c, text, 7, false);
	alarm(0);
	assert_int_equal(m.g.nodes.n, MOUNTS);
	done(&m);
	/* A list that names itself as its own way up ends, too. */
	make(&loop);
	nk_ns_mountinfo(&loop.c,
			"1 2 0:4 net:[5] /a rw - nsfs nsfs rw\n2 1 0:4 / /b rw - tmpfs tmpfs rw\n",
			7, false);
	assert_int_equal(loop.g.nodes.n, 1);
	done(&loop);
	free(text);
}

/* The table behind it grows, and loses none. */
static void many_nodes(void **state)
{
	struct made m = {0};

	(void)state;
	make(&m);
	for (uint64_t i = 1; i <= 20000; i++)
		assert_int_equal(nk_ns_node(&m.c, (enum nk_ns_kind)(i % 8), i * 64), i - 1);
	for (uint64_t i = 1; i <= 20000; i++)
		assert_int_equal(nk_ns_node(&m.c, (enum nk_ns_kind)(i % 8), i * 64), i - 1);
	assert_int_equal(m.g.nodes.n, 20000);
	done(&m);
}

/* -- this machine -- */

static void collect(struct nk_arena *a, struct nk_ns_look look, struct nk_ns_graph *g)
{
	struct nk_err e = {0};

	if (nk_ns_collect(a, &look, g, &e) < 0)
		fail_msg("%s", e.msg);
}

static uint64_t own_inode(int kind)
{
	char path[64];
	enum nk_ns_kind got;
	uint64_t inode;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", nk_ns_name((enum nk_ns_kind)kind));
	assert_int_equal(nk_ns_link(AT_FDCWD, path, &got, &inode), kind);
	return inode;
}

static bool held_by(const struct nk_ns_graph *g, int idx, int nested)
{
	for (size_t i = 0; i < g->nodes.v[idx].holders.n; i++)
		if (g->nodes.v[idx].holders.v[i].what == NK_HOLD_NESTED &&
		    g->nodes.v[idx].holders.v[i].ns == nested)
			return true;
	return false;
}

/* What has to be true of every graph. */
static void check(const struct nk_ns_graph *g)
{
	for (size_t i = 0; i < g->nodes.n; i++) {
		const struct nk_ns_node *n = &g->nodes.v[i], *before = n - (i > 0);

		assert_true(i == 0 || before->kind < n->kind ||
			    (before->kind == n->kind && before->inode < n->inode));
		assert_int_equal(!n->pid, !n->processes);
		assert_true(n->owner < (int)g->nodes.n && n->parent < (int)g->nodes.n);
		if (n->owner >= 0) {
			assert_int_equal(g->nodes.v[n->owner].kind, NK_NS_USER);
			assert_true(held_by(g, n->owner, (int)i));
		}
		if (n->parent >= 0) {
			assert_int_equal(g->nodes.v[n->parent].kind, n->kind);
			assert_true(held_by(g, n->parent, (int)i));
		}
		if (n->kind != NK_NS_USER && n->kind != NK_NS_PID)
			assert_int_equal(n->parent, NK_NS_NOBODY);
	}
	for (size_t i = 0; i < g->processes.n; i++)
		for (int k = 0; k < NK_NS_COUNT; k++)
			if (g->processes.v[i].ns[k] >= 0)
				assert_int_equal(g->nodes.v[g->processes.v[i].ns[k]].kind, k);
}

static void this_process(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ns_graph g, one;
	const struct nk_ns_process *me = NULL;

	(void)state;
	collect(&a, (struct nk_ns_look){.keep_processes = true}, &g);
	check(&g);
	for (size_t i = 0; i < g.processes.n; i++)
		if (g.processes.v[i].pid == getpid())
			me = &g.processes.v[i];
	assert_non_null(me);
	assert_int_equal(me->ppid, getppid());
	assert_int_equal(me->uid, geteuid());
	for (int k = 0; k < NK_NS_COUNT; k++) {
		const struct nk_ns_node *n = node_of(&g, own_inode(k));

		assert_int_equal(n->kind, k);
		assert_ptr_equal(&g.nodes.v[me->ns[k]], n);
		assert_true(n->processes >= 1 && n->pid <= getpid());
		assert_int_equal(n->holders.v[0].what, NK_HOLD_PROCESS);
		assert_int_equal(n->holders.v[0].count, n->processes);
	}

	collect(&a, (struct nk_ns_look){.pid = getpid()}, &one);
	check(&one);
	assert_int_equal(one.processes.n, 0);
	for (int k = 0; k < NK_NS_COUNT; k++) {
		const struct nk_ns_node *n = node_of(&one, own_inode(k));

		assert_int_equal(n->processes, 1);
		assert_int_equal(n->pid, getpid());
		assert_int_equal(n->uid, geteuid());
		assert_non_null(strstr(n->command, "test_ns_graph"));
	}
}

static void some_kinds(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ns_graph g;
	unsigned others = 0;

	(void)state;
	collect(&a, (struct nk_ns_look){.kinds = 1u << NK_NS_NET}, &g);
	check(&g);
	for (size_t i = 0; i < g.nodes.n; i++)
		others += g.nodes.v[i].kind != NK_NS_NET && g.nodes.v[i].kind != NK_NS_USER;
	assert_int_equal(others, 0);
	assert_true(node_of(&g, own_inode(NK_NS_NET))->processes >= 1);
}

static void known_names(void **state)
{
	const struct nk_ns_known known[] = {
		{getpid(), "web", 0}, {INT32_MAX, "gone", 0}, {getpid(), "held", 1u << NK_NS_IPC}};
	_arena_ struct nk_arena a = {0};
	struct nk_ns_graph g;

	(void)state;
	collect(&a, (struct nk_ns_look){.known = known, .known_count = 3}, &g);
	/* What this process is in itself belongs to no container alone. */
	assert_null(node_of(&g, own_inode(NK_NS_UTS))->name);
	/* But what is held is held, also by ourselves. */
	assert_string_equal(node_of(&g, own_inode(NK_NS_IPC))->name, "held");
}

static void one_that_is_gone(void **state)
{
	_arena_ struct nk_arena a = {0};
	struct nk_ns_graph g;
	struct nk_err e = {0};
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	/* Ended, but not waited for: it still has its numbers. */
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	collect(&a, (struct nk_ns_look){.pid = pid}, &g);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(nk_ns_collect(&a, &(struct nk_ns_look){.pid = pid}, &g, &e), -ESRCH);
	assert_string_not_equal(e.msg, "");
	assert_string_not_equal(e.hint, "");
}

static void *forks(void *arg)
{
	atomic_bool *stop = arg;

	while (!atomic_load(stop)) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

/* Processes come and go meanwhile: every graph is whole, and none is an error. */
static void while_processes_end(void **state)
{
	atomic_bool stop = false;
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, forks, &stop), 0);
	for (int i = 0; i < 60; i++) {
		_arena_ struct nk_arena a = {0};
		struct nk_ns_graph g;

		collect(&a, (struct nk_ns_look){.keep_processes = i % 2, .fds = i % 3 == 0}, &g);
		check(&g);
		assert_true(node_of(&g, own_inode(NK_NS_UTS))->processes >= 1);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* -- no memory -- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static long mallocs_left = -1; /* -1: as many as one likes */

static bool refuse(void)
{
	if (mallocs_left > 0)
		mallocs_left--;
	else if (mallocs_left == 0)
		return true;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refuse() ? NULL : __real_realloc(p, size);
}

/* The arena takes whole chunks: one that is nearly used up moves the place where it runs out. */
static void out_of_memory(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t pad = 0; pad < 64000; pad += 4000)
		for (long left = 0; left < 24; left++) {
			_arena_ struct nk_arena a = {0};
			struct nk_ns_look look = {.keep_processes = true, .fds = true};
			struct nk_ns_graph g;
			struct nk_err e = {0};

			for (size_t i = 0; i < pad; i += 16000)
				nk_alloc(&a, pad - i < 16000 ? pad - i : 16000);
			mallocs_left = left;
			int r = nk_ns_collect(&a, &look, &g, &e);
			mallocs_left = -1;
			if (r == 0)
				continue;
			assert_int_equal(r, -ENOMEM);
			assert_string_not_equal(e.msg, "");
			failed++;
		}
	assert_true(failed > 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(mounts),
		cmocka_unit_test(mounts_in_each_other),
		cmocka_unit_test(many_nodes),
		cmocka_unit_test(this_process),
		cmocka_unit_test(some_kinds),
		cmocka_unit_test(known_names),
		cmocka_unit_test(one_that_is_gone),
		cmocka_unit_test(while_processes_end),
		cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
