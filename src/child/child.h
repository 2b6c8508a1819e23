/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the steps of one actor: one loop, one switch, no choice left. Only raw
 * system calls, no malloc, no stdio, no errno (see tests: nm -u of this object).
 */
#ifndef NK_CHILD_CHILD_H
#define NK_CHILD_CHILD_H

#include "step/step.h"

/* Shared by all actors of a start when --debug asks for times (MAP_SHARED). */
struct nk_trace {
	uint64_t begin_ns[1024]; /* CLOCK_MONOTONIC_RAW, by index of the step */
	uint64_t end_ns[1024];
	int32_t result[1024];
};

struct nk_run {
	const struct nk_step *steps;
	size_t n;
	int *slots; /* NK_SLOT_MAX numbers, -1 where nothing is yet */
	struct nk_trace *trace; /* or NULL */
	int32_t soft_errno; /* last tolerated errno of execve other than ENOENT */
	uint8_t *done;	    /* one byte per step: 1 = done, 2 = failed softly; or NULL */
};

/* What a failed step came to. */
struct nk_failure {
	int32_t step; /* index, -1 = none */
	int32_t err;
};

/* Run one step. The result of the system call: >= 0, or -errno. */
long nk_step_run(struct nk_run *run, size_t index);

/* Run all steps of an actor in a child process and end it: never returns.
 * A failure is sent to the parent as NK_MSG_ERROR. */
__attribute__((noreturn)) void nk_child_main(struct nk_run *run, enum nk_actor actor);

#endif
