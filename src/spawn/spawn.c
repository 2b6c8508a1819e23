/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/live.h"
#include "spawn/driver.h"

enum { LAST_MS = 1000 };

/* What a person can do about a step that has no hint of its own. */
static const char *general_hint(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return "the kernel refuses it here: `nook doctor` says what this machine and user "
		       "may";
	case ENOSYS:
	case EOPNOTSUPP:
		return "nook needs Linux 6.1 or newer: `nook doctor` says what this kernel lacks";
	case ENOMEM:
	case ENOSPC:
	case EDQUOT:
		return "memory, space or a limit of the kernel is used up: free some and try again";
	case EMFILE:
	case ENFILE:
		return "too many open files: raise `ulimit -n`";
	default:
		return "the same command with --explain shows this step in its place";
	}
}

int nk_driver_failed(struct nk_driver *d, size_t index, int err, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[index];

	nk_fail(e, err, "step %zu of %zu: %s (%s)", index + 1, d->plan->steps.n, s->why,
		nk_op_syscall((enum nk_op)s->op));
	e->step = (int)index + 1;
	if (s->op == NK_OP_EXECVE || s->op == NK_OP_FACCESSAT) {
		const char *name = ((char *const *)s->p[0])[0];
		if (d->soft_errno && err == ENOENT)
			err = d->soft_errno;
		bool missing = err == ENOENT || err == ENOTDIR;
		nk_fail(e, err, "step %zu of %zu: execute %s (execve)", index + 1, d->plan->steps.n,
			name);
		e->step = (int)index + 1;
		e->exit = missing ? NK_EXIT_NOT_FOUND : NK_EXIT_CANNOT_EXEC;
		if (missing)
			nk_hint(e, "there is no such command inside (looked in its PATH), or the "
				   "program's interpreter is missing");
		else if (err == EACCES)
			nk_hint(e, "the file is no program, its x bit is not set, or this user may "
				   "not execute it");
		else
			nk_hint(e, "the kernel cannot execute this file: is it made for this "
				   "machine, does a script begin with #!?");
	} else {
		const char *why = nk_driver_why(s, err);
		if (!why)
			why = s->hint ? s->hint : general_hint(err);
		nk_hint(e, "%s", why);
	}
	return -e->err;
}

void nk_driver_trace(struct nk_driver *d)
{
	if (!d->o->step || !d->run.trace)
		return;
	size_t n = d->plan->steps.n < NK_TRACE_MAX ? d->plan->steps.n : NK_TRACE_MAX;
	for (size_t i = 0; i < n; i++) {
		if (d->shown[i] || !__atomic_load_n(&d->run.trace->end_ns[i], __ATOMIC_ACQUIRE))
			continue;
		d->shown[i] = true;
		d->o->step(d->o->arg, d->plan, i, d->run.trace);
	}
}

/* Then why it did says more than that nothing could be done with it. */
static bool init_ended(struct nk_driver *d, int ms)
{
	struct pollfd fd = {.fd = d->slots[NK_SLOT_PIDFD], .events = POLLIN};

	if (poll(&fd, 1, ms) <= 0)
		return false;
	/* What is read ends where nobody holds the other end. */
	if (d->slots[NK_SLOT_PEER] >= 0)
		close(d->slots[NK_SLOT_PEER]);
	d->slots[NK_SLOT_PEER] = -1;
	return true;
}

/*
 * What ends has no namespaces any more (ESRCH), and a card in them goes with them (ENODEV), a
 * moment before it is seen to have ended.
 */
static bool lost_init(struct nk_driver *d, const struct nk_step *s, long ret)
{
	return (ret == -ESRCH || ret == -ENODEV) && s->op == NK_OP_NETLINK &&
	       s->fd[1] == NK_SLOT_PID && d->slots[NK_SLOT_PIDFD] >= 0 && init_ended(d, LAST_MS);
}

/* One step of the parent. 1 in a new process (never seen by the caller). */
static int run_step(struct nk_driver *d, size_t i, struct nk_err *e)
{
	const struct nk_step *s = &d->plan->steps.v[i];
	long ret;

	if (s->op == NK_OP_AWAIT && s->n[0] == NK_MSG_READY && d->o->idle)
		d->o->idle(d->o->arg);
	if (s->op == NK_OP_AWAIT)
		return nk_driver_await(d, i, e);
	if (s->op == NK_OP_HELPER)
		return nk_driver_helper(d, i, e);
	if (s->op == NK_OP_COMPANION || s->op == NK_OP_READY || s->op == NK_OP_ASK)
		return nk_driver_companion(d, i, e);
	ret = nk_step_run(&d->run, i);
	if (s->op == NK_OP_CLONE3 && ret == 0)
		nk_child_main(&d->run, (enum nk_actor)s->n[1], i + 1);
	if (d->run.fault_done) /* never but in tests */
		d->done[i] = 1;
	if ((ret == -EPIPE && s->op == NK_OP_TELL) || lost_init(d, s, ret))
		return nk_driver_last_words(d, e) ? -e->err : nk_driver_died(d, 0, e);
	if (ret < 0 && !nk_step_tolerates(s, -ret))
		return nk_driver_failed(d, i, (int)-ret, e);
	d->done[i] = ret < 0 ? 0 : 1;
	return 0;
}

/* Is this step the word that lets init go on, and does somebody want to know before? */
static bool lets_go(const struct nk_driver *d, const struct nk_step *s)
{
	return d->o->placed && s->op == NK_OP_TELL && s->n[0] == NK_MSG_PLACED &&
	       d->slots[NK_SLOT_PIDFD] >= 0;
}

static int run_parent(struct nk_driver *d, struct nk_err *e)
{
	const struct nk_plan *p = d->plan;
	bool told = false;

	for (size_t i = 0; i < p->steps.n; i++) {
		int ret = 0;
		if (p->steps.v[i].actor != NK_PARENT)
			continue;
		if (lets_go(d, &p->steps.v[i]))
			ret = d->o->placed(d->o->arg, d->slots[NK_SLOT_PID], e);
		if (ret < 0)
			return init_ended(d, 0) && nk_driver_last_words(d, e) ? -e->err : ret;
		ret = run_step(d, i, e);
		if (ret < 0)
			return ret;
		/* Whoever keeps state learns of init as soon as its pid is known. */
		if (!told && d->slots[NK_SLOT_PID] > 0 && d->slots[NK_SLOT_PIDFD] >= 0) {
			told = true;
			if (d->o->started &&
			    (ret = d->o->started(d->o->arg, d->slots[NK_SLOT_PID], e)) < 0)
				return init_ended(d, 0) && nk_driver_last_words(d, e) ? -e->err
										      : ret;
		}
	}
	return 0;
}

/* Nobody may be left: init is killed, its end waited for; a middle ends by itself
 * when its socket is closed. lives: but for init. */
static void reap(struct nk_driver *d, bool lives)
{
	int pidfd = d->slots[NK_SLOT_PIDFD];
	siginfo_t info;

	if (d->slots[NK_SLOT_SOCKET] >= 0) {
		/* An init whose pid nobody told us waits on this socket, and ends with it. */
		close(d->slots[NK_SLOT_SOCKET]);
		d->slots[NK_SLOT_SOCKET] = -1;
	}
	/* One that was detached is only looked at (WNOWAIT): it is still to be waited for. */
	if (pidfd >= 0 && (!d->ended || d->o->detach) && !lives) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) && errno == EINTR)
			;
		d->ended = true;
	}
	if (d->slots[NK_SLOT_MIDDLE_PIDFD] >= 0 && !d->middle_ended) {
		pidfd = d->slots[NK_SLOT_MIDDLE_PIDFD];
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) && errno == EINTR)
			;
		d->middle_ended = true;
	}
}

/*
 * A group is busy while its last process goes, or when processes outside of its PID
 * namespace are left in it: end them, and wait until the kernel lets go. True when no
 * group is left.
 */
static bool clear_groups(struct nk_driver *d)
{
	struct nk_err ignored;
	bool clear = d->o->n_groups > 0;

	for (int i = 0; i < d->o->n_groups; i++) {
		nk_cgroup_kill(d->o->groups[i], &ignored);
		if (nk_cgroup_remove(d->o->groups[i], &ignored) < 0)
			clear = false;
	}
	return clear;
}

/* The after-steps, in the order of the list. */
static void undo(struct nk_driver *d, struct nk_err *e)
{
	const struct nk_plan *p = d->plan;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		if (s->actor != NK_AFTER || (s->undo_of >= 0 && !d->done[s->undo_of]))
			continue;
		if (s->op == NK_OP_HELPER) {
			struct nk_err left = {0};

			if (nk_driver_helper(d, i, &left) < 0 && !e->msg[0])
				*e = left;
			continue;
		}
		long ret = nk_step_run(&d->run, i);
		if (ret >= 0 || nk_step_tolerates(s, -ret) || clear_groups(d))
			continue;
		if (!e->msg[0])
			nk_driver_failed(d, i, (int)-ret, e);
	}
}

static void close_slots(struct nk_driver *d)
{
	for (size_t i = 0; i < d->plan->steps.n; i++) {
		const struct nk_step *s = &d->plan->steps.v[i];
		if (s->actor == NK_INIT || s->actor == NK_MIDDLE)
			continue;
		bool pid = s->op == NK_OP_CLONE3 || s->out == NK_SLOT_PID;
		if (s->out >= 0 && !pid && d->slots[s->out] >= 0) {
			close(d->slots[s->out]);
			d->slots[s->out] = -1;
		}
	}
	for (int i = NK_SLOT_PIDFD; i <= NK_SLOT_MIDDLE_PIDFD;
	     i += NK_SLOT_MIDDLE_PIDFD - NK_SLOT_PIDFD)
		if (d->slots[i] >= 0)
			close(d->slots[i]);
}

static int driver_init(struct nk_driver *d, struct nk_err *e)
{
	d->slots = malloc((size_t)d->plan->n_slots * sizeof(*d->slots));
	if (!d->slots)
		return nk_fail(e, ENOMEM, "cannot start");
	for (int i = 0; i < d->plan->n_slots; i++)
		d->slots[i] = -1;
	if (d->o->start_fd > 0)
		d->slots[NK_SLOT_START] = d->o->start_fd;
	if (d->o->waiting_fd > 0)
		d->slots[NK_SLOT_WAITING] = d->o->waiting_fd;
	d->done = calloc(d->plan->steps.n + 1, 1);
	if (!d->done)
		return nk_fail(e, ENOMEM, "cannot start");
	d->run = (struct nk_run){
		.steps = d->plan->steps.v,
		.n = d->plan->steps.n,
		.slots = d->slots,
		.fault_step = d->o->fault_step - 1,
		.fault_after = d->o->fault_after,
		.fault_action = d->o->fault_action,
	};
	if (d->o->step) {
		void *page = mmap(NULL, sizeof(struct nk_trace), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		d->shown = calloc(NK_TRACE_MAX, 1);
		if (page == MAP_FAILED || !d->shown)
			return nk_fail(e, ENOMEM, "cannot keep times for --debug");
		d->run.trace = page;
	}
	int ret = nk_signals_open(&d->signals, e);
	d->signals.to_init = d->o->under_init;
	d->signals.shares_terminal = d->o->shares_terminal;
	return ret;
}

static void driver_done(struct nk_driver *d)
{
	nk_cleanup_close(&d->ready_fd);
	nk_cleanup_close(&d->words_fd);
	nk_driver_trace(d);
	nk_signals_done(&d->signals);
	close_slots(d);
	if (d->run.trace)
		munmap(d->run.trace, sizeof(struct nk_trace));
	free(d->shown);
	free(d->done);
	free(d->slots);
}

int nk_spawn(const struct nk_plan *p, const struct nk_spawn_options *o, struct nk_result *r,
	     struct nk_err *e)
{
	struct nk_driver d = {.plan = p, .o = o, .ready_fd = -1, .words_fd = -1};

	*r = (struct nk_result){0};
	int ret = driver_init(&d, e);
	if (!d.slots)
		return ret;
	if (ret == 0)
		ret = run_parent(&d, e);
	if (ret == 0 && o->made && (ret = o->made(o->arg, d.slots, e)) < 0)
		nk_driver_last_words(&d, e);
	if (d.slots[NK_SLOT_PID] > 0)
		r->pid = d.slots[NK_SLOT_PID];
	if (ret == 0 && !o->detach)
		ret = nk_driver_wait(&d, r, e);
	else if (ret == 0 && o->until_exec)
		ret = nk_driver_wait_exec(&d, r, e);
	bool lives = ret == 0 && o->detach;
	reap(&d, lives);
	nk_terminal_done(&d.terminal);
	if (lives) {
		/* A short one may have ended by now: that is news for whoever waits for it. */
		*r = (struct nk_result){.pid = r->pid};
		driver_done(&d);
		return 0;
	}
	if (ret == 0 && !o->no_verdict)
		r->out_of_memory = nk_driver_out_of_memory(&d);
	/* A failure keeps its words: what undoing says then is secondary. */
	if (d.done)
		undo(&d, e);
	driver_done(&d);
	return ret;
}
