/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule's name means on each ABI, and rules to BPF by libseccomp. */
#include "security/rules.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"

/* Numbers are the same on every architecture since 424, but for `only`. */
static const struct {
	const char *name;
	int number;
	uint32_t only;
} new_calls[] = {
	{"uretprobe", 335, SCMP_ARCH_X86_64},
	{"cachestat", 451, 0},
	{"fchmodat2", 452, 0},
	{"map_shadow_stack", 453, 0},
	{"futex_wake", 454, 0},
	{"futex_wait", 455, 0},
	{"futex_requeue", 456, 0},
	{"statmount", 457, 0},
	{"listmount", 458, 0},
	{"lsm_get_self_attr", 459, 0},
	{"lsm_set_self_attr", 460, 0},
	{"lsm_list_modules", 461, 0},
	{"mseal", 462, 0},
	{"setxattrat", 463, 0},
	{"getxattrat", 464, 0},
	{"listxattrat", 465, 0},
	{"removexattrat", 466, 0},
	{"open_tree_attr", 467, 0},
	{"file_getattr", 468, 0},
	{"file_setattr", 469, 0},
	{"listns", 470, 0},
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
		*rule = (struct nk_rule){.call = call, .action = SCMP_ACT_ALLOW};
	return rule;
}

int nk_new_call(const char *name, uint32_t arch)
{
	for (size_t i = 0; i < NK_COUNT(new_calls); i++)
		if (strcmp(new_calls[i].name, name) == 0)
			return new_calls[i].only && new_calls[i].only != arch ? -1
									      : new_calls[i].number;
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

bool nk_permissive(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/*
 * On i386 libseccomp answers a number of its own for what can also go through
 * socketcall and ipc. Linux 4.3 and 5.1 gave most of them numbers of their own.
 */
static int i386_number(const char *call)
{
	static const struct {
		const char *name;
		int number;
	} direct[] = {
		{"socket", 359},      {"socketpair", 360}, {"bind", 361},
		{"connect", 362},     {"listen", 363},	   {"accept4", 364},
		{"getsockopt", 365},  {"setsockopt", 366}, {"getsockname", 367},
		{"getpeername", 368}, {"sendto", 369},	   {"sendmsg", 370},
		{"recvfrom", 371},    {"recvmsg", 372},	   {"shutdown", 373},
		{"semget", 393},      {"semctl", 394},	   {"shmget", 395},
		{"shmctl", 396},      {"shmat", 397},	   {"shmdt", 398},
		{"msgget", 399},      {"msgsnd", 400},	   {"msgrcv", 401},
		{"msgctl", 402},      {"recvmmsg", 337},   {"sendmmsg", 345},
	};

	for (size_t i = 0; i < NK_COUNT(direct); i++)
		if (strcmp(direct[i].name, call) == 0)
			return direct[i].number;
	return -1;
}

const char *nk_call_mux(const char *call, unsigned *sub)
{
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, call);

	if (nr > -100 || nr <= -300)
		return NULL;
	*sub = (unsigned)-nr % 100;
	return nr <= -200 ? "ipc" : "socketcall";
}

int64_t nk_call_number(const char *call, uint32_t arch)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, call);

	if (arch == SCMP_ARCH_X32) {
		if (nr >= 0)
			return (nr & NK_X32_BIT) ? nr : -1;
		nr = nr == __NR_SCMP_ERROR ? nk_new_call(call, arch) : -1;
		return nr < 0 ? -1 : nr | (int64_t)NK_X32_BIT;
	}
	if (nr < 0 && arch == SCMP_ARCH_X86)
		nr = nr == __NR_SCMP_ERROR ? nr : i386_number(call);
	return nr >= 0 ? nr : nk_new_call(call, arch);
}

int nk_rules_check(const struct nk_rules *r, struct nk_err *e)
{
	for (size_t i = 0; i < r->list.n; i++) {
		const struct nk_rule *rule = &r->list.v[i];

		if (seccomp_syscall_resolve_name(rule->call) != __NR_SCMP_ERROR)
			continue;
		bool known = nk_new_call(rule->call, r->native) >= 0;
		if (known && rule->n_args)
			return nk_fail(e, 0, "seccomp: %s is too new for rules on its arguments",
				       rule->call);
		if (!known && !r->ignores_unknown && nk_permissive(r->default_action) &&
		    !nk_permissive(rule->action))
			return nk_fail(e, 0, "seccomp: there is no system call \"%s\" to refuse",
				       rule->call);
	}
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct nk_rules *r, const struct nk_rule *rule,
		    struct nk_err *e)
{
	int nr = seccomp_syscall_resolve_name(rule->call);

	if (nr == __NR_SCMP_ERROR || rule->action == r->default_action)
		return 0;
	int rc = seccomp_rule_add_array(ctx, rule->action, nr, rule->n_args, rule->args);
	if (rc < 0 && rc != -EEXIST)
		return nk_fail(e, -rc, "seccomp: rule for %s", rule->call);
	return 0;
}

/* Give libseccomp's filter a place in the arena. */
static int export(struct nk_arena *a, scmp_filter_ctx ctx, struct nk_bpf *out, struct nk_err *e)
{
	_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	size_t room = (NK_BPF_MAX + 1) * sizeof(struct sock_filter);

	if (fd < 0)
		return nk_fail(e, errno, "seccomp: memory for the filter");
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return nk_fail(e, -r, "seccomp: compile the profile");
	struct sock_filter *code = nk_alloc(a, room);
	if (!code)
		return nk_arena_ok(a, e);
	ssize_t got = pread(fd, code, room, 0);
	if (got < 0)
		return nk_fail(e, errno, "seccomp: read the filter");
	*out = (struct nk_bpf){.insns = code, .n = (size_t)got / sizeof(*code)};
	return 0;
}

int nk_rules_libseccomp(struct nk_arena *a, const struct nk_rules *r, int optimize,
			struct nk_bpf *out, struct nk_err *e)
{
	_ctx_ scmp_filter_ctx ctx = seccomp_init(r->default_action);
	int rc = 0;

	if (!ctx)
		return nk_fail(e, 0, "seccomp: libseccomp refuses the default action");
	if (r->native != seccomp_arch_native()) {
		rc = seccomp_arch_add(ctx, r->native);
		if (rc >= 0)
			rc = seccomp_arch_remove(ctx, seccomp_arch_native());
	}
	for (unsigned i = 0; i < r->n_compat && rc >= 0; i++)
		rc = seccomp_arch_add(ctx, r->compat[i]);
	if (rc >= 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize);
	if (rc < 0)
		return nk_fail(e, -rc, "seccomp: set up libseccomp");
	for (size_t i = 0; i < r->list.n; i++) {
		rc = add_rule(ctx, r, &r->list.v[i], e);
		if (rc < 0)
			return rc;
	}
	return export(a, ctx, out, e);
}
