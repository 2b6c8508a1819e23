/* SPDX-License-Identifier: Apache-2.0 */
/* A process has a number in each PID namespace from the first one down to its own. */
#ifndef NK_NS_PIDS_H
#define NK_NS_PIDS_H

#include "ns/subject.h"

struct nk_ns_pid_level {
	uint64_t inode;		  /* of the PID namespace; 0: may not be looked at */
	pid_t number;		  /* of the process in it */
	pid_t init;		  /* our number of PID 1 in it; 0: not known, or it has gone */
	const char *init_command; /* any byte may be in it; "" when not known */
};

struct nk_ns_pid_chain {
	NK_VEC(struct nk_ns_pid_level); /* from our PID namespace downwards */
	bool whole;			/* no level is hidden */
};

/* The chain of the subject's process. */
int nk_ns_pid_chain(struct nk_arena *a, const struct nk_ns_subject *s, struct nk_ns_pid_chain *out,
		    struct nk_err *e);

/* Our number of the process that has this number in the PID namespace ns_fd; -ESRCH when there is
 * none, -EXDEV when the namespace does not lie in ours, so that we see none of its processes. */
pid_t nk_ns_pid_from(int ns_fd, pid_t number);

/* The same without the ioctl of Linux 6.11: looks at every process that we see. -EACCES when one
 * has the number, but its namespace may not be looked at. */
pid_t nk_ns_pid_scan(int ns_fd, pid_t number);

#endif
