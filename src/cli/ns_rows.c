/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_rows.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/plain.h"

enum { INDENT = 2, GAP = 2, KEY_MAX = 30, NARROWEST = 40 };

void nk_ns_rows_init(struct nk_ns_rows *r, struct nk_cli *cli)
{
	int width = nk_cli_width(STDOUT_FILENO);

	*r = (struct nk_ns_rows){
		.a = &cli->arena,
		.width = width && width < NARROWEST ? NARROWEST : width,
		.colour = nk_cli_colour(cli, STDOUT_FILENO),
	};
}

void nk_ns_row(struct nk_ns_rows *r, const char *key, const char *value)
{
	struct nk_ns_row *row = NK_PUSH(r->a, &r->rows);

	if (row)
		*row = (struct nk_ns_row){nk_cli_plain(r->a, key), value};
}

/* Bytes of text that fit into the columns, ended at a blank where there is one. */
static int fitting(const char *text, int columns)
{
	int at = 0, blank = 0;

	for (int shown = 0; text[at] && shown < columns; shown++) {
		if (text[at] == ' ')
			blank = at;
		at++;
		while ((text[at] & 0xc0) == 0x80)
			at++;
	}
	return !text[at] || text[at] == ' ' || !blank ? at : blank;
}

/* The first line of *text that fits, padded to the columns; *text goes on behind it. */
static void cell(const char **text, int columns, bool last)
{
	int n = fitting(*text, columns);
	char line[4096];

	snprintf(line, sizeof(line), "%.*s", n, *text);
	printf("%s", line);
	if (!last)
		printf("%*s", columns - nk_cli_columns(line), "");
	*text += n;
	while (**text == ' ')
		(*text)++;
}

static void title(struct nk_ns_rows *r, const char *text)
{
	printf("%s%s%s%s\n", r->begun ? "\n" : "", r->colour ? "\033[1m" : "", text,
	       r->colour ? "\033[0m" : "");
	r->begun = true;
}

/* Columns for the keys; a longer one stands in a line of its own. */
static int key_width(const struct nk_ns_rows *r)
{
	int widest = 0;

	for (size_t i = 0; i < r->rows.n; i++) {
		int n = nk_cli_columns(r->rows.v[i].key);
		if (n > widest && n <= KEY_MAX)
			widest = n;
	}
	return widest;
}

static void print_key(const struct nk_ns_rows *r, size_t i, int width)
{
	const char *key = r->rows.v[i].key;
	int n = nk_cli_columns(key);

	/* Several rows of one thing: it is named once. */
	if (i && !strcmp(r->rows.v[i - 1].key, key))
		key = "", n = 0;
	printf("%*s%s", INDENT, "", key);
	if (n > width)
		printf("\n%*s", INDENT + width + GAP, "");
	else
		printf("%*s", width - n + GAP, "");
}

void nk_ns_rows_print(struct nk_ns_rows *r, const char *text)
{
	int keys = key_width(r), room = r->width ? r->width - INDENT - keys - GAP : 0;

	title(r, text);
	if (!r->rows.n)
		printf("%*snone\n", INDENT, "");
	for (size_t i = 0; i < r->rows.n; i++) {
		const char *value = nk_cli_plain(r->a, r->rows.v[i].value);
		if (!*value) {
			printf("%*s%s\n", INDENT, "", r->rows.v[i].key);
			continue;
		}
		print_key(r, i, keys);
		while (room && nk_cli_columns(value) > room) {
			cell(&value, room, true);
			printf("\n%*s", INDENT + keys + GAP, "");
		}
		puts(value);
	}
	r->rows.n = 0;
}

/* Without a terminal nothing is cut; with one, half of what the keys leave is each side's. */
static int side_width(const struct nk_ns_rows *r, int keys)
{
	int widest = 0;

	for (size_t i = 0; i < r->rows.n; i++) {
		const char *value = r->rows.v[i].value;
		char left[1024];
		snprintf(left, sizeof(left), "%.*s", (int)strcspn(value, "\t"), value);
		if (nk_cli_columns(left) > widest)
			widest = nk_cli_columns(left);
	}
	int half = (r->width - INDENT - keys - 2 * GAP) / 2;
	return r->width && widest > half ? half : widest;
}

void nk_ns_rows_print_two(struct nk_ns_rows *r, const char *text)
{
	int keys = key_width(r), side = side_width(r, keys);

	title(r, text);
	for (size_t i = 0; i < r->rows.n; i++) {
		const char *value = r->rows.v[i].value;
		size_t tab = strcspn(value, "\t");
		const char *a = nk_cli_plain(r->a, nk_strndup(r->a, value, tab));
		const char *b = nk_cli_plain(r->a, value[tab] ? value + tab + 1 : "");
		int room = r->width ? r->width - INDENT - keys - 2 * GAP - side : 4000;

		print_key(r, i, keys);
		for (;;) {
			cell(&a, side, !*b);
			if (*b)
				printf("%*s", GAP, "");
			cell(&b, room, true);
			puts("");
			if (!*a && !*b)
				break;
			printf("%*s", INDENT + keys + GAP, "");
		}
	}
	r->rows.n = 0;
}
