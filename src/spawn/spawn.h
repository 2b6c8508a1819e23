/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's driver: runs the parent's steps of a plan, clones, talks to the
 * other actors, relays terminal and signals while the command runs, and undoes
 * what was made (the steps of actor `after`) however it ended.
 */
#ifndef NK_SPAWN_SPAWN_H
#define NK_SPAWN_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "child/child.h"
#include "step/step.h"

struct nk_spawn_options {
	bool interactive;	   /* with a terminal: stdin goes in */
	bool under_init;	   /* nook-init runs the command: it does what SIGTSTP asks for */
	bool shares_terminal;	   /* the plan has no setsid: ^C reaches the command by itself */
	uint64_t timeout_ms;	   /* end the command after that, 0 = never */
	const char *const *groups; /* absolute cgroup directories that the plan makes */
	int n_groups;
	bool no_verdict; /* nobody asks for r->out_of_memory when all has ended */

	/* Called once init's pid is known, before it executes the command. An error
	 * ends the start. */
	int (*started)(void *arg, pid_t pid, struct nk_err *e);
	/* Called before init is let go on (NK_MSG_PLACED): its id maps are written, if it is not
	 * to write them itself. An error ends the start. May be NULL. */
	int (*placed)(void *arg, pid_t pid, struct nk_err *e);
	/* All steps but execve have succeeded, or the terminal is about to be init's. May be NULL.
	 */
	void (*alive)(void *arg);
	/* --debug: called for each step that has been done, in order of the list. */
	void (*step)(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t);
	/* There is nothing to do but to wait until init is ready (NK_MSG_READY). May be NULL. */
	void (*idle)(void *arg);
	/* The parent has received this message in a step NK_OP_AWAIT (NK_MSG_HOOKS, _READY,
	 * _TERMINAL, _LISTENER): what there is to do before it goes on with its steps. fd: the
	 * descriptor that came along, or -1; taken over when 0 is returned. 1: not taken, the
	 * driver relays the terminal itself. An error ends the start. _TERMINAL and _LISTENER may
	 * come at any time. May be NULL. */
	int (*message)(void *arg, enum nk_msg m, int fd, struct nk_err *e);
	/* The parent's steps are done; slots: of the plan, as far as the parent fills them. An
	 * error ends the start. May be NULL. */
	int (*made)(void *arg, const int *slots, struct nk_err *e);
	/* Init has executed the command. An error ends it. May be NULL. */
	int (*executed)(void *arg, struct nk_err *e);
	/* Descriptors that the plan finds in NK_SLOT_START and NK_SLOT_WAITING, or 0 each where it
	 * names none. They stay the caller's. */
	int start_fd, waiting_fd;
	/* Or 0: closed while the command runs, because that takes a while. */
	int slow_fd;
	/* The parent's steps done, return: init lives on, is not waited for and nothing is undone.
	 * *r is left alone but for .pid. */
	bool detach;
	bool until_exec; /* detach: but not before init has executed the command */
	void *arg;

	/* -Dfault=true builds: 1-based step, 0 = none */
	int fault_step;
	bool fault_after;
	enum nk_fault_action fault_action;
};

struct nk_result {
	int exit_code; /* of the command, 128 + N when ended by signal N */
	bool signaled;
	bool timed_out;
	pid_t pid;	    /* of init */
	bool out_of_memory; /* the kernel ended a process of it for want of memory */
};

/*
 * Run a plan to its end. 0: the command ran, *r tells how it ended. -errno: it
 * never ran; *e names the step, and e->exit is the code for the shell. Either
 * way nothing is left behind; what could not be undone is told in *e with 0
 * returned and e->msg not empty.
 */
int nk_spawn(const struct nk_plan *p, const struct nk_spawn_options *o, struct nk_result *r,
	     struct nk_err *e);

#endif
