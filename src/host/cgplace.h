/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/host only: shared by cgroups.c and cgprobe.c. */
#ifndef NK_HOST_CGPLACE_H
#define NK_HOST_CGPLACE_H

#include "host/cgroups.h"

/* Fill place and writable: the top of the mount for root, the own group when delegated. */
void nk_cg_find_place(struct nk_arena *a, struct nk_cg_hierarchy *h);

#endif
