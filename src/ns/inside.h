/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside the namespaces of a process, or inside namespaces without one: read from outside
 * where the kernel offers that, otherwise by a visit (src/ns/visit.h). A part that may not be seen
 * is told with the reason, and the others are there all the same.
 */
#ifndef NK_NS_INSIDE_H
#define NK_NS_INSIDE_H

#include "ns/cards.h"
#include "ns/ipc.h"
#include "ns/mountinfo.h"
#include "ns/sockets.h"
#include "ns/subject.h"

enum nk_inside_part {
	NK_INSIDE_NAMES,   /* host and domain name */
	NK_INSIDE_MAPS,	   /* uid and gid maps */
	NK_INSIDE_CAPS,	   /* capabilities; only of a process */
	NK_INSIDE_OFFSETS, /* of the clocks */
	NK_INSIDE_CGROUPS,
	NK_INSIDE_MOUNTS,
	NK_INSIDE_CARDS, /* with their addresses */
	NK_INSIDE_ROUTES,
	NK_INSIDE_SOCKETS,
	NK_INSIDE_IPC,
	NK_INSIDE_COUNT,
};

struct nk_inside_cgroup {
	const char *id;		 /* number of the hierarchy: "0" is version 2 */
	const char *controllers; /* "memory", "cpu,cpuacct", "name=systemd"; "" for version 2 */
	const char *outside;	 /* seen from our cgroup namespace */
	const char *inside;	 /* seen from its own; NULL: not visible */
};

struct nk_inside_owner {
	uint64_t inode; /* user namespace that owns this one; 0: outside of what we may see */
	bool ruled;	/* the process' capabilities count there */
};

struct nk_inside {
	const struct nk_ns_subject *s;
	bool there[NK_INSIDE_COUNT];	     /* it has such a part at all */
	const char *hidden[NK_INSIDE_COUNT]; /* why it is not visible, NULL when it is */
	const char *less[NK_INSIDE_COUNT];   /* what of it is not visible and why, or NULL */

	struct nk_inside_owner owner[NK_NS_COUNT];
	const char *hostname, *domainname;
	struct nk_idmaps uids, gids;
	const char *setgroups;	     /* "allow", "deny", or "" */
	int64_t monotonic, boottime; /* ns ahead of the machine's clocks */
	bool offsets_of_children;    /* they are those of its next children, not its own */
	NK_VEC(struct nk_inside_cgroup) cgroups;
	struct nk_ns_mounts mounts;
	pid_t parent;	    /* whose mounts they are compared with; 0: ours, -1: nobody's */
	bool parent_shares; /* it is in the same mount namespace */
	struct nk_ns_mounts parent_mounts;
	struct nk_ns_mount_diffs mount_diffs; /* here: this process; there: its parent */
	struct nk_cards net;		      /* CARDS and ROUTES */
	struct nk_ns_sockets sockets;
	struct nk_ipc_objects ipc;
};

/* Everything. The subject has to live as long. Fails only without memory or processes. */
int nk_inside_read(struct nk_arena *a, const struct nk_ns_subject *s, struct nk_inside *in,
		   struct nk_err *e);

/* Which kind of namespace a part belongs to (CAPS: the user namespace); its short name. */
enum nk_ns_kind nk_inside_kind(enum nk_inside_part p);
const char *nk_inside_name(enum nk_inside_part p); /* "names", "maps", "cards" … */

/* One thing inside, in words, so that two processes can be compared and shown alike. */
struct nk_inside_item {
	const char *key;   /* "eth0", "/proc", "uid 0": what it is */
	const char *value; /* how it is */
	size_t place;	   /* in the list, which has what belongs together in a row */
};
struct nk_inside_items {
	NK_VEC(struct nk_inside_item);
};
void nk_inside_items(struct nk_arena *a, const struct nk_inside *in, enum nk_inside_part p,
		     struct nk_inside_items *out);

/* The pure parts, for tests. */
void nk_inside_parse_offsets(const char *text, int64_t *monotonic, int64_t *boottime);
void nk_inside_parse_cgroups(struct nk_arena *a, const char *outside, const char *inside,
			     struct nk_inside *in);
const char *nk_inside_duration(struct nk_arena *a, int64_t ns); /* "+86400 s", "-1.5 s", "0 s" */

#endif
