/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is looked at: a process, or namespaces that no process is named for. Their files are held
 * open from the first look, so that all that is told belongs to the same ones.
 */
#ifndef NK_NS_SUBJECT_H
#define NK_NS_SUBJECT_H

#include "ns/status.h"
#include "ns/target.h"

struct nk_ns_subject {
	const struct nk_ns_target *target;
	const char *what; /* as the target's */
	pid_t pid;	  /* 0: no process */
	bool named;	  /* the process itself was named, not only namespaces that it is in */
	struct nk_ns_status status;
	const char *command;	     /* its name; as it wrote it: any byte may be in it */
	int fd[NK_NS_COUNT];	     /* open files of nsfs, or -EBADF */
	int err[NK_NS_COUNT];	     /* why not: EACCES, EPERM …; ENOENT: it has none */
	uint64_t inode[NK_NS_COUNT]; /* 0: not known */
	uint64_t ours[NK_NS_COUNT];  /* inodes of this process' own */
	uint64_t for_children[2];    /* PID, time: where they differ from its own, else 0 */
};

#define NK_NS_SUBJECT_INIT                                                               \
	{                                                                                \
		.fd = { -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF } \
	}
void nk_ns_subject_done(struct nk_ns_subject *s);
#define _subject_ __attribute__((cleanup(nk_ns_subject_done)))

/* The target has to live as long. -ESRCH when its process has ended meanwhile; what may not be
 * looked at is no fault. */
int nk_ns_subject_open(struct nk_ns_subject *s, struct nk_arena *a, const struct nk_ns_target *t,
		       struct nk_err *e);

/* It is in the same namespace of this kind as this process. */
bool nk_ns_subject_ours(const struct nk_ns_subject *s, enum nk_ns_kind k);

/* Why its namespaces cannot be seen, in a person's words; NULL when they can. */
const char *nk_ns_subject_hidden(struct nk_arena *a, const struct nk_ns_subject *s,
				 enum nk_ns_kind k);

/* A small text file of /proc/PID, in the arena; NULL with errno. Only for a process. */
const char *nk_ns_subject_text(struct nk_arena *a, const struct nk_ns_subject *s, const char *name,
			       size_t *n);

#endif
