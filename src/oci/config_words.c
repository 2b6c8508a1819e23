/* SPDX-License-Identifier: Apache-2.0 */
/* The small things that many fields of config.json are made of. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "oci/config_read.h"

void nk_config_warn(struct nk_json_in *in, struct nk_config *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *line = nk_vfmt(in->a, fmt, ap);
	va_end(ap);
	for (char *s = line; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	nk_strv_push(in->a, &c->warnings, line);
}

bool nk_word_find(const struct nk_word *words, const char *name, uint64_t *value)
{
	for (const struct nk_word *w = words; w->name; w++)
		if (!strcmp(w->name, name)) {
			*value = w->value;
			return true;
		}
	return false;
}

static bool find(struct nk_json_in *in, const char *key, const char *word,
		 const struct nk_word *words, uint64_t *value)
{
	if (nk_word_find(words, word, value))
		return true;
	nk_json_badf(in, key, "unknown value \"%.60s\"", word);
	return false;
}

bool nk_config_word(struct nk_json_in *in, struct json_object *o, const char *key,
		    const struct nk_word *words, uint64_t *value)
{
	const char *word = nk_json_get_str(in, o, key, NULL);

	return word && find(in, key, word, words, value);
}

bool nk_config_need_word(struct nk_json_in *in, struct json_object *o, const char *key,
			 const struct nk_word *words, uint64_t *value)
{
	if (nk_config_word(in, o, key, words, value))
		return true;
	nk_json_bad(in, key, "missing");
	return false;
}

uint64_t nk_config_flags(struct nk_json_in *in, struct json_object *o, const char *key,
			 const struct nk_word *words)
{
	uint64_t flags = 0;
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, key, json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_string);
		uint64_t one = 0;

		if (item.o && find(in, NULL, json_object_get_string(item.o), words, &one))
			flags |= one;
	}
	return flags;
}

void nk_config_pairs(struct nk_json_in *in, struct json_object *o, const char *key,
		     struct nk_keyvals *out)
{
	_json_at_ struct nk_json_at map = nk_json_enter(in, o, key, json_type_object);

	if (!map.o)
		return;
	json_object_object_foreach(map.o, name, value)
	{
		const char *text = nk_json_as_str(in, value, name);
		struct nk_keyval *kv = text ? NK_PUSH(in->a, out) : NULL;

		if (text && !name[0])
			nk_json_bad(in, NULL, "a key is empty");
		if (kv)
			*kv = (struct nk_keyval){nk_strdup(in->a, name), text};
	}
}

int64_t nk_config_need_int(struct nk_json_in *in, struct json_object *o, const char *key,
			   int64_t min, int64_t max)
{
	nk_json_need(in, o, key, json_type_int);
	return nk_json_get_int(in, o, key, min, max, min);
}

static void check_map(struct nk_json_in *in, const struct nk_idmaps *maps)
{
	const struct nk_idmap *m = &maps->v[maps->n - 1];

	if (!m->count)
		nk_json_bad(in, "size", "has to be at least 1");
	else if ((uint64_t)m->inside + m->count > (uint64_t)UINT32_MAX + 1 ||
		 (uint64_t)m->outside + m->count > (uint64_t)UINT32_MAX + 1)
		nk_json_bad(in, "size", "reaches beyond the last id");
	for (size_t i = 0; i + 1 < maps->n; i++) {
		const struct nk_idmap *o = &maps->v[i];
		bool inside = m->inside < (uint64_t)o->inside + o->count &&
			      o->inside < (uint64_t)m->inside + m->count;
		bool outside = m->outside < (uint64_t)o->outside + o->count &&
			       o->outside < (uint64_t)m->outside + m->count;

		if (inside || outside)
			nk_json_badf(in, NULL, "overlaps with entry %zu", i);
	}
}

void nk_config_maps(struct nk_json_in *in, struct json_object *o, const char *key,
		    struct nk_idmaps *maps)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, key, json_type_array);

	if (nk_json_count(&list) > 340) /* the kernel's limit */
		nk_json_bad(in, NULL, "more than 340 entries");
	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		struct nk_idmap *m = item.o ? NK_PUSH(in->a, maps) : NULL;

		if (!m)
			return;
		m->inside = (uint32_t)nk_config_need_int(in, item.o, "containerID", 0, UINT32_MAX);
		m->outside = (uint32_t)nk_config_need_int(in, item.o, "hostID", 0, UINT32_MAX);
		m->count = (uint32_t)nk_config_need_int(in, item.o, "size", 0, UINT32_MAX);
		if (!in->rc)
			check_map(in, maps);
	}
}

const char *nk_config_text(struct nk_json_in *in, struct json_object *o, const char *key)
{
	const char *s = nk_json_get_str(in, o, key, NULL);

	return s && s[0] ? s : NULL;
}

const char *nk_config_path(struct nk_json_in *in, struct json_object *o, const char *key)
{
	const char *s = nk_config_text(in, o, key);

	if (s && s[0] != '/')
		nk_json_badf(in, key, "\"%.80s\" is not an absolute path", s);
	return s;
}

const char *nk_config_tidy_path(struct nk_arena *a, const char *path)
{
	char *out = nk_alloc(a, strlen(path) + 2);
	size_t n = 0;

	if (!out)
		return "/";
	for (const char *c = path; *c;) {
		size_t len = strcspn(c, "/");

		if (len && !(len == 1 && c[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, c, len);
			n += len;
		}
		c += len + (c[len] == '/');
	}
	if (!n)
		out[n++] = '/';
	return out;
}

/* One number or range at *s; false: neither. */
static bool cpu_range(const char **s, unsigned max)
{
	uint64_t n[2];

	for (int i = 0; i < 2; i++) {
		size_t digits = strspn(*s, "0123456789");

		if (!digits || digits > 6)
			return false;
		n[i] = strtoull(*s, NULL, 10);
		if (n[i] > max)
			return false;
		*s += digits;
		if (**s != '-')
			return i == 0 || n[1] >= n[0];
		(*s)++;
	}
	return false;
}

const char *nk_config_cpulist(struct nk_json_in *in, struct json_object *o, const char *key,
			      unsigned max)
{
	const char *list = nk_config_text(in, o, key);
	char *bare = list ? nk_alloc(in->a, strlen(list) + 1) : NULL, *to = bare;
	const char *s = bare;

	if (!bare)
		return NULL;
	for (const char *c = list; *c; c++)
		if (*c != ' ')
			*to++ = *c;
	bool fits = cpu_range(&s, max);

	while (fits && *s == ',') {
		s++;
		fits = cpu_range(&s, max);
	}
	if (!fits || *s)
		nk_json_badf(in, key, "\"%.60s\" is not a list such as 0-3,7 (up to %u)", list,
			     max);
	return bare;
}
