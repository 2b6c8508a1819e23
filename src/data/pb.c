/* SPDX-License-Identifier: Apache-2.0 */
#include "data/pb.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void byte(struct nk_pb *m, uint8_t b)
{
	uint8_t *p = NK_PUSH(m->a, m);

	if (p)
		*p = b;
}

static void varint(struct nk_pb *m, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		byte(m, (uint8_t)(v | 0x80));
	byte(m, (uint8_t)v);
}

void nk_pb_number(struct nk_pb *m, unsigned field, int64_t value)
{
	varint(m, (uint64_t)field << 3 | VARINT);
	varint(m, (uint64_t)value);
}

static void bytes(struct nk_pb *m, unsigned field, const void *p, size_t n)
{
	varint(m, (uint64_t)field << 3 | BYTES);
	varint(m, n);
	for (size_t i = 0; i < n; i++)
		byte(m, ((const uint8_t *)p)[i]);
}

void nk_pb_text(struct nk_pb *m, unsigned field, const char *text)
{
	bytes(m, field, text, strlen(text));
}

void nk_pb_message(struct nk_pb *m, unsigned field, const struct nk_pb *inner)
{
	bytes(m, field, inner->v, inner->n);
}

static bool take_varint(struct nk_pb_in *m, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; m->n && shift < 64; shift += 7) {
		uint8_t b = *m->p++;

		m->n--;
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

static bool skip(struct nk_pb_in *m, size_t n)
{
	if (m->n < n)
		return false;
	m->p += n;
	m->n -= n;
	return true;
}

/* One field; skipped: of a fixed size. */
static bool take(struct nk_pb_in *m, struct nk_pb_field *f, bool *skipped)
{
	uint64_t key, n;

	*skipped = false;
	if (!take_varint(m, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return false;
	*f = (struct nk_pb_field){.number = (unsigned)(key >> 3)};
	switch (key & 7) {
	case VARINT:
		return take_varint(m, &f->value);
	case BYTES:
		f->is_bytes = true;
		if (!take_varint(m, &n) || n > m->n)
			return false;
		f->bytes = m->p;
		f->n = (size_t)n;
		return skip(m, f->n);
	case FIXED64:
	case FIXED32:
		*skipped = true;
		return skip(m, (key & 7) == FIXED64 ? 8 : 4);
	}
	return false;
}

bool nk_pb_next(struct nk_pb_in *m, struct nk_pb_field *f)
{
	bool skipped = true;

	while (m->n && skipped) {
		if (!take(m, f, &skipped)) {
			m->bad = true;
			m->n = 0;
			return false;
		}
	}
	return !skipped;
}
