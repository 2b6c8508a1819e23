/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every plan, whatever is asked for. A rule that is broken is
 * said with fail_msg(), naming the step; `said` tells the cell.
 */
#ifndef NK_TEST_PLAN_RULES_H
#define NK_TEST_PLAN_RULES_H

#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "child/child.h"
#include "plan_matrix.h"

static const char *said = "";

#define RULE(p, i, cond, text)                                                               \
	do {                                                                                 \
		if (!(cond)) {                                                               \
			char call_[512];                                                     \
			nk_step_call((p), &(p)->steps.v[i], call_, sizeof(call_));           \
			fail_msg("%s\n  step %zu, %s: %s\n  %s", said, (size_t)(i) + 1,      \
				 nk_actor_name((enum nk_actor)(p)->steps.v[i].actor), call_, \
				 text);                                                      \
		}                                                                            \
	} while (0)

static inline bool tolerates(const struct nk_step *s, int err)
{
	return s->soft[0] == err || s->soft[1] == err || s->soft[2] == err;
}

/* -- the actors as they run, with the queues between them -- */

struct actor {
	bool started, ended;
	size_t at;
	unsigned char slots[NK_SLOT_MAX]; /* 0 empty, 1 filled, 2 filled or softly not */
};

struct queue {
	uint64_t v[16];
	unsigned first, n;
};

struct play {
	const struct nk_plan *p;
	struct actor a[3]; /* parent, middle, init */
	struct queue to_parent, to_child;
};

static inline void read_slot(struct play *y, struct actor *a, size_t i, int slot)
{
	const struct nk_step *s = &y->p->steps.v[i];

	if (slot < 0)
		return;
	RULE(y->p, i, slot < y->p->n_slots && a->slots[slot],
	     "reads a slot that nothing has filled");
	if (a->slots[slot] == 2)
		RULE(y->p, i, tolerates(s, EBADF),
		     "its slot may be empty, and it does not tolerate EBADF");
}

static inline void start_actor(struct play *y, struct actor *by, size_t i)
{
	const struct nk_step *s = &y->p->steps.v[i];
	struct actor *new = &y->a[s->n[1]];

	RULE(y->p, i, s->n[1] < 3 && !new->started, "starts an actor for the second time");
	*new = *by;
	new->started = true;
	new->at = i + 1;
	by->slots[s->out] = 1;
	if (s->fd[1] >= 0)
		by->slots[s->fd[1]] = 1;
}

/* One step; false when the actor has to wait. */
static inline bool play_step(struct play *y, struct actor *a, size_t i)
{
	const struct nk_step *s = &y->p->steps.v[i];
	struct queue *in = a == &y->a[NK_PARENT] ? &y->to_parent : &y->to_child;
	struct queue *out = a == &y->a[NK_PARENT] ? &y->to_child : &y->to_parent;
	bool fills_fd1 = s->op == NK_OP_CLONE3 || s->op == NK_OP_SOCKETPAIR;

	/* The driver takes these whenever they come (spawn/loop.c). */
	while (s->op == NK_OP_AWAIT && in->n && in == &y->to_parent &&
	       (in->v[in->first] == NK_MSG_TERMINAL || in->v[in->first] == NK_MSG_LISTENER)) {
		in->first++;
		in->n--;
	}
	if (s->op == NK_OP_AWAIT && !in->n)
		return false;
	read_slot(y, a, i, s->fd[0]);
	if (!fills_fd1 && s->op != NK_OP_FACCESSAT) /* that one asks whether it is filled */
		read_slot(y, a, i, s->fd[1]);
	if (s->op == NK_OP_AWAIT) {
		RULE(y->p, i, in->v[in->first] == s->n[0],
		     "gets another message than it waits for");
		in->first++;
		in->n--;
	} else if (s->op == NK_OP_TELL) {
		RULE(y->p, i, out->first + out->n < 16, "too many messages");
		out->v[out->first + out->n++] = s->n[0];
	} else if (s->op == NK_OP_CLONE3) {
		start_actor(y, a, i);
	} else if (s->op == NK_OP_CLOSE) {
		a->slots[s->fd[0]] = 0;
	} else if (s->op == NK_OP_EXIT || (s->op == NK_OP_EXECVE && !s->soft[0])) {
		a->ended = true;
	}
	if (s->op == NK_OP_SOCKETPAIR)
		a->slots[s->fd[1]] = 1;
	if (s->out >= 0)
		a->slots[s->out] = s->soft[0] ? 2 : 1;
	return true;
}

static inline bool play_actor(struct play *y, unsigned who)
{
	struct actor *a = &y->a[who];
	bool moved = false;

	for (; a->started && !a->ended && a->at < y->p->steps.n; a->at++) {
		if (y->p->steps.v[a->at].actor != who)
			continue;
		if (!play_step(y, a, a->at))
			return moved;
		moved = true;
	}
	if (a->started && a->at == y->p->steps.n)
		a->ended = true;
	return moved;
}

/* All run to their end, whoever is scheduled first; then the after-steps find their slots. */
static inline void rule_play(const struct nk_plan *p)
{
	static const unsigned order[3][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
	static struct play y;

	for (int o = 0; o < 3; o++) {
		memset(&y, 0, sizeof(y));
		y.p = p;
		y.a[NK_PARENT].started = true;
		/* given by the runtime, where a plan names them */
		y.a[NK_PARENT].slots[NK_SLOT_START] = y.a[NK_PARENT].slots[NK_SLOT_WAITING] = 1;
		for (bool moved = true; moved;) {
			moved = false;
			for (int k = 0; k < 3 && !moved; k++)
				moved = play_actor(&y, order[o][k]);
		}
		for (unsigned k = 0; k < 3; k++)
			if (y.a[k].started)
				RULE(p, y.a[k].at < p->steps.n ? y.a[k].at : 0, y.a[k].ended,
				     "waits for ever");
		if (!y.a[NK_INIT].started)
			fail_msg("%s\n  nobody starts init", said);
		if (y.to_child.n)
			fail_msg("%s\n  a message to the child is never read", said);
		for (unsigned i = 0; i < y.to_parent.n; i++) {
			uint64_t m = y.to_parent.v[y.to_parent.first + i];
			if (m != NK_MSG_TERMINAL && m != NK_MSG_ALIVE && m != NK_MSG_LISTENER)
				fail_msg("%s\n  nook never reads %s", said,
					 nk_msg_name((enum nk_msg)m));
		}
		for (size_t i = 0; i < p->steps.n; i++)
			if (p->steps.v[i].actor == NK_AFTER)
				play_step(&y, &y.a[NK_PARENT], i);
	}
}

/* -- mounts -- */

static inline void rule_mounts(const struct nk_plan *p, bool privileged)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		unsigned attached = 0, created = 0, mounted = 0;
		bool tree = s->op == NK_OP_FSMOUNT ||
			    (s->op == NK_OP_OPEN_TREE && s->n[0] & OPEN_TREE_CLONE);
		if (!tree && s->op != NK_OP_FSOPEN)
			continue;
		for (size_t j = i + 1; j < p->steps.n; j++) {
			const struct nk_step *t = &p->steps.v[j];
			if (t->out == s->out)
				break;
			if (t->fd[0] != s->out)
				continue;
			attached += t->op == NK_OP_MOVE_MOUNT;
			mounted += t->op == NK_OP_FSMOUNT;
			if (s->op == NK_OP_FSOPEN && t->op == NK_OP_FSCONFIG) {
				RULE(p, j, !created, "an option after the file system was made");
				created += t->n[0] == FSCONFIG_CMD_CREATE;
			}
		}
		if (tree)
			RULE(p, i, attached == 1, "a mount that is not attached exactly once");
		else
			RULE(p, i, created == 1 && mounted == 1,
			     "opened, but not made and mounted");
		const char *name = p->slot_name[s->out];
		if (s->op == NK_OP_FSMOUNT && !privileged && strcmp(name, "scratch") &&
		    strcmp(name, "pts"))
			RULE(p, i, s->n[0] & MOUNT_ATTR_NODEV, "device files open something on it");
	}
}

/* Whoever asks for other owners gets them, or hears that it cannot be. */
static inline void rule_idmaps(const struct nk_plan *p, const struct nk_spec *spec)
{
	size_t asked = spec->rootfs_idmap, mapped = 0;

	for (size_t i = 0; i < spec->mounts.n; i++)
		asked += spec->mounts.v[i].idmap;
	for (size_t i = 0; i < p->steps.n; i++)
		mapped += p->steps.v[i].op == NK_OP_MOUNT_SETATTR &&
			  p->steps.v[i].n[1] & MOUNT_ATTR_IDMAP;
	if (asked != mapped)
		fail_msg("%s\n  %zu mounts are to be idmapped, %zu are", said, asked, mapped);
}

/* -- a hostile rootfs -- */

static inline bool one_word(const char *path)
{
	return path && *path && !strchr(path, '/') && strcmp(path, "..");
}

/*
 * Before pivot_root: found below the rootfs by openat2 that cannot leave it, changed by
 * one name below such a descriptor, mounted over by descriptor, and never by a path of
 * the host. own: the root is nook's own tmpfs, where nobody else has put links.
 */
static inline void rule_hostile_rootfs(const struct nk_plan *p, const char *rootfs, bool own)
{
	bool inside[NK_SLOT_MAX] = {false};
	size_t n = rootfs ? strlen(rootfs) : 0;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		if (s->op == NK_OP_PIVOT_ROOT)
			return;
		if (s->out >= 0 && !strcmp(p->slot_name[s->out], "rootfs"))
			inside[s->out] = true;
		for (int k = 0; k < 2 && rootfs; k++)
			if (s->op != NK_OP_FSCONFIG && s->s[k] && !strncmp(s->s[k], rootfs, n))
				RULE(p, i, !s->s[k][n],
				     "a path below the rootfs as the host sees it");
		bool in0 = s->fd[0] >= 0 && inside[s->fd[0]],
		     in1 = s->fd[1] >= 0 && inside[s->fd[1]];
		if (s->op == NK_OP_MOVE_MOUNT && in1)
			RULE(p, i, !*s->s[0] || (own && one_word(s->s[0])),
			     "mounts by path in the rootfs");
		if (!in0)
			continue;
		if (s->op == NK_OP_OPENAT2) {
			RULE(p, i, s->n[2] & (RESOLVE_IN_ROOT | RESOLVE_BENEATH),
			     "may leave the rootfs");
			inside[s->out] = true;
		} else if (s->op == NK_OP_MKDIRAT || s->op == NK_OP_MKNODAT) {
			RULE(p, i, own || one_word(s->s[0]),
			     "walks through the rootfs to make something");
		} else if (s->op == NK_OP_SYMLINKAT) {
			RULE(p, i, own || one_word(s->s[1]),
			     "walks through the rootfs to make a link");
		} else if (s->op == NK_OP_OPEN_TREE) {
			RULE(p, i, !*s->s[0], "copies a mount by path in the rootfs");
		} else {
			RULE(p, i,
			     s->op == NK_OP_MOVE_MOUNT || s->op == NK_OP_MOUNT_SETATTR ||
				     s->op == NK_OP_FCHDIR,
			     "an unexpected use of the rootfs");
		}
	}
}

/* After it: by path inside, with no descriptor from before but the socket and the terminal. */
static inline void rule_after_pivot(const struct nk_plan *p)
{
	size_t i = 0;
	bool new[NK_SLOT_MAX] = {false};

	while (i < p->steps.n && p->steps.v[i].op != NK_OP_PIVOT_ROOT)
		i++;
	RULE(p, 0, i < p->steps.n, "no pivot_root");
	for (; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		if (s->actor != NK_INIT)
			continue;
		RULE(p, i,
		     s->op != NK_OP_MOVE_MOUNT && s->op != NK_OP_OPEN_TREE &&
			     s->op != NK_OP_FSOPEN && s->op != NK_OP_MOUNT_SETATTR &&
			     s->op != NK_OP_CLONE3,
		     "too late for that");
		for (int k = 0; k < 2; k++)
			if (s->fd[k] >= 0)
				RULE(p, i,
				     new[s->fd[k]] || s->fd[k] == NK_SLOT_SOCKET ||
					     !strcmp(p->slot_name[s->fd[k]], "slave"),
				     "a descriptor from before pivot_root");
		if (s->out >= 0)
			new[s->out] = true;
	}
}

/* -- the end: ids, capabilities, filter, exec -- */

static inline size_t last_of(const struct nk_plan *p, enum nk_op op, uint64_t n0)
{
	for (size_t i = p->steps.n; i-- > 0;)
		if (p->steps.v[i].actor == NK_INIT && p->steps.v[i].op == op &&
		    (n0 == UINT64_MAX || p->steps.v[i].n[0] == n0))
			return i + 1;
	return 0;
}

static inline void rule_end(const struct nk_plan *p, const struct nk_spec *spec, bool filter)
{
	const uint64_t any = UINT64_MAX;
	size_t death = last_of(p, NK_OP_PRCTL, PR_SET_PDEATHSIG),
	       caps = last_of(p, NK_OP_CAPSET, any);
	size_t alive = last_of(p, NK_OP_TELL, NK_MSG_ALIVE), exec = last_of(p, NK_OP_EXECVE, any);
	size_t secc = last_of(p, NK_OP_SECCOMP, any),
	       close = last_of(p, NK_OP_CLOSE_RANGE, 3 + spec->preserve_fds);
	size_t uid = last_of(p, NK_OP_SETRESUID, any), gid = last_of(p, NK_OP_SETRESGID, any);
	size_t groups = last_of(p, NK_OP_SETGROUPS, any), sid = last_of(p, NK_OP_SETSID, any);
	size_t nnp = last_of(p, NK_OP_PRCTL, PR_SET_NO_NEW_PRIVS);

	RULE(p, 0, death && caps && alive && exec && close && uid && gid && sid,
	     "a part is missing");
	RULE(p, death - 1, death > caps && death > uid && death > gid && death > groups,
	     "a change of credentials clears it again");
	RULE(p, uid - 1, groups < gid && gid < uid && uid < caps, "groups, gid, uid, capabilities");
	RULE(p, alive - 1, alive > death, "asked before nook's death would be seen");
	/* Really closed, all but the socket, which lies between the two ranges. */
	const struct nk_step *low = &p->steps.v[close - 1], *high = low + 1;

	RULE(p, close - 1,
	     close < exec && low->n[2] == 0 && high->op == NK_OP_CLOSE_RANGE &&
		     high->n[0] == low->n[1] + 2 && high->n[1] == UINT32_MAX && high->n[2] == 0,
	     "descriptors of the host");
	RULE(p, 0, !nnp == !spec->no_new_privs && !secc == !filter, "no_new_privs or the filter");
	if (secc)
		RULE(p, secc - 1, spec->no_new_privs ? secc > nnp && secc == alive + 1 : secc < uid,
		     "a filter without no_new_privs needs capabilities, with it it comes last");
	for (size_t i = alive; i < exec; i++)
		RULE(p, i, p->steps.v[i].op == NK_OP_EXECVE || (i == alive && i + 1 == secc),
		     "stands between ALIVE and exec");
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == NK_OP_EXECVE)
			RULE(p, i, !p->steps.v[i].soft[0] == (i + 1 == exec),
			     "only the last candidate may fail the start");
}

/* -- namespaces, undo, sizes -- */

static inline void rule_namespaces(const struct nk_plan *p, const struct nk_spec *spec)
{
	for (int k = 0; k < NK_NS_COUNT; k++) {
		uint64_t flag = nk_ns_clone_flag((enum nk_ns_kind)k);
		unsigned made = 0, joined = 0;
		for (size_t i = 0; i < p->steps.n; i++) {
			const struct nk_step *s = &p->steps.v[i];
			made += (s->op == NK_OP_CLONE3 || s->op == NK_OP_UNSHARE) && s->n[0] & flag;
			joined += s->op == NK_OP_SETNS && s->n[0] & flag;
		}
		if (made != (spec->ns[k].mode == NK_NS_NEW) ||
		    joined != (spec->ns[k].mode == NK_NS_JOIN))
			fail_msg("%s\n  %s: made %u times, joined %u times", said,
				 nk_ns_name((enum nk_ns_kind)k), made, joined);
	}
}

static inline void rule_undo(const struct nk_plan *p)
{
	int last = INT16_MAX;
	size_t undone = 0, made = 0;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		made += s->actor == NK_PARENT && s->op == NK_OP_MKDIRAT && !tolerates(s, EEXIST);
		if (s->actor != NK_AFTER)
			continue;
		RULE(p, i,
		     s->undo_of >= 0 && (size_t)s->undo_of < i &&
			     p->steps.v[s->undo_of].actor == NK_PARENT,
		     "undoes what nook has not done");
		const struct nk_step *m = &p->steps.v[s->undo_of];
		/* A companion's socket is no directory of nook's. */
		if (s->op != NK_OP_UNLINKAT || m->op == NK_OP_COMPANION)
			continue;
		RULE(p, i, m->op == NK_OP_MKDIRAT && !strcmp(m->s[0], s->s[0]),
		     "removes another directory");
		RULE(p, i, s->undo_of < last, "not in the reverse order");
		last = s->undo_of;
		undone++;
	}
	if (made != undone)
		fail_msg("%s\n  nook makes %zu directories and removes %zu", said, made, undone);
}

static inline void rules(const struct made *m)
{
	const struct nk_plan *p = &m->plan;

	if (p->n_slots >= NK_SLOT_MAX || p->steps.n >= NK_TRACE_MAX)
		fail_msg("%s\n  %d slots, %zu steps", said, p->n_slots, p->steps.n);
	rule_play(p);
	rule_mounts(p, m->spec.privileged);
	rule_idmaps(p, &m->spec);
	rule_hostile_rootfs(p, m->spec.rootfs, m->spec.rootfs_host);
	rule_after_pivot(p);
	rule_end(p, &m->spec, m->filter.insns);
	rule_namespaces(p, &m->spec);
	rule_undo(p);
}

#endif
