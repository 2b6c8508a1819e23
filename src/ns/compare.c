/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/compare.h"

#include <stdlib.h>
#include <string.h>

static int by_key(const void *x, const void *y)
{
	const struct nk_inside_item *a = x, *b = y;
	int order = strcmp(a->key, b->key);

	return order ? order : strcmp(a->value, b->value);
}

static int by_place(const void *x, const void *y)
{
	const struct nk_inside_item *a = x, *b = y;
	int order = strcmp(a->key, b->key);

	return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

/* A sorted copy; NULL when there are none or no memory. */
static struct nk_inside_item *sorted(struct nk_arena *a, const struct nk_inside_items *items)
{
	struct nk_inside_item *v = items->n ? nk_alloc(a, items->n * sizeof(*v)) : NULL;

	if (!v)
		return NULL;
	memcpy(v, items->v, items->n * sizeof(*v));
	qsort(v, items->n, sizeof(*v), by_key);
	return v;
}

/* Take from both sorted lists what they share; how many of each are left. */
static void cancel(struct nk_inside_item *x, size_t *n, struct nk_inside_item *y, size_t *m)
{
	size_t i = 0, j = 0, left = 0, right = 0;

	while (i < *n || j < *m) {
		int order = i == *n ? 1 : j == *m ? -1 : by_key(&x[i], &y[j]);
		if (order < 0)
			x[left++] = x[i++];
		else if (order > 0)
			y[right++] = y[j++];
		else
			i++, j++;
	}
	*n = left;
	*m = right;
}

static void note(struct nk_arena *arena, struct nk_ns_differences *out, enum nk_inside_part part,
		 const struct nk_inside_item *a, const struct nk_inside_item *b)
{
	struct nk_ns_difference *d = NK_PUSH(arena, out);

	if (d)
		*d = (struct nk_ns_difference){part, a ? a->key : b->key, a ? a->value : NULL,
					       b ? b->value : NULL};
}

void nk_ns_compare_items(struct nk_arena *arena, enum nk_inside_part part,
			 const struct nk_inside_items *a, const struct nk_inside_items *b,
			 struct nk_ns_differences *out)
{
	struct nk_inside_item *x = sorted(arena, a), *y = sorted(arena, b);
	size_t n = x ? a->n : 0, m = y ? b->n : 0, i = 0, j = 0;

	cancel(x, &n, y, &m);
	/* The card first, then its addresses: first with first, second with second. */
	if (n)
		qsort(x, n, sizeof(*x), by_place);
	if (m)
		qsort(y, m, sizeof(*y), by_place);
	while (i < n || j < m) {
		int order = i == n ? 1 : j == m ? -1 : strcmp(x[i].key, y[j].key);
		note(arena, out, part, order <= 0 ? &x[i] : NULL, order >= 0 ? &y[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

/* Where one of them may not be entered, only what is seen from outside can be compared. */
static void cgroups_outside(struct nk_arena *arena, const struct nk_inside *in,
			    struct nk_inside_items *out)
{
	for (size_t i = 0; i < in->cgroups.n; i++) {
		const struct nk_inside_cgroup *c = &in->cgroups.v[i];
		struct nk_inside_item *new = NK_PUSH(arena, out);
		if (new)
			*new = (struct nk_inside_item){
				c->controllers[0] ? c->controllers : "version 2", c->outside, i};
	}
}

void nk_ns_compare(struct nk_arena *arena, const struct nk_inside *a, const struct nk_inside *b,
		   struct nk_ns_differences *out)
{
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		enum nk_inside_part part = (enum nk_inside_part)p;
		struct nk_inside_items x = {0}, y = {0};

		if (!a->there[p] || !b->there[p] || a->hidden[p] || b->hidden[p])
			continue;
		/* One that tells less would differ in everything that it does not tell. */
		if ((part == NK_INSIDE_CARDS || part == NK_INSIDE_ROUTES) &&
		    !a->less[p] != !b->less[p])
			continue;
		if (part == NK_INSIDE_CGROUPS && !a->less[p] != !b->less[p]) {
			cgroups_outside(arena, a, &x);
			cgroups_outside(arena, b, &y);
		} else {
			nk_inside_items(arena, a, part, &x);
			nk_inside_items(arena, b, part, &y);
		}
		nk_ns_compare_items(arena, part, &x, &y, out);
	}
}
