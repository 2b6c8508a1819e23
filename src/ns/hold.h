/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep namespaces alive under a name, and let them go. held.h tells how it looks on disk.
 *
 * Whoever may mount binds the files of the namespaces over files of STATE/ns/NAME, and a network
 * over /run/netns/NAME. A holder process keeps them where that does not do: for a PID namespace,
 * in which nothing can start once its process 1 has ended, and for users who may not mount.
 */
#ifndef NK_NS_HOLD_H
#define NK_NS_HOLD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "ns/held.h"

struct nk_ns_keep {
	const char *state; /* nook's state directory */
	const char *name;
	unsigned kinds;
	pid_t pid;	       /* whose namespaces; 0: new ones */
	int pidfd;	       /* of pid: it may not end meanwhile */
	unsigned shared;       /* with pid: kinds of which this process is a member as well */
	bool mounts;	       /* this user may mount (CAP_SYS_ADMIN) */
	const char *init_path; /* nook-init, which is the holder; NULL: not installed */
};

/* *holder: its pid, or 0 where no process is needed. */
int nk_ns_hold(struct nk_arena *a, const struct nk_ns_keep *h, pid_t *holder, struct nk_err *e);

/* Clear away what a killed nook has left half made, unless one is at work: to be called before a
 * name is looked up. */
void nk_ns_tidy(struct nk_arena *a, const char *state);

/* Let a name go, also one of ip netns add. -ENOENT when there is none. Processes in the
 * namespaces go on. */
int nk_ns_release(struct nk_arena *a, const char *state, const char *name, struct nk_err *e);

#endif
