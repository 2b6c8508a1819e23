/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns ls: every namespace that lives. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/ns.h"
#include "cli/ns_graph.h"
#include "cli/ns_ls_table.h"
#include "cli/plain.h"

enum format { TABLE, JSON, CSV };

struct ls_request {
	struct nk_ns_look look;
	const char *of; /* --pid */
	enum format format;
	bool quiet;
};

static int set_format(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char *const names[] = {[TABLE] = "table", [JSON] = "json", [CSV] = "csv"};

	for (int i = TABLE; i <= CSV; i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		*NK_MEMBER(use, enum format) = (enum format)i;
		return 0;
	}
	nk_fail(e, 0, "no such format");
	return nk_hint(e, "table, json or csv");
}

#define AT(member) .offset = offsetof(struct ls_request, member)
static const struct nk_option options[] = {
	{"type", 't', .metavar = "TYPE,...", .values = "user mnt uts ipc pid net cgroup time",
	 .help = "only these: user, mnt, uts, ipc, pid, net, cgroup, time", .set = nk_set_ns_kinds,
	 AT(look.kinds)},
	{"pid", 'p', .metavar = "PID", .values = "@container",
	 .help = "only those that this process (or container) is in", .set = nk_set_string, AT(of)},
	{"fds", .help = "also those that only an open descriptor keeps (slower)",
	 .set = nk_set_flag, AT(look.fds)},
	{"format", .metavar = "FORMAT", .values = "table json csv",
	 .help = "printed as table (default), json or csv", .set = set_format, AT(format)},
	{"quiet", 'q', .help = "only TYPE:[INODE], as other commands take it", .set = nk_set_flag,
	 AT(quiet)},
	{0},
};

static int print_json(struct nk_cli *cli, const struct nk_ns_graph *g, const bool *shown)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	nk_json_open(&j, NULL, '[');
	for (size_t i = 0; i < g->nodes.n; i++) {
		if (!shown[i])
			continue;
		nk_json_open(&j, NULL, '{');
		nk_cli_ns_json(cli, &j, g, &g->nodes.v[i]);
		nk_json_close(&j);
	}
	nk_json_close(&j);
	puts(j.failed ? "[]" : j.buf);
	return j.failed ? NK_EXIT_FAULT : 0;
}

/* RFC 4180: quotes around what has a comma or quotes; these are doubled. */
static void put_csv(const char *text, char end)
{
	if (!text[strcspn(text, ",\"")]) {
		printf("%s%c", text, end);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	printf("\"%c", end);
}

static const char *inode_of(struct nk_arena *a, const struct nk_ns_graph *g, int idx)
{
	return idx < 0 ? "" : nk_fmt(a, "%ju", (uintmax_t)g->nodes.v[idx].inode);
}

static void print_csv(struct nk_cli *cli, const struct nk_ns_graph *g, const bool *shown)
{
	struct nk_arena *a = &cli->arena;

	puts("type,inode,processes,pid,user,name,owner,parent,creator,kept_by,command");
	for (size_t i = 0; i < g->nodes.n; i++) {
		const struct nk_ns_node *node = &g->nodes.v[i];

		if (!shown[i])
			continue;
		printf("%s,%ju,%u,", nk_ns_name(node->kind), (uintmax_t)node->inode,
		       node->processes);
		put_csv(node->pid ? nk_fmt(a, "%d", (int)node->pid) : "", ',');
		put_csv(node->pid ? nk_cli_user(cli, node->uid) : "", ',');
		put_csv(node->name ? nk_cli_plain(a, node->name) : "", ',');
		put_csv(inode_of(a, g, node->owner), ',');
		put_csv(inode_of(a, g, node->parent), ',');
		put_csv(node->creator_known ? nk_cli_user(cli, node->creator) : "", ',');
		put_csv(nk_cli_ns_kept(cli, node), ',');
		put_csv(node->command ? nk_cli_plain(a, node->command) : "", '\n');
	}
}

static int print(struct nk_cli *cli, const struct nk_ns_graph *g, const bool *shown,
		 const struct ls_request *q)
{
	if (q->quiet) {
		for (size_t i = 0; i < g->nodes.n; i++)
			if (shown[i])
				printf("%s:[%ju]\n", nk_ns_name(g->nodes.v[i].kind),
				       (uintmax_t)g->nodes.v[i].inode);
		return 0;
	}
	if (q->format == JSON)
		return print_json(cli, g, shown);
	if (q->format == CSV)
		print_csv(cli, g, shown);
	else
		nk_ns_ls_table(cli, g, shown, nk_cli_width(1));
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct ls_request q = {0};
	struct nk_ns_graph g;
	const bool *shown;
	struct nk_err e;
	int exit_code, first = nk_cli_options(cli, &nk_command_ns_ls, argc, argv, &q, &exit_code);

	if (first < 0)
		return exit_code;
	if (first < argc) {
		nk_fail(&e, 0, "nook ns ls takes no words: %.100s", argv[first]);
		nk_hint(&e, "--pid PID lists those of one process, nook ns show tells more of it");
		return nk_cli_error(cli, &e);
	}
	if (nk_cli_ns_collect(cli, &q.look, &g, &e) < 0 ||
	    !(shown = nk_cli_ns_choose(cli, q.of, q.look.kinds, &g, &e)))
		return nk_cli_error(cli, &e);
	exit_code = print(cli, &g, shown, &q);
	if (fflush(stdout) || ferror(stdout)) {
		nk_fail(&e, errno, "write the list");
		return nk_cli_error(cli, &e);
	}
	nk_cli_ns_unseen(cli, &g);
	return exit_code;
}

const struct nk_command nk_command_ns_ls = {
	.name = "ns ls",
	.usage = "[OPTIONS]",
	.summary = "list every namespace that lives, and what keeps it",
	.about =
		"Lists the namespaces of all processes of this machine, and those that only a bind "
		"mount, a namespace below or (with --fds) an open descriptor keeps. PROCS is how "
		"many processes are in it, PID the first of them; OWNER is the user namespace that "
		"has the say over it, PARENT the one around it, CREATOR who made it. A narrow "
		"terminal shows fewer columns; a pipe, JSON and CSV have all.",
	.examples = "nook ns ls\ta table\n"
		    "nook ns ls --type net,uts\tonly these two types\n"
		    "nook ns ls --pid 4711 --format json\tthose of one process, for programs\n",
	.options = options,
	.no_state = true,
	.mixed = true,
	.run = run,
};
