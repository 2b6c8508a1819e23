/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ids of the machine a container's users are.
 *
 * As root each container with users of its own leases a range that no other
 * running nook container has. The lease is a write lock on bytes FIRST to
 * FIRST + COUNT - 1 of the empty file DIR/ids (byte N stands for id N), held
 * by the descriptor: when nook ends, however it ends, the kernel frees it, so
 * there is no stale one. DIR is one for all nooks of a user (/run/nook for root),
 * whatever --state says: ids are the machine's.
 */
#ifndef NK_HOST_IDRANGE_H
#define NK_HOST_IDRANGE_H

#include "host/facts.h"

/*
 * Lease count ids. They come from the ranges of `nook` or `containers` in
 * /etc/subuid and /etc/subgid (the same numbers have to be in both), else from
 * the house range; inside another user namespace, from the upper part of the ids
 * that are mapped there. dir is made when missing. *lock_fd is close-on-exec: keep
 * it open while the container runs. 0; -ERANGE when no range is that long; -EAGAIN
 * when all are taken; or -errno.
 */
int nk_idrange_lease(const char *dir, const char *id, const struct nk_facts *f, uint32_t count,
		     uint32_t *first, int *lock_fd, struct nk_err *e);

/* The largest count that a lease can give here, up to 65536. 0: none. */
uint32_t nk_idrange_max(const struct nk_facts *f);

/* The map of a leased range. Where it is too short for 65534, its last id is that one:
 * programs give rights away by becoming nobody. */
void nk_idmap_leased(struct nk_arena *a, uint32_t first, uint32_t count, struct nk_idmaps *out);

/*
 * The map of an ordinary user's new namespace: 0 inside is the user, 1 and on
 * are the subordinate ids, one range behind the other. Where facts->single_id
 * says so, the user alone.
 */
void nk_idmap_rootless(struct nk_arena *a, const struct nk_facts *f, struct nk_idmaps *uids,
		       struct nk_idmaps *gids);

/* Each id is itself: all that our own namespace maps (own; empty: every one). */
void nk_idmap_same(struct nk_arena *a, const struct nk_idmaps *own, struct nk_idmaps *out);

#endif
