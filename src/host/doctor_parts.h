/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of doctor: each adds the checks of its topic. */
#ifndef NK_HOST_DOCTOR_PARTS_H
#define NK_HOST_DOCTOR_PARTS_H

#include "host/doctor.h"

struct nk_doctor {
	struct nk_arena *arena;
	struct nk_checks *checks;
	const struct nk_facts *facts;
	const char *group; /* of the checks to come */
};

void nk_doctor_kernel(struct nk_doctor *d);
void nk_doctor_namespaces(struct nk_doctor *d);
void nk_doctor_ids(struct nk_doctor *d);
void nk_doctor_limits(struct nk_doctor *d);
void nk_doctor_files(struct nk_doctor *d);
void nk_doctor_security(struct nk_doctor *d);
void nk_doctor_devices(struct nk_doctor *d);

/* Append a check; an empty mend with a state other than ok is a mistake of ours. */
struct nk_check *nk_doctor_add(struct nk_doctor *d, const char *name, enum nk_check_state state,
			       const char *mend, const char *seen_fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Run probe in a child: 0, or the errno that it answers. It may do what it wants to itself. */
int nk_doctor_try(int (*probe)(void *arg), void *arg);

/* In a child: be root of a new user namespace that maps this user alone, with the
 * other new namespaces of flags, nothing shared with the mounts outside. 0 or errno. */
int nk_doctor_enter(unsigned long flags);

/* True when the probes run with a root's rights over the machine. */
bool nk_doctor_is_root(const struct nk_doctor *d);

#endif
