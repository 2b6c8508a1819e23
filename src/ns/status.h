/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status (proc_pid_status(5)): who a process is, and its number in each PID namespace. */
#ifndef NK_NS_STATUS_H
#define NK_NS_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* The kernel nests at most 32 PID namespaces below the first one. */
enum { NK_NSPID_LEVELS = 33 };

struct nk_ns_status {
	pid_t pid, tgid, ppid;
	char state;   /* 'R', 'S', 'Z' (ended, not yet waited for) … */
	uid_t uid[3]; /* real, effective, saved, as our user namespace sees them */
	gid_t gid[3];
	uint64_t inheritable, permitted, effective, bounding, ambient;
	bool no_new_privs;
	int seccomp; /* 0 none, 1 strict, 2 filter; -1 not told */
	/* Its numbers, from the PID namespace of our /proc down to its own. */
	pid_t nspid[NK_NSPID_LEVELS];
	unsigned levels; /* 0: this kernel does not tell */
};

/* The pure part. 0, or -EINVAL when a line that has to be there is missing or wrong. */
int nk_ns_status_parse(struct nk_ns_status *s, const char *text);

/* -ESRCH when there is no such process. */
int nk_ns_status_read(struct nk_ns_status *s, pid_t pid, struct nk_err *e);

#endif
