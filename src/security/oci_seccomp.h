/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp of config.json as a BPF program. */
#ifndef NK_SECURITY_OCI_SECCOMP_H
#define NK_SECURITY_OCI_SECCOMP_H

#include "oci/config.h"
#include "security/rules.h"

/*
 * The filter of c->seccomp: none when it is not given. Read from cache_dir when these very
 * settings were compiled before, else compiled and kept there (NULL: no cache). *listener: some
 * call is told to the agent at listenerPath, so seccomp(2) answers with a descriptor. The result
 * lives in the arena. 0 or -errno.
 */
int nk_oci_seccomp_filter(struct nk_arena *a, const struct nk_config *c, const char *cache_dir,
			  struct nk_bpf *out, bool *listener, struct nk_err *e);

/* The decided rules alone. */
int nk_oci_seccomp_rules(struct nk_arena *a, const struct nk_oci_seccomp *s, struct nk_rules *out,
			 struct nk_err *e);

#endif
