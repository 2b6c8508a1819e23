/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nook exec`: one more process in a container that runs. */
#ifndef NK_PLAN_EXEC_H
#define NK_PLAN_EXEC_H

#include "plan/plan.h"

struct nk_oci_input;

struct nk_exec_input {
	/* The container's, with the process part (args, env, cwd, ids, capabilities, terminal …)
	 * that of the command. Namespaces, mounts and resources are not looked at. */
	const struct nk_spec *spec;
	const struct nk_facts *facts;
	struct nk_bpf filter;
	pid_t pid;		/* init of the container. Whoever runs the plan makes sure
				 * that it lives until NK_MSG_PID has come (`started` of
				 * nk_spawn), so that the number cannot mean another process. */
	uint64_t join;		/* CLONE_NEW*: namespaces of it that are not ours */
	struct nk_strv cgroups; /* its groups, absolute directories */
	/* The process writes itself into those of version 1, which costs nothing after a while of
	 * rest, and is born in the one of version 2 (NULL: there is none). False: it is not known
	 * which is which, and nook writes it into all of them. */
	bool by_itself;
	const char *born_in;
	bool setgroups_denied; /* /proc/PID/setgroups says so */
	/* nook-runtime: config is the command's, filter and listener in it count; NULL: nook exec
	 */
	const struct nk_oci_input *oci;
	const char *apparmor, *selinux; /* of the command (nk_lsm_check), or NULL */
};

int nk_plan_exec(struct nk_plan *p, const struct nk_exec_input *in, struct nk_err *e);

#endif
