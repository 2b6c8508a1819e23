/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nook to a command in a container that runs:
 *
 *   parent   a hold on init; a middle process; its number into every cgroup
 *   middle   not dumpable, before it joins anything (CVE-2016-9962); all namespaces in
 *            one call, of which the kernel knows the right order; clones init
 *   init     the last part of `run`: session, limits, ids, capabilities, filter, execve
 *
 * nook-runtime's middle writes itself into its groups (nk_b_enter_groups says why).
 *
 * The middle is in the cgroups before it clones, so the command is born in them,
 * and nothing of it is ever outside of its limits. A PID namespace is entered
 * by children only, so the command is a child of the middle, but with
 * CLONE_PARENT nook's own.
 */
#include "base/weaken.h"
#include "plan/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "plan/build.h"

/* Before the clone: what has to be held while the container may end at any time. */
static int hold(struct nk_build *b, const struct nk_exec_input *in, int *procs)
{
	struct nk_plan *p = b->p;
	int container = nk_plan_slot(p, "container");

	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_socketpair(p);

	p->topic = NK_T_NAMESPACES;
	struct nk_step *s =
		nk_plan_add(p, NK_OP_PIDFD_OPEN, "a hold on the container's first process");
	s->n[0] = (uint64_t)in->pid;
	s->out = (int16_t)container;
	s->hint = "the container has ended";

	p->topic = NK_T_CGROUP;
	for (size_t i = 0; i < in->cgroups.n; i++) {
		const char *dir = in->cgroups.v[i];
		bool birth = in->born_in && !strcmp(in->born_in, dir);

		procs[i] = nk_b_open(p, NK_CWD,
				     birth ? dir
					   : nk_fmt(p->arena, "%s/%s", dir,
						    in->by_itself ? "tasks" : "cgroup.procs"),
				     birth ? O_RDONLY | O_DIRECTORY : O_WRONLY, RESOLVE_NO_SYMLINKS,
				     "procs", "the door to the container's group");
		nk_plan_last(p)->hint = "the container's limits hold for this command too, so nook "
					"has to put it into its cgroup: run exec as the user who "
					"runs the container";
	}
	return container;
}

/* Before it is in the cpuset of the container, and there; its child has what it has. */
static void affinity(struct nk_build *b, bool last)
{
	if (!b->oci)
		return;

	const struct nk_oci_process *process = &b->oci->config->process;

	nk_b_affinity(b, last ? process->affinity_final : process->affinity_initial,
		      last ? "the CPUs of the command" : "the CPUs while it is on its way");
	b->p->topic = NK_T_SYNC;
}

static void enter_groups(struct nk_plan *p, const struct nk_exec_input *in, const int *procs)
{
	for (size_t i = 0; i < in->cgroups.n; i++)
		if (!in->born_in || strcmp(in->born_in, in->cgroups.v[i]) != 0)
			nk_b_enter_groups(p, &procs[i], 1);
}

static void middle_steps(struct nk_build *b, const struct nk_exec_input *in, int container,
			 const int *procs)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_actor_topic(p, NK_MIDDLE, NK_T_SYNC);
	nk_b_close_peer(p, "so that nook's death is seen");
	p->topic = NK_T_NAMESPACES;
	s = nk_plan_add(p, NK_OP_PRCTL, "nobody inside may trace this process (CVE-2016-9962)");
	s->n[0] = PR_SET_DUMPABLE;
	s->n[1] = nk_weak("CVE-2016-9962");
	p->topic = NK_T_SYNC;
	affinity(b, false);
	if (in->by_itself)
		enter_groups(p, in, procs);
	else
		nk_b_await(p, NK_MSG_PLACED, NK_NOFD, "until it is in the container's cgroups");
	affinity(b, true);
	nk_part_lsm_open(b);
	p->topic = NK_T_NAMESPACES;
	/* The users to be joined may forbid it: while nook still may. */
	if ((in->join & CLONE_NEWUSER) && b->facts->sys_admin)
		nk_plan_add(p, NK_OP_SETGROUPS, "no groups of the host");
	if (in->join) {
		s = nk_plan_add(p, NK_OP_SETNS, "join the container's namespaces");
		s->fd[0] = (int16_t)container;
		s->n[0] = in->join;
		s->hint = "joining needs CAP_SYS_ADMIN in the user namespace that owns them: run "
			  "exec as the user who runs the container";
	}
	s = nk_plan_add(p, NK_OP_CLONE3, "a process in them, nook's own child");
	s->n[0] = CLONE_PARENT;
	s->n[1] = NK_INIT;
	s->out = NK_SLOT_PID;
	s->hint = "a limit on the number of processes is reached";
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_PID, NK_SLOT_PID, "its number");
	nk_plan_add(p, NK_OP_EXIT, "the work in between is done");
}

static void parent_steps(struct nk_build *b, const struct nk_exec_input *in, const int *procs)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_close_peer(p, "so that the other's end is noticed");
	p->topic = NK_T_CGROUP;
	for (size_t i = 0; i < in->cgroups.n && !in->by_itself; i++) {
		s = nk_plan_add(p, NK_OP_WRITE, "into the container's group");
		s->fd[0] = (int16_t)procs[i];
		s->fd[1] = NK_SLOT_MIDDLE_PID;
		s->hint = "the container's limits hold for this command too: run exec as the user "
			  "who runs the container";
	}
	p->topic = NK_T_SYNC;
	if (!in->by_itself)
		nk_b_tell(p, NK_MSG_PLACED, NK_NOFD, "it is where it belongs");
	nk_b_await(p, NK_MSG_PID, NK_SLOT_PID, "the number of the command's process");
	s = nk_plan_add(p, NK_OP_PIDFD_OPEN, "a hold on it");
	s->fd[0] = NK_SLOT_PID;
	s->out = NK_SLOT_PIDFD;
	if (b->oci)
		nk_part_oci_oom(b, NK_SLOT_PID);
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_PLACED, NK_NOFD, "nook knows it: go on");
	if (b->oci)
		nk_part_oci_parent_end(b);
}

/* Whoever is root inside may have mounted anything anywhere: really devpts, and its own file. */
static int checked_master(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const char *hint = "the container has no /dev/pts of its own: leave -t away";
	int pts = nk_b_open(p, NK_CWD, "/dev/pts", O_PATH | O_DIRECTORY,
			    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, "pts",
			    "where the container's terminals are");

	nk_plan_last(p)->hint = hint;
	struct nk_step *s = nk_plan_add(p, NK_OP_IS_FS, "terminals, and no other files");
	s->fd[0] = (int16_t)pts;
	s->n[0] = DEVPTS_SUPER_MAGIC;
	s->hint = hint;
	return nk_b_open(p, pts, "ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
			 "master", "a new one");
}

static void terminal(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	if (!b->spec->terminal)
		return;
	p->topic = NK_T_TERMINAL;
	int master = b->oci ? checked_master(b)
			    : nk_b_open(p, NK_CWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY,
					RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, "master",
					"a new terminal from the container's own /dev/pts");
	nk_plan_last(p)->hint = "the container has no /dev/pts of its own: leave -t away";
	nk_part_pty(b, master);
}

int nk_plan_exec(struct nk_plan *p, const struct nk_exec_input *in, struct nk_err *e)
{
	struct nk_build b = {
		.p = p,
		.spec = in->spec,
		.facts = in->facts,
		.filter = in->oci ? in->oci->filter : in->filter,
		.oci = in->oci,
		.lsm_proc = NK_NOFD,
		.middle = true,
		.new_user = in->join & CLONE_NEWUSER,
		.joins_root = true,
		.setgroups_denied = in->setgroups_denied,
		.apparmor = in->apparmor,
		.selinux = in->selinux,
		.slave = NK_NOFD,
	};
	int *procs = nk_alloc(p->arena, (in->cgroups.n + 1) * sizeof(int));

	if (!in->spec->args.n)
		return nk_fail(e, EINVAL, "no command to run");
	if (!procs)
		return nk_arena_ok(p->arena, e);

	int container = hold(&b, in, procs);

	nk_actor_topic(p, NK_PARENT, NK_T_NAMESPACES);
	struct nk_step *s = nk_plan_add(p, NK_OP_CLONE3, "a process in between");
	s->n[0] = CLONE_PIDFD;
	s->n[1] = NK_MIDDLE;
	s->out = NK_SLOT_MIDDLE_PID;
	s->fd[1] = NK_SLOT_MIDDLE_PIDFD;
	for (size_t i = 0; in->born_in && i < in->cgroups.n; i++)
		if (!strcmp(in->born_in, in->cgroups.v[i])) {
			s->n[0] |= CLONE_INTO_CGROUP;
			s->fd[0] = (int16_t)procs[i];
		}
	middle_steps(&b, in, container, procs);
	parent_steps(&b, in, procs);

	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	nk_b_await(p, NK_MSG_PLACED, NK_NOFD, "until nook knows this process");
	nk_part_lsm(&b);
	b.apparmor = b.selinux = NULL; /* done */
	/* What it opens from here on has to be seen as done by root of the container. */
	if (in->join & CLONE_NEWUSER)
		nk_b_become_root(&b, true);
	terminal(&b);
	if (b.oci)
		nk_part_oci_process(&b);
	else
		nk_part_process(&b);
	return nk_arena_ok(p->arena, e);
}
