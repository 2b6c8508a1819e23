/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One more command in a container that runs. In this order:
 * nk_exec_open, changes to x.spec (args, env, cwd, terminal …), nk_exec_user, nk_exec_plan, and
 * nk_spawn with nk_exec_started in its options.
 */
#ifndef NK_RUNTIME_EXEC_H
#define NK_RUNTIME_EXEC_H

#include "plan/exec.h"
#include "state/state.h"

struct nk_exec {
	struct nk_arena *a;
	const struct nk_state_record *container;
	struct nk_spec spec; /* of the command; begins as the container's */
	struct nk_facts facts;
	struct nk_exec_input in;
	int pidfd; /* init, checked */
};

/* Look at the container: its process, which of its namespaces are not ours. */
int nk_exec_open(struct nk_exec *x, struct nk_arena *a, const struct nk_state_record *r,
		 struct nk_err *e);
void nk_exec_close(struct nk_exec *x);
#define _exec_ __attribute__((cleanup(nk_exec_close)))

/*
 * "USER[:GROUP]" by the container's own /etc/passwd and /etc/group, looked up
 * without leaving its root; sets ids, groups and capabilities. NULL: the
 * container's. *home: of that user, NULL when user is NULL.
 */
int nk_exec_user(struct nk_exec *x, const char *user, const char **home, struct nk_err *e);

/* cache_dir: as for nk_seccomp_filter(). */
int nk_exec_plan(struct nk_exec *x, struct nk_plan *p, const char *cache_dir, struct nk_err *e);

/* For nk_spawn_options.started, with arg = x: the container has not ended meanwhile. */
int nk_exec_started(void *x, pid_t pid, struct nk_err *e);

#endif
