/* SPDX-License-Identifier: Apache-2.0 */
/* STATE/ns under its lock. Inside src/ns only. */
#ifndef NK_NS_HOLD_DIR_H
#define NK_NS_HOLD_DIR_H

#include "ns/held.h"

struct nk_ns_store {
	struct nk_arena *a;
	const char *state;
	const char *path; /* STATE/ns */
	int lock;
	int fd; /* of STATE/ns, opened with the lock in hand */
};
#define NK_NS_STORE_INIT                     \
	{                                    \
		.lock = -EBADF, .fd = -EBADF \
	}

/* Take the lock and clear away what the dead have left. make: STATE/ns is made (else -ENOENT). */
int nk_ns_store_open(struct nk_ns_store *s, struct nk_arena *a, const char *state, bool make,
		     struct nk_err *e);
/* STATE/ns becomes a private mount of itself. */
int nk_ns_store_private(struct nk_ns_store *s, struct nk_err *e);
/* Gives the lock back; a private mount that nothing is bound in goes. */
void nk_ns_store_close(struct nk_ns_store *s);
#define _store_ __attribute__((cleanup(nk_ns_store_close)))

/* ".new-0123456789abcdef" */
const char *nk_ns_store_new_name(struct nk_ns_store *s, const char *kind);
/* Take the directory NAME apart, whatever is in it: holder, mounts, files. */
int nk_ns_store_dispose(struct nk_ns_store *s, const char *name, struct nk_err *e);
/* Rename NAME away first, so that it is gone at once. */
int nk_ns_store_drop(struct nk_ns_store *s, const char *name, struct nk_err *e);

/* netns.c: /run/netns/NAME for a process' network, as ip netns does it; and away with it. inode:
 * only when it is this one; 0: whichever. */
int nk_netns_bind(const char *name, pid_t pid, struct nk_err *e);
int nk_netns_unbind(const char *name, uint64_t inode, bool half_made, struct nk_err *e);

#endif
