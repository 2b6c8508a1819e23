/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that dies together: a spec, its facts and its plan live in one arena
 * and are given back by one call. Nothing in it is freed alone.
 *
 * Running out of memory never aborts: the arena remembers it (a->failed), the
 * string functions answer "" and vectors do not grow. Whoever owns the arena
 * asks nk_arena_ok() once, before using what was built.
 */
#ifndef NK_BASE_ARENA_H
#define NK_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct nk_arena {
	struct nk_chunk *chunk;
	bool failed;
};

/* All-zero is a valid empty arena: `struct nk_arena a = {0};`. */
void nk_arena_done(struct nk_arena *a);
#define _arena_ __attribute__((cleanup(nk_arena_done)))

/* 0, or -ENOMEM with *e filled when any allocation in the arena failed. */
int nk_arena_ok(const struct nk_arena *a, struct nk_err *e);

/* Zeroed memory, aligned for any type; NULL on failure. */
void *nk_alloc(struct nk_arena *a, size_t size);
#define NK_NEW(a, type) ((type *)nk_alloc((a), sizeof(type)))

/* Copies; never NULL ("" on failure). */
char *nk_strdup(struct nk_arena *a, const char *s);
char *nk_strndup(struct nk_arena *a, const char *s, size_t n);
/* DIR of "DIR/name" ("/" of "/name"). */
char *nk_dir_of(struct nk_arena *a, const char *path);
char *nk_fmt(struct nk_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *nk_vfmt(struct nk_arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/*
 * Growing vectors: any struct with `T *v; size_t n, cap;`.
 * NK_PUSH answers a pointer to a new zeroed element, or NULL when out of memory.
 */
#define NK_VEC(type)        \
	struct {            \
		type *v;    \
		size_t n;   \
		size_t cap; \
	}
void *nk_vec_grow(struct nk_arena *a, void **v, size_t *n, size_t *cap, size_t size);
#define NK_PUSH(a, vec)                                                                     \
	((__typeof__((vec)->v))nk_vec_grow((a), (void **)&(vec)->v, &(vec)->n, &(vec)->cap, \
					   sizeof(__typeof__(*(vec)->v))))

/* A NULL-terminated list of strings (argv, env). v is NULL while it is empty. */
struct nk_strv {
	char **v;
	size_t n;
	size_t cap;
};
/* Append a string that already lives long enough (no copy). */
void nk_strv_push(struct nk_arena *a, struct nk_strv *sv, const char *s);

#endif
