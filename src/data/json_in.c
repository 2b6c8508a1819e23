/* SPDX-License-Identifier: Apache-2.0 */
#include "data/json_in.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 32 };

int nk_json_parse(const char *text, size_t len, const char *what, struct json_object **out,
		  struct nk_err *e)
{
	if (len > INT_MAX)
		return nk_fail(e, EFBIG, "%s", what);

	struct json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);

	if (!tok)
		return nk_fail(e, ENOMEM, "%s", what);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);

	struct json_object *o = json_tokener_parse_ex(tok, text, (int)len);
	enum json_tokener_error why = json_tokener_get_error(tok);
	size_t end = json_tokener_get_parse_end(tok);

	json_tokener_free(tok);
	while (end < len && strchr(" \t\r\n", text[end]))
		end++;
	if (why != json_tokener_success || end != len) {
		json_object_put(o);
		return nk_fail(e, 0, "%s is not valid JSON (at byte %zu): %s", what, end,
			       why == json_tokener_success    ? "something follows the value"
			       : why == json_tokener_continue ? "it ends too early"
							      : json_tokener_error_desc(why));
	}
	*out = o;
	return 0;
}

static const char *type_name(enum json_type type)
{
	switch (type) {
	case json_type_object:
		return "is not an object";
	case json_type_array:
		return "is not an array";
	case json_type_string:
		return "is not a string";
	case json_type_boolean:
		return "is neither true nor false";
	default:
		return "is not a whole number";
	}
}

/* Names and values come from the document, the message goes to a terminal. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

int nk_json_bad(struct nk_json_in *in, const char *key, const char *what)
{
	if (in->rc)
		return in->rc;
	if (!in->document) {
		in->rc = nk_fail(in->e, 0, "\"%s\" %s", key, what);
		return in->rc;
	}
	if (!strncmp(what, "is ", 3))
		what += 3;
	if (key)
		in->rc = nk_fail(in->e, 0, "%s: %s%s%.80s: %s", in->document, in->path,
				 in->path[0] ? "." : "", key, what);
	else
		in->rc = nk_fail(in->e, 0, "%s: %s%s%s", in->document, in->path,
				 in->path[0] ? ": " : "", what);
	make_printable(in->e->msg);
	return in->rc;
}

int nk_json_badf(struct nk_json_in *in, const char *key, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return nk_json_bad(in, key, what);
}

void nk_json_leave(struct nk_json_at *at)
{
	/* The path of a fault stays: what is asked for later does nothing anyway. */
	at->in->path[at->mark] = 0;
}

struct nk_json_at nk_json_enter(struct nk_json_in *in, struct json_object *o, const char *key,
				enum json_type type)
{
	struct nk_json_at at = {.in = in, .mark = strlen(in->path)};

	at.o = nk_json_get(in, o, key, type);
	if (at.o)
		snprintf(in->path + at.mark, sizeof(in->path) - at.mark, "%s%.80s",
			 at.mark ? "." : "", key);
	return at;
}

size_t nk_json_count(const struct nk_json_at *list)
{
	return list->o && !list->in->rc ? json_object_array_length(list->o) : 0;
}

struct nk_json_at nk_json_item(struct nk_json_at *list, size_t i, enum json_type type)
{
	struct nk_json_in *in = list->in;
	struct nk_json_at at = {.in = in, .mark = strlen(in->path)};
	struct json_object *v = json_object_array_get_idx(list->o, i);

	snprintf(in->path + at.mark, sizeof(in->path) - at.mark, "[%zu]", i);
	if (in->rc)
		return at;
	if (!v || !json_object_is_type(v, type))
		nk_json_bad(in, NULL, type_name(type));
	else
		at.o = v;
	return at;
}

struct json_object *nk_json_get(struct nk_json_in *in, struct json_object *o, const char *key,
				enum json_type type)
{
	struct json_object *v = NULL;

	if (in->rc || !o || !json_object_object_get_ex(o, key, &v) || !v)
		return NULL;
	if (!json_object_is_type(v, type)) {
		nk_json_bad(in, key, type_name(type));
		return NULL;
	}
	return v;
}

struct json_object *nk_json_need(struct nk_json_in *in, struct json_object *o, const char *key,
				 enum json_type type)
{
	struct json_object *v = nk_json_get(in, o, key, type);

	if (!v)
		nk_json_bad(in, key, "is missing");
	return v;
}

const char *nk_json_as_str(struct nk_json_in *in, struct json_object *value, const char *key)
{
	if (in->rc)
		return NULL;
	if (!json_object_is_type(value, json_type_string)) {
		nk_json_bad(in, key, type_name(json_type_string));
		return NULL;
	}

	const char *s = json_object_get_string(value);

	if (strlen(s) != (size_t)json_object_get_string_len(value)) {
		nk_json_bad(in, key, "has a NUL in it");
		return NULL;
	}
	return nk_strdup(in->a, s);
}

const char *nk_json_get_str(struct nk_json_in *in, struct json_object *o, const char *key,
			    const char *otherwise)
{
	struct json_object *v = nk_json_get(in, o, key, json_type_string);

	return v ? nk_json_as_str(in, v, key) : otherwise;
}

bool nk_json_get_bool(struct nk_json_in *in, struct json_object *o, const char *key, bool otherwise)
{
	struct json_object *v = nk_json_get(in, o, key, json_type_boolean);

	return v ? json_object_get_boolean(v) : otherwise;
}

int64_t nk_json_get_int(struct nk_json_in *in, struct json_object *o, const char *key, int64_t min,
			int64_t max, int64_t otherwise)
{
	struct json_object *v = nk_json_get(in, o, key, json_type_int);

	if (!v)
		return otherwise;

	int64_t n = json_object_get_int64(v); /* saturates */

	if (n < min || n > max || (n == INT64_MAX && json_object_get_uint64(v) > INT64_MAX)) {
		nk_json_bad(in, key, "is out of range");
		return otherwise;
	}
	return n;
}

uint64_t nk_json_get_uint(struct nk_json_in *in, struct json_object *o, const char *key,
			  uint64_t max, uint64_t otherwise)
{
	struct json_object *v = nk_json_get(in, o, key, json_type_int);

	if (!v)
		return otherwise;

	uint64_t n = json_object_get_uint64(v);

	if (json_object_get_int64(v) < 0 || n > max) {
		nk_json_bad(in, key, "is out of range");
		return otherwise;
	}
	return n;
}

void nk_json_get_strv(struct nk_json_in *in, struct json_object *o, const char *key,
		      struct nk_strv *out)
{
	struct json_object *v = nk_json_get(in, o, key, json_type_array);

	for (size_t i = 0; v && !in->rc && i < json_object_array_length(v); i++) {
		char item[112];
		snprintf(item, sizeof(item), "%.80s[%zu]", key, i);

		const char *s = nk_json_as_str(in, json_object_array_get_idx(v, i),
					       in->document ? item : key);

		if (s)
			nk_strv_push(in->a, out, s);
	}
}
