/* SPDX-License-Identifier: Apache-2.0 */
/* Which user namespace a namespace belongs to decides what may be mounted in it. */
#ifndef NK_HOST_OWNER_H
#define NK_HOST_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/spec.h"

/*
 * Bit k: the namespace of kind k that spec joins belongs to another user
 * namespace than the one that the container will be in. One that cannot be
 * opened is not counted: the step that joins it will tell.
 */
uint32_t nk_ns_foreign(const struct nk_spec *spec);

/* The mounts that we see belong to our own users: only then may CAP_SYS_ADMIN copy them. */
bool nk_ns_own_mounts(void);
/* The same of the network: only then may CAP_NET_ADMIN make links and rules in it. */
bool nk_ns_own_network(void);

/*
 * The user that we are in the user namespace around ours: rootless Podman calls its runtime as
 * the root of a user namespace, and what belongs to the user (bus, service manager, groups) is
 * named by the number outside. The effective uid where there is no map.
 */
unsigned nk_outer_uid(void);

#endif
