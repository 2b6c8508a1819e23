/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules to BPF. Nearly all rules are on a call's number alone, and numbers of one
 * decision lie side by side. So each ABI becomes a list of ranges and this a
 * binary tree: a third of the instructions that libseccomp makes of the same
 * rules, and loading a filter costs by its instructions (README.md).
 *
 *   by architecture  → tree of ranges of numbers → return
 *                                                → guards of this call → return
 *                                                → rules on arguments
 *   rules on arguments: libseccomp's code for just those calls
 *
 * A call that is allowed by number costs nothing when it is made: since 5.11 the
 * kernel asks the filter once for every number when it is loaded.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "security/rules.h"

enum {
	TREE = 2,	     /* libseccomp's binary tree, for the rules on arguments */
	NEWEST_OF_6_1 = 450, /* set_mempolicy_home_node */
	CHUNK = 96,	     /* ranges that share their leaves: 2 * 96 < 256 */
	PRIVATE = 0x10000,   /* ARM's own calls are above, no newer ones */
};

enum kind { RETURN, ARGUMENTS };

/* What is decided for a number. */
struct leaf {
	enum kind kind;
	uint32_t action;   /* RETURN */
	const char *guard; /* guards of this call come first, or NULL */
};

struct point {
	uint32_t nr;
	struct leaf leaf;
};

struct range {
	uint32_t first;
	struct leaf leaf;
};

struct compiler {
	struct nk_arena *a;
	const struct nk_rules *r;
	struct nk_err *e;
	struct nk_rules conditional; /* the rules that libseccomp compiles */
	NK_VEC(struct nk_guard) guards;
	NK_VEC(struct sock_filter) code;
	NK_VEC(size_t) to_arguments; /* jumps there, set at the end */
	/* of the architecture at work */
	NK_VEC(struct point) points;
	NK_VEC(struct range) ranges;
	NK_VEC(size_t) to_guards; /* jumps, in the order of ranges */
	NK_VEC(struct leaf) guarded;
};

static void emit(struct compiler *c, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	struct sock_filter *f = NK_PUSH(c->a, &c->code);

	if (jt > UINT8_MAX || jf > UINT8_MAX)
		c->a->failed = true; /* a bug here must not wrap around */
	else if (f)
		*f = (struct sock_filter){code, (uint8_t)jt, (uint8_t)jf, k};
}

#define LOAD(offset) emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset), 0, 0)

static void jump_here(struct compiler *c, size_t from)
{
	if (!c->a->failed)
		c->code.v[from].k = (uint32_t)(c->code.n - from - 1);
}

static void emit_jump(struct compiler *c, size_t *from, size_t n)
{
	if (from)
		*from = n;
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
}

/* ---- which calls need their arguments looked at ---- */

static bool has_rule(const struct nk_rules *r, const char *call, bool with_arguments)
{
	for (size_t i = 0; i < r->list.n; i++)
		if ((r->list.v[i].n_args > 0) == with_arguments &&
		    strcmp(r->list.v[i].call, call) == 0)
			return true;
	return false;
}

static bool has_compat(const struct nk_rules *r, uint32_t arch)
{
	for (unsigned i = 0; i < r->n_compat; i++)
		if (r->compat[i] == arch)
			return true;
	return r->native == arch;
}

static void add_guard(struct compiler *c, const struct nk_guard *g)
{
	struct nk_guard *new = NK_PUSH(c->a, &c->guards);

	if (new)
		*new = *g;
}

/*
 * Give libseccomp the calls with rules on arguments, all their rules. On i386 it
 * also has to say what may go through socketcall and ipc, unless the rules name
 * these themselves.
 *
 * A rule on an argument of socket() makes it open socketcall(SYS_SOCKET) without
 * any condition; a guard closes that again (Podman 2026-123876).
 */
static void pick_conditional(struct compiler *c)
{
	const struct nk_rules *r = c->r;
	bool i386 = has_compat(r, SCMP_ARCH_X86);
	/* asked for every rule: looked up once */
	bool socketcall = has_rule(r, "socketcall", false), ipc = has_rule(r, "ipc", false);

	c->conditional = *r;
	memset(&c->conditional.list, 0, sizeof(c->conditional.list));
	for (size_t i = 0; i < r->list.n; i++) {
		const struct nk_rule *rule = &r->list.v[i];
		bool arguments = rule->n_args || has_rule(r, rule->call, true);
		unsigned sub;
		const char *mux = i386 ? nk_call_mux(rule->call, &sub) : NULL;
		bool open = mux && (mux[0] == 's' ? socketcall : ipc);

		if (!arguments && (!mux || open))
			continue;
		struct nk_rule *to = nk_rules_add(c->a, &c->conditional, rule->call);
		if (to)
			*to = *rule;
		if (r->mux_guards && mux && !open && rule->n_args && nk_permissive(rule->action) &&
		    !nk_permissive(r->default_action) && !has_rule(r, rule->call, false))
			add_guard(c, &(struct nk_guard){mux, 0, sub});
	}
}

static const char *guard_of(const struct compiler *c, const char *call)
{
	for (size_t i = 0; i < c->guards.n; i++)
		if (strcmp(c->guards.v[i].call, call) == 0)
			return c->guards.v[i].call;
	return NULL;
}

/* ---- numbers of one ABI as ranges ---- */

static void add_point(struct compiler *c, const char *call, uint32_t arch, struct leaf leaf)
{
	int64_t nr = nk_call_number(call, arch);
	struct point *p = nr < 0 ? NULL : NK_PUSH(c->a, &c->points);

	leaf.guard = guard_of(c, call);
	if (p)
		*p = (struct point){(uint32_t)nr, leaf};
}

static int by_number(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	/* where rules meet, the one that looks at arguments knows all of them */
	return (int)y->leaf.kind - (int)x->leaf.kind;
}

static void collect_points(struct compiler *c, uint32_t arch)
{
	const struct nk_rules *r = c->r;
	const struct leaf arguments = {.kind = ARGUMENTS};

	for (size_t i = 0; i < c->conditional.list.n; i++) {
		const struct nk_rule *rule = &c->conditional.list.v[i];
		unsigned sub;
		const char *mux = nk_call_mux(rule->call, &sub);
		if (has_rule(&c->conditional, rule->call, true))
			add_point(c, rule->call, arch, arguments);
		if (mux && arch == SCMP_ARCH_X86 && !has_rule(r, mux, false))
			add_point(c, mux, arch, arguments);
	}
	for (size_t i = 0; i < r->list.n; i++)
		if (!r->list.v[i].n_args)
			add_point(c, r->list.v[i].call, arch,
				  (struct leaf){.action = r->list.v[i].action});
}

/* The highest of the numbers that the profile speaks of, 0 when it speaks of none. */
static uint32_t newest_mentioned(const struct compiler *c, uint32_t arch)
{
	uint32_t n = 0;

	for (size_t i = 0; i < c->r->mentioned.n; i++) {
		int64_t nr = nk_call_number(c->r->mentioned.v[i], arch);
		nr = arch == SCMP_ARCH_X32 && nr >= 0 ? nr ^ NK_X32_BIT : nr;
		if (nr > n && nr < PRIVATE)
			n = (uint32_t)nr;
	}
	return n;
}

/* The highest number named: what is above it was made later. See NEWEST_OF_6_1: a
 * short profile has not forgotten the calls of our oldest kernel, it refuses them. */
static uint32_t newest(const struct compiler *c, uint32_t arch)
{
	uint32_t n = NEWEST_OF_6_1, bit = arch == SCMP_ARCH_X32 ? NK_X32_BIT : 0;

	if (c->r->newest_is_named)
		return newest_mentioned(c, arch);
	for (size_t i = 0; i < c->points.n; i++) {
		uint32_t nr = c->points.v[i].nr ^ bit;
		if (nr > n && nr < PRIVATE)
			n = nr;
	}
	return n;
}

static bool same(const struct leaf *a, const struct leaf *b)
{
	return a->kind == b->kind && a->action == b->action && a->guard == b->guard;
}

/* From `first` on it is leaf. Ranges come in order; neighbours that agree become one. */
static void add_range(struct compiler *c, uint32_t first, const struct leaf *leaf)
{
	if (c->ranges.n && c->ranges.v[c->ranges.n - 1].first == first)
		c->ranges.n--;
	if (c->ranges.n && same(&c->ranges.v[c->ranges.n - 1].leaf, leaf))
		return;
	struct range *new = NK_PUSH(c->a, &c->ranges);
	if (new)
		*new = (struct range){first, *leaf};
}

/* Unnamed numbers from `first` on. */
struct zone {
	uint32_t first;
	uint32_t action;
};

static void fill_ranges(struct compiler *c, const struct zone *zones, size_t n_zones)
{
	size_t p = 0;

	c->ranges.n = 0;
	for (size_t z = 0; z < n_zones; z++) {
		const struct leaf unnamed = {.action = zones[z].action};
		bool last = z + 1 == n_zones;

		/* a named number may stand where the zone begins */
		add_range(c, zones[z].first, &unnamed);
		for (; p < c->points.n && (last || c->points.v[p].nr < zones[z + 1].first); p++) {
			uint32_t nr = c->points.v[p].nr;
			if (p > 0 && c->points.v[p - 1].nr == nr)
				continue;
			add_range(c, nr, &c->points.v[p].leaf);
			if (nr < UINT32_MAX)
				add_range(c, nr + 1, &unnamed);
		}
	}
}

/* The zone of calls that are newer than the profile. */
static size_t add_newer(const struct compiler *c, uint32_t arch, struct zone *zones, size_t n)
{
	const struct nk_rules *r = c->r;
	uint32_t last = newest(c, arch), bit = arch == SCMP_ARCH_X32 ? NK_X32_BIT : 0;
	bool unnamed = r->native_unnamed && arch == r->native;

	if (!last || unnamed || !r->new_is_enosys)
		return n;
	zones[n] = (struct zone){(bit | last) + 1, SCMP_ACT_ERRNO(ENOSYS)};
	return n + 1;
}

static void find_ranges(struct compiler *c, uint32_t arch)
{
	const struct nk_rules *r = c->r;
	bool x86_64 = arch == SCMP_ARCH_X86_64, x32 = x86_64 && has_compat(r, SCMP_ARCH_X32);
	struct zone zones[6];
	size_t n = 0;

	c->points.n = 0;
	collect_points(c, arch);
	if (x32)
		collect_points(c, SCMP_ARCH_X32);
	if (c->points.n)
		qsort(c->points.v, c->points.n, sizeof(*c->points.v), by_number);
	zones[n++] = (struct zone){0, r->default_action};
	n = add_newer(c, arch, zones, n);
	if (x32) {
		zones[n++] = (struct zone){NK_X32_BIT, r->default_action};
		n = add_newer(c, SCMP_ARCH_X32, zones, n);
	} else if (x86_64) {
		zones[n++] = (struct zone){NK_X32_BIT, SECCOMP_RET_KILL_THREAD};
		/* -1: a debugger had the call left out */
		zones[n++] = (struct zone){UINT32_MAX, r->default_action};
	}
	fill_ranges(c, zones, n);
}

/* ---- instructions ---- */

static void emit_decision(struct compiler *c, const struct leaf *leaf)
{
	size_t *jump = NULL;

	if (leaf->kind == RETURN) {
		emit(c, BPF_RET | BPF_K, leaf->action, 0, 0);
		return;
	}
	jump = NK_PUSH(c->a, &c->to_arguments);
	emit_jump(c, jump, c->code.n);
}

static void emit_leaf(struct compiler *c, const struct leaf *leaf)
{
	if (!leaf->guard) {
		emit_decision(c, leaf);
		return;
	}
	struct leaf *behind = NK_PUSH(c->a, &c->guarded);
	size_t *jump = NK_PUSH(c->a, &c->to_guards);
	if (behind)
		*behind = *leaf;
	emit_jump(c, jump, c->code.n);
}

/*
 * Up to CHUNK ranges: comparisons first, and behind them each different leaf
 * once, which short jumps reach from everywhere in the chunk.
 */
struct chunk {
	struct {
		size_t at;    /* comparison */
		bool greater; /* its jt, otherwise its jf */
		const struct leaf *to;
	} edges[CHUNK];
	size_t n_edges;
	struct {
		size_t at;
		const struct leaf *leaf;
	} leaves[CHUNK];
	size_t n_leaves;
};

static void emit_comparisons(struct compiler *c, struct chunk *k, size_t from, size_t n);

/* One side of a comparison: more of them, or a leaf. */
static void emit_side(struct compiler *c, struct chunk *k, size_t at, bool greater, size_t from,
		      size_t n)
{
	if (n == 1) {
		k->edges[k->n_edges].at = at;
		k->edges[k->n_edges].greater = greater;
		k->edges[k->n_edges++].to = &c->ranges.v[from].leaf;
		return;
	}
	if (greater && !c->a->failed)
		c->code.v[at].jt = (uint8_t)(c->code.n - at - 1);
	emit_comparisons(c, k, from, n);
}

static void emit_comparisons(struct compiler *c, struct chunk *k, size_t from, size_t n)
{
	size_t at = c->code.n, left = n / 2;

	emit(c, BPF_JMP | BPF_JGE | BPF_K, c->ranges.v[from + left].first, 0, 0);
	emit_side(c, k, at, false, from, left);
	emit_side(c, k, at, true, from + left, n - left);
}

static size_t place_leaf(struct compiler *c, struct chunk *k, const struct leaf *leaf)
{
	for (size_t i = 0; i < k->n_leaves; i++)
		if (same(k->leaves[i].leaf, leaf))
			return k->leaves[i].at;
	k->leaves[k->n_leaves].at = c->code.n;
	k->leaves[k->n_leaves++].leaf = leaf;
	emit_leaf(c, leaf);
	return c->code.n - 1;
}

static void emit_chunk(struct compiler *c, size_t from, size_t n)
{
	struct chunk k = {.n_edges = 0};

	emit_comparisons(c, &k, from, n);
	for (size_t i = 0; i < k.n_edges && !c->a->failed; i++) {
		/* below 2 * CHUNK, so eight bits are enough */
		uint8_t skip = (uint8_t)(place_leaf(c, &k, k.edges[i].to) - k.edges[i].at - 1);
		if (c->a->failed)
			return;
		if (k.edges[i].greater)
			c->code.v[k.edges[i].at].jt = skip;
		else
			c->code.v[k.edges[i].at].jf = skip;
	}
}

static void emit_tree(struct compiler *c, size_t from, size_t n)
{
	if (n == 1) {
		emit_leaf(c, &c->ranges.v[from].leaf);
		return;
	}
	if (n <= CHUNK) {
		emit_chunk(c, from, n);
		return;
	}
	size_t left = n / 2;
	emit(c, BPF_JMP | BPF_JGE | BPF_K, c->ranges.v[from + left].first, 0, 1);
	size_t right = c->code.n;
	emit_jump(c, NULL, 0);
	emit_tree(c, from, left);
	jump_here(c, right);
	emit_tree(c, from + left, n - left);
}

static void emit_guards(struct compiler *c)
{
	for (size_t i = 0; i < c->to_guards.n; i++) {
		const struct leaf *behind = &c->guarded.v[i];
		bool loaded = false;

		jump_here(c, c->to_guards.v[i]);
		for (size_t k = 0; k < c->guards.n; k++) {
			const struct nk_guard *g = &c->guards.v[k];
			if (strcmp(g->call, behind->guard) != 0)
				continue;
			if (!loaded)
				LOAD(offsetof(struct seccomp_data, args) + 8 * g->arg);
			loaded = true;
			emit(c, BPF_JMP | BPF_JEQ | BPF_K, g->value, 0, 1);
			emit(c, BPF_RET | BPF_K, c->r->default_action, 0, 0);
		}
		emit_decision(c, behind);
	}
	c->to_guards.n = c->guarded.n = 0;
}

/* if (arch == …) { … }; x32 is part of x86_64. */
static void emit_arch(struct compiler *c, uint32_t arch)
{
	if (arch == SCMP_ARCH_X32)
		return;
	find_ranges(c, arch);
	if (c->a->failed)
		return;
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	size_t other = c->code.n;
	emit_jump(c, NULL, 0);
	LOAD(offsetof(struct seccomp_data, nr));
	emit_tree(c, 0, c->ranges.n);
	emit_guards(c);
	jump_here(c, other);
}

static int append_arguments(struct compiler *c)
{
	struct nk_bpf rules;

	if (!c->to_arguments.n)
		return 0;
	int r = nk_rules_libseccomp(c->a, &c->conditional, TREE, &rules, c->e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->to_arguments.n; i++)
		jump_here(c, c->to_arguments.v[i]);
	for (size_t i = 0; i < rules.n; i++) {
		struct sock_filter *f = NK_PUSH(c->a, &c->code);
		if (f)
			*f = rules.insns[i];
	}
	return 0;
}

int nk_rules_compile(struct nk_arena *a, const struct nk_rules *r, struct nk_bpf *out,
		     struct nk_err *e)
{
	struct compiler compiler = {.a = a, .r = r, .e = e}, *c = &compiler;

	int rc = nk_rules_check(r, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->guards.n; i++)
		add_guard(c, &r->guards.v[i]);
	pick_conditional(c);
	LOAD(offsetof(struct seccomp_data, arch));
	emit_arch(c, r->native);
	for (unsigned i = 0; i < r->n_compat; i++)
		emit_arch(c, r->compat[i]);
	/* an ABI that the profile does not speak of: libseccomp's answer as well */
	emit(c, BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD, 0, 0);
	rc = append_arguments(c);
	if (rc >= 0)
		rc = nk_arena_ok(a, e);
	if (rc < 0)
		return rc;
	if (c->code.n > NK_BPF_MAX)
		return nk_fail(e, 0,
			       "seccomp: the profile is %zu instructions long, the kernel "
			       "takes %d",
			       c->code.n, NK_BPF_MAX);
	*out = (struct nk_bpf){.insns = c->code.v, .n = c->code.n, .flags = r->flags};
	return 0;
}
