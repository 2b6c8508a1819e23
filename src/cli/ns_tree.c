/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook ns tree: user and PID namespaces as the hierarchies they are, all others below the user
 * namespace that owns them. Each namespace stands in one place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ns.h"
#include "cli/ns_graph.h"
#include "cli/plain.h"

struct tree_request {
	struct nk_ns_look look;
	const char *of; /* a process, …: the word */
	bool json;
};

#define AT(member) .offset = offsetof(struct tree_request, member)
static const struct nk_option options[] = {
	{"type", 't', .metavar = "TYPE,...", .values = "user mnt uts ipc pid net cgroup time",
	 .help = "only these, below the user namespaces that own them", .set = nk_set_ns_kinds,
	 AT(look.kinds)},
	{"fds", .help = "also those that only an open descriptor keeps (slower)",
	 .set = nk_set_flag, AT(look.fds)},
	{"format", .metavar = "FORMAT", .values = "tree json",
	 .help = "printed as tree (default) or json", .set = nk_set_json, AT(json)},
	{0},
};

/* Places as indexes, NK_NS_NOBODY for none. */
struct tree {
	struct nk_cli *cli;
	const struct nk_ns_graph *g;
	const bool *shown;
	int *first, *last, *next;
	struct roots {
		int first, last;
	} users, pids;
	int width; /* of the terminal; 0: none */
	bool utf8;
};

/* What a node hangs below. */
static int above(const struct nk_ns_node *node)
{
	return node->kind == NK_NS_PID ? node->parent : node->owner;
}

static void append(struct tree *t, int *first, int *last, int idx)
{
	if (*first < 0)
		*first = idx;
	else
		t->next[*last] = idx;
	*last = idx;
}

struct place {
	const struct nk_ns_node *node;
	int idx;
};

/* Namespaces with the same first process stand together; nested user namespaces come last. */
static int by_first_process(const void *x, const void *y)
{
	const struct nk_ns_node *a = ((const struct place *)x)->node,
				*b = ((const struct place *)y)->node;
	bool user_a = a->kind == NK_NS_USER, user_b = b->kind == NK_NS_USER;

	if (user_a != user_b)
		return user_a - user_b;
	if (!a->pid != !b->pid)
		return !a->pid - !b->pid;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a < b ? -1 : a > b;
}

static bool plant(struct tree *t)
{
	const struct nk_ns_graph *g = t->g;
	struct place *order = nk_alloc(&t->cli->arena, (g->nodes.n + 1) * sizeof(*order));
	int *links = nk_alloc(&t->cli->arena, (g->nodes.n + 1) * 3 * sizeof(*links));

	if (!order || !links)
		return false;
	t->first = links;
	t->last = links + g->nodes.n;
	t->next = links + 2 * g->nodes.n;
	t->users = t->pids = (struct roots){NK_NS_NOBODY, NK_NS_NOBODY};
	for (size_t i = 0; i < g->nodes.n; i++) {
		order[i] = (struct place){&g->nodes.v[i], (int)i};
		t->first[i] = t->last[i] = t->next[i] = NK_NS_NOBODY;
	}
	qsort(order, g->nodes.n, sizeof(*order), by_first_process);
	for (size_t i = 0; i < g->nodes.n; i++) {
		int idx = order[i].idx, up = above(order[i].node);
		struct roots *roots = order[i].node->kind == NK_NS_PID ? &t->pids : &t->users;

		if (!t->shown[idx])
			continue;
		if (up >= 0)
			append(t, &t->first[up], &t->last[up], idx);
		else
			append(t, &roots->first, &roots->last, idx);
	}
	return true;
}

static const char *quoted_name(struct nk_arena *a, const struct nk_ns_node *node)
{
	return node->name ? nk_fmt(a, " \"%s\"", nk_cli_plain(a, node->name)) : "";
}

/* What its place in the tree does not say of a node. */
static const char *beside(const struct tree *t, const struct nk_ns_node *node)
{
	const struct nk_ns_node *all = t->g->nodes.v;
	struct nk_arena *a = &t->cli->arena;

	if (node->kind == NK_NS_USER && node->parent >= 0 && node->creator_known)
		return nk_fmt(a, ", made by %s", nk_cli_user(t->cli, node->creator));
	if (node->kind == NK_NS_PID && node->parent >= 0 && node->owner >= 0 &&
	    node->owner != all[node->parent].owner)
		return nk_fmt(a, ", owned by user %ju", (uintmax_t)all[node->owner].inode);
	return "";
}

static const char *words(const struct tree *t, const struct nk_ns_node *node)
{
	struct nk_arena *a = &t->cli->arena;
	const char *head = nk_fmt(a, "%s %ju%s", nk_ns_name(node->kind), (uintmax_t)node->inode,
				  quoted_name(a, node));

	if (!node->processes)
		return nk_fmt(a, "%s  no process%s; kept by %s", head, beside(t, node),
			      nk_cli_ns_kept(t->cli, node));
	return nk_fmt(a, "%s  %u process%s%s: %d %s", head, node->processes,
		      node->processes == 1 ? "" : "es", beside(t, node), (int)node->pid,
		      node->command ? nk_cli_plain(a, node->command) : "");
}

static void line(const struct tree *t, const char *indent, const char *branch, int idx)
{
	struct nk_arena *a = &t->cli->arena;
	const char *text = nk_fmt(a, "%s%s%s", indent, branch, words(t, &t->g->nodes.v[idx]));

	puts(t->width ? nk_cli_cut(a, text, t->width) : text);
}

/* As deep as the kernel lets namespaces lie in each other: 32. */
static void branches(const struct tree *t, const char *indent, int first)
{
	for (int i = first; i >= 0; i = t->next[i]) {
		bool more = t->next[i] >= 0;
		const char *branch = t->utf8 ? more ? "├─ " : "└─ " : more ? "|- " : "`- ";
		const char *below = t->utf8 ? more ? "│  " : "   " : more ? "|  " : "   ";

		line(t, indent, branch, i);
		branches(t, nk_fmt(&t->cli->arena, "%s%s", indent, below), t->first[i]);
	}
}

static void print_roots(const struct tree *t, const struct roots *roots)
{
	for (int i = roots->first; i >= 0; i = t->next[i]) {
		line(t, "", "", i);
		branches(t, "", t->first[i]);
	}
}

static void print_json(const struct tree *t, struct nk_json_out *j, int first)
{
	for (int i = first; i >= 0; i = t->next[i]) {
		nk_json_open(j, NULL, '{');
		nk_cli_ns_json(t->cli, j, t->g, &t->g->nodes.v[i]);
		nk_json_open(j, "children", '[');
		print_json(t, j, t->first[i]);
		nk_json_close(j);
		nk_json_close(j);
	}
}

static int print(struct tree *t, bool json)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	if (!json) {
		print_roots(t, &t->users);
		if (t->users.first >= 0 && t->pids.first >= 0)
			puts("");
		print_roots(t, &t->pids);
		return 0;
	}
	nk_json_open(&j, NULL, '[');
	print_json(t, &j, t->users.first);
	print_json(t, &j, t->pids.first);
	nk_json_close(&j);
	puts(j.failed ? "[]" : j.buf);
	return j.failed ? NK_EXIT_FAULT : 0;
}

/* And what is around those that were chosen, up to their owners. */
static void with_owners(const struct nk_ns_graph *g, bool *shown)
{
	for (size_t i = 0; i < g->nodes.n; i++)
		for (int up = (int)i; shown[i] && up >= 0; up = above(&g->nodes.v[up]))
			shown[up] = true;
}

/* A word: only what that process is in. */
static int read_word(struct tree_request *q, int argc, char **argv, int first, struct nk_err *e)
{
	if (first == argc)
		return 0;
	q->of = argv[first];
	if (first + 1 == argc)
		return 0;
	nk_fail(e, 0, "nook ns tree takes one process: %.100s", argv[first + 1]);
	return nk_hint(e, "nook ns tree PID");
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct tree_request q = {0};
	struct nk_ns_graph g;
	struct nk_err e;
	int exit_code, first = nk_cli_options(cli, &nk_command_ns_tree, argc, argv, &q, &exit_code);

	if (first < 0)
		return exit_code;
	bool *shown;
	struct tree t = {.cli = cli, .g = &g, .width = nk_cli_width(1), .utf8 = nk_cli_utf8()};
	if (read_word(&q, argc, argv, first, &e) < 0 ||
	    nk_cli_ns_collect(cli, &q.look, &g, &e) < 0 ||
	    !(shown = nk_cli_ns_choose(cli, q.of, q.look.kinds, &g, &e)))
		return nk_cli_error(cli, &e);
	with_owners(&g, shown);
	t.shown = shown;
	if (!plant(&t))
		return nk_arena_ok(&cli->arena, &e), nk_cli_error(cli, &e);
	exit_code = print(&t, q.json);
	if (fflush(stdout) || ferror(stdout)) {
		nk_fail(&e, errno, "write the tree");
		return nk_cli_error(cli, &e);
	}
	nk_cli_ns_unseen(cli, &g);
	return exit_code;
}

const struct nk_command nk_command_ns_tree = {
	.name = "ns tree",
	.usage = "[OPTIONS] [PID|CONTAINER]",
	.summary = "show how namespaces hang together",
	.about =
		"Shows the user namespaces as they lie in each other, each with what it owns below "
		"it, and then the PID namespaces as they lie in each other. A line has the type, "
		"the inode, the name if there is one, the number of processes and the first of "
		"them. With a process (a number, a container, a name that nook ns hold gave): only "
		"what this is in, and what is around that.",
	.examples = "nook ns tree\tof the whole machine\n"
		    "nook ns tree $$\tof this shell\n"
		    "nook ns tree --type pid\tonly the PID namespaces\n",
	.options = options,
	.words = "@container",
	.no_state = true, /* not even where there is no place for it */
	.mixed = true,
	.run = run,
};
