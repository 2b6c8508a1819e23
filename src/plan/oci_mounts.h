/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of `mounts`: what is mounted (oci_trees.c) and where (oci_mounts.c). */
#ifndef NK_PLAN_OCI_MOUNTS_H
#define NK_PLAN_OCI_MOUNTS_H

#include <string.h>

#include "plan/build.h"

static inline const struct nk_oci_mount *nk_oci_mount_at(const struct nk_build *b, size_t i)
{
	return &b->oci->config->mounts.v[i];
}

/* A new file system of this type? */
static inline bool nk_oci_is(const struct nk_oci_mount *m, const char *type)
{
	return !(m->flags & NK_MNT_BIND) && !strcmp(m->type, type);
}

/* crun's copy-symlink: a link of the host is made anew inside, instead of what it leads to. */
static inline bool nk_oci_copies_link(const struct nk_oci_mount *m)
{
	return (m->flags & NK_MNT_COPY_SYMLINK) && m->source_is_link && m->source_link;
}

/* Options of the mount itself and of those below it; its propagation. */
void nk_oci_attributes(struct nk_build *b, int tree, const struct nk_oci_mount *m);
void nk_oci_spread(struct nk_build *b, int tree, uint64_t propagation, bool recursive);

/* A new file system with all its options -> slot. */
int nk_oci_new_mount(struct nk_build *b, const struct nk_oci_mount *m, const char *slot);

#endif
