/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of this machine that `host` shows, and what lies over them. */
#ifndef NK_HOST_HOSTROOT_H
#define NK_HOST_HOSTROOT_H

#include "host/facts.h"

/* Fill f->host_dirs: programs, libraries and settings; never /home, /root, /var or /srv. */
int nk_facts_host_dirs(struct nk_arena *a, struct nk_facts *f, struct nk_err *e);

#endif
