/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the steps of one actor: one loop, one switch, no choice left. Only raw
 * system calls, no malloc, no stdio, no errno (tools/child-calls looks at what
 * these objects need from outside).
 */
#ifndef NK_CHILD_CHILD_H
#define NK_CHILD_CHILD_H

#include "step/step.h"

/* Shared by all actors of a start when --debug asks for times (MAP_SHARED). */
#define NK_TRACE_MAX 1024
struct nk_trace {
	uint64_t begin_ns[NK_TRACE_MAX]; /* CLOCK_MONOTONIC_RAW, by index of the step */
	uint64_t end_ns[NK_TRACE_MAX];	 /* 0: not done yet */
	int32_t result[NK_TRACE_MAX];
};

enum nk_fault_action { NK_FAULT_NONE, NK_FAULT_FAIL, NK_FAULT_KILL };

struct nk_run {
	const struct nk_step *steps;
	size_t n;
	int *slots;		/* NK_SLOT_MAX numbers, -1 where nothing is yet */
	struct nk_trace *trace; /* or NULL */
	int32_t soft_errno;	/* last tolerated errno of execve other than ENOENT */

	/* fault injection, only in builds with -Dfault=true */
	int fault_step; /* index */
	bool fault_after;
	enum nk_fault_action fault_action;
	bool fault_done; /* the step that was made to fail had been done */
};

/* How often a scoped lookup is tried again while others rename and mount (EAGAIN). */
#define NK_OPENAT2_TRIES 1000

/*
 * Run one step: the result of its system call, >= 0 or -errno. The slot it
 * fills is written. Not for NK_OP_HELPER and the parent's NK_OP_AWAIT, which
 * need more than one call (src/spawn). NK_OP_CLONE3 returns 0 in the new process.
 */
long nk_step_run(struct nk_run *run, size_t index);

/* src/child/look.c: the steps that look at something, and what else only nook-runtime does. */
long nk_step_look(struct nk_run *run, const struct nk_step *s);

/* src/child/net.c: netlink messages and sockets that hold ports. */
long nk_step_net(const struct nk_run *run, const struct nk_step *s);

/* src/child/copy_tree.c: what the directory `from` holds into `to`, which is empty. */
long nk_copy_tree(int from, int to);

/* src/child/place.c: a directory or file of the root, made where it is missing -> O_PATH. */
long nk_place(int root, const char *path, bool dir, bool nofollow);
#ifdef NK_WEAKEN
extern bool nk_place_weak; /* not confined to the root */
#endif

/* src/child/userns.c: a user namespace with these maps and nobody in it -> descriptor. */
long nk_userns(const char *uid_map, const char *gid_map);

/* Note the time of a step for --debug; nothing without run->trace. */
void nk_trace_begin(struct nk_run *run, size_t index);
void nk_trace_end(struct nk_run *run, size_t index, long result);

/* True when the step tolerates -err: it failed softly. */
bool nk_step_tolerates(const struct nk_step *s, long err);

/*
 * Be the actor from step `first` on, in a process of its own: never returns.
 * A failure goes to the parent as NK_MSG_ERROR.
 */
__attribute__((noreturn)) void nk_child_main(struct nk_run *run, enum nk_actor actor, size_t first);

#endif
