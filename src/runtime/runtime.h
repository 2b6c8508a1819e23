/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with a container that runs: one file per verb. */
#ifndef NK_RUNTIME_RUNTIME_H
#define NK_RUNTIME_RUNTIME_H

#include "state/state.h"

/*
 * The state directory, with what is needed to clean up after a dead nook: the
 * processes left in its cgroups are killed, the cgroups removed.
 */
int nk_runtime_open(struct nk_state *st, const char *dir, struct nk_err *e);

/* Send a signal to init. -ESRCH when it has ended. */
int nk_runtime_kill(const struct nk_state_record *r, int signal, struct nk_err *e);

/*
 * End a container: its stop signal, after ms milliseconds (-1: never) SIGKILL,
 * and then wait until its nook has taken it away, so that its name is free.
 */
int nk_runtime_stop(struct nk_state *st, const struct nk_state_record *r, int ms, struct nk_err *e);

#endif
