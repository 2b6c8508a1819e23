/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was asked for to what can be planned: the facts of this machine,
 * and whatever of the spec only they can tell (id maps, kinds of volumes,
 * numbers of devices, default masks).
 */
#ifndef NK_RUNTIME_PREPARE_H
#define NK_RUNTIME_PREPARE_H

#include "host/facts.h"
#include "state/state.h"

/* A range of ids that no other container of this machine has. */
struct nk_lease {
	const char *dir;     /* given: where ranges are leased (host/idrange.h) */
	struct nk_state *st; /* given: dead nooks' containers are cleaned away here before */
	struct nk_idmap ids; /* count 0: none was needed */
	int fd;		     /* to be kept open while the container runs; -1: none */
};

/* Complete *spec and collect *f for it; fill what is not given of *lease. 0 or -errno. */
int nk_prepare(struct nk_arena *a, struct nk_spec *spec, struct nk_facts *f, struct nk_lease *lease,
	       struct nk_err *e);

/* Of it: who the users of a new user namespace are, where nobody has said it. */
int nk_prepare_ids(struct nk_arena *a, struct nk_spec *spec, struct nk_facts *f,
		   struct nk_lease *lease, struct nk_err *e);

/*
 * The text of a file as the container is going to see it (below its rootfs, or
 * below the volume that covers the path), or "" when there is none. Links are
 * followed inside only, nothing but a regular file of at most 1 MiB is read.
 */
const char *nk_container_text(struct nk_arena *a, const struct nk_spec *spec, const char *path,
			      size_t *len);

/* The same below a directory that is already open (the root of a running container). */
const char *nk_root_text(struct nk_arena *a, int root_fd, const char *path, size_t *len);

#endif
