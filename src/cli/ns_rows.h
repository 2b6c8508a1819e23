/* SPDX-License-Identifier: Apache-2.0 */
/* A section of rows for people: a title, then keys and values under each other. */
#ifndef NK_CLI_NS_ROWS_H
#define NK_CLI_NS_ROWS_H

#include "cli/cli.h"

struct nk_ns_row {
	const char *key, *value; /* strangers' text is made plain when it is added */
};

struct nk_ns_rows {
	struct nk_arena *a;
	int width;   /* of the terminal; 0: never wrap */
	bool colour; /* titles stand out */
	bool begun;  /* something was printed: an empty line goes before the next title */
	NK_VEC(struct nk_ns_row) rows;
};

void nk_ns_rows_init(struct nk_ns_rows *r, struct nk_cli *cli);
void nk_ns_row(struct nk_ns_rows *r, const char *key, const char *value);

/* Print the rows that were added under this title, and forget them. No rows: one "none". */
void nk_ns_rows_print(struct nk_ns_rows *r, const char *title);

/* The same in two columns, for what differs: the value is split at its first tab. */
void nk_ns_rows_print_two(struct nk_ns_rows *r, const char *title);

#endif
