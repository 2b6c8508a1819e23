/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=c: each op as a C expression that answers -1 and sets errno, or the result. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "step/emit_c_call.h"

/*
 * What a call looks like, without its last bracket. A % and two characters stand for a part of
 * the step, by its index:
 *
 *   %fI  the variable of slot fd[I]         %FI  n[I] as flags
 *   %sI  the string s[I]                    %NI  n[I] as a name
 *   %uI  n[I] as 1U   %iI  as int           %oI  octal      %xI  hexadecimal   %nI  decimal
 *   %lI  n[I] as a limit                    %DI  n[I] as a device
 *   %bI  the number of the array of p[I]    %mI  the message n[I]
 *   %zI  the length of s[I]
 */
struct shape {
	const char *text;
	const struct nk_flag *flags, *names;
	void (*odd)(const struct nk_c_call *c); /* instead of all that */
};

/* clang-format off */
static const struct shape shapes[NK_OP_COUNT] = {
	/* files */
	[NK_OP_OPENAT2] = {.odd = nk_c_odd_openat2},
	[NK_OP_MKDIRAT] = {"mkdirat(%f0, %s0, 0%o0"},
	[NK_OP_MKNODAT] = {"mknodat(%f0, %s0, %F0, %D1", nk_flags_mode},
	[NK_OP_SYMLINKAT] = {"symlinkat(%s0, %f0, %s1"},
	[NK_OP_FCHOWNAT] = {"fchownat(%f0, %s0, %u0, %u1, %F2", nk_flags_at},
	[NK_OP_UNLINKAT] = {"take_away(%f0, %s0, %F0", nk_flags_at},
	[NK_OP_WRITE] = {.odd = nk_c_odd_write},
	[NK_OP_CLOSE] = {"close(%f0"},
	[NK_OP_FCHDIR] = {"fchdir(%f0"},
	[NK_OP_CHDIR] = {"chdir(%s0"},
	[NK_OP_CHROOT] = {"chroot(%s0"},
	[NK_OP_UMASK] = {"umask(0%o0"},
	[NK_OP_DUP3] = {"dup3(%f0, %i0, %F1", nk_flags_open},
	[NK_OP_CLOSE_RANGE] = {"close_range(%u0, %u1, %F2", nk_flags_close_range},

	/* mounts */
	[NK_OP_OPEN_TREE] = {"open_tree(%f0, %s0, %F0", nk_flags_open_tree},
	[NK_OP_FSOPEN] = {"fsopen(%s0, FSOPEN_CLOEXEC"},
	[NK_OP_FSCONFIG] = {.odd = nk_c_odd_fsconfig},
	[NK_OP_FSMOUNT] = {"fsmount(%f0, FSMOUNT_CLOEXEC, %F0", nk_flags_mount_attr},
	[NK_OP_MOVE_MOUNT] = {"move_mount(%f0, \"\", %f1, %s0, %F0", nk_flags_move_mount},
	[NK_OP_MOUNT_SETATTR] = {.odd = nk_c_odd_setattr},
	[NK_OP_UMOUNT2] = {"umount2(%s0, %F0", nk_flags_umount},
	[NK_OP_PIVOT_ROOT] = {"(int)syscall(SYS_pivot_root, %s0, %s1"},

	/* the process */
	[NK_OP_SETSID] = {"setsid("},
	[NK_OP_CTTY] = {"ioctl(%f0, TIOCSCTTY, 0"},
	[NK_OP_PTY_UNLOCK] = {"ioctl(%f0, TIOCSPTLCK, &(int){0}"},
	[NK_OP_PTY_PEER] = {"ioctl(%f0, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC"},
	[NK_OP_PRLIMIT] = {"prlimit(0, %N0, &(struct rlimit){%l1, %l2}, NULL", .names = nk_names_rlimit},
	[NK_OP_SETRESUID] = {"setresuid(%u0, %u0, %u0"},
	[NK_OP_SETRESGID] = {"setresgid(%u0, %u0, %u0"},
	[NK_OP_SETGROUPS] = {.odd = nk_c_odd_setgroups},
	[NK_OP_PRCTL] = {.odd = nk_c_odd_prctl},
	[NK_OP_CAPSET] = {"set_capabilities(0x%x0, 0x%x1, 0x%x2"},
	[NK_OP_SECCOMP] = {"(int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, %F0, &filter_%b0",
			   nk_flags_seccomp},
	[NK_OP_KEYRING] = {"(int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, %s0"},
	[NK_OP_SIGMASK] = {"(int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, "
			   "&(unsigned long long){0x%x0}, NULL, 8"},
	[NK_OP_SIGDFL] = {"(int)syscall(SYS_rt_sigaction, %i0, (const unsigned long long[4]){0}, "
			  "NULL, 8"},
	[NK_OP_EXIT] = {"leave(%i0"},
	[NK_OP_HELPER] = {.odd = nk_c_odd_helper},
	[NK_OP_NETLINK] = {.odd = nk_c_odd_netlink},
	[NK_OP_BIND] = {"bind(%f0, (const struct sockaddr *)bytes_%b0, %n0"},
	[NK_OP_LISTEN] = {"listen(%f0, %i0"},
	[NK_OP_SETSOCKOPT] = {"setsockopt(%f0, %N0, %i1, &(int){%i2}, sizeof(int)", .names = nk_names_sol},
	[NK_OP_COMPANION] = {.odd = nk_c_odd_companion},
	[NK_OP_READY] = {"companion_ready("},
	[NK_OP_ASK] = {"ask(%f0, %s0, %s1"},
	[NK_OP_DISMISS] = {"dismiss(%f0"},

	/* namespaces, and between the actors */
	[NK_OP_UNSHARE] = {"unshare(%F0", nk_flags_clone},
	[NK_OP_SETNS] = {"setns(%f0, %F0", nk_flags_clone},
	[NK_OP_CLONE3] = {.odd = nk_c_odd_clone3},
	[NK_OP_SOCKETPAIR] = {"make_pair(%N0, %F1, &%f1", nk_flags_socket_type, nk_names_family},
	[NK_OP_SETHOSTNAME] = {"sethostname(%s0, %z0"},
	[NK_OP_SETDOMAINNAME] = {"setdomainname(%s0, %z0"},
	[NK_OP_SOCKET] = {"socket(%N0, %F1, %i2", nk_flags_socket_type, nk_names_family},
	[NK_OP_LINK_UP] = {"link_up(%f0, %s0, IFF_UP"},
	[NK_OP_PIDFD_OPEN] = {.odd = nk_c_odd_pidfd_open},
	[NK_OP_TELL] = {"tell(%f0, MSG_%m0, %f1"},
	[NK_OP_AWAIT] = {"await(%f0, MSG_%m0"},
	[NK_OP_BPF_LOAD] = {"bpf_load(%i1, insns_%b0, %n0, %s0"},
	[NK_OP_BPF_ATTACH] = {"bpf_attach(%f0, %f1, %i0, %n1"},

	/* what only nook-runtime needs */
	[NK_OP_FCHMODAT] = {.odd = nk_c_odd_fchmodat},
	[NK_OP_MODE] = {"mode_of(%f0"},
	[NK_OP_IS_DEVICE] = {"is_device(%f0, %F0, %D1", nk_flags_mode},
	[NK_OP_IS_FS] = {"is_fs(%f0, %n0"},
	[NK_OP_FACCESSAT] = {"look_for(%f1, %s0"},
	[NK_OP_WAIT_START] = {"wait_start(%f0, MSG_%m0"},
	[NK_OP_COPY_TREE] = {"copy_tree(%f0, %f1"},
	[NK_OP_PLACE] = {"place(%f0, %s0, %F0", nk_flags_place},
	[NK_OP_USERNS] = {"userns(%s0, %s1"},
	[NK_OP_PRLIMIT_OF] = {"prlimit(%f0, %N0, &(struct rlimit){%l1, %l2}, NULL",
			      .names = nk_names_rlimit},
	[NK_OP_PTY_SIZE] = {"ioctl(%f0, TIOCSWINSZ, &(struct winsize){%n0, %n1, 0, 0}"},
	[NK_OP_SCHED_SETATTR] = {"(int)syscall(SYS_sched_setattr, 0, words_%b0, 0"},
	[NK_OP_SCHED_AFFINITY] = {"(int)syscall(SYS_sched_setaffinity, 0, sizeof(words_%b0), words_%b0"},
	[NK_OP_IOPRIO] = {"(int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 0x%x0"},
	[NK_OP_PERSONALITY] = {"(int)syscall(SYS_personality, 0x%x0UL"},
	[NK_OP_MEMPOLICY] = {.odd = nk_c_odd_mempolicy},
};
/* clang-format on */

static void limit(FILE *out, uint64_t v)
{
	if (v == UINT64_MAX)
		fputs("RLIM_INFINITY", out);
	else
		fprintf(out, "%" PRIu64 "U", v);
}

static void number(FILE *out, char letter, uint64_t v)
{
	switch (letter) {
	case 'u':
		fprintf(out, "%uU", (unsigned)v);
		break;
	case 'i':
		fprintf(out, "%d", (int)v);
		break;
	case 'o':
		fprintf(out, "%" PRIo64, v);
		break;
	case 'x':
		fprintf(out, "%" PRIx64, v);
		break;
	case 'n':
		fprintf(out, "%" PRIu64, v);
		break;
	case 'l':
		limit(out, v);
		break;
	case 'D':
		fprintf(out, "makedev(%u, %u)", major(v), minor(v));
		break;
	default:
		fputs(nk_msg_name((enum nk_msg)v), out);
		break;
	}
}

static void part(const struct nk_c_call *c, const struct shape *shape, char letter, int i)
{
	const struct nk_step *s = c->s;

	switch (letter) {
	case 'f':
		nk_c_put_var(c, s->fd[i]);
		break;
	case 's':
		nk_c_put_str(c, s->s[i]);
		break;
	case 'z':
		fprintf(c->out, "%zu", strlen(s->s[i]));
		break;
	case 'b':
		fprintf(c->out, "%zu", nk_c_block_owner(c->p, s->p[i]) + 1);
		break;
	case 'F':
		nk_c_put_flags(c, shape->flags, s->n[i]);
		break;
	case 'N':
		nk_c_put_word(c, shape->names, s->n[i]);
		break;
	default:
		number(c->out, letter, s->n[i]);
		break;
	}
}

int nk_c_call(FILE *out, const struct nk_plan *p, size_t index)
{
	const struct nk_c_call c = {.out = out, .p = p, .s = &p->steps.v[index]};
	const struct shape *shape = &shapes[c.s->op];

	if (!shape->text && !shape->odd)
		return -ENOSYS;
	if (shape->odd)
		shape->odd(&c);
	for (const char *t = shape->text; t && *t; t++) {
		if (*t != '%') {
			fputc(*t, out);
			continue;
		}
		part(&c, shape, t[1], t[2] - '0');
		t += 2;
	}
	fputc(')', out);
	return 0;
}
