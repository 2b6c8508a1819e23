/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of run: golden files for chosen cells of the matrix, rules that hold
 * for all of it, and what happens when memory or slots run out. The golden files are
 * in data/plan, a line a step; UPDATE_GOLDEN=1 writes them anew.
 */
#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "plan_golden.h"
#include "plan_matrix.h"
#include "plan_rules.h"

/* user mount uts ipc pid net cgroup time */
static const struct cell golden_cells[] = {
	{"plain", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, 0}, /* the others are told from it */

	/* who and where */
	{"root-dir", ROOT, HYBRID, DIR_AS_IS, "hnnnnnnh", MASKS, FILTER | CAPS | ETC | NAMES},
	{"root-dir-v2", ROOT, V2, DIR_AS_IS, "hnnnnnnh", 0, 0},
	{"root-dir-v1", ROOT, V1, DIR_AS_IS, "hnnnnnnh", 0, 0},
	{"root-limits-v1", ROOT, V1, DIR_AS_IS, "hnnnnnnh", 0, LIMITS},
	{"root-limits-v2-userns", ROOT, V2, DIR_AS_IS, "nnnnnnnh", 0, LIMITS},
	{"root-limits-hybrid-parent", ROOT, HYBRID, DIR_AS_IS, "hnnnnnnh", 0, LIMITS | PARENT},
	{"root-userns", ROOT, NONE, DIR_AS_IS, "nnnnnnnh", MASKS, FILTER},
	{"root-userns-idmap", ROOT, NONE, DIR_AS_IS, "nnnnnnnh", 0, IDMAP},
	{"root-host", ROOT, HYBRID, HOST, "nnnnnnnh", MASKS, FILTER | CAPS | ETC | NAMES},
	{"root-host-without-overlay", ROOT, NONE, HOST, "nnnnnnnh", NO_OVERLAY, 0},
	{"user-dir", USER, NONE, DIR_AS_IS, "nnnnnnnh", MASKS, FILTER | ETC | NAMES},
	{"user-host", USER, V2, HOST, "nnnnnnnh", 0, 0},
	{"user-host-read-only", USER, NONE, HOST_READ_ONLY, "nnnnnnnh", 0, ETC},
	{"user-limits-delegated", USER, V2, DIR_AS_IS, "nnnnnnnh", 0, LIMITS},
	{"user-proc-covered", USER, NONE, DIR_AS_IS, "nnnnnnnh", PROC_COVERED | MASKS, 0},
	{"user-sys-covered", USER, V2, DIR_AS_IS, "nnnnnnnh", SYS_COVERED, 0},
	{"single-dir", SINGLE, NONE, DIR_AS_IS, "nnnnnnnh", 0, 0},
	{"single-time-offset", SINGLE, NONE, DIR_AS_IS, "nnnnnnnn", 0, OFFSETS},
	{"foreign-root-dir", FOREIGN, V2, DIR_AS_IS, "hnnnnnnh", PROC_COVERED | SYS_COVERED, 0},
	{"foreign-root-host", FOREIGN, NONE, HOST, "nnnnnnnh", 0, 0},
	{"weak-root-host", WEAK, NONE, HOST, "nnnnnnnh", PROC_COVERED | SYS_COVERED, 0},
	{"unshared-root-dir", UNSHARED, NONE, DIR_AS_IS, "nnnnnnnh", 0, 0},

	/* the root */
	{"dir-overlay", ROOT, NONE, DIR_OVERLAY, "hnnnnnnh", 0, 0},
	{"dir-overlay-user", USER, NONE, DIR_OVERLAY, "nnnnnnnh", 0, 0},
	{"dir-read-only", ROOT, NONE, DIR_READ_ONLY, "hnnnnnnh", 0, ETC},

	/* namespaces */
	{"ns-all-host", ROOT, NONE, DIR_AS_IS, "hnhhhhhh", MQUEUE, 0},
	{"ns-join-pid", ROOT, HYBRID, DIR_AS_IS, "hnnnjnnh", 0, 0},
	{"ns-join-net", ROOT, NONE, DIR_AS_IS, "hnnnnjnh", 0, 0},
	{"ns-join-all", ROOT, V2, DIR_AS_IS, "jnjjjjjj", 0, 0},
	{"ns-join-user", USER, NONE, DIR_AS_IS, "jnnnnnnh", 0, 0},
	{"ns-join-foreign-new-user", ROOT, V1, DIR_AS_IS, "nnnJJJnh", 0, LIMITS},
	{"ns-join-foreign-linux-6.1", ROOT, NONE, DIR_AS_IS, "nnnJJJnh", OLD_KERNEL, 0},
	{"ns-user-joins-foreign-net", USER, NONE, DIR_AS_IS, "jnnnjJnh", 0, 0},
	{"ns-time-offset", ROOT, V1, DIR_AS_IS, "hnnnnnnn", 0, OFFSETS | LIMITS},
	{"net", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, NET},
	{"net-first", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, NET_FIRST},
	{"net-userns", ROOT, HYBRID, DIR_AS_IS, "nnnnnnnh", 0, NET | LIMITS},
	{"net-middle", ROOT, NONE, DIR_AS_IS, "nnnnnnnn", 0, NET | OFFSETS},
	{"net-pasta", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, PASTA},
	{"net-pasta-single", SINGLE, NONE, DIR_AS_IS, "nnnnnnnh", 0, PASTA},
	{"net-pasta-middle", USER, NONE, DIR_AS_IS, "nnnnnnnn", 0, PASTA | OFFSETS},
	{"net-wall", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, NET | WALL},
	{"net-wall-alone", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, WALL},
	{"net-wall-pasta", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, PASTA | WALL},
	{"net-leased", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, LEASED},
	{"net-slirp", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, SLIRP},
	{"ns-time-offset-userns", ROOT, NONE, DIR_AS_IS, "nnnnnnnn", 0, OFFSETS | IDMAP},

	/* what else is asked for */
	{"terminal", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, TERMINAL | AS_USER},
	{"volumes", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, VOLUMES | OVERLAYS},
	{"volumes-user", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, VOLUMES | OVERLAYS},
	{"devices", ROOT, V1, DIR_AS_IS, "hnnnnnnh", 0, DEVICES | RESTRICT},
	{"devices-user", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, DEVICES},
	{"no-new-privs-filter", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, NNP | FILTER},
	{"privileged", ROOT, V2, DIR_AS_IS, "hnnnnnnh", MASKS, PRIVILEGED | DEVICES},
	{"init-program", USER, NONE, HOST, "nnnnnnnh", 0, INIT},
	{"sysctl", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, SYSCTLS},
	{"preserve-fds", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, PRESERVE},
	{"as-user", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, AS_USER | FILTER | CAPS},
};

static void golden(void **state)
{
	_free_ char *plain = NULL;

	(void)state;
	for (size_t i = 0; i < NK_COUNT(golden_cells); i++) {
		const struct cell *c = &golden_cells[i];
		_made_ struct made m = {0};

		said = c->name;
		make_input(&m, c);
		if (make_plan(&m))
			fail_msg("%s: %s", c->name, m.e.msg);
		rules(&m);
		_free_ char *text = print(&m.plan);
		if (!plain) {
			compare(c->name, text);
			plain = text;
			text = NULL;
			continue;
		}
		_free_ char *folded = fold(text, plain);
		compare(c->name, folded);
	}
}

/* -- the product -- */

static const char *describe(const struct cell *c, char *buf, size_t size)
{
	static const char *const who[] = {"root",	  "user",      "single",
					  "foreign root", "weak root", "unshared root"};
	static const char *const groups[] = {"no cgroups", "v1", "v2", "hybrid"};
	static const char *const root[] = {"DIR", "DIR:O", "DIR read-only", "host",
					   "host read-only"};

	snprintf(buf, size, "%s, %s, %s, namespaces %s, facts %#x, with %#x", who[c->who],
		 groups[c->groups], root[c->root], c->ns, c->facts, c->with);
	return buf;
}

struct count {
	unsigned planned, refused;
};

static void check_cell(const struct cell *c, struct count *n)
{
	_made_ struct made m = {0};
	char words[256];
	int want = refused(c);

	said = describe(c, words, sizeof(words));
	make_input(&m, c);
	make_plan(&m);
	if (want ? m.ret >= 0 || (want > 0 && m.ret != -want) : m.ret != 0)
		fail_msg("%s\n  answers %d (%s), not %d", said, m.ret, m.e.msg, -want);
	if (want) {
		assert_string_not_equal(m.e.msg, "");
		assert_string_not_equal(m.e.hint, "");
		n->refused++;
		return;
	}
	rules(&m);
	n->planned++;
}

/* Small numbers from a counter, so that what is not multiplied out still varies. */
static unsigned vary(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 12;
}

/* Every kind of namespace new, the caller's, joined, joined from others × who. */
static void every_namespace(void **state)
{
	static const char modes[] = "nhjJ";
	struct count n = {0};
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 0; i < 1u << 14; i++) {
		char ns[NK_NS_COUNT + 1] = "nnnnnnnn";
		ns[NK_NS_USER] = modes[i & 3];
		for (int k = NK_NS_UTS, bits = (int)i >> 2; k < NK_NS_COUNT; k++, bits >>= 2)
			ns[k] = modes[bits & 3];
		struct cell c = {.who = (enum who)(vary(&seed) % N_WHO), .ns = ns};
		c.groups = (enum groups)(vary(&seed) % N_GROUPS);
		c.root = (enum root)(vary(&seed) % N_ROOT);
		c.facts = vary(&seed) % N_FACTS & ~(unsigned)NO_OVERLAY;
		c.with = vary(&seed) & (OFFSETS | NAMES | FILTER | TERMINAL | SYSCTLS);
		check_cell(&c, &n);
	}
	assert_true(n.planned > 10000 && n.refused > 1000);
}

/* Who × cgroups × root × facts, with everything else varied. */
static void every_machine(void **state)
{
	static const char *const ns[] = {"hnnnnnnh", "nnnnnnnh", "nnnnnnnn", "jnnJjjnh"};
	const unsigned all = N_WHO * N_GROUPS * N_ROOT * N_FACTS * NK_COUNT(ns);
	struct count n = {0};
	unsigned seed = 2;

	(void)state;
	for (unsigned i = 0; i < all; i++) {
		unsigned r = i;
		struct cell c = {.who = (enum who)(r % N_WHO)};
		c.groups = (enum groups)((r /= N_WHO) % N_GROUPS);
		c.root = (enum root)((r /= N_GROUPS) % N_ROOT);
		c.facts = (r /= N_ROOT) % N_FACTS;
		c.ns = ns[(r /= N_FACTS) % NK_COUNT(ns)];
		c.with = vary(&seed) % N_WITH;
		check_cell(&c, &n);
	}
	assert_int_equal(n.planned + n.refused, all);
	assert_true(n.planned > all / 4 && n.refused > all / 8);
}

/* Every pair of requests × who × two roots. */
static void every_request(void **state)
{
	struct count n = {0};

	(void)state;
	for (unsigned a = 1; a < N_WITH; a <<= 1)
		for (unsigned b = 1; b <= a; b <<= 1)
			for (unsigned who = 0; who < N_WHO; who++)
				for (unsigned root = 0; root < N_ROOT; root++) {
					struct cell c = {.who = (enum who)who,
							 .groups = V2,
							 .root = (enum root)root,
							 .ns = "nnnnnnnn",
							 .facts = MASKS,
							 .with = a | b};
					check_cell(&c, &n);
				}
	assert_true(n.planned > 3000);
}

/* -- the same list -- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Byte for byte; pointers are followed. */
static bool same_step(const struct nk_step *a, const struct nk_step *b)
{
	return a->op == b->op && a->actor == b->actor && a->topic == b->topic && a->out == b->out &&
	       !memcmp(a->fd, b->fd, sizeof(a->fd)) && !memcmp(a->soft, b->soft, sizeof(a->soft)) &&
	       a->undo_of == b->undo_of && same_text(a->s[0], b->s[0]) &&
	       same_text(a->s[1], b->s[1]) && !memcmp(a->n, b->n, sizeof(a->n)) &&
	       !a->p[0] == !b->p[0] && same_text(a->why, b->why) && same_text(a->hint, b->hint);
}

static void twice_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < NK_COUNT(golden_cells); i++) {
		_made_ struct made one = {0}, two = {0};

		make_input(&one, &golden_cells[i]);
		make_input(&two, &golden_cells[i]);
		assert_int_equal(make_plan(&one), 0);
		assert_int_equal(make_plan(&two), 0);
		assert_int_equal(one.plan.steps.n, two.plan.steps.n);
		assert_int_equal(one.plan.n_slots, two.plan.n_slots);
		for (size_t k = 0; k < one.plan.steps.n; k++)
			assert_true(same_step(&one.plan.steps.v[k], &two.plan.steps.v[k]));
		/* and once more from the same spec, which planning must not change */
		make_plan(&one);
		_free_ char *again = print(&one.plan), *text = print(&two.plan);
		assert_string_equal(again, text);
	}
}

/* -- too much -- */

static void many_volumes(struct made *m, size_t n)
{
	static const struct cell c = {"", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, 0};

	make_input(m, &c);
	for (size_t i = 0; i < n; i++)
		add_volume(m, (struct nk_mount_spec){
				      .source = "/srv",
				      .source_is_dir = true,
				      .target = nk_fmt(&m->arena, "/data/volume/%zu", i)});
	make_plan(m);
}

static void sixty_volumes(void **state)
{
	_made_ struct made m = {0};

	(void)state;
	said = "sixty volumes";
	many_volumes(&m, 60);
	assert_int_equal(m.ret, 0);
	rules(&m);
}

static void too_many_volumes(void **state)
{
	_made_ struct made m = {0};

	(void)state;
	many_volumes(&m, 5000);
	assert_int_equal(m.ret, -EINVAL);
	assert_non_null(strstr(m.e.msg, "too many"));
	assert_non_null(strstr(m.e.hint, "5000"));
	assert_null(strstr(m.e.msg, "memory"));
}

static void every_tmpfs_option(void **state)
{
	static const struct cell c = {"", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, 0};
	_made_ struct made m = {0};
	size_t options = 0;

	(void)state;
	make_input(&m, &c);
	add_volume(&m,
		   (struct nk_mount_spec){
			   .kind = NK_MOUNT_TMPFS,
			   .target = "/t",
			   .mode = -1,
			   .fs_options = "a=1,b=2,c,d=4,e=5,f=6,g=7,h=8,i=9,j=10,k=11,l=12,m=13,"
					 "n=14,o=15,p=16,q=17,r=18,s=19,t=20"});
	assert_int_equal(make_plan(&m), 0);
	for (size_t i = 0; i < m.plan.steps.n; i++)
		options += m.plan.steps.v[i].op == NK_OP_FSCONFIG && m.plan.steps.v[i].s[0] &&
			   !m.plan.steps.v[i].s[0][1];
	assert_int_equal(options, 20);
}

/* A machine with many CPUs has a directory to mask for each. */
static void many_processors(void **state)
{
	static const struct cell c = {"", ROOT, V2, DIR_AS_IS, "hnnnnnnh", MASKS, FILTER};
	_made_ struct made m = {0};

	(void)state;
	make_input(&m, &c);
	for (int i = 1; i < 1024; i++)
		nk_strv_push(&m.arena, &m.facts.mask_extra,
			     nk_fmt(&m.arena, "/sys/devices/system/cpu/cpu%d/thermal_throttle", i));
	if (make_plan(&m))
		fail_msg("%s", m.e.msg);
	rule_play(&m.plan);
}

/* Paths that a specification names, of the rootfs too; more than there are slots for. */
static void masks_of_others(void **state)
{
	static const struct cell c = {"", ROOT, V2, DIR_AS_IS, "hnnnnnnh", 0, FILTER};
	static const char *const paths[] = {"/proc/keys", "/etc/shadow", "/srv", "/gone"};
	static enum nk_mask_kind kinds[40] = {NK_MASK_FILE, NK_MASK_FILE, NK_MASK_DIR,
					      NK_MASK_MISSING};
	_made_ struct made m = {0};
	size_t nulls = 0, empties = 0, found = 0, closed = 0, copied = 0;

	(void)state;
	make_input(&m, &c);
	for (size_t i = 0; i < NK_COUNT(paths); i++)
		nk_strv_push(&m.arena, &m.spec.masked_paths, paths[i]);
	for (size_t i = NK_COUNT(paths); i < NK_COUNT(kinds); i++) {
		kinds[i] = i % 2 ? NK_MASK_DIR : NK_MASK_FILE;
		nk_strv_push(&m.arena, &m.spec.masked_paths, nk_fmt(&m.arena, "/srv/%zu", i));
	}
	nk_strv_push(&m.arena, &m.spec.readonly_paths, "/proc/sys");
	nk_strv_push(&m.arena, &m.spec.readonly_paths, "/etc");
	assert_true(make_plan(&m) < 0); /* without facts nothing is left unmasked in silence */
	assert_non_null(strstr(m.e.msg, "masked paths"));
	m.facts.mask_kinds = kinds;
	if (make_plan(&m))
		fail_msg("%s", m.e.msg);
	rule_play(&m.plan);
	for (size_t i = 0; i < m.plan.steps.n; i++) {
		const struct nk_step *s = &m.plan.steps.v[i];

		if (s->topic != NK_T_MASK)
			continue;
		nulls += s->op == NK_OP_MOVE_MOUNT && strstr(s->why, "reads as nothing");
		empties += s->op == NK_OP_MOVE_MOUNT && strstr(s->why, "looks empty");
		copied += s->op == NK_OP_MOVE_MOUNT && strstr(s->why, "over /");
		found += s->op == NK_OP_OPENAT2;
		closed += s->op == NK_OP_CLOSE;
		if (s->op == NK_OP_OPENAT2)
			assert_true(s->n[2] & RESOLVE_IN_ROOT);
		assert_false(s->s[0] && strstr(s->s[0], "gone"));
	}
	assert_int_equal(nulls, 2 + 18);
	assert_int_equal(empties, 1 + 18);
	assert_int_equal(copied, 2);
	assert_int_equal(found, 38 + 1);	/* all but /proc/keys; /etc */
	assert_int_equal(closed, 38 + 39 - 12); /* their places; copies beyond the first twelve */
}

/* -- names -- */

/* In the holder of a user's networks the servers are not those of /etc/resolv.conf. */
static void servers_of_the_holder(void **state)
{
	static const struct cell cells[] = {
		{"", USER, NONE, DIR_AS_IS, "nnnnnnnh", 0, PASTA | WALL},
		{"", ROOT, NONE, DIR_AS_IS, "hnnnnnnh", 0, NET_FIRST},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cells); i++) {
		_made_ struct made m = {0};
		unsigned started = 0;

		make_input(&m, &cells[i]);
		m.spec.net.resolv_conf = "/run/nook/net/resolv.conf";
		assert_int_equal(make_plan(&m), 0);
		for (size_t k = 0; k < m.plan.steps.n; k++) {
			const struct nk_step *s = &m.plan.steps.v[k];
			const char *const *argv = s->p[0];
			bool told = false;

			if (s->op != NK_OP_HELPER || !strstr(s->s[0], "nook-netd") ||
			    !strcmp(argv[1], "--egress"))
				continue;
			started++;
			for (size_t n = 1; argv[n] && argv[n + 1]; n++)
				told |= !strcmp(argv[n], "--resolv-conf") &&
					!strcmp(argv[n + 1], "/run/nook/net/resolv.conf");
			assert_true(told);
		}
		assert_int_equal(started, 1);
	}
}

/* -- no memory -- */

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

/*
 * The arena takes whole chunks, so a failing malloc hits few places of the planner. A chunk
 * that is nearly used up moves the place: padding in steps of a few hundred bytes makes
 * memory run out all over a plan.
 */
static void out_of_memory(void **state)
{
	static const struct cell cells[] = {
		{"", ROOT, V1, DIR_OVERLAY, "nnnJjJnn", MASKS,
		 LIMITS | RESTRICT | DEVICES | VOLUMES | OVERLAYS | ETC | AS_USER | FILTER | CAPS |
			 INIT | SYSCTLS | OFFSETS | NAMES | TERMINAL | IDMAP},
		{"", USER, V2, HOST, "nnnnnnnn", MASKS,
		 LIMITS | DEVICES | VOLUMES | OVERLAYS | ETC | AS_USER | FILTER | CAPS | INIT |
			 SYSCTLS | OFFSETS | NNP},
	};
	unsigned failed = 0;

	(void)state;
	for (size_t k = 0; k < NK_COUNT(cells); k++)
		for (size_t pad = 0; pad < 64000; pad += 160)
			for (long left = 0; left < 4; left++) {
				_made_ struct made m = {0};

				make_input(&m, &cells[k]);
				for (size_t i = 0; i < pad; i += 16000)
					nk_alloc(&m.arena, pad - i < 16000 ? pad - i : 16000);
				mallocs_left = left;
				make_plan(&m);
				mallocs_left = -1;
				if (m.ret == 0)
					continue;
				assert_int_equal(m.ret, -ENOMEM);
				assert_string_not_equal(m.e.msg, "");
				failed++;
			}
	assert_true(failed > 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),	    cmocka_unit_test(every_namespace),
		cmocka_unit_test(every_machine),    cmocka_unit_test(every_request),
		cmocka_unit_test(twice_the_same),   cmocka_unit_test(sixty_volumes),
		cmocka_unit_test(too_many_volumes), cmocka_unit_test(every_tmpfs_option),
		cmocka_unit_test(many_processors),  cmocka_unit_test(masks_of_others),
		cmocka_unit_test(out_of_memory),    cmocka_unit_test(servers_of_the_holder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
