/* SPDX-License-Identifier: Apache-2.0 */
/* What differs inside the namespaces of two processes. */
#ifndef NK_NS_COMPARE_H
#define NK_NS_COMPARE_H

#include "ns/inside.h"

struct nk_ns_difference {
	enum nk_inside_part part;
	const char *key;
	const char *a, *b; /* how it is in each; NULL: it is not there */
};
struct nk_ns_differences {
	NK_VEC(struct nk_ns_difference);
};

/* Parts that both have and that are visible in both; in the order of parts, then of keys. */
void nk_ns_compare(struct nk_arena *arena, const struct nk_inside *a, const struct nk_inside *b,
		   struct nk_ns_differences *out);

/* The pure part: items that are equal in both lists fall out, those of one key are paired. */
void nk_ns_compare_items(struct nk_arena *arena, enum nk_inside_part part,
			 const struct nk_inside_items *a, const struct nk_inside_items *b,
			 struct nk_ns_differences *out);

#endif
