/* SPDX-License-Identifier: Apache-2.0 */
/* uid_map and gid_map, and what they mean in words. */
#ifndef NK_NS_IDMAP_H
#define NK_NS_IDMAP_H

#include "base/arena.h"
#include "oci/spec.h"

/* The text of a map file: 0, or -EINVAL when it is none. */
int nk_ns_idmap_parse(struct nk_arena *a, const char *text, struct nk_idmaps *out);

/* "0 inside is 1000 outside, 1 id"; "0 to 65535 inside are 100000 to 165535 outside, 65536 ids";
 * "every id is the same inside and outside". */
const char *nk_ns_idmap_words(struct nk_arena *a, const struct nk_idmap *m);

/* The id outside of one inside: -1 when it is not mapped. */
int64_t nk_ns_idmap_out(const struct nk_idmaps *m, uint32_t inside);

#endif
