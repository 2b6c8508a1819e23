/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel and this user can do, found out by trying: most checks make
 * the thing in a child process of their own and let it vanish with the child.
 * Prints nothing; `nook doctor` does.
 */
#ifndef NK_HOST_DOCTOR_H
#define NK_HOST_DOCTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "host/facts.h"

enum nk_check_state { NK_CHECK_OK, NK_CHECK_WARN, NK_CHECK_MISSING };

struct nk_check {
	const char *group; /* "namespaces", "limits", … */
	const char *name;
	enum nk_check_state state;
	bool needed;	  /* without it nook run cannot work at all */
	const char *seen; /* what is there */
	const char *mend; /* what a person can do; NULL when ok */
};
struct nk_checks {
	NK_VEC(struct nk_check);
};

/* Append all checks, in the order in which people read them. 0 or -errno. */
int nk_doctor(struct nk_arena *a, struct nk_checks *out, struct nk_err *e);

/* True when nothing that is needed is missing: a plain `nook run` will work. */
bool nk_doctor_can_run(const struct nk_checks *checks);

const char *nk_check_state_name(enum nk_check_state s); /* "ok", "warn", "missing" */

#endif
