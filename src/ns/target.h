/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command about namespaces is given: a process, or files that are namespaces.
 *
 * A process is held by a pidfd from the first look. Read /proc/PID and then ask
 * nk_ns_target_lives(): when it still does, what was read was that process' own, and
 * its number was not given to another one meanwhile.
 *
 * Words that need nook's state (names of containers) are found by src/cli/ns_target.h.
 */
#ifndef NK_NS_TARGET_H
#define NK_NS_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/spec.h"

enum nk_ns_target_from {
	NK_TARGET_PROCESS,   /* a number, `host`, `self` */
	NK_TARGET_CONTAINER, /* a container of nook's */
	NK_TARGET_HELD,	     /* a name given by nook ns hold (or ns run --keep) */
	NK_TARGET_NETNS,     /* a name given by ip netns add */
	NK_TARGET_FILE,	     /* a path */
	NK_TARGET_INODE,     /* type:[inode] */
};

struct nk_ns_target {
	enum nk_ns_target_from from;
	const char *what; /* in a person's words: "process 4711 (sleep)", "container \"web\"" */
	const char *name; /* HELD, NETNS: the name; CONTAINER: its name; else NULL */
	pid_t pid;	  /* a process, or 0: only files */
	int pidfd;	  /* of pid, or -EBADF */
	unsigned kinds;	  /* bit k: it has a namespace of this kind to join */
	const char *paths[NK_NS_COUNT]; /* the file of each kind; /proc/PID/ns/… for a process */
};

#define NK_NS_TARGET_INIT       \
	{                       \
		.pidfd = -EBADF \
	}
void nk_ns_target_done(struct nk_ns_target *t);
#define _target_ __attribute__((cleanup(nk_ns_target_done)))

/* "user, net": the kinds of these bits. */
const char *nk_ns_kinds_words(struct nk_arena *a, unsigned kinds);

/* A process: all eight kinds (those this kernel has). -ESRCH with a hint when there is none. */
int nk_ns_target_pid(struct nk_ns_target *t, struct nk_arena *a, pid_t pid, struct nk_err *e);

/* The same for one that is held already; takes the pidfd, also when it fails. */
int nk_ns_target_pidfd(struct nk_ns_target *t, struct nk_arena *a, pid_t pid, int pidfd,
		       struct nk_err *e);

/* A file that is a namespace, its kind as the kernel says: /proc/PID/ns/net, /run/netns/NAME. */
int nk_ns_target_file(struct nk_ns_target *t, struct nk_arena *a, const char *path,
		      struct nk_err *e);

/* Which kind an open namespace file is: < NK_NS_COUNT, or -EINVAL when it is none. */
int nk_ns_kind_of(int fd);

/* Its namespace of this kind has this inode (dev: there is one nsfs). */
bool nk_ns_target_is(const struct nk_ns_target *t, enum nk_ns_kind k, uint64_t inode);

/* True when the target has no process, or when it has not ended. */
bool nk_ns_target_lives(const struct nk_ns_target *t);

/* "process 12 has ended" with a hint; -ESRCH. */
int nk_ns_target_ended(const struct nk_ns_target *t, struct nk_err *e);

/* Bits of the kinds in which a target differs from this process (what joining would change);
 * -errno when they may not be read. */
int nk_ns_target_differing(const struct nk_ns_target *t, unsigned *kinds, struct nk_err *e);

#endif
