/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=c: each op as a C expression that answers -1 and sets errno, or the result. */
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>

#include "step/emit_c.h"
#include "step/text.h"

struct call {
	FILE *out;
	const struct nk_plan *p;
	const struct nk_step *s;
};

static void var(const struct call *c, int slot)
{
	char buf[NK_LABEL_MAX + 4];

	fputs(nk_c_var(c->p, slot, buf), c->out);
}

static void str(const struct call *c, const char *s)
{
	if (s)
		nk_text_c(c->out, s, strlen(s));
	else
		fputs("NULL", c->out);
}

static void flags(const struct call *c, const struct nk_flag *table, uint64_t value)
{
	nk_flags_put(c->out, table, value);
}

static void word(const struct call *c, const struct nk_flag *table, uint64_t value)
{
	const char *name = nk_enum_name(table, value);

	if (name)
		fputs(name, c->out);
	else
		fprintf(c->out, "%" PRIu64, value);
}

/* A string whose "%d" is the number in a slot, as a call of the program's line(). */
static void formatted(const struct call *c, const char *fmt, int slot)
{
	unsigned n = 0;

	if (!fmt || slot < 0 || !strstr(fmt, "%d")) {
		str(c, fmt);
		return;
	}
	fputs("line(\"", c->out);
	for (const char *s = fmt; *s; s++) {
		bool number = s[0] == '%' && s[1] == 'd';
		bool question = *s == '?' && s > fmt && s[-1] == '?';
		unsigned char ch = (unsigned char)*s;

		n += number;
		if (*s == '%' && !number)
			fputs("%%", c->out);
		else if (ch == '"' || ch == '\\' || question)
			fprintf(c->out, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f)
			fprintf(c->out, "\\%03o", ch);
		else
			fputc(ch, c->out);
	}
	fputc('"', c->out);
	while (n--) {
		fputs(", ", c->out);
		var(c, slot);
	}
	fputc(')', c->out);
}

/* name(fd, */
static void open_call(const struct call *c, const char *name, int slot)
{
	fprintf(c->out, "%s(", name);
	var(c, slot);
	fputs(", ", c->out);
}

static void path_call(const struct call *c, const char *name)
{
	open_call(c, name, c->s->fd[0]);
	str(c, c->s->s[0]);
	fputs(", ", c->out);
}

static int call_file(const struct call *c)
{
	const struct nk_step *s = c->s;

	switch ((enum nk_op)s->op) {
	case NK_OP_OPENAT2:
		open_call(c, "open_at", s->fd[0]);
		formatted(c, s->s[0], s->fd[1]);
		fputs(", ", c->out);
		flags(c, nk_flags_open, s->n[0]);
		fprintf(c->out, s->n[1] ? ", 0%" PRIo64 ", " : ", %" PRIo64 ", ", s->n[1]);
		flags(c, nk_flags_resolve, s->n[2]);
		break;
	case NK_OP_MKDIRAT:
		path_call(c, "mkdirat");
		fprintf(c->out, "0%" PRIo64, s->n[0]);
		break;
	case NK_OP_MKNODAT:
		path_call(c, "mknodat");
		flags(c, nk_flags_mode, s->n[0]);
		fprintf(c->out, ", makedev(%u, %u)", major(s->n[1]), minor(s->n[1]));
		break;
	case NK_OP_SYMLINKAT:
		fputs("symlinkat(", c->out);
		str(c, s->s[0]);
		fputs(", ", c->out);
		var(c, s->fd[0]);
		fputs(", ", c->out);
		str(c, s->s[1]);
		break;
	case NK_OP_FCHOWNAT:
		path_call(c, "fchownat");
		fprintf(c->out, "%uU, %uU, ", (unsigned)s->n[0], (unsigned)s->n[1]);
		flags(c, nk_flags_at, s->n[2]);
		break;
	case NK_OP_UNLINKAT:
		path_call(c, "take_away");
		flags(c, nk_flags_at, s->n[0]);
		break;
	case NK_OP_WRITE:
		open_call(c, "put", s->fd[0]);
		if (s->s[0]) {
			str(c, s->s[0]);
		} else {
			fputs("line(\"%d\", ", c->out);
			var(c, s->fd[1]);
			fputc(')', c->out);
		}
		break;
	case NK_OP_CLOSE:
		fputs("close(", c->out);
		var(c, s->fd[0]);
		break;
	case NK_OP_FCHDIR:
		fputs("fchdir(", c->out);
		var(c, s->fd[0]);
		break;
	case NK_OP_CHDIR:
		fputs("chdir(", c->out);
		str(c, s->s[0]);
		break;
	case NK_OP_CHROOT:
		fputs("chroot(", c->out);
		str(c, s->s[0]);
		break;
	case NK_OP_UMASK:
		fprintf(c->out, "umask(0%" PRIo64, s->n[0]);
		break;
	case NK_OP_DUP3:
		open_call(c, "dup3", s->fd[0]);
		fprintf(c->out, "%d, ", (int)s->n[0]);
		flags(c, nk_flags_open, s->n[1] ? s->n[1] : 0);
		break;
	case NK_OP_CLOSE_RANGE:
		fprintf(c->out, "close_range(%uU, %uU, ", (unsigned)s->n[0], (unsigned)s->n[1]);
		flags(c, nk_flags_close_range, s->n[2]);
		break;
	default:
		return -ENOSYS;
	}
	return 0;
}

static void setattr(const struct call *c)
{
	const struct nk_step *s = c->s;

	path_call(c, "mount_setattr");
	flags(c, nk_flags_at, s->n[0]);
	fputs(", &(struct mount_attr){", c->out);
	fputs(".attr_set = ", c->out);
	flags(c, nk_flags_mount_attr, s->n[1]);
	if (s->n[2]) {
		fputs(", .attr_clr = ", c->out);
		flags(c, nk_flags_mount_attr, s->n[2]);
	}
	if (s->n[3]) {
		fputs(", .propagation = ", c->out);
		flags(c, nk_flags_ms, s->n[3]);
	}
	if (s->fd[1] >= 0) {
		fputs(", .userns_fd = (unsigned)", c->out);
		var(c, s->fd[1]);
	}
	fputs("}, sizeof(struct mount_attr)", c->out);
}

static int call_mount(const struct call *c)
{
	const struct nk_step *s = c->s;

	switch ((enum nk_op)s->op) {
	case NK_OP_OPEN_TREE:
		path_call(c, "open_tree");
		flags(c, nk_flags_open_tree, s->n[0]);
		break;
	case NK_OP_FSOPEN:
		fputs("fsopen(", c->out);
		str(c, s->s[0]);
		fputs(", FSOPEN_CLOEXEC", c->out);
		break;
	case NK_OP_FSCONFIG:
		open_call(c, "fsconfig", s->fd[0]);
		word(c, nk_names_fsconfig, s->n[0]);
		fputs(", ", c->out);
		str(c, s->s[0]);
		fputs(", ", c->out);
		if (s->n[0] == FSCONFIG_SET_FD) {
			str(c, s->s[1]);
			fputs(", ", c->out);
			var(c, s->fd[1]);
		} else {
			formatted(c, s->s[1], s->fd[1]);
			fputs(", 0", c->out);
		}
		break;
	case NK_OP_FSMOUNT:
		open_call(c, "fsmount", s->fd[0]);
		fputs("FSMOUNT_CLOEXEC, ", c->out);
		flags(c, nk_flags_mount_attr, s->n[0]);
		break;
	case NK_OP_MOVE_MOUNT:
		open_call(c, "move_mount", s->fd[0]);
		fputs("\"\", ", c->out);
		var(c, s->fd[1]);
		fputs(", ", c->out);
		str(c, s->s[0]);
		fputs(", ", c->out);
		flags(c, nk_flags_move_mount, s->n[0]);
		break;
	case NK_OP_MOUNT_SETATTR:
		setattr(c);
		break;
	case NK_OP_UMOUNT2:
		fputs("umount2(", c->out);
		str(c, s->s[0]);
		fputs(", ", c->out);
		flags(c, nk_flags_umount, s->n[0]);
		break;
	case NK_OP_PIVOT_ROOT:
		fputs("(int)syscall(SYS_pivot_root, ", c->out);
		str(c, s->s[0]);
		fputs(", ", c->out);
		str(c, s->s[1]);
		break;
	default:
		return call_file(c);
	}
	return 0;
}

static void prctl_call(const struct call *c)
{
	const struct nk_step *s = c->s;

	fputs("prctl(", c->out);
	word(c, nk_names_prctl, s->n[0]);
	for (int i = 1; i < 4; i++) {
		const char *name = NULL;

		if (s->n[0] == PR_CAP_AMBIENT && i == 1)
			name = nk_enum_name(nk_names_ambient, s->n[1]);
		else if ((s->n[0] == PR_CAPBSET_DROP && i == 1) ||
			 (s->n[0] == PR_CAP_AMBIENT && i == 2 &&
			  s->n[1] != PR_CAP_AMBIENT_CLEAR_ALL))
			name = nk_flag_cap((unsigned)s->n[i]);
		if (name)
			fprintf(c->out, ", (unsigned long)%s", name);
		else
			fprintf(c->out, ", %" PRIu64 "UL", s->n[i]);
	}
	fputs(", 0UL", c->out);
}

static void limit(const struct call *c, uint64_t v)
{
	if (v == UINT64_MAX)
		fputs("RLIM_INFINITY", c->out);
	else
		fprintf(c->out, "%" PRIu64 "U", v);
}

static int call_process(const struct call *c)
{
	const struct nk_step *s = c->s;
	unsigned id = (unsigned)s->n[0];

	switch ((enum nk_op)s->op) {
	case NK_OP_SETSID:
		fputs("setsid(", c->out);
		break;
	case NK_OP_CTTY:
		open_call(c, "ioctl", s->fd[0]);
		fputs("TIOCSCTTY, 0", c->out);
		break;
	case NK_OP_PTY_UNLOCK:
		open_call(c, "ioctl", s->fd[0]);
		fputs("TIOCSPTLCK, &(int){0}", c->out);
		break;
	case NK_OP_PTY_PEER:
		open_call(c, "ioctl", s->fd[0]);
		fputs("TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC", c->out);
		break;
	case NK_OP_PRLIMIT:
		fputs("prlimit(0, ", c->out);
		word(c, nk_names_rlimit, s->n[0]);
		fputs(", &(struct rlimit){", c->out);
		limit(c, s->n[1]);
		fputs(", ", c->out);
		limit(c, s->n[2]);
		fputs("}, NULL", c->out);
		break;
	case NK_OP_SETRESUID:
		fprintf(c->out, "setresuid(%uU, %uU, %uU", id, id, id);
		break;
	case NK_OP_SETRESGID:
		fprintf(c->out, "setresgid(%uU, %uU, %uU", id, id, id);
		break;
	case NK_OP_SETGROUPS:
		if (id)
			fprintf(c->out, "setgroups(%u, groups_%zu", id,
				nk_c_block_owner(c->p, s->p[0]) + 1);
		else
			fputs("setgroups(0, NULL", c->out);
		break;
	case NK_OP_PRCTL:
		prctl_call(c);
		break;
	case NK_OP_CAPSET:
		fprintf(c->out, "set_capabilities(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64,
			s->n[0], s->n[1], s->n[2]);
		break;
	case NK_OP_SECCOMP:
		fputs("(int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, ", c->out);
		flags(c, nk_flags_seccomp, s->n[0]);
		fprintf(c->out, ", &filter_%zu", nk_c_block_owner(c->p, s->p[0]) + 1);
		break;
	case NK_OP_KEYRING:
		fputs("(int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, ", c->out);
		str(c, s->s[0]);
		break;
	case NK_OP_SIGMASK:
		fprintf(c->out,
			"(int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, "
			"&(unsigned long long){0x%" PRIx64 "}, NULL, 8",
			s->n[0]);
		break;
	case NK_OP_SIGDFL:
		fprintf(c->out,
			"(int)syscall(SYS_rt_sigaction, %d, (const unsigned long long[4]){0}, "
			"NULL, 8",
			(int)s->n[0]);
		break;
	case NK_OP_EXIT:
		fprintf(c->out, "leave(%d", (int)s->n[0]);
		break;
	case NK_OP_HELPER:
		fputs("run_helper(", c->out);
		str(c, s->s[0]);
		fputs(", (const char *const[]){", c->out);
		for (const char *const *v = s->p[0]; v && *v; v++) {
			formatted(c, *v, s->fd[0]);
			fputs(", ", c->out);
		}
		fputs("NULL}", c->out);
		break;
	default:
		return call_mount(c);
	}
	return 0;
}

static int call_between(const struct call *c)
{
	const struct nk_step *s = c->s;

	switch ((enum nk_op)s->op) {
	case NK_OP_UNSHARE:
		fputs("unshare(", c->out);
		flags(c, nk_flags_clone, s->n[0]);
		break;
	case NK_OP_SETNS:
		open_call(c, "setns", s->fd[0]);
		flags(c, nk_flags_clone, s->n[0]);
		break;
	case NK_OP_CLONE3:
		fprintf(c->out, "start(%s, ", s->n[1] == NK_MIDDLE ? "middle" : "container");
		flags(c, nk_flags_clone, s->n[0]);
		fputs(", ", c->out);
		var(c, s->fd[0]);
		fputs(s->fd[1] >= 0 ? ", &" : ", ", c->out);
		if (s->fd[1] >= 0)
			var(c, s->fd[1]);
		else
			fputs("NULL", c->out);
		break;
	case NK_OP_SOCKETPAIR:
		fputs("make_pair(", c->out);
		word(c, nk_names_family, s->n[0]);
		fputs(", ", c->out);
		flags(c, nk_flags_socket_type, s->n[1]);
		fputs(", &", c->out);
		var(c, s->fd[1]);
		break;
	case NK_OP_SETHOSTNAME:
	case NK_OP_SETDOMAINNAME:
		fprintf(c->out, "%s(", nk_op_syscall(s->op));
		str(c, s->s[0]);
		fprintf(c->out, ", %zu", strlen(s->s[0]));
		break;
	case NK_OP_SOCKET:
		fputs("socket(", c->out);
		word(c, nk_names_family, s->n[0]);
		fputs(", ", c->out);
		flags(c, nk_flags_socket_type, s->n[1]);
		fprintf(c->out, ", %d", (int)s->n[2]);
		break;
	case NK_OP_LINK_UP:
		path_call(c, "link_up");
		fputs("IFF_UP", c->out);
		break;
	case NK_OP_PIDFD_OPEN:
		fputs("(int)syscall(SYS_pidfd_open, ", c->out);
		if (s->fd[0] >= 0)
			var(c, s->fd[0]);
		else
			fprintf(c->out, "%" PRIu64, s->n[0]);
		fputs(", 0", c->out);
		break;
	case NK_OP_TELL:
		open_call(c, "tell", s->fd[0]);
		fprintf(c->out, "MSG_%s, ", nk_msg_name(s->n[0]));
		var(c, s->fd[1]);
		break;
	case NK_OP_AWAIT:
		open_call(c, "await", s->fd[0]);
		fprintf(c->out, "MSG_%s", nk_msg_name(s->n[0]));
		break;
	case NK_OP_BPF_LOAD:
		fprintf(c->out, "bpf_load(%d, insns_%zu, %" PRIu64 ", ", (int)s->n[1],
			nk_c_block_owner(c->p, s->p[0]) + 1, s->n[0]);
		str(c, s->s[0]);
		break;
	case NK_OP_BPF_ATTACH:
		open_call(c, "bpf_attach", s->fd[0]);
		var(c, s->fd[1]);
		fprintf(c->out, ", %d, %u", (int)s->n[0], (unsigned)s->n[1]);
		break;
	default:
		return call_process(c);
	}
	return 0;
}

int nk_c_call(FILE *out, const struct nk_plan *p, size_t index)
{
	const struct call c = {.out = out, .p = p, .s = &p->steps.v[index]};
	int ret = call_between(&c);

	if (ret == 0)
		fputc(')', out);
	return ret;
}
