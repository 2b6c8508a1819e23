/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nook to a command in namespaces of others, which keeps everything else:
 *
 *   parent   a hold on the process, or the files opened, while the words still mean what
 *            they meant; its root and working directory where they are wanted
 *   middle   only for a PID namespace, which children enter: joins, clones init, ends
 *   init     (joins,) root and directory, /etc of a named network, ids, execve
 *
 * A process' namespaces are joined by one setns() on its pidfd: the kernel checks all rights
 * first and knows the order. Files are joined one by one: whoever has the rights joins the user
 * namespace last and keeps them so long; an ordinary user gets them by joining it first.
 */
#include "plan/ns_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "plan/build.h"

struct enter {
	struct nk_build b;
	const struct nk_ns_enter_input *in;
	int target; /* pidfd */
	int files[NK_NS_COUNT];
	int root, cwd, master;
	int procs[16];
	size_t n_procs;
};

static bool joins(const struct nk_ns_enter_input *in, enum nk_ns_kind k)
{
	return in->kinds >> k & 1;
}

/* A directory of the process, through the kernel's own link: wherever it is, it is that one. */
static int open_of(struct enter *x, const char *name, const char *why)
{
	struct nk_plan *p = x->b.p;
	int fd = nk_b_open(p, NK_CWD, nk_fmt(p->arena, "/proc/%d/%s", (int)x->in->pid, name),
			   O_PATH | O_DIRECTORY, 0, name, why);

	nk_plan_last(p)->hint = "only root and the owner of a process may look at its directories";
	return fd;
}

static void hold(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	const struct nk_ns_enter_input *in = x->in;
	struct nk_step *s;

	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_socketpair(p);
	p->topic = NK_T_NAMESPACES;
	if (in->pid) {
		x->target = nk_plan_slot(p, "target");
		s = nk_plan_add(p, NK_OP_PIDFD_OPEN, "a hold on %s", in->what);
		s->n[0] = (uint64_t)in->pid;
		s->out = (int16_t)x->target;
		s->hint = "the process has ended";
	}
	for (int k = 0; k < NK_NS_COUNT && !in->pid; k++) {
		if (!joins(in, (enum nk_ns_kind)k))
			continue;
		const char *name = nk_ns_name((enum nk_ns_kind)k);

		x->files[k] = nk_b_open(p, NK_CWD, in->paths[k], O_RDONLY, 0,
					nk_fmt(p->arena, "ns_%s", name), "the namespace to join");
		nk_plan_last(p)->hint = "it has gone meanwhile: nook ns ls shows those that live";
	}
	if (in->root)
		x->root = open_of(x, "root", "its root directory");
	if (in->cwd)
		x->cwd = open_of(x, "cwd", "its working directory");
	p->topic = NK_T_CGROUP;
	for (size_t i = 0; i < in->cgroups.n && i < NK_COUNT(x->procs); i++) {
		x->procs[x->n_procs++] =
			nk_b_open(p, NK_CWD, nk_fmt(p->arena, "%s/cgroup.procs", in->cgroups.v[i]),
				  O_WRONLY, RESOLVE_NO_SYMLINKS, "procs", "the door to its group");
		nk_plan_last(p)->hint = "who may move processes into this group is up to its "
					"owner: leave --cgroup away, or be root";
	}
}

/* What setns() does with a PID namespace. */
static const char *for_children(unsigned kinds)
{
	if (!(kinds >> NK_NS_PID & 1))
		return "";
	return kinds == 1u << NK_NS_PID ? " (these for children only)"
					: " (process numbers for children only)";
}

static void join_file(struct enter *x, enum nk_ns_kind k)
{
	struct nk_plan *p = x->b.p;

	if (!joins(x->in, k))
		return;
	struct nk_step *s =
		nk_plan_add(p, NK_OP_SETNS, "join: %s%s",
			    nk_b_kinds_in_words(&x->b, nk_ns_clone_flag(k)), for_children(1u << k));
	s->fd[0] = (int16_t)x->files[k];
	s->n[0] = nk_ns_clone_flag(k);
	s->hint = k == NK_NS_USER
			  ? "joining it needs CAP_SYS_ADMIN in it: be its owner, or root"
			  : "joining it needs CAP_SYS_ADMIN in the user namespace that owns it: be "
			    "root, or join that one too";
}

static void join(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	const struct nk_ns_enter_input *in = x->in;
	bool user_last = x->b.facts->sys_admin;

	p->topic = NK_T_NAMESPACES;
	if (!in->kinds)
		return;
	if (in->pid) {
		struct nk_step *s =
			nk_plan_add(p, NK_OP_SETNS, "join its %s%s",
				    nk_b_kinds_in_words(&x->b, nk_ns_clone_flags(in->kinds)),
				    for_children(in->kinds));

		s->fd[0] = (int16_t)x->target;
		s->n[0] = nk_ns_clone_flags(in->kinds);
		s->hint = joins(in, NK_NS_USER)
				  ? "it needs CAP_SYS_ADMIN in the user namespaces that own them: "
				    "be their owner, or root"
				  : "it needs CAP_SYS_ADMIN here and in the user namespaces that "
				    "own them: be root, or join the user namespace too (--type "
				    "user,…)";
		return;
	}
	if (!user_last)
		join_file(x, NK_NS_USER);
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (k != NK_NS_USER && k != NK_NS_MOUNT)
			join_file(x, (enum nk_ns_kind)k);
	join_file(x, NK_NS_MOUNT);
	if (user_last)
		join_file(x, NK_NS_USER);
}

/* From the caller's own /dev/pts, which may not be seen any more from inside. */
static void open_terminal(struct enter *x)
{
	struct nk_plan *p = x->b.p;

	if (!x->b.spec->terminal)
		return;
	p->topic = NK_T_TERMINAL;
	x->master =
		nk_b_open(p, NK_CWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0, "master", "a new terminal");
	struct nk_step *s = nk_plan_add(p, NK_OP_PTY_UNLOCK, "open for use");
	s->fd[0] = (int16_t)x->master;
	x->b.slave = nk_plan_slot(p, "slave");
	s = nk_plan_add(p, NK_OP_PTY_PEER, "its other end, for the command");
	s->fd[0] = (int16_t)x->master;
	s->out = (int16_t)x->b.slave;
}

/* What the one who joins does, be it middle or init. */
static void enter(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	struct nk_step *s;

	p->topic = NK_T_SYNC;
	nk_b_close_peer(p, "so that nook's death is seen");
	p->topic = NK_T_NAMESPACES;
	s = nk_plan_add(p, NK_OP_PRCTL, "nobody inside may trace this process (CVE-2016-9962)");
	s->n[0] = PR_SET_DUMPABLE;
	p->topic = NK_T_SYNC;
	nk_b_await(p, NK_MSG_PLACED, NK_NOFD, "until nook says that all is as it was");
	open_terminal(x);
	p->topic = NK_T_IDS;
	/* The users to be joined may forbid it: while nook still may, if it may at all. */
	if (joins(x->in, NK_NS_USER) && x->in->ids != NK_IDS_KEEP && x->b.facts->sys_admin &&
	    !x->b.facts->setgroups_denied)
		nk_plan_add(p, NK_OP_SETGROUPS, "no groups of the host");
	join(x);
}

static void tell_placed(struct enter *x, int pid_slot)
{
	struct nk_plan *p = x->b.p;

	p->topic = NK_T_CGROUP;
	for (size_t i = 0; i < x->n_procs; i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "into its group");

		s->fd[0] = (int16_t)x->procs[i];
		s->fd[1] = (int16_t)pid_slot;
		s->hint = "who may move processes into this group is up to its owner: leave "
			  "--cgroup away, or be root";
	}
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_PLACED, NK_NOFD, "it may join");
}

static void clone_step(struct enter *x, enum nk_actor actor, const char *why)
{
	struct nk_step *s = nk_plan_add(x->b.p, NK_OP_CLONE3, "%s", why);
	bool middle = actor == NK_MIDDLE;

	s->n[0] = CLONE_PIDFD;
	s->n[1] = actor;
	s->out = middle ? NK_SLOT_MIDDLE_PID : NK_SLOT_PID;
	s->fd[1] = middle ? NK_SLOT_MIDDLE_PIDFD : NK_SLOT_PIDFD;
	s->hint = "a limit on the number of processes is reached";
}

/* A PID namespace: the middle joins, its child is in it and becomes nook's own. */
static void by_middle(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	struct nk_step *s;

	clone_step(x, NK_MIDDLE, "a process in between: a PID namespace is entered by children");
	nk_actor_topic(p, NK_MIDDLE, NK_T_SYNC);
	enter(x);
	p->topic = NK_T_NAMESPACES;
	s = nk_plan_add(p, NK_OP_CLONE3, "a process in them, nook's own child");
	s->n[0] = CLONE_PARENT;
	s->n[1] = NK_INIT;
	s->out = NK_SLOT_PID;
	s->hint = "\"Cannot allocate memory\" means: the first process of the PID namespace has "
		  "ended, and nothing can start in it any more";
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_PID, NK_SLOT_PID, "its number");
	nk_plan_add(p, NK_OP_EXIT, "the work in between is done");

	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_close_peer(p, "so that the other's end is noticed");
	tell_placed(x, NK_SLOT_MIDDLE_PID);
	nk_b_await(p, NK_MSG_PID, NK_SLOT_PID, "the number of the command's process");
	s = nk_plan_add(p, NK_OP_PIDFD_OPEN, "a hold on it");
	s->fd[0] = NK_SLOT_PID;
	s->out = NK_SLOT_PIDFD;
	nk_b_tell(p, NK_MSG_PLACED, NK_NOFD, "nook knows it: go on");
	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	nk_b_await(p, NK_MSG_PLACED, NK_NOFD, "until nook knows this process");
}

static void at_once(struct enter *x)
{
	struct nk_plan *p = x->b.p;

	clone_step(x, NK_INIT, "a process that becomes the command");
	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_close_peer(p, "so that the other's end is noticed");
	tell_placed(x, NK_SLOT_PID);
	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	enter(x);
}

/* As ip netns exec: /sys shows the cards of the network, /etc its own files. */
static void netns_files(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	const struct nk_ns_enter_input *in = x->in;
	struct nk_step *s;

	if (!in->netns_files)
		return;
	p->topic = NK_T_MOUNTS;
	s = nk_plan_add(p, NK_OP_UNSHARE, "mounts of its own, for the network's /etc and /sys");
	s->n[0] = CLONE_NEWNS;
	s = nk_b_setattr(p, NK_CWD, true, 0, 0, MS_SLAVE,
			 "what is mounted here is not seen outside");
	s->s[0] = "/";
	s->n[0] = AT_RECURSIVE;
	if (in->sysfs) {
		p->topic = NK_T_SYS;
		int fs = nk_b_filesystem(p, "sysfs", NULL, 0,
					 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
					 "sys", "a sysfs, which shows this network's cards");
		nk_b_attach(p, fs, NK_CWD, "/sys", "over the one of the other network");
	}
	p->topic = NK_T_ETC;
	for (size_t i = 0; i < in->etc.n; i++) {
		const struct nk_etc_file *f = &in->etc.v[i];
		int tree = nk_b_copy_mount(p, NK_CWD, f->source, true, "etc_file",
					   "a file of this network's own");
		int place = nk_b_open(p, NK_CWD, f->target, O_PATH, 0, "etc_place", "its place");

		nk_b_attach(p, tree, place, "", nk_fmt(p->arena, "seen as %s", f->target));
	}
}

static void directories(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	struct nk_step *s;

	p->topic = NK_T_ROOTFS;
	if (x->in->root) {
		s = nk_plan_add(p, NK_OP_FCHDIR, "to its root directory");
		s->fd[0] = (int16_t)x->root;
		s = nk_plan_add(p, NK_OP_CHROOT, "which becomes the command's");
		s->s[0] = ".";
		s->hint = "that needs CAP_SYS_CHROOT: be root, or join the user namespace too";
	}
	if (x->in->cwd) {
		s = nk_plan_add(p, NK_OP_FCHDIR, "to its working directory");
		s->fd[0] = (int16_t)x->cwd;
	}
}

/* Never with ids that are not mapped there: root of the joined users may trace the command, and
 * would have what those ids may do outside. */
static void ids(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	size_t first = p->steps.n;

	if (x->in->ids == NK_IDS_ROOT) {
		nk_b_become_root(&x->b, true);
		for (size_t i = first; x->in->stays && i < p->steps.n; i++)
			if (p->steps.v[i].op != NK_OP_SETGROUPS)
				nk_tolerate(&p->steps.v[i], EINVAL, 0, 0);
	} else if (x->in->ids == NK_IDS_GIVEN) {
		nk_part_ids(&x->b);
	}
}

static void terminal(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	struct nk_step *s;

	if (!x->b.spec->terminal)
		return;
	p->topic = NK_T_TERMINAL;
	nk_b_tell(p, NK_MSG_TERMINAL, x->master, "nook relays it");
	s = nk_plan_add(p, NK_OP_CLOSE, "and only nook has it");
	s->fd[0] = (int16_t)x->master;
	for (unsigned fd = 0; fd < 3; fd++) {
		s = nk_plan_add(p, NK_OP_DUP3, "descriptor %u is the terminal", fd);
		s->fd[0] = (int16_t)x->b.slave;
		s->n[0] = fd;
	}
	nk_plan_add(p, NK_OP_SETSID, "a session of its own");
	s = nk_plan_add(p, NK_OP_CTTY, "with this terminal");
	s->fd[0] = (int16_t)x->b.slave;
}

static void command(struct enter *x)
{
	struct nk_plan *p = x->b.p;
	struct nk_step *s;

	netns_files(x);
	directories(x);
	terminal(x);
	nk_part_close_all(&x->b);
	if (x->b.spec->cwd)
		nk_part_working_directory(&x->b);
	ids(x);
	p->topic = NK_T_SESSION;
	nk_plan_add(p, NK_OP_SIGMASK, "no signal is blocked");
	p->topic = NK_T_SYNC;
	/* A change of credentials clears it: behind them. */
	s = nk_plan_add(p, NK_OP_PRCTL, "if nook dies, this process dies");
	s->n[0] = PR_SET_PDEATHSIG;
	s->n[1] = SIGKILL;
	nk_b_tell(p, NK_MSG_ALIVE, NK_NOFD, "is nook still there?");
	nk_part_execs(&x->b);
}

int nk_plan_ns_enter(struct nk_plan *p, const struct nk_ns_enter_input *in, struct nk_err *e)
{
	struct enter x = {
		.b = {.p = p,
		      .spec = in->spec,
		      .facts = in->facts,
		      .bare = true,
		      .joins_root = true,
		      .setgroups_denied = in->setgroups_denied,
		      .slave = NK_NOFD,
		      .cg.v2_fd = NK_NOFD},
		.in = in,
		.target = NK_NOFD,
	};

	if (!in->spec->args.n)
		return nk_fail(e, EINVAL, "no command to run");
	hold(&x);
	p->topic = NK_T_NAMESPACES;
	if (joins(in, NK_NS_PID))
		by_middle(&x);
	else
		at_once(&x);
	command(&x);
	return nk_arena_ok(p->arena, e);
}
