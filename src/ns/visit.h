/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A visit of namespaces by a throw-away child: it joins them, reads what the kernel shows only to
 * a process that is inside, and sends it back unread; parsing is done by the parent, from a copy.
 * Nothing of what is inside is executed or opened by its paths: the child keeps our mounts.
 */
#ifndef NK_NS_VISIT_H
#define NK_NS_VISIT_H

#include "ns/subject.h"

enum nk_visit_part {
	NK_VISIT_UTS,	/* struct utsname */
	NK_VISIT_LINKS, /* answers of rtnetlink */
	NK_VISIT_ADDRESSES,
	NK_VISIT_ROUTES,
	NK_VISIT_LOW_PORT, /* text of net.ipv4.ip_unprivileged_port_start */
	NK_VISIT_TCP,	   /* texts of /proc/net; only where no process tells them */
	NK_VISIT_TCP6,
	NK_VISIT_UDP,
	NK_VISIT_UDP6,
	NK_VISIT_UNIX,
	NK_VISIT_MSG, /* texts of /proc/sysvipc */
	NK_VISIT_SEM,
	NK_VISIT_SHM,
	NK_VISIT_MQUEUE,  /* records "MODE UID BYTES NAME\0" */
	NK_VISIT_CGROUP,  /* text of /proc/PID/cgroup, as seen inside */
	NK_VISIT_UID_MAP, /* these only where there is no process */
	NK_VISIT_GID_MAP,
	NK_VISIT_SETGROUPS,
	NK_VISIT_OFFSETS,
	NK_VISIT_MOUNTS,
	NK_VISIT_COUNT,
};

struct nk_visit_result {
	int err;	  /* why it is not there: EPERM, EFBIG, ETIMEDOUT …; ENODATA: not asked */
	const char *data; /* NUL-terminated */
	size_t n;
};

struct nk_visit {
	struct nk_visit_result part[NK_VISIT_COUNT];
};

/* wanted: bits of parts. 0 also when some could not be had; -errno when there is no child. */
int nk_visit(struct nk_arena *a, const struct nk_ns_subject *s, unsigned wanted,
	     struct nk_visit *out, struct nk_err *e);

/* Which kind of namespace a part is read in. */
enum nk_ns_kind nk_visit_kind(enum nk_visit_part p);

/* Whether the calling process could join the subject's namespaces of these kinds, found out by a
 * child that does it: 0 for each that it can, an errno for the others. with_user: the user
 * namespace first, where the others refuse. */
int nk_visit_try(const struct nk_ns_subject *s, unsigned kinds, bool with_user,
		 int result[NK_NS_COUNT], struct nk_err *e);

#endif
