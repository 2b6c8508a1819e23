/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of JSON through json-c. The first fault sticks in in->rc and
 * in->e, later calls do nothing: a reader asks for every field and looks at
 * in->rc once. A missing key is no fault where a default is given.
 */
#ifndef NK_DATA_JSON_IN_H
#define NK_DATA_JSON_IN_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct nk_json_in {
	struct nk_arena *a; /* strings are copied here */
	struct nk_err *e;
	int rc;		      /* 0, or -errno of the first fault */
	const char *document; /* "config.json": faults say DOCUMENT: PATH.KEY: what; or NULL */
	char path[160];	      /* where we are, see struct nk_json_at */
};

/*
 * A member or an item that is read now: its name stands in in->path until the end of the scope,
 * so that a fault says `linux.namespaces[2].type`.
 *
 *     _json_at_ struct nk_json_at list = nk_json_enter(in, o, "mounts", json_type_array);
 *     for (size_t i = 0; i < nk_json_count(&list); i++) {
 *             _json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
 *
 * .o is NULL where it is missing or of another type (which is a fault, as anywhere).
 */
struct nk_json_at {
	struct nk_json_in *in;
	struct json_object *o;
	size_t mark; /* length of in->path before */
};
struct nk_json_at nk_json_enter(struct nk_json_in *in, struct json_object *o, const char *key,
				enum json_type type);
struct nk_json_at nk_json_item(struct nk_json_at *list, size_t i, enum json_type type);
void nk_json_leave(struct nk_json_at *at);
#define _json_at_ __attribute__((cleanup(nk_json_leave)))
/* Items of an array; 0 after a fault, so that loops end. */
size_t nk_json_count(const struct nk_json_at *list);

/* Text -> tree (to be given back by json_object_put): one value, nothing behind it, at most 32
 * levels. what names the text in errors. */
int nk_json_parse(const char *text, size_t len, const char *what, struct json_object **out,
		  struct nk_err *e);

static inline void nk_cleanup_json(struct json_object **o)
{
	json_object_put(*o);
}
#define _json_object_ __attribute__((cleanup(nk_cleanup_json)))

/* The member of that type, NULL when it is missing or null. */
struct json_object *nk_json_get(struct nk_json_in *in, struct json_object *o, const char *key,
				enum json_type type);
/* The same, but it has to be there. */
struct json_object *nk_json_need(struct nk_json_in *in, struct json_object *o, const char *key,
				 enum json_type type);

/* Values of a member; otherwise when it is missing. A string with a NUL in it is a fault. */
const char *nk_json_get_str(struct nk_json_in *in, struct json_object *o, const char *key,
			    const char *otherwise);
bool nk_json_get_bool(struct nk_json_in *in, struct json_object *o, const char *key,
		      bool otherwise);
int64_t nk_json_get_int(struct nk_json_in *in, struct json_object *o, const char *key, int64_t min,
			int64_t max, int64_t otherwise);
uint64_t nk_json_get_uint(struct nk_json_in *in, struct json_object *o, const char *key,
			  uint64_t max, uint64_t otherwise);
void nk_json_get_strv(struct nk_json_in *in, struct json_object *o, const char *key,
		      struct nk_strv *out);

/* A value itself, of an array: key is for the message. */
const char *nk_json_as_str(struct nk_json_in *in, struct json_object *value, const char *key);

/* A fault of the member key, or of where we are (NULL). */
int nk_json_bad(struct nk_json_in *in, const char *key, const char *what);
int nk_json_badf(struct nk_json_in *in, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
