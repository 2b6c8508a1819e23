/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/mountinfo.h"

#include <stdlib.h>
#include <string.h>

#include "host/text.h"

/* Six fields, optional ones, "-", three more; the kernel has at most three optional ones now. */
enum { FIELDS_MAX = 32 };

/* \040 and its like: blank, tab, newline, backslash. */
static const char *unescape(struct nk_arena *a, struct nk_field f)
{
	char *text = nk_strndup(a, f.s, f.n);
	size_t at = 0, n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		const char *c = text + i;
		if (c[0] == '\\' && i + 3 < n && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
		    c[2] <= '7' && c[3] >= '0' && c[3] <= '7') {
			text[at++] = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
			i += 3;
		} else {
			text[at++] = text[i];
		}
	}
	/* Out of memory the text is "" and not ours to write to. */
	if (at < n)
		text[at] = '\0';
	return text;
}

static bool begins(struct nk_field f, const char *s)
{
	return f.n >= strlen(s) && !memcmp(f.s, s, strlen(s));
}

static const char *propagation(const struct nk_field *f, size_t n)
{
	bool shared = false, slave = false;

	for (size_t i = 0; i < n; i++) {
		if (nk_field_is(f[i], "unbindable"))
			return "unbindable";
		shared |= begins(f[i], "shared:");
		slave |= begins(f[i], "master:");
	}
	return shared && slave ? "shared,slave" : shared ? "shared" : slave ? "slave" : "private";
}

static bool parse_line(struct nk_arena *a, const char *line, size_t n, struct nk_ns_mount *m)
{
	struct nk_field f[FIELDS_MAX];
	size_t fields = nk_text_split(line, n, ' ', f, FIELDS_MAX), dash = 6;
	uint32_t id;

	if (fields > FIELDS_MAX)
		return false;
	while (dash < fields && !nk_field_is(f[dash], "-"))
		dash++;
	if (dash + 3 >= fields || !nk_text_u32(f[0].s, f[0].n, &id))
		return false;
	*m = (struct nk_ns_mount){
		.id = id,
		.root = unescape(a, f[3]),
		.point = unescape(a, f[4]),
		.options = nk_strndup(a, f[5].s, f[5].n),
		.propagation = propagation(f + 6, dash - 6),
		.type = unescape(a, f[dash + 1]),
		.source = unescape(a, f[dash + 2]),
		.superblock = unescape(a, f[dash + 3]),
	};
	return true;
}

unsigned nk_ns_mounts_parse(struct nk_arena *a, const char *text, struct nk_ns_mounts *out)
{
	unsigned bad = 0;
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_ns_mount m, *new;
		if (!parse_line(a, line, n, &m)) {
			bad++;
			continue;
		}
		new = NK_PUSH(a, out);
		if (new)
			*new = m;
	}
	return bad;
}

static int by_point(const void *x, const void *y)
{
	const struct nk_ns_mount *const *a = x, *const *b = y;
	int order = strcmp((*a)->point, (*b)->point);

	if (order)
		return order;
	return *a < *b ? -1 : 1; /* in the kernel's order: the last one is on top */
}

/* Sorted by point, only the topmost of each. NULL when there are none or no memory. */
static const struct nk_ns_mount **topmost(struct nk_arena *a, const struct nk_ns_mounts *m,
					  size_t *count)
{
	const struct nk_ns_mount **v = nk_alloc(a, (m->n + 1) * sizeof(void *));
	size_t n = 0;

	*count = 0;
	if (!v || !m->n)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		v[i] = &m->v[i];
	qsort(v, m->n, sizeof(void *), by_point);
	for (size_t i = 0; i < m->n; i++) {
		if (n && !strcmp(v[n - 1]->point, v[i]->point))
			v[n - 1] = v[i];
		else
			v[n++] = v[i];
	}
	*count = n;
	return v;
}

/* But for the propagation, which unshare(1) and nook change for all of them at once. */
static bool same(const struct nk_ns_mount *a, const struct nk_ns_mount *b)
{
	return !strcmp(a->root, b->root) && !strcmp(a->type, b->type) &&
	       !strcmp(a->source, b->source) && !strcmp(a->options, b->options) &&
	       !strcmp(a->superblock, b->superblock);
}

static void note(struct nk_arena *a, struct nk_ns_mount_diffs *out, const struct nk_ns_mount *here,
		 const struct nk_ns_mount *there)
{
	if (here && there && same(here, there) && !strcmp(here->propagation, there->propagation))
		return;
	struct nk_ns_mount_diff *d = NK_PUSH(a, out);

	if (d)
		*d = (struct nk_ns_mount_diff){
			.change = !there	      ? NK_MOUNT_ONLY_HERE
				  : !here	      ? NK_MOUNT_ONLY_THERE
				  : same(here, there) ? NK_MOUNT_SPREADS
						      : NK_MOUNT_CHANGED,
			.here = here,
			.there = there,
		};
}

void nk_ns_mounts_compare(struct nk_arena *a, const struct nk_ns_mounts *here,
			  const struct nk_ns_mounts *there, struct nk_ns_mount_diffs *out)
{
	size_t n, m, i = 0, j = 0;
	const struct nk_ns_mount **x = topmost(a, here, &n), **y = topmost(a, there, &m);

	while (i < n || j < m) {
		int order = i == n ? 1 : j == m ? -1 : strcmp(x[i]->point, y[j]->point);
		if (order < 0)
			note(a, out, x[i++], NULL);
		else if (order > 0)
			note(a, out, NULL, y[j++]);
		else
			note(a, out, x[i++], y[j++]);
	}
}
