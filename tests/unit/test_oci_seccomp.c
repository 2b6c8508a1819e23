/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp: what our filter decides, call by call, held against the filter that libseccomp
 * itself makes of the same rules, with runc's rule for calls newer than the profile around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cbpf.h"
#include "security/oci_seccomp.h"

#define NO(err) (SECCOMP_RET_ERRNO | (err))

static struct nk_arena arena;

/* ---- profiles, as the reader of config.json makes them ---- */

static struct nk_oci_seccomp profile(const char *action)
{
	struct nk_oci_seccomp s = {.given = true, .default_action = action, .default_errno = -1};

	nk_strv_push(&arena, &s.architectures, "SCMP_ARCH_X86_64");
	return s;
}

static struct nk_seccomp_call *call(struct nk_oci_seccomp *s, const char *action, const char *name)
{
	struct nk_seccomp_call *c = NK_PUSH(&arena, &s->calls);

	*c = (struct nk_seccomp_call){.action = action, .errno_ret = -1};
	nk_strv_push(&arena, &c->names, name);
	return c;
}

static void compare(struct nk_seccomp_call *c, unsigned index, int op, uint64_t value, uint64_t two)
{
	struct nk_seccomp_arg *arg = NK_PUSH(&arena, &c->args);

	*arg = (struct nk_seccomp_arg){.index = index, .op = op, .value = value, .value_two = two};
}

static struct nk_bpf compile(const struct nk_oci_seccomp *s)
{
	struct nk_config c = {.seccomp = *s};
	struct nk_bpf bpf;
	struct nk_err e = {0};
	bool listener;

	if (nk_oci_seccomp_filter(&arena, &c, NULL, &bpf, &listener, &e) < 0)
		fail_msg("%s", e.msg);
	return bpf;
}

static void refused(const struct nk_oci_seccomp *s, const char *words)
{
	struct nk_config c = {.seccomp = *s};
	struct nk_bpf bpf;
	struct nk_err e = {0};
	bool listener;

	assert_true(nk_oci_seccomp_filter(&arena, &c, NULL, &bpf, &listener, &e) < 0);
	if (!strstr(e.msg, words))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
}

static uint32_t ask(const struct nk_bpf *bpf, uint32_t nr, uint64_t a0, uint64_t a1)
{
	return cbpf_ask(bpf, AUDIT_ARCH_X86_64, nr, a0, a1, 0);
}

/* ---- the other way to the same: libseccomp alone ---- */

static uint32_t action_number(const char *name, int64_t ret)
{
	static const struct {
		const char *name;
		uint32_t value;
	} all[] = {
		{"SCMP_ACT_KILL", SCMP_ACT_KILL},
		{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
		{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
		{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
		{"SCMP_ACT_LOG", SCMP_ACT_LOG},
		{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
	};
	uint32_t value = ret < 0 ? EPERM : (uint32_t)ret;

	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(value);
	if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		return SCMP_ACT_TRACE(value);
	for (size_t i = 0; i < NK_COUNT(all); i++)
		if (strcmp(name, all[i].name) == 0)
			return all[i].value;
	fail();
	return 0;
}

static void rule(scmp_filter_ctx ctx, const struct nk_seccomp_call *c, int nr, uint32_t action)
{
	struct scmp_arg_cmp cmp[8];
	unsigned n = 0, twice = 0, seen = 0;

	for (size_t i = 0; i < c->args.n; i++) {
		const struct nk_seccomp_arg *arg = &c->args.v[i];
		cmp[n++] = (struct scmp_arg_cmp){arg->index, arg->op, arg->value, arg->value_two};
		twice |= seen & (1U << arg->index);
		seen |= 1U << arg->index;
	}
	for (unsigned i = 0; twice && i < n; i++)
		seccomp_rule_add_array(ctx, action, nr, 1, &cmp[i]);
	if (!twice)
		seccomp_rule_add_array(ctx, action, nr, n, cmp);
}

static struct nk_bpf reference(const struct nk_oci_seccomp *s)
{
	uint32_t fallback = action_number(s->default_action, s->default_errno);
	scmp_filter_ctx ctx = seccomp_init(fallback);
	_close_ int fd = memfd_create("bpf", MFD_CLOEXEC);
	struct nk_bpf bpf = {0};
	struct stat st;

	for (size_t i = 0; i < s->architectures.n; i++) {
		const char *name = s->architectures.v[i];
		if (!strcmp(name, "SCMP_ARCH_X86"))
			seccomp_arch_add(ctx, SCMP_ARCH_X86);
		if (!strcmp(name, "SCMP_ARCH_X32"))
			seccomp_arch_add(ctx, SCMP_ARCH_X32);
	}
	for (size_t i = 0; i < s->calls.n; i++) {
		const struct nk_seccomp_call *c = &s->calls.v[i];
		uint32_t action = action_number(c->action, c->errno_ret);
		for (size_t k = 0; k < c->names.n && action != fallback; k++) {
			int nr = seccomp_syscall_resolve_name(c->names.v[k]);
			if (nr != __NR_SCMP_ERROR)
				rule(ctx, c, nr, action);
		}
	}
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	fstat(fd, &st);
	struct sock_filter *code = nk_alloc(&arena, (size_t)st.st_size);
	assert_int_equal(pread(fd, code, (size_t)st.st_size, 0), st.st_size);
	bpf.insns = code;
	bpf.n = (size_t)st.st_size / sizeof(*code);
	return bpf;
}

/* runc's words: the largest number that the profile names in this ABI, 0 = none. */
static uint32_t largest(const struct nk_oci_seccomp *s, uint32_t arch)
{
	int max = 0;

	for (size_t i = 0; i < s->calls.n; i++)
		for (size_t k = 0; k < s->calls.v[i].names.n; k++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, s->calls.v[i].names.v[k]);
			if (nr != __NR_SCMP_ERROR && nr > max)
				max = nr;
		}
	return (uint32_t)max;
}

static uint32_t expected(const struct nk_oci_seccomp *s, const struct nk_bpf *ref,
			 const struct seccomp_data *d)
{
	uint32_t arch = d->arch == AUDIT_ARCH_I386     ? SCMP_ARCH_X86
			: (uint32_t)d->nr & NK_X32_BIT ? SCMP_ARCH_X32
						       : SCMP_ARCH_X86_64;
	const char *name = arch == SCMP_ARCH_X86   ? "SCMP_ARCH_X86"
			   : arch == SCMP_ARCH_X32 ? "SCMP_ARCH_X32"
						   : "SCMP_ARCH_X86_64";
	const char *lax[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"};
	uint32_t last = largest(s, arch);
	bool named = false, lenient = false;

	for (size_t i = 0; i < s->architectures.n; i++)
		named |= !strcmp(s->architectures.v[i], name);
	for (size_t i = 0; i < NK_COUNT(lax); i++)
		lenient |= !strcmp(s->default_action, lax[i]);
	if (d->arch != AUDIT_ARCH_AARCH64 && named && !lenient && last && (uint32_t)d->nr > last)
		return NO(ENOSYS);
	if (d->arch == AUDIT_ARCH_AARCH64) /* spoken of or not, this machine never reports it */
		return SECCOMP_RET_KILL_THREAD;
	return cbpf_run(ref, d);
}

/* ---- many profiles, chosen by a fixed throw of dice ---- */

static uint64_t dice_state;
static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(dice_state >> 33) % sides;
}

static const uint64_t values[] = {0,
				  1,
				  2,
				  5,
				  38,
				  0x10000000,
				  0x7fffffff,
				  0xffffffff,
				  UINT64_C(1) << 32,
				  (UINT64_C(1) << 32) | 38,
				  UINT64_MAX};
#define A_VALUE values[dice(NK_COUNT(values))]

static const char *any_name(void)
{
	static const uint32_t arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, SCMP_ARCH_X86};

	for (;;) {
		char *found = seccomp_syscall_resolve_num_arch(arches[dice(3)], (int)dice(451));
		const char *name = found ? nk_strdup(&arena, found) : NULL;
		free(found);
		/* the guards of socketcall and ipc are stricter than libseccomp: their own test */
		unsigned sub;
		if (name && !nk_call_mux(name, &sub) && strcmp(name, "socketcall") != 0 &&
		    strcmp(name, "ipc") != 0)
			return name;
	}
}

static struct nk_oci_seccomp any_profile(void)
{
	static const char *const actions[] = {
		"SCMP_ACT_ALLOW",	 "SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", "SCMP_ACT_KILL",
		"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",  "SCMP_ACT_LOG",   "SCMP_ACT_TRACE",
		"SCMP_ACT_KILL_THREAD",	 "SCMP_ACT_NOTIFY"};
	static const char *const arches[] = {"SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64",
					     "SCMP_ARCH_MIPS"};
	struct nk_oci_seccomp s = profile(actions[dice(9)]);
	uint32_t n = 1 + dice(60);

	s.listener_path = "/run/agent";
	if (!strcmp(s.default_action, "SCMP_ACT_ERRNO"))
		s.default_errno = dice(2) ? -1 : (int64_t)dice(40);
	for (size_t i = 0; i < NK_COUNT(arches); i++)
		if (dice(2))
			nk_strv_push(&arena, &s.architectures, arches[i]);
	if (!dice(4))
		s.architectures.v++, s.architectures.n--; /* without the machine's own */
	for (uint32_t i = 0; i < n; i++) {
		struct nk_seccomp_call *c = call(&s, actions[dice(10)], any_name());
		for (uint32_t k = dice(6); k; k--)
			nk_strv_push(&arena, &c->names, any_name());
		for (size_t k = 0; k < c->names.n; k++)
			if (!strcmp(c->names.v[k], "write") || !strcmp(c->names.v[k], "sendmsg"))
				c->action = "SCMP_ACT_ALLOW";
		if (!strcmp(c->action, "SCMP_ACT_ERRNO") || !strcmp(c->action, "SCMP_ACT_TRACE"))
			c->errno_ret = dice(2) ? -1 : (int64_t)dice(100);
		for (uint32_t k = dice(3) ? 0 : 1 + dice(3); k; k--)
			compare(c, dice(3), 1 + (int)dice(7), A_VALUE, A_VALUE);
	}
	return s;
}

static void check_number(const struct nk_oci_seccomp *s, const struct nk_bpf *bpf,
			 const struct nk_bpf *ref, uint32_t arch, uint32_t nr)
{
	for (int i = 0; i < 4; i++) {
		struct seccomp_data d = {
			.nr = (int)nr, .arch = arch, .args = {A_VALUE, A_VALUE, A_VALUE}};
		uint32_t got = cbpf_run(bpf, &d), want = expected(s, ref, &d);
		if (got != want)
			fail_msg("arch %x call %x (%llx, %llx, %llx): %x, expected %x", arch, nr,
				 (unsigned long long)d.args[0], (unsigned long long)d.args[1],
				 (unsigned long long)d.args[2], got, want);
	}
}

static void decides_as_libseccomp(void **state)
{
	static const uint32_t odd[] = {600,	   999,	       0x40000200, 0x40000222,
				       0x40000fff, 0x7fffffff, 0xffffffff};

	(void)state;
	dice_state = 4;
	for (int i = 0; i < 50; i++) {
		struct nk_oci_seccomp s = any_profile();
		struct nk_bpf bpf = compile(&s), ref = reference(&s);
		for (uint32_t nr = 0; nr < 456; nr++) {
			/* the numbers that libseccomp does not know yet are the next test's */
			check_number(&s, &bpf, &ref, AUDIT_ARCH_X86_64, nr);
			check_number(&s, &bpf, &ref, AUDIT_ARCH_I386, nr);
			check_number(&s, &bpf, &ref, AUDIT_ARCH_X86_64, nr | NK_X32_BIT);
		}
		for (size_t k = 0; k < NK_COUNT(odd); k++) {
			check_number(&s, &bpf, &ref, AUDIT_ARCH_X86_64, odd[k]);
			check_number(&s, &bpf, &ref, AUDIT_ARCH_I386, odd[k]);
			check_number(&s, &bpf, &ref, AUDIT_ARCH_AARCH64, odd[k]);
		}
		nk_arena_done(&arena);
	}
}

static void newer_than_the_profile(void **state)
{
	struct nk_oci_seccomp s = profile("SCMP_ACT_ERRNO");
	(void)state;

	s.default_errno = ENXIO;
	call(&s, "SCMP_ACT_ALLOW", "openat2");
	call(&s, "SCMP_ACT_ERRNO", "cachestat")->errno_ret =
		ENXIO; /* the default: named all the same */
	struct nk_bpf bpf = compile(&s);
	assert_int_equal(ask(&bpf, 437, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, 0, 0, 0), NO(ENXIO));
	assert_int_equal(ask(&bpf, 451, 0, 0), NO(ENXIO));
	assert_int_equal(ask(&bpf, 452, 0, 0), NO(ENOSYS));
	s.default_action = "SCMP_ACT_KILL_PROCESS";
	s.default_errno = -1;
	bpf = compile(&s);
	assert_int_equal(ask(&bpf, 1, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(&bpf, 452, 0, 0), NO(ENOSYS));
	s.default_action = "SCMP_ACT_TRACE";
	bpf = compile(&s);
	assert_int_equal(ask(&bpf, 452, 0, 0), SECCOMP_RET_TRACE | EPERM);
	/* a call that libseccomp does not know */
	s = profile("SCMP_ACT_ALLOW");
	call(&s, "SCMP_ACT_ERRNO", "mseal");
	bpf = compile(&s);
	assert_int_equal(ask(&bpf, 462, 0, 0), NO(EPERM));
	assert_int_equal(ask(&bpf, 999, 0, 0), SECCOMP_RET_ALLOW);
}

/* clone as Docker's profile has it: masked; and personality: any of several values. */
static void arguments(void **state)
{
	struct nk_oci_seccomp s = profile("SCMP_ACT_ERRNO");
	(void)state;

	compare(call(&s, "SCMP_ACT_ALLOW", "clone"), 0, SCMP_CMP_MASKED_EQ, 0x7E020000, 0);
	struct nk_seccomp_call *c = call(&s, "SCMP_ACT_ALLOW", "personality");
	compare(c, 0, SCMP_CMP_EQ, 0, 0);
	compare(c, 0, SCMP_CMP_EQ, 8, 0);
	c = call(&s, "SCMP_ACT_ALLOW", "read");
	compare(c, 0, SCMP_CMP_EQ, 1, 0);
	compare(c, 1, SCMP_CMP_GT, 100, 0);
	struct nk_bpf bpf = compile(&s);
	assert_int_equal(ask(&bpf, 56, CLONE_VM, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, 56, CLONE_NEWUSER | CLONE_VM, 0), NO(EPERM));
	assert_int_equal(ask(&bpf, 135, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, 135, 8, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, 135, 9, 0), NO(EPERM));
	assert_int_equal(ask(&bpf, 0, 1, 101), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, 0, 1, 100), NO(EPERM));
	assert_int_equal(ask(&bpf, 0, 2, 101), NO(EPERM));
}

/* Podman 2026-123876: a rule on socket() is not by-passed through socketcall() of i386. */
static void no_second_way_to_socket(void **state)
{
	struct nk_oci_seccomp s = profile("SCMP_ACT_ERRNO");
	(void)state;

	nk_strv_push(&arena, &s.architectures, "SCMP_ARCH_X86");
	compare(call(&s, "SCMP_ACT_ALLOW", "socket"), 0, SCMP_CMP_EQ, 1, 0);
	struct nk_bpf bpf = compile(&s);
	assert_int_equal(ask(&bpf, SYS_socket, 1, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&bpf, SYS_socket, 40, 0), NO(EPERM));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 359, 1, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 359, 40, 0, 0), NO(EPERM));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 1, 0, 0), NO(EPERM));
}

static void names_and_flags(void **state)
{
	struct nk_oci_seccomp s = profile("SCMP_ACT_ALLOW");
	(void)state;

	call(&s, "SCMP_ACT_ERRNO", "no_such_call_at_all");
	struct nk_bpf bpf = compile(&s);
	assert_int_equal(bpf.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW); /* none given */
	s.has_flags = true;
	assert_int_equal(compile(&s).flags, 0); /* [] */
	nk_strv_push(&arena, &s.flags, "SECCOMP_FILTER_FLAG_TSYNC");
	nk_strv_push(&arena, &s.flags, "SECCOMP_FILTER_FLAG_LOG");
	assert_int_equal(compile(&s).flags, SECCOMP_FILTER_FLAG_LOG);
	nk_strv_push(&arena, &s.flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	refused(&s, "SCMP_ACT_NOTIFY");
	s.listener_path = "/run/agent";
	call(&s, "SCMP_ACT_NOTIFY", "mkdir");
	bpf = compile(&s);
	assert_int_equal(bpf.flags,
			 SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_NEW_LISTENER | 32);
	assert_int_equal(ask(&bpf, SYS_mkdir, 0, 0), SECCOMP_RET_USER_NOTIF);
	nk_strv_push(&arena, &s.flags, "SECCOMP_FILTER_FLAG_ODD");
	refused(&s, "SECCOMP_FILTER_FLAG_ODD");
}

static void refusals(void **state)
{
	struct nk_oci_seccomp s = profile("SCMP_ACT_NOTIFY");
	(void)state;

	refused(&s, "SCMP_ACT_NOTIFY cannot be used as default action");
	s = profile("SCMP_ACT_ALLOW");
	call(&s, "SCMP_ACT_NOTIFY", "mkdir");
	refused(&s, "listenerPath");
	s.listener_path = "";
	refused(&s, "listenerPath");
	s.listener_path = "/run/agent";
	nk_strv_push(&arena, &s.calls.v[0].names, "write");
	refused(&s, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	s.calls.v[0].names.v[1] = (char *)(uintptr_t) "sendmsg";
	refused(&s, "SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall");
	s = profile("SCMP_ACT_ALLOW");
	call(&s, "SCMP_ACT_KILL", "mkdir")->errno_ret = 3;
	refused(&s, "errnoRet");
	s = profile("SCMP_ACT_WHATEVER");
	refused(&s, "SCMP_ACT_WHATEVER");
	s = profile("SCMP_ACT_ALLOW");
	nk_strv_push(&arena, &s.architectures, "SCMP_ARCH_Z80");
	refused(&s, "SCMP_ARCH_Z80");
	s = profile("SCMP_ACT_ALLOW");
	compare(call(&s, "SCMP_ACT_ERRNO", "mkdir"), 6, SCMP_CMP_EQ, 0, 0);
	refused(&s, "argument 6");
	s.given = false;
	assert_null(compile(&s).insns);
}

/* What was kept is what is found; other settings do not find it; who else could write is not
 * believed. */
static void cache(void **state)
{
	char dir[] = "/tmp/test_oci_seccomp.XXXXXX";
	struct nk_config c = {.seccomp = profile("SCMP_ACT_ERRNO")};
	struct nk_bpf first, second;
	struct nk_err e = {0};
	bool listener;
	(void)state;

	assert_non_null(mkdtemp(dir));
	char *sub = nk_fmt(&arena, "%s/cache", dir);
	compare(call(&c.seccomp, "SCMP_ACT_ALLOW", "read"), 0, SCMP_CMP_EQ, 3, 0);
	assert_int_equal(nk_oci_seccomp_filter(&arena, &c, sub, &first, &listener, &e), 0);
	assert_int_equal(nk_oci_seccomp_filter(&arena, &c, sub, &second, &listener, &e), 0);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.insns, second.insns, first.n * sizeof(*first.insns));
	assert_int_equal(first.flags, second.flags);
	c.seccomp.calls.v[0].args.v[0].value = 4;
	assert_int_equal(nk_oci_seccomp_filter(&arena, &c, sub, &second, &listener, &e), 0);
	assert_int_equal(ask(&second, 0, 4, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&second, 0, 3, 0), NO(EPERM));
	chmod(sub, 0777);
	c.seccomp.calls.v[0].args.v[0].value = 3;
	assert_int_equal(nk_oci_seccomp_filter(&arena, &c, sub, &second, &listener, &e), 0);
	assert_int_equal(ask(&second, 0, 3, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(system(nk_fmt(&arena, "rm -r %s", dir)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_as_libseccomp),
		cmocka_unit_test(newer_than_the_profile),
		cmocka_unit_test(arguments),
		cmocka_unit_test(no_second_way_to_socket),
		cmocka_unit_test(names_and_flags),
		cmocka_unit_test(refusals),
		cmocka_unit_test(cache),
	};

	return cmocka_run_group_tests_name("oci_seccomp", tests, NULL, NULL);
}
