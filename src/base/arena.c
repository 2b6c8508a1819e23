/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One chunk holds a whole plan, so that a start asks malloc once or twice. */
#define CHUNK_SIZE ((size_t)64 * 1024)

struct nk_chunk {
	struct nk_chunk *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static char empty[1];

void nk_arena_done(struct nk_arena *a)
{
	while (a->chunk) {
		struct nk_chunk *c = a->chunk;
		a->chunk = c->next;
		free(c);
	}
}

int nk_arena_ok(const struct nk_arena *a, struct nk_err *e)
{
	return a->failed ? nk_fail(e, ENOMEM, "cannot build the plan") : 0;
}

static struct nk_chunk *chunk_new(struct nk_arena *a, size_t size)
{
	size_t room = size > CHUNK_SIZE / 2 ? size : CHUNK_SIZE - sizeof(struct nk_chunk);
	struct nk_chunk *c = malloc(sizeof(*c) + room);

	if (!c) {
		a->failed = true;
		return NULL;
	}
	c->used = 0;
	c->size = room;
	/* A chunk made for one large block goes behind the one still in use. */
	if (a->chunk && size > CHUNK_SIZE / 2) {
		c->next = a->chunk->next;
		a->chunk->next = c;
	} else {
		c->next = a->chunk;
		a->chunk = c;
	}
	return c;
}

void *nk_alloc(struct nk_arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct nk_chunk *c = a->chunk;

	if (size > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	size = (size + align - 1) & ~(align - 1);
	if (!c || c->size - c->used < size)
		c = chunk_new(a, size);
	if (!c)
		return NULL;
	void *p = c->data + c->used;
	c->used += size;
	return memset(p, 0, size);
}

char *nk_strndup(struct nk_arena *a, const char *s, size_t n)
{
	char *p = nk_alloc(a, n + 1);

	if (!p)
		return empty;
	return memcpy(p, s, n);
}

char *nk_dir_of(struct nk_arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? nk_strndup(a, path, (size_t)(slash - path)) : nk_strdup(a, "/");
}

char *nk_strdup(struct nk_arena *a, const char *s)
{
	return nk_strndup(a, s, strlen(s));
}

char *nk_vfmt(struct nk_arena *a, const char *fmt, va_list ap)
{
	char buf[256];
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	char *p = NULL;
	if (n >= 0 && (size_t)n < sizeof(buf)) {
		p = nk_strndup(a, buf, (size_t)n);
	} else if (n >= 0) {
		p = nk_alloc(a, (size_t)n + 1);
		if (p)
			vsnprintf(p, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return p ? p : empty;
}

char *nk_fmt(struct nk_arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *p = nk_vfmt(a, fmt, ap);
	va_end(ap);
	return p;
}

void *nk_vec_grow(struct nk_arena *a, void **v, size_t *n, size_t *cap, size_t size)
{
	if (*n == *cap) {
		size_t want = *cap ? *cap * 2 : 8;
		void *p = want > SIZE_MAX / 4 / size ? NULL : nk_alloc(a, want * size);
		if (!p) {
			a->failed = true;
			return NULL;
		}
		if (*n)
			memcpy(p, *v, *n * size);
		*v = p;
		*cap = want;
	}
	return (char *)*v + size * (*n)++;
}

void nk_strv_push(struct nk_arena *a, struct nk_strv *sv, const char *s)
{
	/* One place more than needed, so that the list always ends with NULL. */
	if (sv->n + 1 >= sv->cap) {
		size_t want = sv->cap ? sv->cap * 2 : 16;
		char **p = nk_alloc(a, want * sizeof(*p));
		if (!p)
			return;
		if (sv->n)
			memcpy(p, sv->v, sv->n * sizeof(*p));
		sv->v = p;
		sv->cap = want;
	}
	sv->v[sv->n++] = (char *)s;
	sv->v[sv->n] = NULL;
}
