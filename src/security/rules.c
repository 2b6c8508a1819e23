/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules to BPF. libseccomp writes the main part; around it go two small parts
 * that it cannot write (2.5 of Debian 12):
 *
 *   guards      comparisons of 32 bits of an argument, see struct nk_guard
 *   main        libseccomp's, where each "return default" jumps to:
 *   late calls  calls that are newer than libseccomp, by number, and ENOSYS for
 *               what is newer than the profile
 *
 * What is allowed by its number alone costs nothing in any part: since 5.11 the
 * kernel runs the filter once per number when it is loaded and keeps the answers.
 */
#include "security/rules.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"

#define X32_BIT	      0x40000000u
#define NEWEST_OF_6_1 450 /* set_mempolicy_home_node */

/* Numbers are the same on every architecture since 424, but for `only`. */
static const struct {
	const char *name;
	int number;
	uint32_t only;
} new_calls[] = {
	{ "uretprobe", 335, SCMP_ARCH_X86_64 },
	{ "cachestat", 451, 0 },	 { "fchmodat2", 452, 0 },
	{ "map_shadow_stack", 453, 0 },	 { "futex_wake", 454, 0 },
	{ "futex_wait", 455, 0 },	 { "futex_requeue", 456, 0 },
	{ "statmount", 457, 0 },	 { "listmount", 458, 0 },
	{ "lsm_get_self_attr", 459, 0 }, { "lsm_set_self_attr", 460, 0 },
	{ "lsm_list_modules", 461, 0 },	 { "mseal", 462, 0 },
	{ "setxattrat", 463, 0 },	 { "getxattrat", 464, 0 },
	{ "listxattrat", 465, 0 },	 { "removexattrat", 466, 0 },
	{ "open_tree_attr", 467, 0 },	 { "file_getattr", 468, 0 },
	{ "file_setattr", 469, 0 },	 { "listns", 470, 0 },
};

struct late {
	const char *call;
	uint32_t action;
};

struct compiler {
	struct nk_arena *a;
	const struct nk_rules *r;
	struct nk_err *e;
	NK_VEC(struct late) late;
	NK_VEC(struct sock_filter) code;
	NK_VEC(struct nk_guard) guards;
};

static void free_ctx(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}
#define _ctx_ __attribute__((cleanup(free_ctx)))

struct nk_rule *nk_rules_add(struct nk_arena *a, struct nk_rules *r, const char *call)
{
	struct nk_rule *rule = NK_PUSH(a, &r->list);

	if (rule)
		*rule = (struct nk_rule){ .call = call, .action = SCMP_ACT_ALLOW };
	return rule;
}

int nk_new_call(const char *name, uint32_t arch)
{
	for (size_t i = 0; i < NK_COUNT(new_calls); i++)
		if (strcmp(new_calls[i].name, name) == 0)
			return new_calls[i].only && new_calls[i].only != arch ? -1 :
										new_calls[i].number;
	return -1;
}

uint32_t nk_arch_native(void)
{
	return seccomp_arch_native();
}

unsigned nk_arch_compat(uint32_t native, uint32_t compat[4])
{
	switch (native) {
	case SCMP_ARCH_X86_64:
		compat[0] = SCMP_ARCH_X86;
		compat[1] = SCMP_ARCH_X32;
		return 2;
	case SCMP_ARCH_AARCH64:
		compat[0] = SCMP_ARCH_ARM;
		return 1;
	default:
		return 0;
	}
}

static bool permissive(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/* The kernel's name of an ABI: x32 is x86_64 with a bit in the number. */
static uint32_t audit_arch(uint32_t arch)
{
	return arch == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : arch;
}

/* The call's own number, not the number in socketcall or ipc; -1 = not there. */
static int call_number(const char *call, uint32_t arch)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, call);

	/* i386 has had socket() itself since 4.3; libseccomp answers -101 for it. */
	if (arch == SCMP_ARCH_X86 && strcmp(call, "socket") == 0)
		return 359;
	if (arch == SCMP_ARCH_X32)
		return ((uint32_t)nr & X32_BIT) && nr > 0 ? nr : -1;
	return nr >= 0 ? nr : nk_new_call(call, arch);
}

static int add_rule(struct compiler *c, scmp_filter_ctx ctx, const struct nk_rule *rule)
{
	if (rule->action == c->r->default_action)
		return 0;
	int nr = seccomp_syscall_resolve_name(rule->call);
	if (nr == __NR_SCMP_ERROR) {
		bool known = nk_new_call(rule->call, c->r->native) >= 0;
		if (known && rule->n_args)
			return nk_fail(c->e, 0, "seccomp: %s is too new for rules on its arguments",
				       rule->call);
		if (!known && permissive(c->r->default_action) && !permissive(rule->action))
			return nk_fail(c->e, 0, "seccomp: there is no system call \"%s\" to refuse",
				       rule->call);
		struct late *l = known ? NK_PUSH(c->a, &c->late) : NULL;
		if (l)
			*l = (struct late){ rule->call, rule->action };
		return 0;
	}
	int r = seccomp_rule_add_array(ctx, rule->action, nr, rule->n_args, rule->args);
	if (r < 0 && r != -EEXIST)
		return nk_fail(c->e, -r, "seccomp: rule for %s", rule->call);
	return 0;
}

/* Give the machine code of libseccomp's filter a place in the arena. */
static int export(struct compiler *c, scmp_filter_ctx ctx, struct sock_filter **code, size_t *n)
{
	_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter *buf = nk_alloc(c->a, (NK_BPF_MAX + 1) * sizeof(*buf));

	if (fd < 0)
		return nk_fail(c->e, errno, "seccomp: memory for the filter");
	if (!buf)
		return nk_arena_ok(c->a, c->e);
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return nk_fail(c->e, -r, "seccomp: compile the profile");
	ssize_t got = pread(fd, buf, (NK_BPF_MAX + 1) * sizeof(*buf), 0);
	if (got < 0)
		return nk_fail(c->e, errno, "seccomp: read the filter");
	*code = buf;
	*n = (size_t)got / sizeof(*buf);
	return 0;
}

static int build_main(struct compiler *c, int optimize, struct sock_filter **code, size_t *n)
{
	_ctx_ scmp_filter_ctx ctx = seccomp_init(c->r->default_action);
	int r = 0;

	if (!ctx)
		return nk_fail(c->e, 0, "seccomp: libseccomp refuses the default action");
	if (c->r->native != seccomp_arch_native()) {
		r = seccomp_arch_add(ctx, c->r->native);
		if (r >= 0)
			r = seccomp_arch_remove(ctx, seccomp_arch_native());
	}
	for (unsigned i = 0; i < c->r->n_compat && r >= 0; i++)
		r = seccomp_arch_add(ctx, c->r->compat[i]);
	if (r >= 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize);
	if (r < 0)
		return nk_fail(c->e, -r, "seccomp: set up libseccomp");
	for (size_t i = 0; i < c->r->list.n; i++) {
		r = add_rule(c, ctx, &c->r->list.v[i]);
		if (r < 0)
			return r;
	}
	return export(c, ctx, code, n);
}

static void emit(struct compiler *c, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	struct sock_filter *f = NK_PUSH(c->a, &c->code);

	/* Sections are far below 255 instructions; a bug here must not wrap around. */
	if (jt > UINT8_MAX || jf > UINT8_MAX)
		c->a->failed = true;
	else if (f)
		*f = (struct sock_filter){ code, (uint8_t)jt, (uint8_t)jf, k };
}

#define LOAD(field) emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field), 0, 0)
#define RETURN(action) emit(c, BPF_RET | BPF_K, (action), 0, 0)

static void add_guard(struct compiler *c, const struct nk_guard *g)
{
	struct nk_guard *new = NK_PUSH(c->a, &c->guards);

	if (new)
		*new = *g;
}

static bool named_alone(const struct nk_rules *r, const char *call)
{
	for (size_t i = 0; i < r->list.n; i++)
		if (strcmp(r->list.v[i].call, call) == 0 && r->list.v[i].n_args == 0)
			return true;
	return false;
}

/*
 * A rule on an argument of socket() makes libseccomp open socketcall(SYS_SOCKET)
 * on i386 without any condition. Close that again, unless the profile itself
 * opens socketcall, or socket() without conditions. The same for ipc().
 */
static void derive_mux_guards(struct compiler *c)
{
	const struct nk_rules *r = c->r;

	if (!r->mux_guards || permissive(r->default_action))
		return;
	for (size_t i = 0; i < r->list.n; i++) {
		const struct nk_rule *rule = &r->list.v[i];
		int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, rule->call);
		const char *mux = nr <= -200 && nr > -300 ? "ipc" : "socketcall";

		if (nr > -100 || nr <= -300 || !rule->n_args || !permissive(rule->action) ||
		    named_alone(r, mux) || named_alone(r, rule->call))
			continue;
		add_guard(c, &(struct nk_guard){ mux, 0, (uint32_t)-nr % 100 });
	}
}

/* All guards of one call of one ABI. The action is that of the default. */
static void emit_guards_of(struct compiler *c, const char *call, int nr)
{
	size_t values = 0;
	const struct nk_guard *first = NULL;

	for (size_t i = 0; i < c->guards.n; i++)
		if (strcmp(c->guards.v[i].call, call) == 0) {
			first = first ? first : &c->guards.v[i];
			values++;
		}
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 2 + 2 * values);
	emit(c, BPF_LD | BPF_W | BPF_ABS,
	     offsetof(struct seccomp_data, args) + first->arg * sizeof(uint64_t), 0, 0);
	for (size_t i = 0; i < c->guards.n; i++)
		if (strcmp(c->guards.v[i].call, call) == 0) {
			emit(c, BPF_JMP | BPF_JEQ | BPF_K, c->guards.v[i].value, 0, 1);
			RETURN(c->r->default_action);
		}
	LOAD(nr);
}

static bool first_of_call(const struct compiler *c, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(c->guards.v[j].call, c->guards.v[i].call) == 0)
			return false;
	return true;
}

/* if (arch == …) { ld nr; … }: the length of the body is known afterwards. */
static size_t begin_arch(struct compiler *c, uint32_t arch)
{
	LOAD(arch);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, audit_arch(arch), 0, 0);
	LOAD(nr);
	return c->code.n;
}

static void end_arch(struct compiler *c, size_t begin)
{
	if (c->a->failed)
		return;
	size_t skip = c->code.n - begin + 1;
	if (skip > UINT8_MAX)
		c->a->failed = true;
	else
		c->code.v[begin - 2].jf = (uint8_t)skip;
}

static void emit_guards(struct compiler *c, uint32_t arch)
{
	size_t begin = 0;

	for (size_t i = 0; i < c->guards.n; i++) {
		int nr = call_number(c->guards.v[i].call, arch);
		if (nr < 0 || !first_of_call(c, i))
			continue;
		if (!begin)
			begin = begin_arch(c, arch);
		emit_guards_of(c, c->guards.v[i].call, nr);
	}
	if (begin)
		end_arch(c, begin);
}

/*
 * The highest number that the rules name: what is above it was made later. Not
 * below that of Linux 6.1, the oldest kernel that nook runs on: a short profile
 * has not forgotten those calls, it refuses them.
 */
static uint32_t newest_call(const struct nk_rules *r, uint32_t arch)
{
	int newest = NEWEST_OF_6_1;

	for (size_t i = 0; i < r->list.n; i++) {
		int nr = call_number(r->list.v[i].call, arch);
		/* ARM's private calls stand far above (0x0f0001 and on). */
		if (nr > newest && nr < 0x10000)
			newest = nr;
	}
	return (uint32_t)newest;
}

static void emit_late(struct compiler *c, uint32_t arch)
{
	size_t begin = begin_arch(c, arch);

	for (unsigned i = 0; i < c->r->n_compat; i++)
		if (c->r->compat[i] == SCMP_ARCH_X32 && arch == SCMP_ARCH_X86_64)
			emit(c, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, 0, 0);
	for (size_t i = 0; i < c->late.n; i++) {
		int nr = nk_new_call(c->late.v[i].call, arch);
		if (nr < 0)
			continue;
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
		RETURN(c->late.v[i].action);
	}
	if (c->r->new_is_enosys) {
		emit(c, BPF_JMP | BPF_JGT | BPF_K, newest_call(c->r, arch), 0, 1);
		RETURN(SCMP_ACT_ERRNO(ENOSYS));
	}
	RETURN(c->r->default_action);
	end_arch(c, begin);
}

static void append_main(struct compiler *c, const struct sock_filter *code, size_t n, bool late)
{
	size_t end = c->code.n + n;

	for (size_t i = 0; i < n; i++) {
		struct sock_filter f = code[i];
		if (late && f.code == (BPF_RET | BPF_K) && f.k == c->r->default_action)
			f = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0,
						  (uint32_t)(end - c->code.n - 1) };
		struct sock_filter *to = NK_PUSH(c->a, &c->code);
		if (to)
			*to = f;
	}
}

int nk_rules_compile(struct nk_arena *a, const struct nk_rules *r, int optimize,
		     struct nk_bpf *out, struct nk_err *e)
{
	struct compiler c = { .a = a, .r = r, .e = e };
	struct sock_filter *code = NULL;
	size_t n = 0;

	int rc = build_main(&c, optimize, &code, &n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->guards.n; i++)
		add_guard(&c, &r->guards.v[i]);
	derive_mux_guards(&c);
	emit_guards(&c, r->native);
	for (unsigned i = 0; i < r->n_compat; i++)
		emit_guards(&c, r->compat[i]);

	bool late = c.late.n > 0 || r->new_is_enosys;
	append_main(&c, code, n, late);
	if (late) {
		emit_late(&c, r->native);
		for (unsigned i = 0; i < r->n_compat; i++)
			if (r->compat[i] != SCMP_ARCH_X32)
				emit_late(&c, r->compat[i]);
		emit(&c, BPF_RET | BPF_K, r->default_action, 0, 0);
	}
	rc = nk_arena_ok(a, e);
	if (rc < 0)
		return rc;
	if (c.code.n > NK_BPF_MAX)
		return nk_fail(e, 0, "seccomp: the profile is %zu instructions long, the kernel "
			       "takes %d", c.code.n, NK_BPF_MAX);
	*out = (struct nk_bpf){ .insns = c.code.v, .n = c.code.n, .flags = r->flags };
	return 0;
}
