/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command in new namespaces and in nothing else: root directory, working
 * directory, environment, descriptors, limits and session stay the caller's.
 *
 * Two ways lead there. A clone, as for a container (plan/namespaces.c), puts the
 * new process into all of them. unshare(2) moves the caller itself, but for the
 * PID namespace, which only its children enter: that is `in_place`.
 */
#include "plan/ns_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "plan/build.h"

static bool is_new(const struct nk_spec *spec, enum nk_ns_kind k)
{
	return spec->ns[k].mode == NK_NS_NEW;
}

static bool covers_root(const struct nk_idmaps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		if (maps->v[i].inside == 0)
			return true;
	return false;
}

static int check(const struct nk_ns_run_input *in, struct nk_err *e)
{
	const struct nk_spec *spec = in->spec;
	uint64_t kinds = 0;

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (is_new(spec, (enum nk_ns_kind)k))
			kinds |= nk_ns_clone_flag((enum nk_ns_kind)k);
	if (!spec->args.n)
		return nk_fail(e, EINVAL, "no command to run");
	if (!kinds) {
		nk_fail(e, 0, "no namespace to make");
		return nk_hint(e, "name the kinds, as --net --uts, or --all");
	}
	if (!in->facts->sys_admin && !(kinds & CLONE_NEWUSER)) {
		nk_fail(e, EPERM, "%s needs a user namespace to make the others in",
			in->facts->euid ? "an ordinary user" : "root without CAP_SYS_ADMIN");
		return nk_hint(e, "add --user: root inside is this user outside");
	}
	if ((kinds & CLONE_NEWUSER) && (!spec->uid_maps.n || !spec->gid_maps.n))
		return nk_fail(e, EINVAL, "a new user namespace needs id maps");
	return 0;
}

/* Mount points stay where they are; what is mounted from now on stays inside. */
static void mounts(struct nk_build *b, const char *proc)
{
	struct nk_plan *p = b->p;

	if (!is_new(b->spec, NK_NS_MOUNT))
		return;
	nk_actor_topic(p, NK_INIT, NK_T_MOUNTS);
	struct nk_step *s = nk_b_setattr(p, NK_CWD, true, 0, 0, MS_PRIVATE,
					 "nothing that is mounted here is seen outside");
	s->s[0] = "/";
	s->n[0] = AT_RECURSIVE;
	if (!proc)
		return;
	p->topic = NK_T_PROC;
	int fs = nk_b_filesystem(p, "proc", NULL, 0,
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "proc",
				 "a procfs, which shows this PID namespace only");
	nk_plan_last(p)->hint = "where /proc is masked outside (in another container) the kernel "
				"refuses a new one";
	s = nk_b_attach(p, fs, NK_CWD, proc, nk_fmt(p->arena, "seen as %s", proc));
	s->hint = "--mount-proc=DIR names a directory that is there";
}

static void user(struct nk_build *b, bool changes)
{
	if (!changes)
		return;
	nk_actor_topic(b->p, NK_INIT, NK_T_USER);
	nk_part_ids(b);
}

static void command(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	nk_actor_topic(p, NK_INIT, NK_T_SESSION);
	nk_plan_add(p, NK_OP_SIGMASK, "no signal is blocked");
	p->topic = NK_T_SYNC;
	/* A change of credentials clears it: behind them. */
	s = nk_plan_add(p, NK_OP_PRCTL, "if nook dies, this process dies");
	s->n[0] = PR_SET_PDEATHSIG;
	s->n[1] = SIGKILL;
	s = nk_plan_add(p, NK_OP_TELL, "is nook still there?");
	s->fd[0] = NK_SLOT_SOCKET;
	s->n[0] = NK_MSG_ALIVE;
	nk_part_execs(b);
}

/* unshare(2): the user namespace first, so that the others are made by its root. */
static void move_self(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;
	uint64_t flags = 0;

	nk_actor_topic(p, NK_PARENT, NK_T_NAMESPACES);
	if (is_new(b->spec, NK_NS_USER)) {
		s = nk_plan_add(p, NK_OP_UNSHARE, "own %s", nk_b_kinds_in_words(b, CLONE_NEWUSER));
		s->n[0] = CLONE_NEWUSER;
		nk_part_own_map(b);
	}
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (is_new(b->spec, (enum nk_ns_kind)k) && k != NK_NS_USER &&
		    !(k == NK_NS_TIME && b->spec->has_time_offset))
			flags |= nk_ns_clone_flag((enum nk_ns_kind)k);
	p->topic = NK_T_NAMESPACES;
	if (flags) {
		s = nk_plan_add(p, NK_OP_UNSHARE, "own %s%s", nk_b_kinds_in_words(b, flags),
				flags & CLONE_NEWPID ? " (these for children only)" : "");
		s->n[0] = flags;
	}
	if (b->spec->has_time_offset)
		nk_part_time_offsets(b);
}

static void become(struct nk_build *b)
{
	nk_actor_topic(b->p, NK_INIT, NK_T_SESSION);
	nk_plan_add(b->p, NK_OP_SIGMASK, "no signal is blocked");
	nk_part_execs(b);
}

/* What the parts wrote for a new process is done by this one. */
static void all_by_parent(struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		p->steps.v[i].actor = NK_PARENT;
}

int nk_plan_ns_run(struct nk_plan *p, const struct nk_ns_run_input *in, struct nk_err *e)
{
	struct nk_build b = {
		.p = p,
		.spec = in->spec,
		.facts = in->facts,
		.bare = true,
		.holds = in->holds,
		.keeps_ids = !covers_root(&in->spec->uid_maps),
		.cg.v2_fd = NK_NOFD,
	};
	int ret = check(in, e);

	if (ret < 0)
		return ret;
	b.setgroups_denied = in->facts->setgroups_denied ||
			     (is_new(in->spec, NK_NS_USER) && in->facts->single_id);
	if (in->in_place) {
		move_self(&b);
	} else {
		nk_part_begin(&b);
		nk_part_clone(&b);
		nk_part_cgroup_namespace(&b);
	}
	nk_part_names(&b);
	nk_part_network(&b);
	mounts(&b, in->proc);
	user(&b, in->changes_user);
	if (in->in_place) {
		become(&b);
		all_by_parent(p);
	} else {
		command(&b);
	}
	return nk_arena_ok(p->arena, e);
}
