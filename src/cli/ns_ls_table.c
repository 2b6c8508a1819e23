/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line never wraps. What a terminal has no room for is left out, the least needed column first,
 * and the command, which is last, is cut.
 */
#include "cli/ns_ls_table.h"

#include <stdio.h>
#include <string.h>

#include "cli/ns_graph.h"
#include "cli/plain.h"

enum { GAP = 2, COMMAND_MIN = 20, KEPT_MAX = 32, NAME_MAX_SHOWN = 16 };

enum column { TYPE, NS, PROCS, PID, USER, NAME, OWNER, PARENT, CREATOR, KEPT, COMMAND, COLUMNS };

static const struct {
	const char *title;
	bool right;
	int rank; /* 0: always there; else the higher, the sooner it is left out */
} columns[COLUMNS] = {
	[TYPE] = {"TYPE", false, 0},	   [NS] = {"NS", true, 0},
	[PROCS] = {"PROCS", true, 0},	   [PID] = {"PID", true, 0},
	[USER] = {"USER", false, 2},	   [NAME] = {"NAME", false, 1},
	[OWNER] = {"OWNER", true, 4},	   [PARENT] = {"PARENT", true, 5},
	[CREATOR] = {"CREATOR", false, 6}, [KEPT] = {"KEPT BY", false, 3},
	[COMMAND] = {"COMMAND", false, 0},
};
enum { LAST_RANK = 6 };

struct row {
	const char *cell[COLUMNS];
	const char *why; /* KEPT in full, for what no process is in */
};

static const char *relative(struct nk_arena *a, const struct nk_ns_graph *g, int idx)
{
	return idx < 0 ? "-" : nk_fmt(a, "%ju", (uintmax_t)g->nodes.v[idx].inode);
}

static void fill(struct nk_cli *cli, const struct nk_ns_graph *g, const struct nk_ns_node *node,
		 bool narrow, struct row *row)
{
	struct nk_arena *a = &cli->arena;

	row->cell[TYPE] = nk_ns_name(node->kind);
	row->cell[NS] = nk_fmt(a, "%ju", (uintmax_t)node->inode);
	row->cell[PROCS] = nk_fmt(a, "%u", node->processes);
	row->cell[PID] = node->pid ? nk_fmt(a, "%d", (int)node->pid) : "-";
	row->cell[USER] = node->pid ? nk_cli_user(cli, node->uid) : "-";
	row->cell[NAME] = node->name ? nk_cli_plain(a, node->name) : "-";
	row->cell[OWNER] = relative(a, g, node->owner);
	row->cell[PARENT] = relative(a, g, node->parent);
	row->cell[CREATOR] = node->creator_known ? nk_cli_user(cli, node->creator) : "-";
	row->cell[KEPT] = row->why = nk_cli_ns_kept(cli, node);
	row->cell[COMMAND] = node->command ? nk_cli_plain(a, node->command) : "-";
	if (!narrow)
		return;
	row->cell[NAME] = nk_cli_cut(a, row->cell[NAME], NAME_MAX_SHOWN);
	row->cell[KEPT] = nk_cli_cut(a, row->cell[KEPT], KEPT_MAX);
}

/* Does column c stand in the table when those above this rank are left out? */
static bool kept(enum column c, int rank, bool names)
{
	return columns[c].rank <= rank && (c != NAME || names);
}

/* Columns on the screen up to the command. */
static int width_of(const int *widest, int rank, bool names)
{
	int sum = 0;

	for (int c = 0; c < COMMAND; c++)
		if (kept(c, rank, names))
			sum += widest[c] + GAP;
	return sum;
}

static void put(const char *text, int width, bool right)
{
	int pad = width - nk_cli_columns(text);

	printf("%*s%s%*s", right ? pad : 0, "", text, (right ? 0 : pad) + GAP, "");
}

static void print(struct nk_arena *a, const struct row *rows, size_t n, const int *widest, int rank,
		  bool names, int width)
{
	int room = width ? width - width_of(widest, rank, names) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *last = rows[i].cell[COMMAND];

		for (int c = 0; c < COMMAND; c++)
			if (kept(c, rank, names))
				put(rows[i].cell[c], widest[c], columns[c].right);
		/* What no process is in: why it is there, where that has no column of its own. */
		if (rows[i].cell[PROCS][0] == '0' && !kept(KEPT, rank, names))
			last = nk_fmt(a, "(%s)", rows[i].why);
		puts(width ? nk_cli_cut(a, last, room > 1 ? room : 1) : last);
	}
}

void nk_ns_ls_table(struct nk_cli *cli, const struct nk_ns_graph *g, const bool *shown, int width)
{
	struct row *rows = nk_alloc(&cli->arena, (g->nodes.n + 1) * sizeof(*rows));
	int widest[COLUMNS] = {0}, rank = LAST_RANK;
	bool names = false;
	size_t n = 1;

	if (!rows)
		return;
	for (int c = 0; c < COLUMNS; c++)
		rows[0].cell[c] = columns[c].title;
	for (size_t i = 0; i < g->nodes.n; i++) {
		if (!shown[i])
			continue;
		names |= g->nodes.v[i].name != NULL;
		fill(cli, g, &g->nodes.v[i], width > 0, &rows[n++]);
	}
	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < COLUMNS; c++)
			if (nk_cli_columns(rows[i].cell[c]) > widest[c])
				widest[c] = nk_cli_columns(rows[i].cell[c]);
	while (width && rank && width_of(widest, rank, names) + COMMAND_MIN > width)
		rank--;
	print(&cli->arena, rows, n, widest, rank, names, width);
}
