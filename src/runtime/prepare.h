/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was asked for to what can be planned: the facts of this machine,
 * and whatever of the spec only they can tell (id maps, kinds of volumes,
 * numbers of devices, default masks).
 */
#ifndef NK_RUNTIME_PREPARE_H
#define NK_RUNTIME_PREPARE_H

#include "data/passwd.h"
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
 * below the volume that covers the path); empty when there is none or when
 * nk_root_text() would refuse it.
 */
struct nk_text nk_container_text(struct nk_arena *a, const struct nk_spec *spec, const char *path);

/* What a path is that the container is going to see; a volume may cover it. */
enum nk_mask_kind nk_container_kind(const struct nk_spec *spec, const char *path);

/*
 * The text of a file below a directory that is open (the root of a running
 * container): path has no slash in front. Links are followed inside only, and
 * nothing but a regular file is opened. One that is not there is empty; one over
 * NK_PASSWD_LARGEST has a byte more than that. 0 or -errno.
 */
int nk_root_text(struct nk_arena *a, int root_fd, const char *path, struct nk_text *out,
		 struct nk_err *e);

#endif
