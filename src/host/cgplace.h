/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/host only: shared by cgroups.c and cgprobe.c. */
#ifndef NK_HOST_CGPLACE_H
#define NK_HOST_CGPLACE_H

#include "host/cgroups.h"

/* Fill place and writable: the top of the mount for root, the own group when delegated. */
void nk_cg_find_place(struct nk_arena *a, struct nk_cg_hierarchy *h);

/* May this user make groups in the directory and move processes into them? */
bool nk_cg_can_write(struct nk_arena *a, const char *dir);

#endif
