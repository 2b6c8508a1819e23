/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every namespace of the machine that this user may see, and how they hang together: which user
 * namespace owns which, which user and PID namespaces lie in which, and what keeps each alive.
 *
 * Collected once, then only read. Nothing here prints. A process that ends while it is looked at
 * is no error; what could not be seen for want of rights is counted, so that a caller can say so.
 */
#ifndef NK_NS_GRAPH_H
#define NK_NS_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/spec.h"

enum { NK_NS_NOBODY = -1 }; /* instead of an index: there is none, or it is not ours to see */

enum nk_ns_hold {
	NK_HOLD_PROCESS,  /* a process is in it */
	NK_HOLD_CHILDREN, /* children of a process will be (…_for_children) */
	NK_HOLD_MOUNT,	  /* a bind mount of it */
	NK_HOLD_NESTED,	  /* a namespace below it, or one that it owns */
	NK_HOLD_FD,	  /* an open descriptor: looked for only when asked */
	NK_HOLD_THREAD,	  /* a thread that has left the namespace of its process */
};

struct nk_ns_holder {
	enum nk_ns_hold what;
	pid_t pid;	  /* PROCESS, CHILDREN, FD, THREAD: the lowest; MOUNT: a process that
			   * sees it */
	int fd;		  /* FD */
	unsigned count;	  /* PROCESS, CHILDREN, THREAD: how many; FD: how many descriptors;
			   * MOUNT: in how many mount namespaces it stands at this path */
	const char *path; /* MOUNT: where, as pid sees it */
	int ns;		  /* NESTED: its index */
};

struct nk_ns_node {
	enum nk_ns_kind kind;
	uint64_t dev, inode; /* both together are its identity */
	int owner;	     /* index of the user namespace that owns it, or NK_NS_NOBODY */
	int parent;	     /* user and PID namespaces: index of the one around it */
	uid_t creator;	     /* user namespaces: who made it; else who made its owner */
	bool creator_known;
	unsigned processes;  /* that are in it */
	pid_t pid;	     /* the lowest of them; 0 when there is none */
	uid_t uid;	     /* whose process that is, where pid is not 0 */
	const char *command; /* its command line, blanks between words; NULL for none. As the
			      * process wrote it: any byte may be in it */
	const char *name;    /* given by nook ns hold, ip netns add or a container; or NULL */
	NK_VEC(struct nk_ns_holder) holders;
};

struct nk_ns_process {
	pid_t pid, ppid;
	uid_t uid;
	int ns[NK_NS_COUNT]; /* indexes of its eight, NK_NS_NOBODY where not readable */
	int for_children[2]; /* PID, time: where they differ, else NK_NS_NOBODY */
};

struct nk_ns_graph {
	NK_VEC(struct nk_ns_node) nodes;	/* by kind, then inode */
	NK_VEC(struct nk_ns_process) processes; /* by pid; only when asked for */
	unsigned unreadable; /* processes whose namespaces this user may not see */
	bool partial_owners; /* some owners or parents are outside of what we may see */
};

/* A process whose namespaces have a name: a container's first one, the holder of nook ns hold. */
struct nk_ns_known {
	pid_t pid;
	const char *name;
	unsigned kinds; /* bit k: the name is that of kind k; 0 = of those that are not ours */
};

struct nk_ns_look {
	unsigned kinds;	     /* bit k: kinds wanted; 0 = all. User namespaces that own one or lie
			      * around one are there as well */
	pid_t pid;	     /* only this process' (0 = all of /proc) */
	bool fds;	     /* also descriptors of all processes: a good deal slower */
	bool keep_processes; /* fill graph->processes */
	const char *state;   /* nook's state directory, for names; may be NULL */
	const struct nk_ns_known *known;
	size_t known_count;
};

/*
 * 0, or -errno when /proc cannot be read at all; -ESRCH when there is no process look->pid (one
 * that is there and may not be looked at counts as unreadable). Everything lies in the arena.
 */
int nk_ns_collect(struct nk_arena *a, const struct nk_ns_look *look, struct nk_ns_graph *g,
		  struct nk_err *e);

/* Index of a namespace, or NK_NS_NOBODY. dev 0: any device (there is one nsfs). */
int nk_ns_by_inode(const struct nk_ns_graph *g, uint64_t dev, uint64_t inode);

/* "net:[4026531840]": the kernel's way to write one. kind < NK_NS_COUNT or -EINVAL. */
int nk_ns_parse(const char *word, enum nk_ns_kind *kind, uint64_t *inode);

#endif
