/* SPDX-License-Identifier: Apache-2.0 */
/* One step, one system call. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "child/child.h"
#include "child/protocol.h"
#include "child/raw.h"

/* linux/capability.h's version 3: two halves of 32 bits. */
struct cap_header {
	uint32_t version;
	int32_t pid;
};
struct cap_data {
	uint32_t effective, permitted, inheritable;
};
#define CAP_VERSION_3 0x20080522

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* Decimal digits of v; answers where they begin in buf (which they end). */
static char *digits(char *buf, size_t size, uint32_t v)
{
	char *p = buf + size - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return p;
}

static int slot(const struct nk_run *run, int index)
{
	return index >= 0 ? run->slots[index] : index == NK_CWD ? AT_FDCWD : -1;
}

static long do_write(const struct nk_run *run, const struct nk_step *s)
{
	char number[12];
	const char *text = s->s[0];

	if (!text)
		text = digits(number, sizeof(number), (uint32_t)slot(run, s->fd[1]));
	size_t n = length(text);
	long ret = nk_raw3(SYS_write, slot(run, s->fd[0]), text, n);
	/* A short write to procfs, cgroupfs or a new tmpfs file is a failure of its own. */
	return ret < 0 ? ret : ret == (long)n ? 0 : -ENOSPC;
}

#define TEXT_MAX 512

/*
 * text with "%d" replaced by the number in a slot, in buf (TEXT_MAX bytes); text
 * itself when the step names no slot for it. NULL when it does not fit.
 */
static const char *filled(const struct nk_run *run, const char *text, int index, char *buf)
{
	char number[12];
	size_t at = 0;

	if (!text || index < 0)
		return text;
	const char *d = digits(number, sizeof(number), (uint32_t)slot(run, index));
	for (; *text && at < TEXT_MAX - sizeof(number); text++) {
		if (text[0] == '%' && text[1] == 'd') {
			for (const char *c = d; *c; c++)
				buf[at++] = *c;
			text++;
		} else {
			buf[at++] = *text;
		}
	}
	buf[at] = '\0';
	return *text ? NULL : buf;
}

static long do_fsconfig(const struct nk_run *run, const struct nk_step *s)
{
	char buf[TEXT_MAX];
	const char *value = filled(run, s->s[1], s->fd[1], buf);

	if (s->s[1] && !value)
		return -ENAMETOOLONG;
	return nk_raw5(SYS_fsconfig, slot(run, s->fd[0]), s->n[0], s->s[0], value, 0);
}

static long do_mount_setattr(const struct nk_run *run, const struct nk_step *s)
{
	struct mount_attr attr = {
		.attr_set = s->n[1],
		.attr_clr = s->n[2],
		.propagation = s->n[3],
	};

	if (s->fd[1] >= 0)
		attr.userns_fd = (uint64_t)slot(run, s->fd[1]);
	return nk_raw5(SYS_mount_setattr, slot(run, s->fd[0]), s->s[0], s->n[0], &attr,
		       sizeof(attr));
}

static long do_openat2(const struct nk_run *run, const struct nk_step *s)
{
	struct open_how how = {.flags = s->n[0], .mode = s->n[1], .resolve = s->n[2]};
	char buf[TEXT_MAX];
	const char *path = filled(run, s->s[0], s->fd[1], buf);

	if (!path)
		return -ENAMETOOLONG;
	/* With ".." in a scoped lookup the kernel answers EAGAIN whenever anything is renamed or
	 * mounted on the machine meanwhile: it cannot know that the way was not moved out. */
	long ret = -EAGAIN;
	for (int i = 0; i < NK_OPENAT2_TRIES && ret == -EAGAIN; i++)
		ret = nk_raw4(SYS_openat2, slot(run, s->fd[0]), path, &how, sizeof(how));
	return ret;
}

static long do_clone3(struct nk_run *run, const struct nk_step *s)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = s->n[0],
		.exit_signal = s->n[0] & CLONE_PARENT ? 0 : SIGCHLD,
	};

	if (s->fd[0] >= 0)
		args.cgroup = (uint64_t)slot(run, s->fd[0]);
	if (s->n[0] & CLONE_PIDFD)
		args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	long ret = nk_raw2(SYS_clone3, &args, sizeof(args));
	if (ret > 0 && s->fd[1] >= 0)
		run->slots[s->fd[1]] = pidfd;
	if (ret == 0) { /* the new process' own end of the pair is the other one */
		int own = run->slots[NK_SLOT_PEER];
		if (s->actor == NK_PARENT) {
			run->slots[NK_SLOT_PEER] = run->slots[NK_SLOT_SOCKET];
			run->slots[NK_SLOT_SOCKET] = own;
		}
	}
	return ret;
}

static long do_socketpair(struct nk_run *run, const struct nk_step *s)
{
	int pair[2];
	long ret = nk_raw4(SYS_socketpair, s->n[0], s->n[1], 0, pair);

	if (ret < 0)
		return ret;
	run->slots[s->fd[1]] = pair[1];
	return pair[0];
}

static long do_tell(const struct nk_run *run, const struct nk_step *s)
{
	struct nk_message m = {.type = (uint32_t)s->n[0]};
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {{0}};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (s->n[0] == NK_MSG_PID) {
		m.value = slot(run, s->fd[1]);
	} else if (s->fd[1] >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(int));
		*(int *)(void *)CMSG_DATA(&control.h) = slot(run, s->fd[1]);
	}
	long ret = nk_raw3(SYS_sendmsg, slot(run, s->fd[0]), &msg, MSG_NOSIGNAL);
	return ret < 0 ? ret : 0;
}

/* Wait for one message, in a child: the parent is the only one who writes to it. */
static long do_await(const struct nk_run *run, const struct nk_step *s)
{
	struct nk_message m = {0};
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	long ret = nk_raw3(SYS_recvmsg, slot(run, s->fd[0]), &msg, 0);

	if (ret < 0)
		return ret;
	return ret == sizeof(m) && m.type == s->n[0] ? m.value : -EPIPE;
}

static long do_link_up(const struct nk_run *run, const struct nk_step *s)
{
	struct ifreq req = {.ifr_flags = IFF_UP};

	for (size_t i = 0; i + 1 < sizeof(req.ifr_name) && s->s[0][i]; i++)
		req.ifr_name[i] = s->s[0][i];
	return nk_raw3(SYS_ioctl, slot(run, s->fd[0]), SIOCSIFFLAGS, &req);
}

static long do_capset(const struct nk_step *s)
{
	struct cap_header header = {.version = CAP_VERSION_3};
	struct cap_data data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct cap_data){
			.effective = (uint32_t)(s->n[0] >> (32 * i)),
			.permitted = (uint32_t)(s->n[1] >> (32 * i)),
			.inheritable = (uint32_t)(s->n[2] >> (32 * i)),
		};
	return nk_raw2(SYS_capset, &header, data);
}

static long do_bpf_load(const struct nk_step *s)
{
	union bpf_attr attr = {
		.prog_type = (uint32_t)s->n[1],
		.insn_cnt = (uint32_t)s->n[0],
		.insns = (uint64_t)(uintptr_t)s->p[0],
		.license = (uint64_t)(uintptr_t)s->s[0],
	};

	return nk_raw3(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long do_bpf_attach(const struct nk_run *run, const struct nk_step *s)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)slot(run, s->fd[1]),
		.attach_bpf_fd = (uint32_t)slot(run, s->fd[0]),
		.attach_type = (uint32_t)s->n[0],
		.attach_flags = (uint32_t)s->n[1],
	};

	return nk_raw3(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static long do_prlimit(const struct nk_step *s, int pid)
{
	struct rlimit64 limit = {.rlim_cur = s->n[1], .rlim_max = s->n[2]};

	return nk_raw4(SYS_prlimit64, pid, s->n[0], &limit, NULL);
}

static long do_ioctl_int(const struct nk_run *run, const struct nk_step *s, unsigned long request,
			 int value)
{
	return nk_raw3(SYS_ioctl, slot(run, s->fd[0]), request, &value);
}

/* Steps on files, directories and descriptors. */
static long run_file(struct nk_run *run, const struct nk_step *s)
{
	int fd0 = slot(run, s->fd[0]);

	switch ((enum nk_op)s->op) {
	case NK_OP_OPENAT2:
		return do_openat2(run, s);
	case NK_OP_MKDIRAT:
		return nk_raw3(SYS_mkdirat, fd0, s->s[0], s->n[0]);
	case NK_OP_MKNODAT:
		return nk_raw4(SYS_mknodat, fd0, s->s[0], s->n[0], s->n[1]);
	case NK_OP_SYMLINKAT:
		return nk_raw3(SYS_symlinkat, s->s[0], fd0, s->s[1]);
	case NK_OP_FCHOWNAT:
		return nk_raw5(SYS_fchownat, fd0, s->s[0], s->n[0], s->n[1], s->n[2]);
	case NK_OP_UNLINKAT:
		return nk_raw3(SYS_unlinkat, fd0, s->s[0], s->n[0]);
	case NK_OP_WRITE:
		return do_write(run, s);
	case NK_OP_CLOSE:
		return nk_raw1(SYS_close, fd0);
	case NK_OP_FCHDIR:
		return nk_raw1(SYS_fchdir, fd0);
	case NK_OP_CHDIR:
		return nk_raw1(SYS_chdir, s->s[0]);
	case NK_OP_CHROOT:
		return nk_raw1(SYS_chroot, s->s[0]);
	case NK_OP_DUP3:
		return nk_raw3(SYS_dup3, fd0, s->n[0], s->n[1]);
	case NK_OP_CLOSE_RANGE:
		return nk_raw3(SYS_close_range, s->n[0], s->n[1], s->n[2]);
	case NK_OP_UMASK:
		return nk_raw1(SYS_umask, s->n[0]);
	default:
		return nk_step_look(run, s);
	}
}

/* Steps on mounts. */
static long run_mount(struct nk_run *run, const struct nk_step *s)
{
	int fd0 = slot(run, s->fd[0]);

	switch ((enum nk_op)s->op) {
	case NK_OP_OPEN_TREE:
		return nk_raw3(SYS_open_tree, fd0, s->s[0], s->n[0]);
	case NK_OP_FSOPEN:
		return nk_raw2(SYS_fsopen, s->s[0], FSOPEN_CLOEXEC);
	case NK_OP_FSCONFIG:
		return do_fsconfig(run, s);
	case NK_OP_FSMOUNT:
		return nk_raw3(SYS_fsmount, fd0, FSMOUNT_CLOEXEC, s->n[0]);
	case NK_OP_MOVE_MOUNT:
		return nk_raw5(SYS_move_mount, fd0, "", slot(run, s->fd[1]), s->s[0], s->n[0]);
	case NK_OP_MOUNT_SETATTR:
		return do_mount_setattr(run, s);
	case NK_OP_UMOUNT2:
		return nk_raw2(SYS_umount2, s->s[0], s->n[0]);
	case NK_OP_PIVOT_ROOT:
		return nk_raw2(SYS_pivot_root, s->s[0], s->s[1]);
	default:
		return run_file(run, s);
	}
}

/* Steps on the process itself: ids, capabilities, limits, session. */
static long run_process(struct nk_run *run, const struct nk_step *s)
{
	int fd0 = slot(run, s->fd[0]);

	switch ((enum nk_op)s->op) {
	case NK_OP_SETSID:
		return nk_raw0(SYS_setsid);
	case NK_OP_CTTY:
		return nk_raw3(SYS_ioctl, fd0, TIOCSCTTY, 0);
	case NK_OP_PTY_UNLOCK:
		return do_ioctl_int(run, s, TIOCSPTLCK, 0);
	case NK_OP_PTY_PEER:
		return nk_raw3(SYS_ioctl, fd0, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	case NK_OP_PRLIMIT:
		return do_prlimit(s, 0);
	case NK_OP_PRLIMIT_OF:
		return fd0 > 0 ? do_prlimit(s, fd0) : -ESRCH;
	case NK_OP_SETRESUID:
		return nk_raw3(SYS_setresuid, s->n[0], s->n[0], s->n[0]);
	case NK_OP_SETRESGID:
		return nk_raw3(SYS_setresgid, s->n[0], s->n[0], s->n[0]);
	case NK_OP_SETGROUPS:
		return nk_raw2(SYS_setgroups, s->n[0], s->p[0]);
	case NK_OP_PRCTL:
		return nk_raw5(SYS_prctl, s->n[0], s->n[1], s->n[2], s->n[3], 0);
	case NK_OP_CAPSET:
		return do_capset(s);
	case NK_OP_SECCOMP:
		return nk_raw3(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, s->n[0], s->p[0]);
	case NK_OP_KEYRING:
		return nk_raw2(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, s->s[0]);
	case NK_OP_SIGMASK:
		return nk_raw4(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &s->n[0], NULL, 8);
	case NK_OP_SIGDFL: {
		/* The kernel's struct of 32 bytes: handler 0 is SIG_DFL. */
		const uint64_t action[4] = {0};
		return nk_raw4(SYS_rt_sigaction, s->n[0], action, NULL, 8);
	}
	case NK_OP_DISMISS:
		nk_raw4(SYS_pidfd_send_signal, fd0, SIGKILL, NULL, 0);
		return nk_raw5(SYS_waitid, P_PIDFD, fd0, NULL, WEXITED, NULL);
	case NK_OP_PTY_SIZE: {
		const struct winsize size = {.ws_row = (uint16_t)s->n[0],
					     .ws_col = (uint16_t)s->n[1]};
		return nk_raw3(SYS_ioctl, fd0, TIOCSWINSZ, &size);
	}
	case NK_OP_SCHED_SETATTR:
		return nk_raw3(SYS_sched_setattr, 0, s->p[0], 0);
	case NK_OP_SCHED_AFFINITY:
		return nk_raw3(SYS_sched_setaffinity, 0, s->n[3] * sizeof(uint64_t), s->p[0]);
	case NK_OP_IOPRIO:
		return nk_raw3(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, s->n[0]);
	case NK_OP_PERSONALITY:
		return nk_raw1(SYS_personality, s->n[0]);
	case NK_OP_MEMPOLICY:
		return nk_raw3(SYS_set_mempolicy, s->n[0], s->p[0], s->n[3] ? s->n[3] * 64 + 1 : 0);
	case NK_OP_EXECVE:
		return nk_raw3(SYS_execve, s->s[0], s->p[0], s->p[1]);
	case NK_OP_EXIT:
		return nk_raw1(SYS_exit_group, s->n[0]);
	default:
		return run_mount(run, s);
	}
}

static long dispatch(struct nk_run *run, const struct nk_step *s)
{
	switch ((enum nk_op)s->op) {
	case NK_OP_UNSHARE:
		return nk_raw1(SYS_unshare, s->n[0]);
	case NK_OP_SETNS:
		return nk_raw2(SYS_setns, slot(run, s->fd[0]), s->n[0]);
	case NK_OP_CLONE3:
		return do_clone3(run, s);
	case NK_OP_SETHOSTNAME:
		return nk_raw2(SYS_sethostname, s->s[0], length(s->s[0]));
	case NK_OP_SETDOMAINNAME:
		return nk_raw2(SYS_setdomainname, s->s[0], length(s->s[0]));
	case NK_OP_SOCKET:
		return nk_raw3(SYS_socket, s->n[0], s->n[1], s->n[2]);
	case NK_OP_SOCKETPAIR:
		return do_socketpair(run, s);
	case NK_OP_PIDFD_OPEN:
		return nk_raw2(SYS_pidfd_open,
			       s->fd[0] >= 0 ? (long)slot(run, s->fd[0]) : (long)s->n[0], 0);
	case NK_OP_BPF_LOAD:
		return do_bpf_load(s);
	case NK_OP_BPF_ATTACH:
		return do_bpf_attach(run, s);
	case NK_OP_LINK_UP:
		return do_link_up(run, s);
	case NK_OP_TELL:
		return do_tell(run, s);
	case NK_OP_AWAIT:
		return do_await(run, s);
	default:
		return run_process(run, s);
	}
}

bool nk_step_tolerates(const struct nk_step *s, long err)
{
	for (size_t i = 0; i < sizeof(s->soft) / sizeof(s->soft[0]); i++)
		if (s->soft[i] && s->soft[i] == err)
			return true;
	return false;
}

#ifdef NOOK_FAULT
/* 0: go on; otherwise the step is to fail with this errno. */
static long fault(const struct nk_run *run, size_t index, bool after)
{
	if (run->fault_action == NK_FAULT_NONE || (size_t)run->fault_step != index ||
	    run->fault_after != after)
		return 0;
	if (run->fault_action == NK_FAULT_KILL) {
		nk_raw2(SYS_kill, nk_raw0(SYS_getpid), SIGKILL);
		__builtin_trap(); /* PID 1 of a namespace cannot send itself SIGKILL */
	}
	return EIO;
}
#endif

long nk_step_run(struct nk_run *run, size_t index)
{
	const struct nk_step *s = &run->steps[index];
	long ret;

#ifdef NOOK_FAULT
	if (fault(run, index, false))
		return -EIO;
#endif
	nk_trace_begin(run, index);
	ret = dispatch(run, s);
	if (s->op == NK_OP_CLONE3 && ret == 0)
		return 0;
	nk_trace_end(run, index, ret);
#ifdef NOOK_FAULT
	if (fault(run, index, true)) {
		/* The call itself was done: its descriptor is kept, so that undo can use it. */
		if (ret >= 0 && s->out >= 0)
			run->slots[s->out] = (int)ret;
		run->fault_done = ret >= 0;
		return -EIO;
	}
#endif
	/* Also after a soft failure: a slot that is used again must not keep an old number. */
	if (s->out >= 0)
		run->slots[s->out] = ret >= 0 ? (int)ret : -1;
	if (s->op == NK_OP_CLOSE && s->fd[0] >= 0)
		run->slots[s->fd[0]] = -1;
	return ret;
}
