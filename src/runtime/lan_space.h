/* SPDX-License-Identifier: Apache-2.0 */
/* For lan_keeper.c: the namespaces of lan.h. */
#ifndef NK_RUNTIME_LAN_SPACE_H
#define NK_RUNTIME_LAN_SPACE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* A process in new users (own id is root, all subordinate ones follow) and a new network, lo up. It
 * ends with this process. 0 or -errno. */
int nk_lan_space_start(struct nk_arena *a, pid_t *pid, struct nk_err *e);

#endif
