/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the driver share; nobody else includes this. */
#ifndef NK_SPAWN_DRIVER_H
#define NK_SPAWN_DRIVER_H

#include "child/protocol.h"
#include "spawn/signals.h"
#include "spawn/spawn.h"
#include "spawn/terminal.h"

struct nk_driver {
	const struct nk_plan *plan;
	const struct nk_spawn_options *o;
	struct nk_run run;
	int *slots;    /* as many as the plan has */
	uint8_t *done; /* parent's steps that succeeded */
	bool *shown;   /* --debug: steps already told */
	struct nk_signals signals;
	struct nk_terminal terminal;
	bool has_terminal;
	bool socket_ended; /* init has executed the command, or is dead */
	bool told_alive;   /* spawn.h: alive() was called */
	bool alive;	   /* init was about to execute the command */
	bool ended;	   /* init has been waited for */
	bool middle_ended;
	bool gave_up; /* a signal wants us to end, and nobody answers */
	int status;   /* of init, as waitpid gives it */
	int32_t soft_errno;
	uint64_t deadline_ms; /* CLOCK_MONOTONIC, 0 = none */
	int ready_fd;	      /* of the companion, until it is ready */
	int words_fd;	      /* what it says of its faults */
};

/* *e in the words of the step that failed; -errno. */
int nk_driver_failed(struct nk_driver *d, size_t index, int err, struct nk_err *e);

/* The parent's NK_OP_AWAIT and NK_OP_HELPER. */
int nk_driver_await(struct nk_driver *d, size_t index, struct nk_err *e);
int nk_driver_helper(struct nk_driver *d, size_t index, struct nk_err *e);
/* companion.c: NK_OP_COMPANION, _READY and _ASK. */
int nk_driver_companion(struct nk_driver *d, size_t index, struct nk_err *e);

/* The poll loop until the command has ended; -errno when it never ran. */
int nk_driver_wait(struct nk_driver *d, struct nk_result *r, struct nk_err *e);

/* The poll loop until init has executed the command; -errno when it never did. */
int nk_driver_wait_exec(struct nk_driver *d, struct nk_result *r, struct nk_err *e);

bool nk_driver_out_of_memory(const struct nk_driver *d);

/* Telling failed because the other side is gone: true when it left a word of why, in *e. */
bool nk_driver_last_words(struct nk_driver *d, struct nk_err *e);

/* Init has ended without a word, by this signal where it is known (else 0): *e, and -errno. */
int nk_driver_died(struct nk_driver *d, int signal, struct nk_err *e);

/* --debug: tell the steps that have been done since the last call. */
void nk_driver_trace(struct nk_driver *d);

/* why.c: what to do about a step that failed so, or NULL: then the step's own hint counts. */
const char *nk_driver_why(const struct nk_step *s, int err);

#endif
