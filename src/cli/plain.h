/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers' text in a table: nothing in it moves the cursor, and it can be cut to a width. */
#ifndef NK_CLI_PLAIN_H
#define NK_CLI_PLAIN_H

#include <stdbool.h>

#include "base/arena.h"

/*
 * A copy of text in which each control character (ASCII's, and U+0080 to U+009F) and each byte
 * that is not UTF-8 is a question mark.
 */
const char *nk_cli_plain(struct nk_arena *a, const char *text);

/* Columns on the screen, as long as every character takes one. */
int nk_cli_columns(const char *text);

/* text, or its beginning with "…" at the end: at most this many columns. */
const char *nk_cli_cut(struct nk_arena *a, const char *text, int columns);

/* Has the terminal more than ASCII? */
bool nk_cli_utf8(void);

#endif
