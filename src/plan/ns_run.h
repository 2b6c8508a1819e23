/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nook ns run`: a command in new namespaces, and nothing else changed. */
#ifndef NK_PLAN_NS_RUN_H
#define NK_PLAN_NS_RUN_H

#include "plan/plan.h"

struct nk_ns_run_input {
	/* Which namespaces are new, id maps, names, clock offsets; the command and its whole
	 * environment; uid, gid and groups where changes_user. The rest is not looked at. */
	const struct nk_spec *spec;
	const struct nk_facts *facts;
	const char *proc; /* where a procfs of the new PID namespace is mounted; NULL: nowhere */
	bool in_place; /* no clone: the process that runs the plan moves and becomes the command */
	bool holds;    /* the namespaces are kept: the command waits until they are */
	bool changes_user; /* at last, to spec->uid, gid and groups */
};

int nk_plan_ns_run(struct nk_plan *p, const struct nk_ns_run_input *in, struct nk_err *e);

#endif
