/* SPDX-License-Identifier: Apache-2.0 */
/* One container's directory: opened, locked, recognised, emptied. Inside src/state only. */
#ifndef NK_STATE_DIR_H
#define NK_STATE_DIR_H

#include "base/json_out.h"
#include "state/state.h"

enum nk_state_probe {
	NK_STATE_GONE,	/* nothing of that name (any more) */
	NK_STATE_ALIVE, /* its nook holds the lock; *r is filled */
};

/* Look at NAME; a stale one is cleaned first (and then GONE). */
int nk_state_probe(struct nk_state *st, struct nk_arena *a, const char *name,
		   struct nk_state_record *r, struct nk_err *e);

/* Not of an earlier boot, whose pids mean nothing now. */
bool nk_state_this_boot(const struct nk_state_record *r);

/* nk_process_pidfd() of init; -ESRCH also when it ran in an earlier boot. */
int nk_state_init_fd(const struct nk_state_record *r);

/* Clean NAME if its nook has died. */
void nk_state_clean_one(struct nk_state *st, const char *name);

/* Take away the directory name, whose lock is held by lock_fd: first the name, then the rest. */
int nk_state_drop(struct nk_state *st, const char *name, const char *id, int dir_fd, int lock_fd,
		  int exit_code, struct nk_err *e);

/* Remove .new-* and .dead-* that nobody works on any more. */
void nk_state_sweep(struct nk_state *st, const char *name);

/* flock that goes on after a signal that was handled. 0 or -errno. */
int nk_state_flock(int fd, int how);

/* Does NAME still lead to the directory dir_fd? */
bool nk_state_same_dir(struct nk_state *st, const char *name, int dir_fd);

#endif
