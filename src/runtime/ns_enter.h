/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command in namespaces that are there already. In this order: nk_ns_enter_open, what of the
 * target is wanted (ids, environment, cgroups, the files of a named network), the command in
 * x.spec, nk_ns_enter_plan, and nk_spawn with nk_ns_enter_started in its options.
 */
#ifndef NK_RUNTIME_NS_ENTER_H
#define NK_RUNTIME_NS_ENTER_H

#include "ns/target.h"
#include "plan/ns_enter.h"

struct nk_ns_enter {
	struct nk_arena *a;
	const struct nk_ns_target *target;
	struct nk_spec spec; /* of the command */
	struct nk_facts facts;
	struct nk_ns_enter_input in;
	struct nk_strv notices; /* what will not be as somebody may expect, for people */
};

/*
 * Which namespaces have to be joined. kinds: those asked for, 0: all that it has. Left out are
 * those in which this process is already; a user namespace asked for by name is refused then,
 * since the kernel does not let anybody join it twice.
 */
int nk_ns_enter_open(struct nk_ns_enter *x, struct nk_arena *a, const struct nk_ns_target *target,
		     unsigned kinds, struct nk_err *e);

/* The user, groups of the process, as they are called where the command will be. */
int nk_ns_enter_its_ids(struct nk_ns_enter *x, struct nk_err *e);
/* USER[:GROUP], by the passwd of where the command will be. *home: of that user, or NULL. */
int nk_ns_enter_user(struct nk_ns_enter *x, const char *user, const char **home, struct nk_err *e);
/* The environment with which the process was started. */
int nk_ns_enter_its_env(struct nk_ns_enter *x, struct nk_err *e);
/* Its cgroups, but for those in which this process is. */
int nk_ns_enter_its_cgroups(struct nk_ns_enter *x, struct nk_err *e);
/* A network namespace with a name: the files below /etc/netns/NAME, and /sys. */
int nk_ns_enter_netns(struct nk_ns_enter *x, struct nk_err *e);

int nk_ns_enter_plan(struct nk_ns_enter *x, struct nk_plan *p, struct nk_err *e);

/* For nk_spawn_options.started, with arg = x: the process has not ended meanwhile. */
int nk_ns_enter_started(void *x, pid_t pid, struct nk_err *e);

#endif
