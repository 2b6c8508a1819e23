/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: what nook is going to do, as a flat list of steps, each one system
 * call. src/plan writes it, src/child and src/spawn run it, and the printers
 * here show the very same list (--explain): there is no second description.
 *
 * Steps stand in one order, and each has an actor that runs it:
 *
 *   parent   nook itself, before and after it clones
 *   middle   a process in between, where one clone cannot do everything
 *            (joined user or PID namespace, time offsets); it clones init and ends
 *   init     the process that becomes the container's command
 *   after    nook itself, once the container has ended (or never came up):
 *            what was made is taken away again, last made first
 *
 * An actor runs its own steps in the order of the list, and NK_OP_TELL and
 * NK_OP_AWAIT pairs put the actors in step with each other.
 *
 * What is known only while the plan runs (descriptors, pids) goes through
 * slots: a step names the slot it fills (out) and the slots it reads (fd).
 */
#ifndef NK_STEP_STEP_H
#define NK_STEP_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

enum nk_actor { NK_PARENT, NK_MIDDLE, NK_INIT, NK_AFTER };

/*
 * One op is one system call. The arguments of each, in struct nk_step's terms:
 * fd[] are slots (or NK_CWD, NK_NOFD), s[] strings, n[] numbers, p[] blocks.
 */
enum nk_op {
	NK_OP_OPENAT2,	     /* fd0 dir, s0 path, n0 flags, n1 mode, n2 resolve -> out; a "%d" in
				s0 stands for the number in slot fd1 (/proc/%d/uid_map) */
	NK_OP_MKDIRAT,	     /* fd0 dir, s0 path, n0 mode */
	NK_OP_MKNODAT,	     /* fd0 dir, s0 path, n0 mode|type, n1 dev */
	NK_OP_SYMLINKAT,     /* s0 target, fd0 dir, s1 path */
	NK_OP_FCHOWNAT,	     /* fd0 dir, s0 path, n0 uid, n1 gid, n2 AT_ flags */
	NK_OP_UNLINKAT,	     /* fd0 dir, s0 path, n0 AT_ flags (AT_REMOVEDIR: rmdir) */
	NK_OP_WRITE,	     /* fd0 file, s0 text; if s0 is NULL the number in slot fd1 */
	NK_OP_CLOSE,	     /* fd0 */
	NK_OP_OPEN_TREE,     /* fd0 dir, s0 path ("" = fd0 itself), n0 flags -> out */
	NK_OP_FSOPEN,	     /* s0 type -> out */
	NK_OP_FSCONFIG,	     /* fd0 fs, n0 command, s0 key, s1 value; a "%d" in s1 stands
				for the number in slot fd1 (/proc/self/fd/%d/upper) */
	NK_OP_FSMOUNT,	     /* fd0 fs, n0 MOUNT_ATTR_ -> out */
	NK_OP_MOVE_MOUNT,    /* fd0 mount, fd1 to dir, s0 to path ("" = fd1 itself), n0 flags */
	NK_OP_MOUNT_SETATTR, /* fd0, s0 path, n0 AT_ flags, n1 set, n2 clear,
				n3 propagation, fd1 user namespace or NK_NOFD */
	NK_OP_UMOUNT2,	     /* s0 path, n0 flags */
	NK_OP_PIVOT_ROOT,    /* s0 new root, s1 put old */
	NK_OP_FCHDIR,	     /* fd0 */
	NK_OP_CHDIR,	     /* s0 */
	NK_OP_UNSHARE,	     /* n0 CLONE_NEW* */
	NK_OP_SETNS,	     /* fd0, n0 CLONE_NEW* (several at once with a pidfd) */
	NK_OP_CLONE3,	     /* n0 flags, n1 actor that starts, fd0 cgroup or NK_NOFD,
				fd1 slot filled with the pidfd -> out pid */
	NK_OP_SETHOSTNAME,   /* s0 */
	NK_OP_SETDOMAINNAME, /* s0 */
	NK_OP_SOCKET,	     /* n0 family, n1 type, n2 protocol -> out */
	NK_OP_LINK_UP,	     /* fd0 socket, s0 link: ioctl SIOCSIFFLAGS IFF_UP */
	NK_OP_SETSID,	     /* - */
	NK_OP_CTTY,	     /* fd0: ioctl TIOCSCTTY */
	NK_OP_PTY_UNLOCK,    /* fd0 master: ioctl TIOCSPTLCK */
	NK_OP_PTY_PEER,	     /* fd0 master: ioctl TIOCGPTPEER -> out */
	NK_OP_DUP3,	     /* fd0, n0 new number (0, 1, 2), n1 flags */
	NK_OP_TELL,	     /* fd0 socket, n0 enum nk_msg, fd1 slot whose descriptor (or, for
				NK_MSG_PID, number) goes along, or NK_NOFD: sendmsg */
	NK_OP_AWAIT,	     /* fd0 socket, n0 enum nk_msg -> out (descriptor or number): recvmsg */
	NK_OP_PRLIMIT,	     /* n0 resource, n1 soft, n2 hard */
	NK_OP_SETRESUID,     /* n0 */
	NK_OP_SETRESGID,     /* n0 */
	NK_OP_SETGROUPS,     /* p0 gid_t array, n0 count */
	NK_OP_PRCTL,	     /* n0 option, n1 n2 n3 arguments */
	NK_OP_CAPSET,	     /* n0 effective, n1 permitted, n2 inheritable (64-bit masks) */
	NK_OP_SECCOMP,	     /* p0 struct sock_fprog, n0 flags */
	NK_OP_KEYRING,	     /* s0 name or NULL: keyctl KEYCTL_JOIN_SESSION_KEYRING */
	NK_OP_CLOSE_RANGE,   /* n0 first, n1 last, n2 flags */
	NK_OP_UMASK,	     /* n0 */
	NK_OP_SIGMASK,	     /* n0 signal set: rt_sigprocmask SIG_SETMASK */
	NK_OP_SIGDFL,	     /* n0 signal: rt_sigaction SIG_DFL */
	NK_OP_EXECVE,	     /* s0 path, p0 argv, p1 envp */
	NK_OP_EXIT,	     /* n0 code */
	NK_OP_HELPER,	     /* parent only: run program s0 with argv p0 and wait; an argument
				"%d" is replaced by the number in slot fd0 (newuidmap) */
	NK_OP_SOCKETPAIR,    /* n0 family, n1 type -> out (own end), fd1 slot of the other end */
	NK_OP_BPF_LOAD,	     /* p0 struct bpf_insn array, n0 count, n1 BPF_PROG_TYPE_,
				s0 licence: bpf BPF_PROG_LOAD -> out */
	NK_OP_BPF_ATTACH,    /* fd0 program, fd1 cgroup directory, n0 BPF_ attach type, n1 flags:
				bpf BPF_PROG_ATTACH */
	NK_OP_PIDFD_OPEN,    /* number in slot fd0 (NK_NOFD: n0) is a pid -> out */
	NK_OP_CHROOT,	     /* s0 */
	NK_OP_FCHMODAT,	  /* fd0 dir, s0 path, n0 mode; if fd1 is a slot, its number is the mode */
	NK_OP_MODE,	  /* fd0: statx -> out, its permission bits */
	NK_OP_IS_DEVICE,  /* fd0, n0 type (S_IFCHR, S_IFBLK), n1 dev: statx, and ENODEV when it is
			     something else */
	NK_OP_IS_FS,	  /* fd0, n0 magic number: fstatfs, and EXDEV when it is another */
	NK_OP_FACCESSAT,  /* s0 path: may this process execute it? -> out. Nothing is done when
			     slot fd1 is filled: the places of PATH, until one has it */
	NK_OP_WAIT_START, /* fd0 listening socket, n0 enum nk_msg -> out: accept4, and recvmsg
			     of that message; who goes away without a word is forgotten */
	NK_OP_COPY_TREE,  /* fd0 directory, fd1 an empty one: all that is in the first, with
			     owners and modes. More than one call: there is no other way */
	NK_OP_PLACE,	  /* fd0 root, s0 path, n0 O_DIRECTORY and O_NOFOLLOW -> out: openat2 with
			     RESOLVE_IN_ROOT; what is missing is made, never outside */
	NK_OP_USERNS,	  /* s0 uid map, s1 gid map -> out: a user namespace with these maps, held
			     open, nobody in it: clone3, the writes, and the end of that process */
	NK_OP_PRLIMIT_OF, /* fd0 a process' number, n0 resource, n1 soft, n2 hard */
	NK_OP_PTY_SIZE,	  /* fd0 master, n0 rows, n1 columns: ioctl TIOCSWINSZ */
	NK_OP_SCHED_SETATTR,  /* p0 the kernel's struct sched_attr as n3 words of 64 bits */
	NK_OP_SCHED_AFFINITY, /* p0 mask of processors, n3 words */
	NK_OP_IOPRIO,	      /* n0 class and priority: ioprio_set */
	NK_OP_PERSONALITY,    /* n0 */
	NK_OP_MEMPOLICY,      /* n0 mode and flags, p0 mask of nodes, n3 words: set_mempolicy */
	NK_OP_NETLINK,	  /* fd0 netlink socket, p0 struct nk_batch (sys/batch.h), fd1 slot whose
			     number    goes to its patch or NK_NOFD: sendto, and recvfrom until the
			     last    message is    acknowledged or one is refused. More than one call:
			     answers are    messages */
	NK_OP_BIND,	  /* fd0 socket, p0 sockaddr, n0 its size */
	NK_OP_LISTEN,	  /* fd0 socket, n0 backlog */
	NK_OP_SETSOCKOPT, /* fd0 socket, n0 level, n1 option, n2 value (int) */
	NK_OP_COMPANION,  /* parent only: start program s0 with argv p0 (as NK_OP_HELPER's), which
			     ends with nook at the latest -> out, its pidfd. n0: its descriptor
			     (1, 3) on which it says that it is ready. One in a plan */
	NK_OP_READY,	  /* parent only: until the companion has said so: read */
	NK_OP_ASK,	  /* parent only: fd0 dir, s0 path of a stream socket, s1 a line of JSON:
			     connect, send, and EADDRINUSE when the answer has "error" in it */
	NK_OP_DISMISS,	  /* fd0 pidfd of the companion: SIGKILL, and wait for its end */
	NK_OP_COUNT,
};

/* Messages between the actors; the protocol is drawn in child/protocol.h. */
enum nk_msg {
	NK_MSG_NONE,
	NK_MSG_ERROR,	 /* a step failed: {step, errno} */
	NK_MSG_PID,	 /* middle -> parent: the pid of init */
	NK_MSG_MAPPED,	 /* parent -> init/middle: the id maps are written */
	NK_MSG_PLACED,	 /* parent -> init: in its cgroup, mounts idmapped: go on */
	NK_MSG_TERMINAL, /* init -> parent: the master of its pty */
	NK_MSG_ALIVE,	 /* init -> parent: about to exec; fails when nook has died */
	NK_MSG_WANT_MAP, /* init/middle -> parent: in the new user namespace, write its maps */
	NK_MSG_HOOKS,	 /* init -> parent: mounts are there, before pivot_root (plan/oci.h) */
	NK_MSG_READY,	 /* init -> parent: all is done but the wait for start */
	NK_MSG_GO,	 /* parent -> init: after HOOKS and READY */
	NK_MSG_START,	 /* `start` -> init: become the command */
	NK_MSG_WALL,	 /* init -> parent: its firewall stands */
	NK_MSG_CARDS,	 /* parent -> init: the network cards are in your namespace */
	NK_MSG_LISTENER, /* init -> parent or `start`: the descriptor of SCMP_ACT_NOTIFY */
};

/* Slots. The first ones have a fixed meaning, the plan adds its own. */
enum {
	NK_NOFD = -1,	    /* no descriptor */
	NK_CWD = -2,	    /* AT_FDCWD */
	NK_SLOT_SOCKET = 0, /* this actor's end of the socket pair */
	NK_SLOT_PID,	    /* init, as the parent sees it */
	NK_SLOT_PIDFD,
	NK_SLOT_MIDDLE_PID,
	NK_SLOT_MIDDLE_PIDFD,
	NK_SLOT_PEER,	 /* the other actor's end, closed first so that its death is seen */
	NK_SLOT_START,	 /* given by the runtime: the socket on which init waits for `start` */
	NK_SLOT_WAITING, /* given by the runtime: a file whose flock says that it waits */
	NK_SLOT_FIRST_FREE,
	NK_SLOT_MAX = 8192,
};

/* What a step belongs to: the word in the first column of --explain. */
/* clang-format off */
enum nk_topic {
	NK_T_CGROUP, NK_T_IDS, NK_T_NAMESPACES, NK_T_MOUNTS, NK_T_ROOTFS, NK_T_PROC, NK_T_SYS,
	NK_T_DEV, NK_T_TMPFS, NK_T_ETC, NK_T_VOLUME, NK_T_MASK, NK_T_PIVOT, NK_T_NETWORK,
	NK_T_HOSTNAME, NK_T_TIME, NK_T_TERMINAL, NK_T_LIMITS, NK_T_SYSCTL, NK_T_USER,
	NK_T_CAPABILITIES, NK_T_SECCOMP, NK_T_LABEL, NK_T_DESCRIPTORS, NK_T_SESSION, NK_T_SYNC, NK_T_EXEC,
	NK_T_COUNT,
};
/* clang-format on */

struct nk_step {
	uint8_t op;	 /* enum nk_op */
	uint8_t actor;	 /* enum nk_actor */
	uint8_t topic;	 /* enum nk_topic */
	int16_t out;	 /* slot that the result fills, or NK_NOFD */
	int16_t fd[2];	 /* slots read */
	int16_t soft[3]; /* errnos that are no failure here; 0 = unused */
	int16_t undo_of; /* actor after: index of the step this undoes (run only if that one
			    was done and did not fail softly); -1 = always */
	const char *s[2];
	uint64_t n[4];
	const void *p[2];
	const char *why;  /* a person's words: "nothing that happens here is seen outside" */
	const char *hint; /* what to do when it fails, or NULL */
};

/* A plan with the names of its slots. All memory belongs to the arena. */
struct nk_plan {
	struct nk_arena *arena;
	NK_VEC(struct nk_step) steps;
	const char **slot_name; /* "rootfs", "proc", … */
	int n_slots, slots_cap;
	uint8_t actor; /* defaults for nk_plan_add() */
	uint8_t topic;
};

void nk_plan_init(struct nk_plan *p, struct nk_arena *arena);

/* A new slot. Beyond NK_SLOT_MAX the arena is marked failed. */
int nk_plan_slot(struct nk_plan *p, const char *name);

/* Append a step with the plan's current actor and topic and no slots; answers a
 * pointer that is valid until the next append, never NULL. A fixed why_fmt, and the
 * argument of a bare "%s", are kept as they are and have to live as long as the plan. */
struct nk_step *nk_plan_add(struct nk_plan *p, enum nk_op op, const char *why_fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The step that was added last (valid until the next), never NULL. */
struct nk_step *nk_plan_last(struct nk_plan *p);

/* Static description of an op, for executor-independent printing. */
const char *nk_op_syscall(enum nk_op op);   /* "move_mount", "ioctl", "kill"… */
const char *nk_actor_name(enum nk_actor a); /* "parent", … */
const char *nk_topic_name(enum nk_topic t); /* "rootfs", … */
const char *nk_msg_name(enum nk_msg m);

/* One step as a person reads a system call: move_mount(proc, "", procdir, "", …).
 * Writes at most size bytes, always terminated; returns the length. */
size_t nk_step_call(const struct nk_plan *p, const struct nk_step *s, char *buf, size_t size);

/* The printers of --explain. Errors of the stream are the caller's to check (ferror). */
struct nk_explain_style {
	bool colour;
	int width; /* columns of the terminal, 0 = do not wrap or cut */
};
void nk_explain_words(const struct nk_plan *p, const struct nk_explain_style *style, FILE *out);
int nk_explain_json(const struct nk_plan *p, FILE *out, struct nk_err *e);
int nk_explain_c(const struct nk_plan *p, FILE *out, struct nk_err *e);
int nk_explain_sh(const struct nk_plan *p, FILE *out, struct nk_err *e);

#endif
