/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a process in its namespaces to the command of config.json, for create, run and exec.
 *
 * As nook run (process.c), with what only the specification has; and in another order at the end.
 * The filter comes after READY and START, so that it has to allow nothing but capset and execve:
 * without no_new_privs CAP_SYS_ADMIN stays in the permitted set until then, where it serves nobody
 * (the command does not run yet, and no process inside may trace this one).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/weaken.h"
#include "plan/build.h"

#define SYS_ADMIN ((uint64_t)1 << CAP_SYS_ADMIN)

static void terminal(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_SESSION;
	if (!nk_weak("bubblewrap-2017-5226"))
		nk_plan_add(p, NK_OP_SETSID, "a session of its own");
	if (!b->spec->terminal)
		return;
	nk_part_terminal_session(b);
	p->topic = NK_T_DESCRIPTORS;
	nk_part_terminal_stdio(b);
}

static void keyring(struct nk_build *b)
{
	if (b->oci->no_new_keyring)
		return;
	b->p->topic = NK_T_SESSION;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_KEYRING, "a session keyring of its own");
	s->s[0] = b->spec->id ? nk_fmt(b->p->arena, "_ses.%s", b->spec->id) : NULL;
	nk_tolerate(s, ENOSYS, EDQUOT, EPERM);
}

/* "0-3,7" as a mask; *n words of 64 bits. */
static uint64_t *mask_of(struct nk_build *b, const char *list, uint64_t *n)
{
	enum { WORDS = 16 };
	uint64_t *mask = nk_alloc(b->p->arena, WORDS * sizeof(*mask));

	*n = 0;
	for (const char *c = list; mask && c && *c; c += *c == ',') {
		char *end;
		unsigned long first = strtoul(c, &end, 10), last = first;

		if (end == c)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long i = first; i <= last && i < WORDS * 64; i++) {
			mask[i / 64] |= (uint64_t)1 << (i % 64);
			if (i / 64 + 1 > *n)
				*n = i / 64 + 1;
		}
		c = end;
	}
	return mask;
}

void nk_b_affinity(struct nk_build *b, const char *list, const char *why)
{
	if (!list || !*list)
		return;
	b->p->topic = NK_T_LIMITS;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_SCHED_AFFINITY, "%s", why);
	s->p[0] = mask_of(b, list, &s->n[3]);
	s->hint = "execCPUAffinity names CPUs that this machine or the cgroup does not have";
}

static void scheduling(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_process *process = &b->oci->config->process;
	const struct nk_oci_scheduler *sched = &process->scheduler;
	struct nk_step *s;

	p->topic = NK_T_LIMITS;
	uint64_t *attr = sched->set ? nk_alloc(p->arena, 6 * sizeof(*attr)) : NULL;
	if (attr) {
		/* struct sched_attr: size, policy | flags | nice, priority | runtime … */
		attr[0] = 48 | (uint64_t)sched->policy << 32;
		attr[1] = sched->flags;
		attr[2] = (uint32_t)sched->nice | (uint64_t)(uint32_t)sched->priority << 32;
		attr[3] = sched->runtime;
		attr[4] = sched->deadline;
		attr[5] = sched->period;
		s = nk_plan_add(p, NK_OP_SCHED_SETATTR, "how its CPU time is given");
		s->p[0] = attr;
		s->n[3] = 6;
		s->hint = "process.scheduler: the policy needs CAP_SYS_NICE, and on cgroup v1 with "
			  "real-time groups a share (cpu.rt_runtime_us)";
	}
	if (process->has_ioprio) {
		s = nk_plan_add(p, NK_OP_IOPRIO, "and its turns at the disk");
		s->n[0] = (unsigned)process->ioprio;
		s->hint = "process.ioPriority: the real-time class needs CAP_SYS_NICE";
	}
}

static void memory_policy(struct nk_build *b)
{
	const struct nk_oci_mempolicy *m = &b->oci->config->mempolicy;

	if (!m->given)
		return;
	b->p->topic = NK_T_LIMITS;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_MEMPOLICY, "where its memory comes from");
	s->n[0] = (unsigned)m->mode | m->flags;
	s->p[0] = m->nodes && *m->nodes ? mask_of(b, m->nodes, &s->n[3]) : NULL;
	s->hint = "linux.memoryPolicy names nodes that this machine or the cgroup does not have";
}

static void personality(struct nk_build *b)
{
	if (!b->oci->config->has_personality)
		return;
	b->p->topic = NK_T_LIMITS;
	nk_plan_add(b->p, NK_OP_PERSONALITY, "the kernel's face: linux.personality")->n[0] =
		b->oci->config->personality;
}

void nk_part_oci_oom(struct nk_build *b, int pid_slot)
{
	const struct nk_oci_process *process = &b->oci->config->process;

	if (!process->has_oom_score_adj)
		return;
	b->p->topic = NK_T_LIMITS;
	struct nk_step *s =
		nk_b_write_proc(b, "/proc/%d/oom_score_adj", pid_slot,
				nk_fmt(b->p->arena, "%d", process->oom_score_adj), "oom_score_adj",
				"how soon it is ended when memory runs out");
	s->hint = "lowering process.oomScoreAdj needs CAP_SYS_RESOURCE";
	if (b->oci->rootless || !(b->facts->caps >> CAP_SYS_RESOURCE & 1))
		nk_tolerate(s, EACCES, EPERM, 0);
}

static void capset(struct nk_build *b, const struct nk_caps *c, uint64_t effective,
		   uint64_t permitted, const char *why)
{
	b->p->topic = NK_T_CAPABILITIES;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_CAPSET, "%s", why);
	s->n[0] = effective;
	s->n[1] = permitted;
	s->n[2] = c->inheritable;
	s->hint = "nook-runtime itself does not have these capabilities: ask for fewer";
}

/* Does the filter need a capability that the command shall not have? */
static bool lends(const struct nk_build *b)
{
	return b->filter.insns && !b->spec->no_new_privs;
}

static void user(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_caps *c = &b->spec->caps;
	bool keeps = b->spec->uid && (c->permitted || c->inheritable || lends(b));

	nk_part_no_new_privs(b);
	nk_part_bounding(b);
	if (keeps) {
		struct nk_step *s = nk_plan_add(p, NK_OP_PRCTL, "capabilities outlive root");
		s->n[0] = PR_SET_KEEPCAPS;
		s->n[1] = 1;
	}
	nk_part_ids(b);
	if (lends(b))
		capset(b, c, c->effective, c->permitted | SYS_ADMIN,
		       "what it may do, and what the filter needs");
	else
		nk_part_capabilities(b);
}

/* As the command, since its user may not be allowed what root is. */
static void look_for_command(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_strv paths = nk_b_command_paths(b);
	int found = nk_plan_slot(p, "found");

	p->topic = NK_T_EXEC;
	for (size_t i = 0; i < paths.n; i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_FACCESSAT, "%s",
						i ? "or there?" : "is the command there?");
		s->s[0] = paths.v[i];
		s->p[0] = b->spec->args.v;
		s->out = (int16_t)found;
		if (i)
			s->fd[1] = (int16_t)found;
		if (i + 1 < paths.n)
			nk_tolerate(s, ENOENT, ENOTDIR, EACCES);
	}
}

static void filter(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_caps *c = &b->spec->caps;

	if (lends(b))
		capset(b, c, SYS_ADMIN, c->permitted | SYS_ADMIN, "for the filter only");
	struct nk_step *s = nk_part_seccomp(b);
	if (s && b->oci->listener) {
		int listener = nk_plan_slot(p, "listener");

		s->n[0] |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		s->out = (int16_t)listener;
		nk_b_tell(p, NK_MSG_LISTENER, listener, "who decides about SCMP_ACT_NOTIFY");
		/* Calls of this process wait as long as anybody has it, itself included. */
		nk_plan_add(p, NK_OP_CLOSE, "whose end is noticed")->fd[0] = (int16_t)listener;
	}
	if (lends(b))
		nk_part_capabilities(b);
}

/* In a user namespace nobody may raise a hard limit; nook may, where it has the capability. */
static bool limits_by_parent(const struct nk_build *b)
{
	return b->new_user && (b->facts->caps >> CAP_SYS_RESOURCE & 1) && b->facts->sys_admin;
}

void nk_part_oci_parent_end(struct nk_build *b)
{
	nk_actor_topic(b->p, NK_PARENT, NK_T_SYNC);
	nk_b_await(b->p, NK_MSG_READY, NK_NOFD, "until all is done that can fail");
	if (limits_by_parent(b))
		nk_part_limits_by_parent(b);
	b->p->topic = NK_T_SYNC;
	nk_b_tell(b->p, NK_MSG_GO, NK_NOFD, "nook has noted it: go on");
}

static void wait_for_start(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;

	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_READY, NK_NOFD, "all is done that can fail");
	nk_b_await(p, NK_MSG_GO, NK_NOFD, "until nook has noted it");
	if (!b->oci->waits)
		return;
	s = nk_plan_add(p, NK_OP_CLOSE, "nook goes");
	s->fd[0] = NK_SLOT_SOCKET;
	s = nk_plan_add(p, NK_OP_WAIT_START, "created: until somebody says start");
	s->fd[0] = NK_SLOT_START;
	s->n[0] = NK_MSG_START;
	s->out = NK_SLOT_SOCKET;
}

void nk_part_oci_process(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_oci_process *process = &b->oci->config->process;
	struct nk_step *s;

	p->actor = NK_INIT;
	terminal(b);
	keyring(b);
	nk_part_lsm(b);
	nk_part_close_all(b);
	nk_part_working_directory(b);
	scheduling(b);
	memory_policy(b);
	personality(b);
	if (!limits_by_parent(b))
		nk_part_limits(b);
	user(b);
	p->topic = NK_T_SESSION;
	s = nk_plan_add(p, NK_OP_UMASK, "which rights its new files lack");
	s->n[0] = process->umask >= 0 ? (uint64_t)process->umask : 022;
	nk_part_signals(b);
	if (b->spec->args.n)
		look_for_command(b);
	wait_for_start(b);
	if (!b->spec->args.n) {
		nk_plan_add(p, NK_OP_EXIT, "there is no process in the configuration");
		return;
	}
	filter(b);
	nk_part_execs(b);
}
