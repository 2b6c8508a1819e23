/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of Protocol Buffers, as far as CRIU's RPC needs it: numbers (varint) and bytes
 * (text, messages in messages). The reader takes anything and never reads behind the end.
 */
#ifndef NK_DATA_PB_H
#define NK_DATA_PB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A message while it is written. Out of memory is the arena's to tell. */
struct nk_pb {
	struct nk_arena *a;
	NK_VEC(uint8_t);
};
/* Negative numbers are written as 64 bits, as int32 wants it. */
void nk_pb_number(struct nk_pb *m, unsigned field, int64_t value);
void nk_pb_text(struct nk_pb *m, unsigned field, const char *text);
void nk_pb_message(struct nk_pb *m, unsigned field, const struct nk_pb *inner);

/* The next field of a message: number, or bytes. False at the end, or where it is no message
 * (m->bad is set then). Fields of fixed size are skipped over. */
struct nk_pb_in {
	const uint8_t *p;
	size_t n;
	bool bad;
};
struct nk_pb_field {
	unsigned number;
	bool is_bytes;
	uint64_t value;
	const uint8_t *bytes;
	size_t n;
};
bool nk_pb_next(struct nk_pb_in *m, struct nk_pb_field *f);

#endif
