/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles as BPF programs. */
#ifndef NK_SECURITY_SECCOMP_H
#define NK_SECURITY_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "oci/spec.h"

/* A program ready for seccomp(2); insns is NULL for "no filter". */
struct nk_bpf {
	const struct sock_filter *insns;
	size_t n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_… for seccomp(2) */
};

/*
 * The filter that spec asks for: none when unconfined or privileged; the
 * built-in profile (compiled to BPF at build time for the default
 * capabilities; compiled now, and cached by digest below
 * cache_dir, for others); or a profile file in Docker's or the runtime-spec's
 * JSON. cache_dir may be NULL (no cache). The result lives in the arena or is
 * static. 0 or -errno.
 */
int nk_seccomp_filter(struct nk_arena *a, const struct nk_spec *spec, const char *cache_dir,
		      struct nk_bpf *out, struct nk_err *e);

#endif
