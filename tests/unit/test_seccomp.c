/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in profile: what its filters decide, in each ABI, and in the kernel. */
/* clang-format off: the tables are read in columns */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cbpf.h"
#include "security/caps.h"
#include "security/profile.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALLOW SECCOMP_RET_ALLOW
#define NO(err) (SECCOMP_RET_ERRNO | (err))
#define X32(nr) (0x40000000u + (nr))
#define HIGH (UINT64_C(1) << 32)

static struct nk_arena arena;

/* The filter for a capability set on any architecture, compiled now. */
static struct nk_bpf filter_on(uint32_t arch, uint64_t caps)
{
	struct nk_rules rules;
	struct nk_bpf bpf = {0};
	struct nk_err e = {0};

	if (nk_profile_rules(&arena, caps, arch, &rules, &e) < 0 ||
	    nk_rules_compile(&arena, &rules, &bpf, &e) < 0)
		fail_msg("%s", e.msg);
	return bpf;
}

/* What nook would install. */
static struct nk_bpf filter(uint64_t caps)
{
	struct nk_spec spec = {.caps = {.bounding = caps}};
	struct nk_bpf bpf;
	struct nk_err e = {0};

	if (nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e) < 0)
		fail_msg("%s", e.msg);
	return bpf;
}

struct ask {
	uint32_t nr;
	uint64_t a0, a1;
	uint32_t want;
};

static void check(const struct nk_bpf *bpf, uint32_t arch, const struct ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t got = cbpf_ask(bpf, arch, asks[i].nr, asks[i].a0, asks[i].a1, 0);
		if (got != asks[i].want)
			fail_msg("arch %x call %x (%llx, %llx): %x, expected %x", arch, asks[i].nr,
				 (unsigned long long)asks[i].a0, (unsigned long long)asks[i].a1,
				 got, asks[i].want);
	}
}

static void default_set_x86_64(void **state)
{
	static const struct ask asks[] = {
		{0 /* read */, 0, 0, ALLOW},
		{59 /* execve */, 0, 0, ALLOW},
		{101 /* ptrace */, 0, 0, ALLOW},
		{161 /* chroot */, 0, 0, ALLOW},
		{165 /* mount */, 0, 0, NO(EPERM)},
		{155 /* pivot_root */, 0, 0, NO(EPERM)},
		{246 /* kexec_load */, 0, 0, NO(EPERM)},
		{250 /* keyctl */, 0, 0, NO(EPERM)},
		{272 /* unshare */, CLONE_NEWUSER, 0, NO(EPERM)},
		{308 /* setns */, 0, 0, NO(EPERM)},
		{321 /* bpf */, 0, 0, NO(EPERM)},
		{323 /* userfaultfd */, 0, 0, NO(EPERM)},
		{425 /* io_uring_setup */, 0, 0, NO(EPERM)},
		{435 /* clone3 */, 0, 0, NO(ENOSYS)},
		{56 /* clone */, SIGCHLD, 0, ALLOW},
		{56, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, ALLOW},
		{56, CLONE_NEWUSER | SIGCHLD, 0, NO(EPERM)},
		{56, CLONE_NEWNS, 0, NO(EPERM)},
		{56, CLONE_NEWCGROUP, 0, NO(EPERM)},
	};
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_X86_64, asks, NK_COUNT(asks));
}

static void calls_newer_than_libseccomp(void **state)
{
	static const struct ask asks[] = {
		{335 /* uretprobe */, 0, 0, ALLOW},
		{451 /* cachestat */, 0, 0, ALLOW},
		{452 /* fchmodat2 */, 0, 0, ALLOW},
		{455 /* futex_wait */, 0, 0, ALLOW},
		{457 /* statmount */, 0, 0, ALLOW},
		{462 /* mseal */, 0, 0, ALLOW},
		{466 /* removexattrat */, 0, 0, ALLOW},
		{459 /* lsm_get_self_attr */, 0, 0, NO(EPERM)},
		{467 /* open_tree_attr */, 0, 0, NO(ENOSYS)},
		{999, 0, 0, NO(ENOSYS)},
		{400, 0, 0, NO(EPERM)},
		{UINT32_MAX, 0, 0, NO(ENOSYS)},
	};
	static const struct ask x32[] = {
		{X32(462), 0, 0, ALLOW},
		{X32(459), 0, 0, NO(EPERM)},
		{X32(999), 0, 0, NO(ENOSYS)},
	};
	static const struct ask i386[] = {
		{462, 0, 0, ALLOW},
		{459, 0, 0, NO(EPERM)},
		{999, 0, 0, NO(ENOSYS)},
	};
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_X86_64, asks, NK_COUNT(asks));
	check(&bpf, AUDIT_ARCH_X86_64, x32, NK_COUNT(x32));
	check(&bpf, AUDIT_ARCH_I386, i386, NK_COUNT(i386));
	bpf = filter(NK_CAPS_DEFAULT | BIT(CAP_SYS_ADMIN));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_X86_64, 467, 0, 0, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_X86_64, 459, 0, 0, 0), ALLOW);
}

static void personality_table(void **state)
{
	static const struct ask asks[] = {
		{135, 0, 0, ALLOW},
		{135, 8, 0, ALLOW},
		{135, 0x20000, 0, ALLOW},
		{135, 0x20008, 0, ALLOW},
		{135, 0xffffffff, 0, ALLOW},
		{135, UINT64_MAX, 0, ALLOW},
		{135, HIGH, 0, ALLOW},
		{135, 0x40000 /* ADDR_NO_RANDOMIZE */, 0, NO(EPERM)},
		{135, 0x400000 /* READ_IMPLIES_EXEC */, 0, NO(EPERM)},
		{135, 0x20009, 0, NO(EPERM)},
		{135, 1, 0, NO(EPERM)},
	};
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_X86_64, asks, NK_COUNT(asks));
}

/* Podman 2026-123876: the rule on socket families holds in every ABI and every width. */
static void attack_socket_family_by_another_abi(void **state)
{
	static const struct ask asks[] = {
		{41, AF_UNIX, 0, ALLOW},
		{41, AF_INET6, 0, ALLOW},
		{41, AF_NETLINK, 0, ALLOW},
		{41, 39 /* AF_NFC */, 0, ALLOW},
		{41, AF_ALG, 0, NO(EPERM)},
		{41, AF_VSOCK, 0, NO(EPERM)},
		/* the kernel reads an int: bits above 32 must not hide the family */
		{41, HIGH | AF_ALG, 0, NO(EPERM)},
		{41, HIGH | AF_VSOCK, 0, NO(EPERM)},
		{X32(41), AF_UNIX, 0, ALLOW},
		{X32(41), AF_ALG, 0, NO(EPERM)},
		{X32(41), HIGH | AF_VSOCK, 0, NO(EPERM)},
	};
	static const struct ask i386[] = {
		{359 /* socket */, AF_UNIX, 0, ALLOW},
		{359, AF_ALG, 0, NO(EPERM)},
		{359, AF_VSOCK, 0, NO(EPERM)},
		{102 /* socketcall */, 1 /* SYS_SOCKET */, 0, NO(EPERM)},
		{102, HIGH | 1, 0, NO(EPERM)},
		{102, 2 /* SYS_BIND */, 0, ALLOW},
		{102, 3 /* SYS_CONNECT */, 0, ALLOW},
		{102, 8 /* SYS_SOCKETPAIR */, 0, ALLOW},
	};

	(void)state;
	for (int admin = 0; admin < 2; admin++) {
		struct nk_bpf bpf = filter(NK_CAPS_DEFAULT | (admin ? BIT(CAP_SYS_ADMIN) : 0));
		check(&bpf, AUDIT_ARCH_X86_64, asks, NK_COUNT(asks));
		check(&bpf, AUDIT_ARCH_I386, i386, NK_COUNT(i386));
	}
}

/* The test above would be red without the guards: libseccomp's part alone lets it pass. */
static void guards_are_what_refuses(void **state)
{
	struct nk_rules rules;
	struct nk_bpf bpf;
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_profile_rules(&arena, 0, SCMP_ARCH_X86_64, &rules, &e), 0);
	rules.guards.n = 0;
	assert_int_equal(nk_rules_compile(&arena, &rules, &bpf, &e), 0);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_X86_64, 41, AF_ALG, 0, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_I386, 102, 1, 0, 0), ALLOW);
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_X86_64, 16, 0, TIOCSTI, 0), ALLOW);
}

/* bubblewrap CVE-2017-5226: typing into the caller's terminal. */
static void attack_tiocsti(void **state)
{
	static const struct ask asks[] = {
		{16, 0, TCGETS, ALLOW},
		{16, 0, TIOCSTI, NO(EPERM)},
		{16, 0, HIGH | TIOCSTI, NO(EPERM)},
		{16, 0, TIOCLINUX, NO(EPERM)},
		{X32(514) /* ioctl */, 0, TIOCSTI, NO(EPERM)},
		{X32(514), 0, TCGETS, ALLOW},
	};
	static const struct ask i386[] = {
		{54, 0, TCGETS, ALLOW},
		{54, 0, TIOCSTI, NO(EPERM)},
	};
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_X86_64, asks, NK_COUNT(asks));
	check(&bpf, AUDIT_ARCH_I386, i386, NK_COUNT(i386));
}

static void compat_abis(void **state)
{
	static const struct ask x32[] = {
		{X32(39) /* getpid */, 0, 0, ALLOW},	{X32(165) /* mount */, 0, 0, NO(EPERM)},
		{X32(56), CLONE_NEWUSER, 0, NO(EPERM)}, {X32(435), 0, 0, NO(ENOSYS)},
		{X32(520) /* execve */, 0, 0, ALLOW},
	};
	static const struct ask i386[] = {
		{20 /* getpid */, 0, 0, ALLOW},
		{21 /* mount */, 0, 0, NO(EPERM)},
		{22 /* umount */, 0, 0, NO(EPERM)},
		{52 /* umount2 */, 0, 0, NO(EPERM)},
		{120 /* clone */, CLONE_NEWUSER, 0, NO(EPERM)},
		{120, SIGCHLD, 0, ALLOW},
		{310 /* unshare */, 0, 0, NO(EPERM)},
		{435, 0, 0, NO(ENOSYS)},
		{13 /* time */, 0, 0, ALLOW},
		{25 /* stime */, 0, 0, NO(EPERM)},
		{113 /* vm86old */, 0, 0, NO(EPERM)},
	};
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_X86_64, x32, NK_COUNT(x32));
	check(&bpf, AUDIT_ARCH_I386, i386, NK_COUNT(i386));
	/* An ABI that this machine does not have ends the program. */
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_AARCH64, 0, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

static void aarch64_and_arm(void **state)
{
	static const struct ask arm64[] = {
		{63 /* read */, 0, 0, ALLOW},
		{40 /* mount */, 0, 0, NO(EPERM)},
		{97 /* unshare */, 0, 0, NO(EPERM)},
		{220 /* clone */, CLONE_NEWNET, 0, NO(EPERM)},
		{220, SIGCHLD, 0, ALLOW},
		{435, 0, 0, NO(ENOSYS)},
		{198 /* socket */, AF_INET, 0, ALLOW},
		{198, AF_ALG, 0, NO(EPERM)},
		{29 /* ioctl */, 0, TIOCSTI, NO(EPERM)},
		{51 /* chroot */, 0, 0, ALLOW},
		{462, 0, 0, ALLOW},
		{999, 0, 0, NO(ENOSYS)},
		{92, 0x20008, 0, ALLOW},
	};
	static const struct ask arm[] = {
		{3 /* read */, 0, 0, ALLOW},
		{21 /* mount */, 0, 0, NO(EPERM)},
		{281 /* socket */, AF_VSOCK, 0, NO(EPERM)},
		{281, AF_INET, 0, ALLOW},
		{0xf0002 /* cacheflush */, 0, 0, ALLOW},
		{0xf0005 /* set_tls */, 0, 0, ALLOW},
		{462, 0, 0, ALLOW},
		{0xf0006, 0, 0, NO(ENOSYS)},
	};
	struct nk_bpf bpf = filter_on(SCMP_ARCH_AARCH64, NK_CAPS_DEFAULT);

	(void)state;
	check(&bpf, AUDIT_ARCH_AARCH64, arm64, NK_COUNT(arm64));
	check(&bpf, AUDIT_ARCH_ARM, arm, NK_COUNT(arm));
	assert_int_equal(cbpf_ask(&bpf, AUDIT_ARCH_X86_64, 0, 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

/* Each capability opens its calls, and its absence closes them. */
static void capabilities_open_calls(void **state)
{
	static const struct {
		int cap;
		uint32_t nr;
	} opens[] = {
		{CAP_SYS_ADMIN, 165},	    {CAP_SYS_ADMIN, 272},  {CAP_SYS_ADMIN, 429},
		{CAP_SYS_ADMIN, 435},	    {CAP_SYS_CHROOT, 161}, {CAP_SYS_MODULE, 313},
		{CAP_SYS_PACCT, 163},	    {CAP_SYS_PTRACE, 312}, {CAP_SYS_PTRACE, 438},
		{CAP_SYS_RAWIO, 172},	    {CAP_SYS_TIME, 227},   {CAP_SYS_TTY_CONFIG, 153},
		{CAP_SYS_NICE, 237},	    {CAP_SYSLOG, 103},	   {CAP_SYS_BOOT, 169},
		{CAP_DAC_READ_SEARCH, 304}, {CAP_BPF, 321},	   {CAP_PERFMON, 298},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(opens); i++) {
		struct nk_bpf with = filter(NK_CAPS_DEFAULT | BIT(opens[i].cap));
		struct nk_bpf without = filter(NK_CAPS_DEFAULT & ~BIT(opens[i].cap));
		uint32_t no = opens[i].nr == 435 ? NO(ENOSYS) : NO(EPERM);

		assert_int_equal(cbpf_ask(&with, AUDIT_ARCH_X86_64, opens[i].nr, 0, 0, 0), ALLOW);
		assert_int_equal(cbpf_ask(&without, AUDIT_ARCH_X86_64, opens[i].nr, 0, 0, 0), no);
	}
	struct nk_bpf none = filter(0);
	assert_int_equal(cbpf_ask(&none, AUDIT_ARCH_X86_64, 161, 0, 0, 0), NO(EPERM));
	struct nk_bpf admin = filter(BIT(CAP_SYS_ADMIN));
	assert_int_equal(cbpf_ask(&admin, AUDIT_ARCH_X86_64, 56, CLONE_NEWUSER, 0, 0), ALLOW);
}

/* After the filter nook itself has to get as far as execve and to speak of failures. */
static void nook_can_finish(void **state)
{
	static const uint32_t needed[] = {
		SYS_setresuid,	SYS_setresgid,	   SYS_setgroups,	SYS_capset,
		SYS_prctl,	SYS_prlimit64,	   SYS_close_range,	SYS_close,
		SYS_execve,	SYS_sendmsg,	   SYS_recvmsg,		SYS_rt_sigprocmask,
		SYS_umask,	SYS_chdir,	   SYS_fchdir,		SYS_dup3,
		SYS_setsid,	SYS_openat2,	   SYS_write,		SYS_exit,
		SYS_exit_group, SYS_clock_gettime, SYS_restart_syscall, SYS_rt_sigreturn,
	};
	struct nk_bpf bpf = filter(0);

	(void)state;
	for (size_t i = 0; i < NK_COUNT(needed); i++)
		if (cbpf_ask(&bpf, AUDIT_ARCH_X86_64, needed[i], 0, 0, 0) != ALLOW)
			fail_msg("system call %u is refused", needed[i]);
}

static void compare(const struct nk_bpf *ours, const struct nk_bpf *theirs, uint32_t arch,
		    uint32_t nr)
{
	static const uint64_t values[] = {
		0,	    1,	 8, 0x20000, 0x20008, SIGCHLD, CLONE_NEWUSER, CLONE_NEWNS | SIGCHLD,
		0xffffffff, HIGH};

	for (size_t i = 0; i < NK_COUNT(values); i++) {
		uint32_t a = cbpf_ask(ours, arch, nr, values[i], values[i], 0);
		uint32_t b = cbpf_ask(theirs, arch, nr, values[i], values[i], 0);
		if (a != b || a == BROKEN)
			fail_msg("arch %x call %x: %x, libseccomp says %x", arch, nr, a, b);
	}
}

/* libseccomp makes the same decisions of the same rules, for every number in every ABI. */
static void libseccomp_agrees(void **state)
{
	static const struct {
		uint32_t machine, abis[2];
	} on[] = {
		{SCMP_ARCH_X86_64, {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386}},
		{SCMP_ARCH_AARCH64, {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM}},
	};
	const uint64_t caps[] = {NK_CAPS_DEFAULT, 0, UINT64_MAX, BIT(CAP_SYS_ADMIN)};

	(void)state;
	for (size_t i = 0; i < 2 * NK_COUNT(caps); i++) {
		struct nk_rules rules;
		struct nk_bpf ours, theirs;
		struct nk_err e;
		size_t kept = 0;
		uint32_t machine = on[i % 2].machine;

		assert_int_equal(nk_profile_rules(&arena, caps[i / 2], machine, &rules, &e), 0);
		/* what libseccomp cannot do is tested above */
		rules.guards.n = 0;
		rules.new_is_enosys = false;
		for (size_t k = 0; k < rules.list.n; k++)
			if (seccomp_syscall_resolve_name(rules.list.v[k].call) != __NR_SCMP_ERROR)
				rules.list.v[kept++] = rules.list.v[k];
		rules.list.n = kept;
		assert_int_equal(nk_rules_compile(&arena, &rules, &ours, &e), 0);
		assert_int_equal(nk_rules_libseccomp(&arena, &rules, 2, &theirs, &e), 0);
		for (uint32_t nr = 0; nr < 1100; nr++)
			for (int k = 0; k < 2; k++) {
				compare(&ours, &theirs, on[i % 2].abis[k], nr);
				if (machine == SCMP_ARCH_X86_64)
					compare(&ours, &theirs, on[i % 2].abis[k], X32(nr));
			}
		for (uint32_t nr = 0xf0000; nr < 0xf0010; nr++)
			compare(&ours, &theirs, on[i % 2].abis[1], nr);
	}
}

/* The filter that was compiled with nook is the one that would be compiled now. */
static void built_in_is_current(void **state)
{
	struct nk_bpf now = filter_on(SCMP_ARCH_X86_64, NK_CAPS_DEFAULT);
	struct nk_bpf built = filter(NK_CAPS_DEFAULT);

	(void)state;
	assert_int_equal(built.n, now.n);
	assert_memory_equal(built.insns, now.insns, now.n * sizeof(*now.insns));
}

static void unconfined_and_privileged_have_none(void **state)
{
	struct nk_spec spec = {.seccomp = NK_SECCOMP_UNCONFINED};
	struct nk_bpf bpf = {.n = 1};
	struct nk_err e = {0};

	(void)state;
	assert_int_equal(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e), 0);
	assert_null(bpf.insns);
	spec = (struct nk_spec){.privileged = true};
	assert_int_equal(nk_seccomp_filter(&arena, &spec, NULL, &bpf, &e), 0);
	assert_null(bpf.insns);
}

#ifdef __x86_64__
/* int 0x80 in a 64-bit process enters the kernel by its i386 door. */
static long int80(long nr, long a0, long a1)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a0), "c"(a1), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

static long asked(long nr, long a0, long a1)
{
	long r = syscall(nr, a0, a1, 0);

	return r < 0 ? -errno : r;
}

/* Exit code 0, or the line of the first answer that was not as expected. */
static int probe(const struct nk_bpf *bpf)
{
	struct sock_fprog prog = {(unsigned short)bpf->n, (struct sock_filter *)bpf->insns};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return 1;
#define EXPECT(call, answer)                       \
	do {                                       \
		if ((call) != (answer))            \
			return __LINE__ % 200 + 2; \
	} while (0)
	EXPECT(asked(SYS_getpid, 0, 0), getpid());
	EXPECT(asked(SYS_socket, AF_ALG, 5), -EPERM);
	EXPECT(asked(SYS_socket, (long)(HIGH | AF_ALG), 5), -EPERM);
	EXPECT(asked(SYS_socket, AF_VSOCK, 1), -EPERM);
	EXPECT(asked(SYS_unshare, CLONE_NEWUSER, 0), -EPERM);
	EXPECT(asked(SYS_clone3, 0, 0), -ENOSYS);
	EXPECT(asked(999, 0, 0), -ENOSYS);
	EXPECT(asked(SYS_ioctl, 0, TIOCSTI), -EPERM);
	/* by the i386 door; skipped where the kernel has none */
	long pid = int80(20, 0, 0);
	if (pid == -ENOSYS)
		return 0;
	EXPECT(pid, getpid());
	EXPECT(int80(21, 0, 0), -EPERM);
	EXPECT(int80(359, AF_ALG, 5), -EPERM);
	EXPECT(int80(102, 1, 0), -EPERM);
	EXPECT(int80(102, 2, 0), -EFAULT);
	EXPECT(int80(54, 0, TIOCSTI), -EPERM);
	EXPECT(int80(999, 0, 0), -ENOSYS);
	return 0;
}

static void in_the_kernel(void **state)
{
	struct nk_bpf bpf = filter(NK_CAPS_DEFAULT);
	int status;

	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(probe(&bpf));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}
#endif

static int done(void **state)
{
	(void)state;
	nk_arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(default_set_x86_64),
		cmocka_unit_test(calls_newer_than_libseccomp),
		cmocka_unit_test(personality_table),
		cmocka_unit_test(attack_socket_family_by_another_abi),
		cmocka_unit_test(attack_tiocsti),
		cmocka_unit_test(compat_abis),
		cmocka_unit_test(capabilities_open_calls),
		cmocka_unit_test(nook_can_finish),
		cmocka_unit_test(in_the_kernel),
		cmocka_unit_test(built_in_is_current),
#endif
		cmocka_unit_test(libseccomp_agrees),
		cmocka_unit_test(guards_are_what_refuses),
		cmocka_unit_test(aarch64_and_arm),
		cmocka_unit_test(unconfined_and_privileged_have_none),
	};
	return cmocka_run_group_tests(tests, NULL, done);
}
