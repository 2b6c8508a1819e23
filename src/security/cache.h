/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters on disk, by digest of all they are made of. A cache: whatever
 * is wrong with it, nook compiles again and says nothing. What stands in a file
 * that another user could have written is never believed.
 */
#ifndef NK_SECURITY_CACHE_H
#define NK_SECURITY_CACHE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "security/seccomp.h"

/* True when a sound filter of that key was there; it lives in the arena. */
bool nk_filter_cache_load(struct nk_arena *a, const char *dir, const uint8_t key[NK_SHA256_SIZE],
			  struct nk_bpf *out);
/* Keep a filter (atomically: a reader sees all of it or nothing); of more than so many the oldest
 * go. */
enum { NK_FILTER_CACHE_MAX = 64 };
void nk_filter_cache_store(const char *dir, const uint8_t key[NK_SHA256_SIZE],
			   const struct nk_bpf *bpf);

#endif
