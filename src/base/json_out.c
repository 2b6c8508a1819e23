/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include <stdlib.h>
#include <string.h>

void nk_json_done(struct nk_json_out *j)
{
	free(j->buf);
	j->buf = NULL;
	j->n = j->cap = 0;
}

/* Room for extra bytes and the final NUL. */
static bool room(struct nk_json_out *j, size_t extra)
{
	if (j->failed)
		return false;
	if (j->n + extra + 1 <= j->cap)
		return true;

	size_t cap = j->cap ? j->cap * 2 : 4096;

	while (cap < j->n + extra + 1)
		cap *= 2;

	char *bigger = realloc(j->buf, cap);

	if (!bigger) {
		j->failed = true;
		return false;
	}
	j->buf = bigger;
	j->cap = cap;
	return true;
}

static void put(struct nk_json_out *j, const char *text, size_t len)
{
	if (!room(j, len))
		return;
	memcpy(j->buf + j->n, text, len);
	j->n += len;
	j->buf[j->n] = '\0';
}

static void line(struct nk_json_out *j)
{
	if (!j->indent)
		return;
	put(j, "\n", 1);
	for (unsigned i = 0; i < j->depth * (unsigned)j->indent; i++)
		put(j, " ", 1);
}

/* Length of the UTF-8 sequence at s, 0 when it is not one (overlong and surrogates too). */
static size_t utf8_len(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		unsigned char low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;

		return s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		unsigned char low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;

		return s[1] >= low && s[1] <= high && (s[2] & 0xc0) == 0x80 && (s[3] & 0xc0) == 0x80
			       ? 4
			       : 0;
	}
	return 0;
}

static size_t escape(char out[8], unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char letter = 0;

	switch (c) {
	case '"':
	case '\\':
		letter = (char)c;
		break;
	case '\n':
		letter = 'n';
		break;
	case '\t':
		letter = 't';
		break;
	case '\r':
		letter = 'r';
		break;
	default:
		memcpy(out, "\\u00", 4);
		out[4] = hex[c >> 4];
		out[5] = hex[c & 15];
		return 6;
	}
	out[0] = '\\';
	out[1] = letter;
	return 2;
}

static void quoted(struct nk_json_out *j, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;

	put(j, "\"", 1);
	while (*s) {
		const unsigned char *from = s;
		char buf[8];

		while (*s >= 0x20 && *s != '"' && *s != '\\' && (*s < 0x7f || !j->utf8_only))
			s++;
		put(j, (const char *)from, (size_t)(s - from));
		if (!*s)
			break;
		if (*s < 0x80) {
			put(j, buf, escape(buf, *s++));
			continue;
		}

		size_t len = utf8_len(s);

		/* U+0080 to U+009F steer a terminal as well. */
		if (len == 2 && s[0] == 0xc2 && s[1] < 0xa0) {
			put(j, buf, escape(buf, s[1]));
			s += 2;
			continue;
		}
		put(j, len ? (const char *)s : "\\ufffd", len ? len : 6);
		s += len ? len : 1;
	}
	put(j, "\"", 1);
}

/* Comma, line break and key in front of a value. */
static void before(struct nk_json_out *j, const char *key)
{
	if (j->depth) {
		if (j->filled[j->depth - 1])
			put(j, ",", 1);
		j->filled[j->depth - 1] = true;
		line(j);
	}
	if (key) {
		quoted(j, key);
		put(j, ": ", j->indent ? 2 : 1);
	}
}

void nk_json_open(struct nk_json_out *j, const char *key, char kind)
{
	before(j, key);
	put(j, &kind, 1);
	if (j->depth >= sizeof(j->closing)) {
		j->failed = true;
		return;
	}
	j->closing[j->depth] = kind == '{' ? '}' : ']';
	j->filled[j->depth] = false;
	j->depth++;
}

void nk_json_close(struct nk_json_out *j)
{
	if (!j->depth) {
		j->failed = true;
		return;
	}
	j->depth--;
	if (j->filled[j->depth])
		line(j);
	put(j, &j->closing[j->depth], 1);
}

void nk_json_raw(struct nk_json_out *j, const char *key, const char *text)
{
	before(j, key);
	put(j, text, strlen(text));
}

void nk_json_null(struct nk_json_out *j, const char *key)
{
	nk_json_raw(j, key, "null");
}

void nk_json_bool(struct nk_json_out *j, const char *key, bool value)
{
	nk_json_raw(j, key, value ? "true" : "false");
}

void nk_json_str(struct nk_json_out *j, const char *key, const char *value)
{
	if (!value) {
		nk_json_null(j, key);
		return;
	}
	before(j, key);
	quoted(j, value);
}

/* Decimal by hand: printf would be half of the time of a state file. */
static void decimal(struct nk_json_out *j, uint64_t value, bool minus)
{
	char buf[24];
	size_t at = sizeof(buf);

	do
		buf[--at] = (char)('0' + value % 10);
	while (value /= 10);
	if (minus)
		buf[--at] = '-';
	put(j, buf + at, sizeof(buf) - at);
}

void nk_json_uint(struct nk_json_out *j, const char *key, uint64_t value)
{
	before(j, key);
	decimal(j, value, false);
}

void nk_json_int(struct nk_json_out *j, const char *key, int64_t value)
{
	before(j, key);
	decimal(j, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void nk_json_strv(struct nk_json_out *j, const char *key, const struct nk_strv *sv)
{
	nk_json_open(j, key, '[');
	for (size_t i = 0; i < sv->n; i++)
		nk_json_str(j, NULL, sv->v[i]);
	nk_json_close(j);
}
