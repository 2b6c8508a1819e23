/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON into one growing buffer: no tree in between, so that a state file
 * costs a start a few microseconds. Reading is json-c's work, not ours.
 *
 *     struct nk_json_out j = {0};
 *     nk_json_open(&j, NULL, '{');
 *     nk_json_str(&j, "name", "web");
 *     nk_json_close(&j);
 *
 * Running out of memory is remembered in j.failed; ask once, at the end.
 */
#ifndef NK_BASE_JSON_OUT_H
#define NK_BASE_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct nk_json_out {
	char *buf; /* NUL-terminated once something has been written */
	size_t n, cap;
	int indent;	/* spaces a level; 0 = everything on one line */
	bool utf8_only; /* bytes that are not UTF-8 become U+FFFD (for people and pipes) */
	bool failed;
	/* how deep we are, which bracket closes each level, is it still empty */
	unsigned depth;
	char closing[128];
	bool filled[128];
};
void nk_json_done(struct nk_json_out *j);
#define _json_ __attribute__((cleanup(nk_json_done)))

/* In an array key is NULL. kind is '{' or '['. */
void nk_json_open(struct nk_json_out *j, const char *key, char kind);
void nk_json_close(struct nk_json_out *j);
void nk_json_str(struct nk_json_out *j, const char *key, const char *value); /* NULL: null */
void nk_json_int(struct nk_json_out *j, const char *key, int64_t value);
void nk_json_uint(struct nk_json_out *j, const char *key, uint64_t value);
void nk_json_bool(struct nk_json_out *j, const char *key, bool value);
void nk_json_null(struct nk_json_out *j, const char *key);
void nk_json_strv(struct nk_json_out *j, const char *key, const struct nk_strv *sv);
/* text is JSON already */
void nk_json_raw(struct nk_json_out *j, const char *key, const char *text);

#endif
